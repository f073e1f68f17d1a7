"""However a city's files are bent, loading gives a city or a refusal that helps; never anything else."""

from __future__ import annotations

import copy
import itertools
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

import drills
from drills.scenario import Scenario
from seawall.errors import BadInput
from seawall.loading import load_file, load_inventory, load_runbooks, load_templates
from seawall.loading.cycles import cycles
from seawall.yaml_source import Loc, read_yaml
from tests.examples import examples

HAVNBY = Path(drills.__file__).parent / "city"
INVENTORY: dict[str, Any] = {}
for _path in (HAVNBY / "inventory").glob("*.yaml"):
    INVENTORY |= read_yaml(_path).value
RUNBOOK = {
    "runbook": "book",
    "title": {"en": "Move {{ service.title }}", "da": "Flyt {{ service.title }}"},
    "why": "Because",
    "parameters": {
        "service": {"type": "service", "engine": "postgres"},
        "to": {"type": "site", "default": "{{ service.standby }}"},
        "how": {"type": "choice", "of": ["fast", "slow"], "default": "fast"},
    },
    "confirm": "{{ service }}",
    "facts": {
        "primary": {
            "uses": "postgres.state",
            "with": {"server": "{{ service.database.at(to) }}"},
            "within": "2s",
        }
    },
    "steps": [
        {
            "id": "look",
            "does": "Look",
            "uses": "postgres.state",
            "until": {"in_recovery": True},
            "within": "5s",
        },
        {"id": "ask", "does": "Ask", "by": "duty-officer", "within": "5m", "after": ["look"]},
        {"id": "again", "does": "Again", "runbook": "other", "with": {"service": "{{ service }}"}},
        {
            "id": "fence",
            "does": "Fence",
            "uses": "postgres.fence",
            "after": ["ask"],
            "when": "how == 'fast'",
            "for_each": "{{ service.needed_by }}",
            "with": {"evidence": {"from": "look.in_recovery"}, "server": "{{ each }}"},
            "proof": {"uses": "postgres.is-fenced", "expect": {"holds": True}},
            "undo": "postgres.unfence",
            "approve": {"by": "incident-commander", "people": 2, "within": "10m"},
        },
    ],
}
MESSAGE = {
    "subject": {"en": "{{ service.title }}", "da": "{{ to.title }}"},
    "body": "{% if needed_by %}x{% endif %}",
}
SCENARIO = read_yaml(Path(drills.__file__).parent / "scenarios" / "lose-a-site.yaml").value

NAMES = st.sampled_from(
    [
        "north",
        "login",
        "postgres-failover",
        "fence",
        "look",
        "service",
        "en",
        "with",
        "from",
        "after",
        "default",
        "{{ to }}",
    ]
)
WRITTEN = st.sampled_from(
    [
        "15m",
        "99999999999999999d",
        "1 hour",
        "{{",
        "{{ 1 }}",
        "{{ " + "(" * 2000,
        "{{ x." + "a." * 3000 + "b }}",
        "{% if %}",
        "env:A",
    ]
)
ODD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | NAMES
    | WRITTEN
    | st.lists(NAMES | st.integers(), max_size=3)
    | st.dictionaries(NAMES, NAMES | st.none(), max_size=3)
)


def paths(value: Any, at: Loc = ()) -> list[Loc]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, one in inside for path in paths(one, (*at, key)))]


@st.composite
def bent(draw: st.DrawFn, whole: Any) -> Any:
    """`whole` with a few things in it replaced, removed or renamed."""
    value = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 4))):
        around: list[Any]
        last: Any
        *around, last = draw(st.sampled_from(paths(value)[1:] or [("runbook",)]))
        here: Any = value
        for part in around:
            here = here[part]
        if not isinstance(here, dict | list) or (isinstance(here, dict) and last not in here):
            continue
        match draw(st.sampled_from(["replace", "remove", "rename"])):
            case "remove":
                del here[last]
            case "rename" if isinstance(here, dict):
                here[draw(NAMES | st.text(min_size=1, max_size=6))] = here.pop(last)
            case _:
                here[last] = draw(ODD)
        if not value:
            break
    return value


def helps(load: Any, *args: Any) -> None:
    """Call `load`, and see that a refusal helps."""
    try:
        load(*args)
    except BadInput as refused:
        for one in refused.mistakes:
            if not (one.where and one.problem and one.remedy) or len(str(one)) > 20_000:
                raise


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "inventory").mkdir()
        (Path(name) / "templates").mkdir()
        yield Path(name)


def written(value: Any, path: Path) -> Path:
    path.write_text(
        yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False),
        encoding="utf-8",
        errors="replace",
    )
    return path


@examples(50)
@given(bent(INVENTORY))
def test_a_bent_inventory_is_loaded_or_refused(folder, value):
    written(value, folder / "inventory" / "all.yaml")
    helps(load_inventory, folder)


@given(bent(RUNBOOK))
@example({**RUNBOOK, "title": "{{ " + "9" * 5000 + " }}"})
@example({**RUNBOOK, "steps": [{**RUNBOOK["steps"][0], "with": {"a": "{{ " + "[" * 300 + " }}"}}]})  # type: ignore[index]
def test_a_bent_runbook_is_loaded_or_refused(folder, value):
    (folder / "runbooks").mkdir(exist_ok=True)
    written(value, folder / "runbooks" / "book.yaml")
    helps(load_runbooks, [folder / "runbooks"])


@given(bent(MESSAGE))
def test_a_bent_message_is_loaded_or_refused(folder, value):
    written(value, folder / "templates" / "message.yaml")
    helps(load_templates, [folder / "templates"])


@given(bent(SCENARIO))
def test_a_bent_scenario_is_loaded_or_refused(folder, value):
    helps(load_file, written(value, folder / "lose-a-site.yaml"), Scenario)


GRAPHS = st.dictionaries(
    st.sampled_from("abcdefg"), st.lists(st.sampled_from("abcdefgh"), max_size=4), max_size=7
)


@given(GRAPHS)
def test_every_circle_is_found_and_nothing_else_is_called_one(graph):
    found = list(cycles(graph))
    for loop in found:
        assert loop[0] == loop[-1]
        assert all(after in graph[before] for before, after in itertools.pairwise(loop))
    without = {name: [one for one in wanted if one in graph] for name, wanted in graph.items()}
    for loop in found:
        without[loop[-2]] = [one for one in without[loop[-2]] if one != loop[-1]]
    assert not list(cycles(without))


@settings(max_examples=5)
@given(st.integers(1000, 3000))
def test_a_long_chain_is_no_circle_and_no_crash(length):
    chain = {str(n): [str(n + 1)] for n in range(length)}
    assert list(cycles(chain)) == []
    assert len(next(cycles({**chain, str(length): ["0"]}))) == length + 2
