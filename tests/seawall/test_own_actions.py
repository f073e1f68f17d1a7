"""The files of a city's own actions: every mistake where it stands, and nothing used that nobody reviewed as it is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

import drills
from connectors.world import memory_world
from seawall.actions import Output
from seawall.binding import make_plan
from seawall.errors import BadInput
from seawall.ground import Ground
from seawall.loading import City, load_city
from seawall.own_actions import HOLE, OwnAction, OwnActionsFile, OwnParameter, is_plain_path, one_word
from seawall.own_sights import sights
from seawall.plan import Plan
from seawall.schemas import schema
from seawall.yaml_source import yaml_source

GOOD = """\
# How the letters' queue is paused and goes on.
actions:
  queue-is-paused:
    does: {en: Tell whether a queue is paused, da: "Fortæl, om en kø er sat på pause"}
    effect: reads
    runs_on: north-web
    run: [/usr/local/bin/queue, state, "{queue}"]
    parameters: {queue: {type: name}}
    limit: 10s
    sees:
      holds: {pattern: "^state: paused$"}
      depth: {pattern: "^depth: ([0-9]+)$", type: integer}
    example: {prints: "state: paused\\ndepth: 12\\n"}
  pause-queue:
    does: {en: Pause a queue, da: Sæt en kø på pause}
    effect: changes
    runs_on: north-web
    run: [/usr/local/bin/queue, pause, "{queue}"]
    parameters: {queue: {type: name}}
    limit: 10s
    proof: queue-is-paused
    undo: go-on-queue
  go-on-queue:
    does: {en: Let a queue go on, da: Lad en kø gå videre}
    effect: changes
    runs_on: north-web
    run: [/usr/local/bin/queue, go-on, "{queue}"]
    parameters: {queue: {type: name}}
    limit: 10s
    no_proof: A queue that goes on and is empty looks like one that is paused
    undo: pause-queue
"""
RUNBOOK = """\
runbook: pause
title: {en: Pause the letters, da: Sæt brevene på pause}
why: {en: They must wait, da: De skal vente}
steps:
  - id: pause
    does: {en: Pause, da: Pause}
    uses: own.pause-queue
    with: {queue: letters}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(Path(drills.__file__).parent / "city" / "inventory", tmp_path / "inventory")
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "pause.yaml").write_text(RUNBOOK)
    return tmp_path


def write(folder: Path, text: str, *, reviewed: bool = True, name: str = "queue.yaml") -> Path:
    path = folder / "actions" / name
    path.parent.mkdir(exist_ok=True)
    head = ""
    if reviewed:
        content = OwnActionsFile.model_validate(yaml_source(text, "x").value).content
        head = f"reviewed_by: dr-manager\non: 2026-11-20\ndigest: {content}\n"
    path.write_text(head + text)
    return path


def wrongs(folder: Path, text: str) -> list[str]:
    write(folder, text, reviewed=False)
    with pytest.raises(BadInput) as caught:
        load_city(folder)
    return [str(one) for one in caught.value.mistakes]


def plan_in(city: City, runbook: str = "pause") -> Plan:
    world = memory_world(city.inventory, city.own)
    ground = Ground(city.inventory, city.runbooks, city.templates, world, city.place)
    return make_plan(runbook, ground, {}, exercise=True)


def test_a_reviewed_action_stands_in_a_plan_with_its_machine_its_definition_its_proof_and_its_undo(folder):
    write(folder, GOOD)
    city = load_city(folder)
    (step,) = plan_in(city).steps
    assert city.unreviewed == ()
    assert step.args["queue"] == "letters"
    assert step.args["runs_on"]["host_key"] == city.inventory.host("north-web").host_key
    assert step.args["definition"] == city.own.actions["pause-queue"].definition
    assert step.lanes == ("host:north-web",)
    assert step.proof is not None
    assert step.undo is not None
    assert (step.proof.uses, step.undo.uses) == ("own.queue-is-paused", "own.go-on-queue")
    assert step.proof.args["definition"] == city.own.actions["queue-is-paused"].definition


def test_another_command_is_another_plan(folder):
    write(folder, GOOD)
    before = plan_in(load_city(folder)).digest
    write(folder, GOOD.replace("pause, ", "halt, "))
    assert plan_in(load_city(folder)).digest != before
    write(folder, GOOD.replace("# How the", "# This is how the"))
    assert plan_in(load_city(folder)).digest == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: re.sub("(?m)^reviewed_by.*\n", "", text), "has been reviewed by nobody"),
        (lambda text: re.sub("(?m)^digest.*\n", "", text), "has been reviewed by nobody"),
        (
            lambda text: text.replace("pause, ", "purge, "),
            "was changed after dr-manager reviewed it on 2026-11-20",
        ),
        (lambda text: text.replace("limit: 10s", "limit: 1h", 1), "was changed after dr-manager"),
    ],
)
def test_what_nobody_reviewed_as_it_stands_is_told_and_no_plan_uses_it(folder, change, says):
    path = write(folder, GOOD)
    path.write_text(change(path.read_text()))
    city = load_city(folder)  # everything else goes on
    (mistake,) = city.unreviewed
    assert says in mistake.problem
    assert re.match(r"actions/queue\.yaml:\d+:\d+$", mistake.where)
    assert "seawall action review actions/queue.yaml" in mistake.remedy
    with pytest.raises(BadInput, match=says):
        plan_in(city)
    assert plan_in(city, "notify") if "service" not in city.runbooks["notify"].parameters else True


def test_what_the_digest_covers_is_the_actions_and_not_their_layout():
    value = OwnActionsFile.model_validate(yaml_source(GOOD, "x").value)
    spaced = OwnActionsFile.model_validate(yaml_source(GOOD.replace("\n  ", "\n\n  "), "x").value)
    assert value.content == spaced.content


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


MISTAKES = [
    (changed("runs_on: north-web", "runs_on: north-wed"), ":6:14", "there is no host `north-wed`"),
    (
        changed("runs_on: north-web", 'runs_on: "{machine}"'),
        ":6:14",
        "`machine` is no parameter of type host",
    ),
    (changed('"{queue}"]', '"{quue}"]'), ":7:40", "there is no parameter `quue`"),
    (changed('"{queue}"]', '"{queue.address}"]'), ":7:40", "`queue` is no host and has no `address`"),
    (changed('"{queue}"]', '"{{ queue }}"]'), ":7:40", "no expressions"),
    (
        changed("[/usr/local/bin/queue, state", '["{queue}", state'),
        ":7:11",
        "the first word is the program",
    ),
    (
        changed("[/usr/local/bin/queue, state,", "[/usr/bin/ssh, state,"),
        ":7:32",
        "ssh would read the parameter",
    ),
    (
        changed("[/usr/local/bin/queue, state,", "[sudo, -n, bash, -c,"),
        ":7:31",
        "bash would read the parameter",
    ),
    (
        changed("parameters: {queue: {type: name}}", "parameters: {queue: {type: name}, more: {type: name}}"),
        ":8:39",
        "no word of the command holds `more`",
    ),
    (changed("type: name}", "type: nam}"), ":8:32", "is not one of"),
    (changed("{type: name}", "{type: choice}"), ":8:18", "`of` goes with `type: choice`, which needs it"),
    (changed("{type: name}", "{type: integer}"), ":8:18", "`at_least` goes with `type: integer`"),
    (
        changed("{type: name}", "{type: name, below: /srv}"),
        ":8:18",
        "`below` goes with `type: path`",
    ),
    (changed("{type: name}", "{type: path, below: srv/..}"), ":8:18", "must be a folder's whole path"),
    (changed("{type: name}", '{type: text, matches: "("}'), ":8:18", "is no regular expression"),
    (
        changed("{type: name}", "{type: integer, at_least: -3, at_most: 3}"),
        ":8:25",
        "may be negative",
    ),
    (changed("limit: 10s", "limit: 10"), ":9:12", "not a duration"),
    (changed("effect: reads", "effect: look"), ":5:13", "is not one of reads, changes"),
    (changed("type: integer}", "type: duration}"), ":12:14", "`depth` cannot be read in the example"),
    (changed('([0-9]+)$"', '[0-9]+$"'), ":12:7", "needs a group"),
    (changed("    example: {prints", "    exmple: {prints"), ":13:5", "`exmple` is not known here"),
    (re.sub("    example: .*\n", "", GOOD), ":10:5", "no `example` shows that"),
    (changed("example: {prints", "example: {status: 3, prints"), ":13:5", "`ends_with` calls a failure"),
    (changed("    proof: queue-is-paused\n", ""), ":14:3", "a change has `proof` or `no_proof`"),
    (changed("    undo: go-on-queue\n", ""), ":14:3", "a change has `undo` or `no_way_back`"),
    (
        changed("    undo: go-on-queue", "    no_way_back: No\n    undo: go-on-queue"),
        ":22:5",
        "and not both",
    ),
    (changed("proof: queue-is-paused", "proof: queue-is-pausd"), ":21:12", "there is no action"),
    (changed("proof: queue-is-paused", "proof: go-on-queue"), ":21:12", "`go-on-queue` is no proof"),
    (changed("undo: go-on-queue", "undo: queue-is-paused"), ":22:11", "`queue-is-paused` only reads"),
    (
        GOOD.replace(
            'pause, "{queue}"]\n    parameters: {queue:', 'pause, "{line}"]\n    parameters: {line:'
        ),
        ":21:12",
        "takes `queue`, which this action has not",
    ),
    (changed("effect: changes", "effect: reads"), ":21:5", "what only reads has no `proof`"),
    ("reviewed_by: nobody\n" + GOOD, ":1:14", "there is no person `nobody`"),
    ("actions: {}\n", ":1:10", "too few entries"),
]


@pytest.mark.parametrize(("text", "place", "says"), MISTAKES, ids=[says for _, _, says in MISTAKES])
def test_a_mistake_is_told_where_it_stands(folder, text, place, says):
    found = wrongs(folder, text)
    assert [one for one in found if f"actions/queue.yaml{place}: " in one and says in one], found


def test_every_mistake_is_told_at_once(folder):
    text = GOOD.replace("north-web", "north-wed").replace('"{queue}"', '"{quue}"')
    assert len(wrongs(folder, text)) >= 6


def test_one_name_in_two_files_is_a_mistake(folder):
    write(folder, GOOD, name="again.yaml")
    assert any(
        "stands in two files; the other is actions/again.yaml:6:3" in one for one in wrongs(folder, GOOD)
    )


@pytest.mark.parametrize(
    "run",
    [
        ["sh", "-c", "echo {x}"],
        ["sh", "-ec", "echo {x}"],
        ["env", "A=b", "bash", "-lc", "{x}"],
        ["python3", "-c", "print({x})"],
        ["perl", "-e", "{x}"],
        ["perl", "-e{x}"],
        ["awk", "{x}", "file"],
        ["sed", "-n", "s/a/{x}/", "file"],
        ["sed", "-e", "s/a/{x}/e", "file"],
        ["ssh", "other", "ls", "{x}"],
        ["psql", "-c", "select {x}"],
        ["psql", "--command={x}"],
        ["su", "root", "-c", "{x}"],
        ["nice", "xargs", "{x}"],
    ],
)
def test_a_parameter_is_never_part_of_what_a_program_reads_as_code(folder, run):
    text = changed('[/usr/local/bin/queue, state, "{queue}"]', str(run).replace("{x}", "{queue}"))
    assert any("as code, however it is quoted" in one for one in wrongs(folder, text))


@pytest.mark.parametrize(
    "run",
    [
        ["sh", "-c", 'echo "$1"', "sh", "{queue}"],
        ["python3", "-m", "tool", "{queue}"],
        ["grep", "-e", "{queue}"],
    ],
)
def test_a_parameter_that_is_a_word_of_its_own_is_none(folder, run):
    text = changed('[/usr/local/bin/queue, state, "{queue}"]', str(run))
    write(folder, text)
    assert load_city(folder).unreviewed == ()


def test_what_stands_in_braces_and_is_no_name_is_left_alone():
    own = OwnAction.model_validate(
        {
            "does": "Count",
            "effect": "reads",
            "runs_on": "a",
            "run": ["awk", "{print $1}", "{}", "{A}"],
            "limit": "1s",
        }
    )
    assert own.words({}) == ["awk", "{print $1}", "{}", "{A}"]


SAID = [
    ({"pattern": "up"}, "it is up", True),
    ({"pattern": "^up"}, "it is up", False),
    ({"pattern": "n=(.*)", "type": "integer"}, "n=12", 12),
    ({"pattern": "n=(.*)", "type": "integer"}, "n=1.5", None),
    ({"pattern": "n=(.*)", "type": "number"}, "n=1.5", 1.5),
    ({"pattern": "n=(.*)", "type": "size"}, "n=16 MB", 16_000_000),
    ({"pattern": "n=(.*)", "type": "size"}, "n=512", 512),
    ({"pattern": "n=(a)?", "type": "text"}, "n=", None),
    ({"json": "a.0.b", "type": "integer"}, '{"a": [{"b": 3}]}', 3),
    ({"json": "a", "type": "integer"}, '{"a": true}', None),
    ({"json": "a", "type": "integer"}, '{"a": 1.5}', None),
    ({"json": "a"}, '{"a": true}', True),
    ({"json": "a"}, '{"a": 1}', None),
    ({"json": "a", "type": "text"}, '{"a": ["b"]}', None),
    ({"json": "a.b", "type": "text"}, "not JSON", None),
    ({"json": "a", "type": "duration"}, '{"a": "soon"}', None),
]


@pytest.mark.parametrize(("sight", "prints", "value"), SAID)
def test_what_cannot_be_read_as_it_should_is_unknown(sight, prints, value):
    own = OwnAction.model_validate(
        {
            "does": "Look",
            "effect": "reads",
            "runs_on": "a",
            "run": ["x"],
            "limit": "1s",
            "sees": {"it": sight},
        }
    )
    assert sights(own, Output(0, prints, ""))["it"] == value


@given(value=st.text(max_size=30), before=st.sampled_from(["", "--as=", "-"]))
def test_a_value_is_one_word_or_none_at_all(value, before):
    own = OwnAction(
        does="Look",  # type: ignore[arg-type]
        effect="reads",
        runs_on="a",
        run=("x", before + "{v}", "last"),
        parameters={"v": OwnParameter(type="text", matches=".*")},
        limit="1s",  # type: ignore[arg-type]
    )
    try:
        assert own.words({"v": {"": value}}) == ["x", before + value, "last"]
    except ValueError:
        assert not one_word(value) or (before == "" and value.startswith("-"))


@given(st.text(alphabet="ab/.", max_size=12))
def test_a_plain_path_has_one_spelling(path):
    if is_plain_path(path):
        assert str(Path(path)) == path
        assert ".." not in Path(path).parts


@pytest.mark.parametrize("page", ["how-to-write-an-action.md", "how-to-write-a-runbook.md"])
def test_what_the_pages_show_is_right_as_it_stands(folder, page):
    text = (Path(drills.__file__).parents[1] / "docs" / page).read_text()
    files = re.findall(
        r"`((?:actions|runbooks)/[a-z-]+\.yaml)`(?:(?!^```).)*^```yaml\n(.*?)^```",
        text,
        re.MULTILINE | re.DOTALL,
    )
    assert len(files) == 2
    for name, written in files:
        if name.startswith("actions/"):
            write(folder, written, name=Path(name).name)
        else:
            (folder / name).write_text(written)
    (folder / "runbooks" / "pause.yaml").unlink()
    city = load_city(folder)
    world = memory_world(city.inventory, city.own)
    ground = Ground(city.inventory, city.runbooks, city.templates, world, city.place)
    for name, said in SHOWN.items():
        if name in city.runbooks:
            assert make_plan(name, ground, said, exercise=True).steps


SHOWN = {
    "banner": {"host": "north-web", "text": "Vandet stiger"},
    "morning-look": {"service": "appointments"},
    "restart-appointments": {"service": "appointments"},
}


def test_an_editor_gets_the_schema_of_these_files():
    made = schema("actions")
    Draft202012Validator.check_schema(made)
    assert list(Draft202012Validator(made).iter_errors(yaml_source(GOOD, "x").value)) == []
    assert list(
        Draft202012Validator(made).iter_errors(yaml_source(GOOD.replace("runs_on", "runs"), "x").value)
    )
    assert HOLE.search(made["$defs"]["OwnAction"]["properties"]["runs_on"]["description"])
