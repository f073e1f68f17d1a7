"""A pretended run is driven like a real one, to its end, and nothing is called, written or waited for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given

from seawall.actions import Action, Deadline, Effect, Occasion, World
from seawall.decide import Finish
from seawall.errors import DidNothing
from seawall.foretelling import foretold
from seawall.journal import Outcome
from seawall.model import Text
from seawall.plan import Plan, PlannedStep, SeenBefore
from seawall.predicates import read_predicates
from seawall.pretending import Pretence, PretendWorld, pretend
from seawall.step_state import Stand
from tests.fakes import MIDNIGHT, IsThere, Looked, Target
from tests.seawall.plans import a_change, a_look, a_persons, a_plan, approved_by, plans


def never(_args, _occasion):
    message = "something real was called"
    raise AssertionError(message)


class Sim:
    """The simulated world's actions, none of which may be called."""

    def actions(self):
        return (
            Action("sim.read", Effect.READS, Target, Looked, never, ""),
            Action("sim.is-there", Effect.READS, Target, IsThere, never, ""),
            Action("sim.change", Effect.CHANGES, Target, Looked, never, "", undone_by="sim.undo"),
            Action("sim.undo", Effect.CHANGES, Target, Looked, never, ""),
        )

    def close(self):
        """Nothing is held."""


REAL = World(Sim())


def pretended(plan: Plan):
    return pretend(plan, REAL, now=MIDNIGHT)


@given(plans())
def test_every_plan_comes_to_its_end_and_nothing_real_is_called(plan):
    made = pretended(plan)
    assert made.end == Finish(Outcome.DONE)
    stands = {name: one.stand for name, one in made.state.steps.items()}
    for one in made.steps:
        assert stands[one.step.id] is (Stand.SKIPPED if one.would == "skip" else Stand.DONE)


@given(plans())
def test_each_step_is_told_once_in_the_plans_order(plan):
    assert [one.step for one in foretold(plan)] == list(plan.steps)


def test_what_a_step_hopes_for_is_what_it_is_shown_and_nothing_else():
    expect = read_predicates({"number_at_least": 9, "word_is_not": "wrong"}, Looked)
    look = a_look("look", expect=expect)
    seen = PretendWorld(REAL, a_plan(look)).perform("sim.read", look.args, occasion("look"))
    assert all(one.holds(seen) for one in expect)
    bare = a_look("bare")
    assert dict(PretendWorld(REAL, a_plan(bare)).perform("sim.read", bare.args, occasion("bare"))) == {
        "number": None,
        "word": None,
    }


def test_a_pretended_world_has_the_same_names_and_types_and_cannot_be_called():
    world = PretendWorld(REAL, a_plan(a_look("look")))
    assert set(world) == set(REAL)
    assert all((world[name].args, world[name].seen) == (REAL[name].args, REAL[name].seen) for name in REAL)
    with pytest.raises(DidNothing, match="only pretends"):
        world["sim.change"].call(Target(step="look"), occasion("look"))


def test_arguments_that_do_not_fit_stop_it_where_a_real_run_would_stop():
    made = pretended(a_plan(a_change("first"), a_change("wrong", "first", args={"stap": "wrong"})))
    assert made.end == Finish(Outcome.FAILED, ("first",))
    assert "do not fit sim.change" in problem_of(made, "wrong")


def test_what_only_a_step_can_know_is_no_mistake_before_it_has_run():
    plan = a_plan(a_look("look"), a_change("after", "look", args={"step": {"from": "look.word"}}))
    made = pretended(plan)
    assert made.end == Finish(Outcome.DONE)
    assert made.steps[1].cannot_know == ("step: what look will have seen",)


def test_an_action_that_is_gone_is_named():
    made = pretend(a_plan(a_look("look")), World(), now=MIDNIGHT)
    assert problem_of(made, "look") == "there is no action sim.read"


def test_people_are_named_by_role_and_how_many():
    plan = a_plan(a_change("fence", approve=approved_by(2)), a_persons("ring", "fence"))
    fence, ring = pretended(plan).steps
    assert (fence.waits_for, fence.would) == (("incident-commander", 2), "change")
    assert (ring.waits_for, ring.would) == (("duty-officer", 1), "ask")
    assert ring.begins_within == timedelta(minutes=10, seconds=10)


def test_a_step_that_depends_on_what_another_sees_is_perhaps():
    late = a_look("late", until=read_predicates({"number": 1}, Looked), late="goes-on")
    seen = SeenBefore(step="late", expect=read_predicates({"number": 1}, Looked))
    escalate = a_persons("escalate", "late").model_copy(update={"unless_seen": (seen,)})
    made = pretended(a_plan(late, escalate))
    assert made.end == Finish(Outcome.DONE)
    assert (made.steps[1].would, made.steps[1].because) == ("perhaps", "left out when late sees number is 1")
    assert "if not within its limit, the run goes on" in made.steps[0].cannot_know[0]


def test_a_wait_that_no_value_could_end_is_not_waited_out():
    never_both = read_predicates({"number_at_most": 3, "number_is_not": 3}, Looked)
    look = a_look("look", until=never_both).model_copy(update={"within": timedelta(days=2)})
    made = pretended(a_plan(look))
    assert made.state.steps["look"].stand is Stand.FAILED


@pytest.mark.slow
def test_two_thousand_steps_in_a_row_are_no_stack():
    steps = [
        PlannedStep(
            id=f"s{n}",
            does=Text(en="x"),
            uses="sim.read",
            effect=Effect.READS,
            args={"step": "x"},
            after=(f"s{n - 1}",) if n else (),
            within=timedelta(seconds=1),
        )
        for n in range(2000)
    ]
    made = pretended(a_plan(*steps))
    assert made.end == Finish(Outcome.DONE)
    assert made.steps[-1].begins_within == timedelta(seconds=1999)


def problem_of(made: Pretence, step: str) -> str:
    failure = made.state.steps[step].failure
    return "" if failure is None else failure.problem


def occasion(step: str) -> Occasion:
    return Occasion(Deadline.within(timedelta(seconds=1)), step=step)
