from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

import drills
from drills.scenario import Heal, KillSite, Rate, RunAfterwards, Scenario, rate
from drills.scenario_files import PRODUCT, load_scenario, load_scenarios
from drills.wording import breaks
from seawall.errors import BadInput
from seawall.inventory import Inventory
from seawall.loading import load_inventory, load_runbook
from seawall.model import Text
from seawall.runbook import Runbook
from tests.drills.small_city import small_scenario

LOAD = "load: {service: login, writers: 4, writes: 100/s}"
ACCEPTS = "  - {that: service accepts writes, service: login, at: south, within: 60s}"
LOSE_A_SITE = (PRODUCT / "lose-a-site.yaml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Ground:
    inventory: Inventory
    runbooks: Mapping[str, Runbook]


@pytest.fixture(scope="module")
def havnby() -> Ground:
    house = Path(drills.__file__).parent.parent
    names = ("postgres-failover", "postgres-failback")
    runbooks = {name: load_runbook(house / "runbooks" / f"{name}.yaml") for name in names}
    return Ground(load_inventory(house / "drills" / "city"), runbooks)


def mistakes_in(folder: Path, text: str, city: Ground) -> list[str]:
    path = folder / "lose-a-site.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_scenario(path, city.inventory, city.runbooks)
    return [f"{Path(one.where).name} {one.problem} | {one.corrected}" for one in caught.value.mistakes]


def test_the_scenarios_that_come_with_seawall_fit_the_reference_city(havnby):
    assert set(load_scenarios([PRODUCT], havnby.inventory, havnby.runbooks)) == {
        "guard-cut-off",
        "guard-killed",
        "guard-stopped",
        "lose-a-site",
        "planned-move",
    }


@pytest.mark.parametrize("name", [path.stem for path in sorted(PRODUCT.glob("*.yaml"))])
def test_a_scenario_reads_back_what_it_writes(name):
    scenario = load_scenario(PRODUCT / f"{name}.yaml")
    assert Scenario.model_validate_json(scenario.model_dump_json(by_alias=True)) == scenario


def test_a_scenario_says_what_breaks_and_who_responds():
    scenario = load_scenario(PRODUCT / "lose-a-site.yaml")
    (fault,) = scenario.timeline
    assert isinstance(fault, KillSite)
    assert (fault.at, fault.site) == (timedelta(seconds=5), "north")
    assert scenario.respond is not None
    assert scenario.respond.approved_by == ("commander",)
    home = RunAfterwards(runbook="postgres-failback", **{"with": {"service": "login", "to": "north"}})
    assert scenario.afterwards == ("heal", home)


def test_a_bare_name_afterwards_is_a_runbook():
    scenario = small_scenario(afterwards=["heal", "postgres-failback"])
    assert scenario.afterwards == ("heal", RunAfterwards(runbook="postgres-failback"))


@pytest.mark.parametrize(
    ("before", "after", "place", "corrected"),
    [
        ("service: login, writers", "service: logn, writers", "14:17", LOAD),
        ("site: north}", "site: nroth}", "17:38", "  - {at: 5s, break: kill-site, site: north}"),
        ("[commander]", "[comander]", "23:17", "  approved_by: [commander]"),
        ("runbook: postgres-failover", "runbook: postgres-failovr", "20:12", "  runbook: postgres-failover"),
        ("to: south}", "too: south}", "21:26", "  with: {service: login, to: south}"),
        ("to: south}", "to: suoth}", "21:30", "  with: {service: login, to: south}"),
        ("at: south,", "at: suoth,", "26:56", ACCEPTS),
        ("kill-site", "kil-site", "17:21", "  - {at: 5s, break: kill-site, site: north}"),
        ("no two primaries", "no two primary", "27:12", "  - {that: no two primaries}"),
        ("scenario: lose-a-site", "scenario: loose-a-site", "2:11", "scenario: lose-a-site"),
        ("writes: 100/s", "writes: 100", "14:44", None),
        ("service: login, at", "service: dns, at", "26:45", None),
    ],
)  # fmt: skip
def test_a_mistake_is_named_at_its_place_with_the_line_as_it_should_read(
    tmp_path, havnby, before, after, place, corrected
):
    assert before in LOSE_A_SITE
    (mistake,) = mistakes_in(tmp_path, LOSE_A_SITE.replace(before, after), havnby)
    assert mistake.startswith(f"lose-a-site.yaml:{place} ")
    assert mistake.endswith(f"| {corrected}")


def test_a_guards_fault_needs_a_host_that_has_a_guard(tmp_path, havnby):
    fault = "break: stop-guard, host: north-web}"
    (mistake,) = mistakes_in(tmp_path, LOSE_A_SITE.replace("break: kill-site, site: north}", fault), havnby)
    assert "there is no host with a guard `north-web`" in mistake
    assert "host: north-db}" in mistake


@pytest.mark.parametrize(
    ("fault", "en", "da"),
    [
        ("stop-guard", "The guard on north-db stands still", "Vagten på north-db går i stå"),
        ("kill-guard", "The guard on north-db is killed", "Vagten på north-db dræbes"),
        (
            "cut-guard-from-places",
            "The guard on north-db reaches none of the three places",
            "Vagten på north-db når ingen af de tre steder",
        ),
    ],
)
def test_a_guards_fault_is_told_in_both_languages(havnby, fault, en, da):
    scenario = small_scenario(timeline=[{"at": "5s", "break": fault, "host": "north-db"}])
    (struck,) = scenario.timeline
    assert not isinstance(struck, Heal)
    assert breaks(struck, havnby.inventory) == Text(en=en, da=da)


def test_every_mistake_is_named_at_once(tmp_path, havnby):
    text = LOSE_A_SITE.replace("site: north}", "site: nroth}").replace("[commander]", "[comander]")
    assert len(mistakes_in(tmp_path, text.replace("to: south}", "too: south}"), havnby)) == 3


def test_a_suppliers_service_is_exercised_by_people_and_not_drilled(tmp_path, havnby):
    text = LOSE_A_SITE.replace("service: login", "service: citizen-register")
    (mistake,) = mistakes_in(tmp_path, text, havnby)[:1]
    assert "is run by Registerhuset (invented): nothing of ours is written there" in mistake
    assert "no drill can count what is lost" in mistake


def test_a_service_nobody_can_write_to_cannot_be_drilled(tmp_path, havnby):
    (mistake,) = mistakes_in(tmp_path, LOSE_A_SITE.replace("service: login", "service: dns"), havnby)[:1]
    assert "has no `probe: {write: ledger, ...}`" in mistake


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"timeline": [], "respond": None}, "nothing breaks and nobody responds"),
        ({"expect": []}, "too few entries"),
        ({"respond": {"runbook": "x", "when": "proposed", "at": "3s"}}, "`at` goes with `when: declared`"),
        (
            {
                "timeline": [
                    {"at": "5s", "break": "kill-site", "site": "north"},
                    {"at": "1s", "heal": "everything"},
                ]
            },
            "the timeline is not in order",
        ),
    ],
)
def test_what_cannot_be_held_is_refused(tmp_path, changed: dict[str, Any], problem):
    with pytest.raises(ValidationError) as caught:
        small_scenario(**changed)
    assert problem in str(caught.value) or "at least 1" in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff", b"- a list", b"a: &a [*a]", b"scenario: {", b"x: 1\n" * 1000]
)
def test_any_file_is_a_scenario_or_bad_input(tmp_path, content):
    path = tmp_path / "lose-a-site.yaml"
    path.write_bytes(content)
    with pytest.raises(BadInput):
        load_scenario(path)


def test_a_missing_scenario_is_bad_input(tmp_path):
    with pytest.raises(BadInput):
        load_scenario(tmp_path / "none.yaml")


def test_a_city_s_own_scenario_replaces_its_namesake(tmp_path):
    own = LOSE_A_SITE.replace("at: 5s", "at: 7s")
    (tmp_path / "lose-a-site.yaml").write_text(own, encoding="utf-8")
    scenarios = load_scenarios([PRODUCT, tmp_path, tmp_path / "none"])
    assert scenarios["lose-a-site"].timeline[0].at == timedelta(seconds=7)
    assert "planned-move" in scenarios


def test_without_a_city_only_the_grammar_is_checked(tmp_path):
    path = tmp_path / "lose-a-site.yaml"
    path.write_text(LOSE_A_SITE.replace("north", "atlantis"), encoding="utf-8")
    assert load_scenario(path).scenario == "lose-a-site"


@given(st.integers(1, 10_000), st.sampled_from(["s", "m"]))
def test_a_rate_reads_back_what_it_writes(count, unit):
    each = rate(f"{count}/{unit}")
    adapter = TypeAdapter(Rate)
    assert rate(adapter.dump_python(each)) == pytest.approx(each, rel=1e-5)


@pytest.mark.parametrize("wrong", ["100", "0/s", "-1/s", "a/s", "1/h", 100, None, "1/s/s"])
def test_what_is_no_rate_is_refused(wrong):
    with pytest.raises(ValueError, match="is not a rate such as 100/s"):
        rate(wrong)


def test_an_editor_is_told_the_closed_set_of_what_can_be_expected():
    schema = Scenario.model_json_schema(by_alias=True)
    models = (one.get("properties", {}) for one in schema["$defs"].values())
    kinds = [one["that"]["const"] for one in models if "that" in one]
    assert "service accepts writes" in kinds
    assert len(kinds) == len(set(kinds)) == 7
