"""A lab's people sign by themselves in a drill, and nobody's key is made up where a host has its own trust root."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from drills.lab.people import keys_of, make_people
from drills.obliging import Obliging
from drills.scripted import scripted_key, scripted_request
from seawall.carrying import carry_out
from seawall.decide import Ask, Finish
from seawall.inventory import About, Inventory
from seawall.journal import Answered, Approved, Event, Outcome
from seawall.journal_file import read_journal
from seawall.judging import judge_for
from seawall.model import Text
from seawall.people import Person
from seawall.plan import Approval
from seawall.run_folder import RunFolder, create_run
from seawall.state import State
from tests.fakes import MIDNIGHT, SimulatedHands, SimulatedWorld
from tests.seawall.plans import a_change, a_persons, a_plan

CITY = Inventory(
    city=About(name="example", title=Text(en="Example")),
    people={
        "commander": Person(title="Karla", roles=("incident-commander",)),
        "duty-officer": Person(title="Jens", roles=("duty-officer",)),
    },
)


def drilled(runs: Path, by: str) -> tuple[RunFolder, Finish | Ask]:
    """Open and carry out a drill's run for `by`, approved by the commander."""
    world = SimulatedWorld()
    approve = Approval(by="incident-commander", people=1, within=timedelta(seconds=2))
    plan = a_plan(a_change("fence", approve=approve))
    sign = scripted_request(plan, by, MIDNIGHT)
    run = create_run(runs, plan, by=by, version="0", now=MIDNIGHT, sign=sign)
    Obliging(run, ["commander"], CITY, world.clock).approve()
    gate = judge_for(runs, CITY)
    return run, carry_out(run, SimulatedHands(world), world.clock, gate=gate, by=by)


def signatures(run: RunFolder) -> list[bool]:
    return [one.signed is not None for one in read_journal(run.journal_path) if isinstance(one, Approved)]


@pytest.mark.parametrize("by", ["duty-officer", "prefect:4711"])
def test_a_labs_people_sign_for_a_drill_and_its_steps(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SEAWALL_TRUST", str(make_people(tmp_path, CITY.people)))
    run, end = drilled(tmp_path / "runs", by)
    assert end == Finish(Outcome.DONE)
    assert signatures(run) == [True]


def test_without_a_trust_root_they_say_yes_as_ever(tmp_path: Path):
    run, end = drilled(tmp_path / "runs", "duty-officer")
    assert end == Finish(Outcome.DONE)
    assert signatures(run) == [False]


def test_on_a_host_with_a_trust_root_of_its_own_nobody_signs_in_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "lab").mkdir()
    trust = make_people(tmp_path / "lab", CITY.people)
    own = tmp_path / "own" / "trust"
    own.parent.mkdir()
    trust.rename(own)
    monkeypatch.setenv("SEAWALL_TRUST", str(own))
    assert scripted_key("commander") is None
    run, end = drilled(tmp_path / "runs", "duty-officer")
    assert isinstance(end, Ask)
    assert signatures(run) == []


def rung(runs: Path) -> RunFolder:
    """Open and carry out a drill's run in which the duty officer has a step of their own."""
    world = SimulatedWorld()
    plan = a_plan(a_persons("ring").model_copy(update={"within": timedelta(seconds=2)}))
    sign = scripted_request(plan, "commander", MIDNIGHT)
    run = create_run(runs, plan, by="commander", version="0", now=MIDNIGHT, sign=sign)
    obliging = Obliging(run, ["duty-officer"], CITY, world.clock)

    def watch(event: Event, _state: State) -> None:
        obliging.hear(event)

    carry_out(
        run, SimulatedHands(world), world.clock, watch=watch, gate=judge_for(runs, CITY), by="commander"
    )
    return run


def test_they_sign_that_their_own_steps_are_done_and_where_nobody_can_they_say_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    typed = rung(tmp_path / "typed")
    (said,) = [one for one in read_journal(typed.journal_path) if isinstance(one, Answered)]
    assert said.signed is None
    trust = make_people(tmp_path, CITY.people)
    monkeypatch.setenv("SEAWALL_TRUST", str(trust))
    (said,) = [one for one in read_journal(rung(tmp_path / "runs").journal_path) if isinstance(one, Answered)]
    assert said.signed is not None
    (keys_of(tmp_path) / "duty-officer").unlink()
    silent = rung(tmp_path / "silent")
    assert not [one for one in read_journal(silent.journal_path) if isinstance(one, Answered)]


def test_a_lab_that_is_up_already_keeps_its_peoples_keys(tmp_path: Path):
    make_people(tmp_path, ["bo"])
    before = (keys_of(tmp_path) / "bo").read_bytes()
    trust = make_people(tmp_path, ["bo", "carl"])
    assert (keys_of(tmp_path) / "bo").read_bytes() == before
    assert [line.split()[0] for line in (trust / "allowed_signers").read_text().splitlines()] == [
        "bo",
        "prefect:*",
        "carl",
    ]
    assert (keys_of(tmp_path) / "bo").stat().st_mode & 0o077 == 0
