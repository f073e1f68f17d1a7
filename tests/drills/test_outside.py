from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from drills.outside import Responded, SteadyClock
from seawall.actions import Effect
from seawall.journal import Ended, Event, Failed, Opened, Outcome, Settled, Started, Succeeded
from seawall.model import Text
from seawall.plan import Plan, PlannedStep
from tests.drills.ledgers import at
from tests.drills.outside_contract import OutsideContract
from tests.drills.simulated import SimulatedClock, SimulatedPlace

FOLDER = Path("runs/20261121-failover")


def step(name: str, effect: Effect) -> PlannedStep:
    return PlannedStep(id=name, does=Text(en=name), uses="x.y", effect=effect, within=timedelta(seconds=9))


PLAN = Plan(
    city="lilleby",
    runbook="failover",
    title=Text(en="Move"),
    why=Text(en="Lost"),
    exercise=True,
    parameters={},
    confirm="login",
    claims=(),
    steps=(step("look", Effect.READS), step("fence", Effect.CHANGES), step("promote", Effect.CHANGES)),
)


def opened(second: float) -> Event:
    return Opened(
        at=at(second),
        run="r",
        plan=PLAN.digest,
        runbook="failover",
        title=PLAN.title,
        exercise=True,
        by="drill",
        version="1",
    )


def started(name: str, second: float, **more: Any) -> Event:
    return Started(at=at(second), step=name, attempt=1, until=at(second + 9), **more)


def succeeded(name: str, second: float, **more: Any) -> Event:
    return Succeeded(at=at(second), step=name, attempt=1, seen=None, summary="", **more)


def test_a_response_is_read_from_the_journal_and_looking_is_no_change():
    events = [
        opened(1),
        started("look", 2),
        succeeded("look", 3),
        started("fence", 4),
        succeeded("fence", 5),
        started("promote", 5.5),
        Settled(at=at(6), step="promote", attempt=1, happened=True, because="it is primary", looked_at=at(6)),
        Ended(at=at(7), outcome=Outcome.DONE),
    ]
    found = Responded.of(FOLDER, PLAN, events)
    assert found == Responded(FOLDER, Outcome.DONE, at(1), at(4), (at(5), at(6)))


def test_taking_back_is_no_part_of_the_recovery():
    events = [opened(1), started("fence", 2), succeeded("fence", 3), started("fence", 4, undoing=True)]
    events += [succeeded("fence", 5, undoing=True), Ended(at=at(6), outcome=Outcome.UNDONE)]
    assert Responded.of(FOLDER, PLAN, events).changes == (at(3),)


def test_a_run_without_an_ending_did_not_go_through():
    failed = Failed(
        at=at(3),
        step="fence",
        attempt=1,
        error="Unreachable",
        where="x",
        problem="p",
        remedy="r",
        acted=False,
    )
    found = Responded.of(FOLDER, PLAN, [opened(1), started("fence", 2), failed])
    assert (found.outcome, found.first_change) == (Outcome.FAILED, at(2))


def test_a_run_that_changed_nothing_has_no_first_change():
    found = Responded.of(FOLDER, PLAN, [opened(1), Ended(at=at(2), outcome=Outcome.REFUSED)])
    assert (found.first_change, found.changes) == (None, ())


def test_a_journal_without_its_beginning_is_none():
    with pytest.raises(AssertionError):
        Responded.of(FOLDER, PLAN, [])


def test_the_clock_of_a_drill_only_goes_forward_and_knows_a_jump():
    clock = SteadyClock()
    first = clock.now()
    clock.sleep(timedelta(milliseconds=2))
    clock.sleep(timedelta(seconds=-1))
    assert clock.now() - first >= timedelta(milliseconds=2)
    assert abs(clock.jumped()) < timedelta(seconds=5)


class TestSimulated(OutsideContract):
    @pytest.fixture
    def clock(self):
        return SimulatedClock()

    @pytest.fixture
    def outside(self, clock):
        return SimulatedPlace(clock)
