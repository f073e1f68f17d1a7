from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from console.terminal import foreseeing
from console.terminal.foreseeing import Asked, Foreseeing
from seawall.errors import DidNothing
from tests.seawall.plans import a_look, a_plan

PLAN = a_plan(a_look("see"))
MOVE = Asked("postgres-failover", {"service": "login", "to": "south"}, exercise=True)
BACK = Asked("postgres-failback", {"service": "login", "to": "north"}, exercise=True)


class Maker:
    """Makes plans, and remembers in which thread; `fails` so often first."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.made: list[tuple[Asked, bool]] = []

    def __call__(self, asked: Asked):
        self.made.append((asked, threading.current_thread() is threading.main_thread()))
        if len(self.made) <= self.fails:
            raise DidNothing("the standby does not answer", where="south-db/login", remedy="Look")
        return PLAN


def test_a_plan_that_was_foreseen_is_not_made_again():
    make = Maker()
    ahead = Foreseeing(make)
    ahead.begin(MOVE)
    assert ahead.plan(MOVE) == PLAN
    assert make.made == [(MOVE, False)]


def test_a_foreseen_plan_is_used_once_and_the_world_looked_at_anew_after_that():
    make = Maker()
    ahead = Foreseeing(make)
    ahead.begin(MOVE)
    ahead.plan(MOVE)
    ahead.plan(MOVE)
    assert make.made == [(MOVE, False), (MOVE, True)]


@pytest.mark.parametrize(
    "asked", [BACK, Asked(MOVE.runbook, MOVE.parameters, exercise=False)], ids=["another", "for real"]
)
def test_what_was_foreseen_is_never_given_for_something_else(asked):
    make = Maker()
    ahead = Foreseeing(make)
    ahead.begin(MOVE)
    ahead.plan(asked)
    assert (asked, True) in make.made


def test_a_foreseen_plan_that_has_grown_old_is_made_again(monkeypatch):
    make = Maker()
    ahead = Foreseeing(make)
    ahead.begin(MOVE)
    monkeypatch.setattr(foreseeing, "FRESH", timedelta())
    ahead.plan(MOVE)
    assert (MOVE, True) in make.made


def test_what_could_not_be_foreseen_is_tried_again_and_said_by_who_asks():
    make = Maker(fails=1)
    ahead = Foreseeing(make)
    ahead.begin(MOVE)
    assert ahead.plan(MOVE) == PLAN
    ahead = Foreseeing(Maker(fails=2))
    ahead.begin(MOVE)
    with pytest.raises(DidNothing, match="the standby does not answer"):
        ahead.plan(MOVE)
