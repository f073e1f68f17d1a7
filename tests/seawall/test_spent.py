"""When "it did not happen" is believed before the limit of the attempt has passed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from seawall.decide import Call, Wait, Way, decide
from seawall.journal import Failed, Opened, Resumed, Settled, Started
from seawall.state import State
from tests.fakes import MIDNIGHT
from tests.seawall.plans import a_change, a_plan

PLAN = a_plan(a_change("promote"))
SOON = MIDNIGHT + timedelta(seconds=2)


def after_a_look(*, spent: bool, resumed: bool) -> State:
    """A change was begun and not seen to end; another process took the run up, or did not; the proof says no."""
    opened: dict[str, Any] = {
        "run": "r",
        "plan": PLAN.digest,
        "runbook": "b",
        "exercise": True,
        "by": "anna",
        "version": "0",
    }
    state = State(PLAN, [Opened(at=MIDNIGHT, title=PLAN.title, **opened)])
    state.apply(Started(at=MIDNIGHT, step="promote", attempt=1, until=MIDNIGHT + timedelta(seconds=30)))
    lost: dict[str, Any] = {
        "error": "MayHaveActed",
        "where": "south",
        "problem": "silence",
        "remedy": "Look",
        "acted": None,
    }
    gone = Resumed(at=MIDNIGHT, by="bo")
    state.apply(gone if resumed else Failed(at=MIDNIGHT, step="promote", attempt=1, **lost))
    look: dict[str, Any] = {
        "happened": False,
        "because": "it is a standby",
        "looked_at": MIDNIGHT,
        "spent": spent,
    }
    state.apply(Settled(at=SOON, step="promote", attempt=1, **look))
    return state


def test_it_is_believed_at_once_when_the_process_is_gone_and_nothing_of_it_is_left_there():
    decision = decide(after_a_look(spent=True, resumed=True), SOON)
    assert isinstance(decision, Call)
    assert decision.calls[0].way is Way.ACT


@pytest.mark.parametrize(("spent", "resumed"), [(False, True), (True, False), (False, False)])
def test_it_is_not_believed_while_the_process_lives_or_something_of_it_may_be_left(spent, resumed):
    assert isinstance(decide(after_a_look(spent=spent, resumed=resumed), SOON), Wait)
