from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from seawall.actions import Action, Deadline, Effect, Occasion, Ready, Seen, World
from seawall.errors import Unreachable
from seawall.model import Frozen
from seawall.plan import PlannedCheck
from seawall.warming import AT_MOST, warm
from tests.seawall.plans import a_change, a_plan

AT_ONCE = timedelta(seconds=10)


class Lamp(Frozen):
    lamp: str
    after: str | None = None


class Lamps:
    """A connector that notes which lamps it was asked to have ready."""

    def __init__(self) -> None:
        self.ready: list[str] = []
        self.lit: list[str] = []
        self.gone: frozenset[str] = frozenset()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def actions(self):
        return (Action("lamp.light", Effect.CHANGES, Lamp, Seen, self.light, "Light", ready=self.needs),)

    def needs(self, args: Lamp) -> Iterable[Ready]:
        return (Ready(self.reach, args.lamp),)

    def reach(self, lamp: str, deadline: Deadline) -> None:
        self.may_go_on.wait(deadline.left)
        if lamp in self.gone:
            raise Unreachable("nobody there", where=lamp, remedy="")
        self.ready.append(lamp)

    def light(self, args: Lamp, _occasion: Occasion) -> Seen:
        self.lit.append(args.lamp)
        return Seen()

    def close(self) -> None:
        self.may_go_on.set()


@pytest.fixture
def lamps():
    made = Lamps()
    yield made
    made.close()


def lighting(*lamps: Any, **more: Any):
    return a_plan(
        *(
            a_change(f"s{n}", args={"lamp": lamp}, **more).model_copy(update={"uses": "lamp.light"})
            for n, lamp in enumerate(lamps)
        )
    )


def warmed(lamps: Lamps, plan) -> list[str]:
    assert warm(World(lamps), plan).wait(AT_ONCE)
    return sorted(lamps.ready)


def test_what_several_steps_need_is_made_ready_once_and_nothing_is_changed(lamps):
    assert warmed(lamps, lighting("hall", "yard", "hall")) == ["hall", "yard"]
    assert lamps.lit == []


def test_what_cannot_be_had_is_passed_over(lamps):
    lamps.gone = frozenset({"hall"})
    assert warmed(lamps, lighting("hall", "yard")) == ["yard"]


def test_a_step_whose_arguments_wait_for_another_is_left_out(lamps):
    assert warmed(lamps, lighting({"from": "s1"}, "yard")) == ["yard"]


def test_a_step_of_which_only_what_it_may_do_without_waits_for_another_is_made_ready(lamps):
    step = a_change("s0", args={"lamp": "hall", "after": {"from": "s1"}})
    assert warmed(lamps, a_plan(step.model_copy(update={"uses": "lamp.light"}))) == ["hall"]


def test_what_a_step_looks_at_to_see_whether_it_is_needed_is_made_ready_too(lamps):
    check = PlannedCheck(uses="lamp.light", args={"lamp": "cellar"}, expect=())
    assert warmed(lamps, lighting("hall", unless=check)) == ["cellar", "hall"]


def test_a_step_that_is_skipped_needs_nothing(lamps):
    assert warmed(lamps, lighting("hall", skipped="not so")) == []


def test_only_what_the_first_steps_need_is_made_ready(lamps):
    assert len(warmed(lamps, lighting(*map(str, range(AT_MOST + 10))))) == AT_MOST


def test_nobody_has_to_wait_for_what_hangs(lamps):
    lamps.may_go_on.clear()
    assert not warm(World(lamps), lighting("hall")).wait(timedelta(milliseconds=20))
