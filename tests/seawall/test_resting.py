"""What a change that stands rests on is not taken back; what it does not rest on is (ADR 17)."""

from __future__ import annotations

from seawall.decide import Finish
from seawall.journal import Outcome
from seawall.plan import PlannedStep
from seawall.resting import Ground
from tests.seawall.plans import a_change, a_look, a_plan
from tests.seawall.test_drive import Story


def a_message(step: str, *after: str) -> PlannedStep:
    return a_change(step, *after, undo=False, rests_on=())


def test_what_came_before_a_message_that_left_is_taken_back_all_the_same():
    plan = a_plan(
        a_change("fence"), a_change("repoint", "fence"), a_message("mail", "repoint"), a_look("x", "mail")
    )
    story = Story(plan, abort=(3.5, True))
    assert story.drive() == Finish(Outcome.ABORTED, left=("mail",))
    assert [step for step, _ in story.world.taken_back] == ["repoint", "fence"]


def test_what_nobody_has_told_apart_rests_on_all_that_came_before_even_past_a_message():
    plan = a_plan(a_change("a"), a_message("mail", "a"), a_change("b", "mail", undo=False), a_look("x", "b"))
    ground = Ground(plan)
    ground.stands("b")
    assert [name for name in ("a", "mail") if ground.bears(name)] == ["a", "mail"]


def test_a_runbooks_word_counts_and_what_that_rests_on_does_too():
    plan = a_plan(
        a_change("a"),
        a_change("b", "a"),
        a_change("c"),
        a_change("d", "b", "c", undo=False, rests_on=("b",)),
    )
    ground = Ground(plan)
    ground.stands("d")
    assert {name: ground.bears(name) for name in "abc"} == {"a": "b", "b": "d", "c": None}


def test_the_fence_stays_under_the_promotion_whoever_was_told_of_it():
    plan = a_plan(
        a_change("fence"),
        a_change("promote", "fence", undo=False),
        a_change("repoint", "promote"),
        a_message("mail", "repoint"),
        a_look("x", "mail"),
    )
    story = Story(plan, abort=(4.5, True))
    assert story.drive() == Finish(Outcome.ABORTED, left=("fence", "promote", "mail"))
    assert [step for step, _ in story.world.taken_back] == ["repoint"]


def test_ten_thousand_changes_in_a_row_are_looked_through_once():
    steps = [a_change("s0")] + [a_change(f"s{n}", f"s{n - 1}", undo=False) for n in range(1, 3000)]
    ground = Ground(a_plan(*steps))
    for one in reversed(steps):
        ground.stands(one.id)
    assert ground.bears("s0")
