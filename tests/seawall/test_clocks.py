"""A run's times when another process, with another clock, has taken it up: no limit passes before its time is up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seawall.attempt import CallToMake, Ending
from seawall.carrying import carry_out
from seawall.decide import Call, Wait, Way, decide
from seawall.journal import (
    Answered,
    Approved,
    Ended,
    Event,
    Failed,
    Opened,
    Outcome,
    Recovered,
    Resumed,
    Retried,
    Settled,
    Started,
)
from seawall.journal_file import read_journal
from seawall.run_folder import create_run
from seawall.state import State
from seawall.steady import Uptime, reading, steady
from seawall.step_state import STILL_ACTS, Stand
from tests.fakes import MIDNIGHT
from tests.seawall.plans import a_change, a_plan

PLAN = a_plan(a_change("promote"), a_change("repoint", "promote"))
LIMIT = timedelta(seconds=30)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def up(seconds: float, boot: str = "b1") -> Uptime:
    return Uptime(boot=boot, seconds=seconds)


def run(*events: Event) -> State:
    """A run whose first change was begun on boot b1, 100 s after its machine was started."""
    opened: dict[str, Any] = {
        "run": "r",
        "plan": PLAN.digest,
        "runbook": "b",
        "exercise": True,
        "by": "anna",
        "version": "0",
    }
    begun = Started(at=MIDNIGHT, step="promote", attempt=1, until=MIDNIGHT + LIMIT, uptime=up(100))
    return State(PLAN, [Opened(at=MIDNIGHT, title=PLAN.title, **opened), begun, *events])


def resumed(at: datetime, uptime: Uptime | None) -> Resumed:
    return Resumed(at=at, by="bo", uptime=uptime)


def recovered(at: datetime, *, waited: bool) -> Recovered:
    return Recovered(at=at, by="bo", known_at=("north", "south"), uptime=up(10, "b2"), waited=waited)


def spent(state: State) -> datetime:
    at = state.steps["promote"].spent_at
    assert at is not None
    return at - STILL_ACTS


@pytest.mark.parametrize("ahead", [HOUR, -HOUR, timedelta()])
def test_on_the_same_boot_a_limit_passes_when_its_time_is_up_whatever_the_wall_clock_shows(ahead: timedelta):
    now = MIDNIGHT + ahead
    assert spent(run(resumed(now, up(110)))) == now + 20 * SECOND
    assert spent(run(resumed(now, up(500)))) < now


@pytest.mark.parametrize("ahead", [HOUR, -HOUR, timedelta()])
def test_on_another_boot_it_passes_when_all_its_time_was_waited_for_once_more(ahead: timedelta):
    now = MIDNIGHT + ahead
    assert spent(run(resumed(now, up(5, "b2")))) == now + LIMIT


def test_taken_up_again_and_again_it_is_waited_for_once():
    now = MIDNIGHT + HOUR
    state = run(resumed(now, up(5, "b2")), resumed(now - HOUR, up(15, "b2")), resumed(now, up(20, "b2")))
    assert spent(state) == now + 15 * SECOND


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_from_copies_nothing_is_waited_for_when_the_term_was(ahead: timedelta):
    now = MIDNIGHT + ahead
    assert spent(run(recovered(now, waited=True))) == now
    assert spent(run(recovered(now, waited=True), resumed(now + HOUR, up(11, "b2")))) == now + HOUR - SECOND
    assert spent(run(recovered(now, waited=False))) == now + LIMIT


def test_what_could_have_begun_unseen_can_act_yet_when_its_driver_let_go_of_the_term():
    now = MIDNIGHT + HOUR
    for waited, until in ((True, now), (False, now + PLAN.by_id["repoint"].within)):
        state = run(recovered(now, waited=waited))
        state.apply(
            Settled(at=now, step="promote", attempt=1, looked_at=now, happened=True, because="it is primary")
        )
        one = state.steps["repoint"]
        assert (one.stand, one.until) == (Stand.IN_DOUBT, until)


def test_it_did_not_happen_is_not_believed_by_a_clock_that_is_ahead():
    now = MIDNIGHT + HOUR
    look = Settled(
        at=now, step="promote", attempt=1, looked_at=now, happened=False, because="it is a standby"
    )
    for uptime in (up(102), up(5, "b2")):
        state = run(resumed(now, uptime), look)
        assert isinstance(decide(state, now + SECOND), Wait)
        (call,) = as_call(decide(state, now + 34 * SECOND)).calls
        assert call.way is Way.PROVE


def as_call(decision: object) -> Call:
    assert isinstance(decision, Call)
    return decision


def a_yes(expires: datetime) -> Approved:
    return Approved(at=MIDNIGHT, step="repoint", by="carl", how="signed", expires=expires)


def expires(state: State) -> datetime:
    at = state.steps["repoint"].yeses["carl"].expires
    assert at is not None
    return at


def test_a_yes_lives_no_longer_because_the_next_clock_is_behind():
    yes = a_yes(MIDNIGHT + 600 * SECOND)
    now = MIDNIGHT - HOUR
    assert expires(run(yes, resumed(now, up(160)))) == now + 540 * SECOND
    # On another boot nobody knows how much time has passed: none, as far as can be told.
    assert expires(run(yes, resumed(now, up(5, "b2")))) == now + 600 * SECOND


def test_a_yes_expires_by_the_clock_that_is_ahead():
    yes = a_yes(MIDNIGHT + 600 * SECOND)
    for uptime in (up(101), up(5, "b2")):
        state = run(yes, resumed(MIDNIGHT + HOUR, uptime))
        assert expires(state) == MIDNIGHT + 600 * SECOND
        assert [one.by for one in state.yeses.expired(MIDNIGHT + HOUR)] == ["carl"]


def test_a_person_whose_clock_is_ahead_does_not_let_an_attempt_look_spent():
    lost: dict[str, Any] = {
        "error": "MayHaveActed",
        "where": "south",
        "problem": "silence",
        "remedy": "Look",
        "acted": None,
    }
    later = MIDNIGHT + 2 * SECOND
    state = run(
        Failed(at=later, step="promote", attempt=1, **lost),
        Answered(at=later, step="promote", by="bo", answer="did-not-happen"),
        Ended(at=later, outcome=Outcome.FAILED),
        Retried(at=MIDNIGHT + HOUR, step="promote", by="bo", why="again"),
    )
    assert state.steps["promote"].stand is Stand.IN_DOUBT


def test_a_clock_that_somebody_vouches_for_is_believed():
    assert spent(run(resumed(MIDNIGHT + HOUR, None))) == MIDNIGHT + LIMIT
    assert reading(lambda: MIDNIGHT) == (MIDNIGHT, None)


class Killed(BaseException):
    """The process is gone."""


class Cut:
    """Hands whose changes are never heard of again, and whose proofs say at once that it did not happen."""

    def __init__(self, clock: Callable[[], datetime], dies_after: int) -> None:
        self.begun: list[str] = []
        self._clock, self._left, self._endings = clock, dies_after, list[Ending]()

    def start(self, making: CallToMake) -> None:
        step, now = making.call.step.id, self._clock()
        if making.call.way is not Way.PROVE:
            self.begun.append(step)
            return
        seen: dict[str, Any] = {"happened": False, "because": "it is a standby"}
        self._endings.append(Settled(at=now, step=step, attempt=making.call.attempt, looked_at=now, **seen))

    def next(self, within: timedelta) -> Ending | None:
        del within
        self._left -= 1
        if self._left < 0:
            raise Killed
        return self._endings.pop() if self._endings else None


@pytest.mark.parametrize("years", [0, 13])
def test_nothing_is_done_twice_because_whoever_resumed_has_a_clock_years_ahead(tmp_path: Path, years: int):
    folder = create_run(tmp_path, PLAN, by="anna", version="0", now=MIDNIGHT)
    clock, later = steady(lambda: MIDNIGHT), steady(lambda: MIDNIGHT + timedelta(days=365 * years))
    first, second = Cut(clock, 3), Cut(later, 30)
    with pytest.raises(Killed):
        carry_out(folder, first, clock, by="anna")
    with pytest.raises(Killed):
        carry_out(folder, second, later, by="bo")
    assert (first.begun, second.begun) == (["promote"], [])
    (begun,) = (one for one in read_journal(folder.journal_path) if isinstance(one, Started))
    (again,) = (one for one in read_journal(folder.journal_path) if isinstance(one, Resumed))
    assert begun.uptime is not None
    assert again.uptime is not None
    assert begun.uptime.boot == again.uptime.boot
