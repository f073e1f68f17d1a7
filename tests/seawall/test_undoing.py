"""`undo` plans exactly what takes a run back, in reverse, with what was seen filled in; and nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from seawall.afterwards import mark_undo, refuse_when_others_came, taken_back_of, undos_of
from seawall.carrying import carry_out
from seawall.decide import Way
from seawall.errors import BadInput, Busy
from seawall.hands import ThreadHands
from seawall.journal import Outcome
from seawall.plan import Plan, PlannedUndo
from seawall.run_folder import RunFolder, create_run, read_state
from seawall.undoing import plan_undo
from tests.fakes import MIDNIGHT, Behaviour, SimulatedWorld
from tests.seawall.plans import a_change, a_look, a_plan, approved_by
from tests.seawall.test_drive import SILENT, Story

WORLD = SimulatedWorld().world


def undone(story: Story, taken_back: frozenset[str] = frozenset()) -> Plan:
    return plan_undo("r", story.state, WORLD, taken_back)


def after_a_run(*steps, **more) -> Story:
    story = Story(a_plan(*steps), **more)
    story.drive()
    return story


def test_it_is_what_was_done_in_reverse_one_after_another():
    plan = undone(after_a_run(a_change("a"), a_change("b", "a"), a_look("c", "b"), a_change("d", "c")))
    assert [(one.id, one.uses, one.after) for one in plan.steps] == [
        ("undo/d", "sim.undo", ()),
        ("undo/b", "sim.undo", ("undo/d",)),
        ("undo/a", "sim.undo", ("undo/b",)),
    ]
    assert (plan.undoes, plan.claims, plan.confirm) == ("r", ("service:login",), "login")


def test_it_has_a_digest_of_its_own_that_names_the_run():
    story = after_a_run(a_change("a"))
    plan = undone(story)
    assert plan.digest == undone(story).digest
    assert plan.digest not in (story.plan.digest, plan_undo("other", story.state, WORLD).digest)
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_what_earlier_steps_saw_is_filled_in_from_the_journal():
    step = a_change("a").model_copy(
        update={"undo": PlannedUndo(uses="sim.undo", args={"step": {"from": "look.word"}})}
    )
    plan = undone(after_a_run(a_look("look"), step.model_copy(update={"after": ("look",)})))
    assert plan.steps[0].args == {"step": "fine"}


def test_what_was_approved_to_be_done_is_approved_to_be_taken_back():
    plan = undone(after_a_run(a_change("a", approve=approved_by(2))))
    assert plan.steps[0].approve == approved_by(2)


def test_what_cannot_be_taken_back_is_listed_with_the_reason_and_holds_what_it_rests_on():
    plan = undone(
        after_a_run(
            a_change("mail", rests_on=(), undo=False),
            a_change("fence"),
            a_change("promote", "fence", undo=False),
            a_change("repoint", "promote"),
        )
    )
    told = {one.id: one.skipped for one in plan.steps}
    assert told == {
        "undo/repoint": None,
        "undo/promote": "cannot be taken back: a person did it, or nothing says how",
        "undo/fence": "it bears promote, which stands",
        "undo/mail": "cannot be taken back: a person did it, or nothing says how",
    }


def test_what_is_in_doubt_is_not_taken_back_and_what_it_would_rest_on_stays():
    story = after_a_run(
        a_change("fence"), a_change("promote", "fence", proof=False), abort=(20.0, False), awake=False,
        behaviours={("promote", Way.ACT): [SILENT]},
    )  # fmt: skip
    with pytest.raises(BadInput, match=r"whether it happened is not known.*it bears promote"):
        undone(story)


def test_what_has_not_ended_is_not_planned_for():
    story = Story(a_plan(a_change("a", approve=approved_by())), awake=False)
    story.drive(idle=10)
    with pytest.raises(BadInput, match="has not ended"):
        undone(story)


def test_what_another_run_took_back_is_left_alone():
    plan = undone(after_a_run(a_change("a"), a_change("b", "a")), frozenset({"b"}))
    assert [one.id for one in plan.steps] == ["undo/a"]


class TestInAFolder:
    def carried_out(self, runs: Path, plan: Plan, *behaviours: Behaviour) -> RunFolder:
        world = SimulatedWorld()
        world._now = behaviours[0] if behaviours else Behaviour()
        run = create_run(runs, plan, by="anna", version="0", now=MIDNIGHT)
        carry_out(run, ThreadHands(world.world, world.clock), world.clock, by="anna")
        return run

    def test_twice_is_refused_by_name_and_so_is_while_another_is_at_it(self, tmp_path):
        run = self.carried_out(tmp_path, a_plan(a_change("a")))
        plan = plan_undo(run.id, read_state(run), WORLD)
        undo = create_run(tmp_path, plan, by="bo", version="0", now=MIDNIGHT)
        mark_undo(run, undo, before=0)
        with pytest.raises(Busy, match=f"{undo.id} is taking it back already"):
            taken_back_of(run)
        world = SimulatedWorld()
        carry_out(undo, ThreadHands(world.world, world.clock), world.clock, by="bo")
        end = read_state(undo).ended
        assert end is not None
        assert end.outcome is Outcome.DONE
        with pytest.raises(Busy, match=f"taken back already, by run {undo.id}"):
            taken_back_of(run)

    def test_of_two_who_begin_at_the_same_moment_one_is_refused(self, tmp_path):
        run = self.carried_out(tmp_path, a_plan(a_change("a")))
        mark_undo(run, RunFolder(tmp_path, "first"), before=0)
        with pytest.raises(Busy, match="first was opened to take it back a moment ago"):
            mark_undo(run, RunFolder(tmp_path, "second"), before=0)
        assert [one.id for one in undos_of(run)] == ["first"]

    def test_what_a_failed_taking_back_did_is_not_done_again(self, tmp_path):
        run = self.carried_out(tmp_path, a_plan(a_change("a"), a_change("b", "a")))
        plan = plan_undo(run.id, read_state(run), WORLD)
        broken = plan.model_copy(
            update={"steps": (plan.steps[0], plan.steps[1].model_copy(update={"uses": "sim.gone"}))}
        )
        mark_undo(run, self.carried_out(tmp_path, broken), before=0)
        assert taken_back_of(run) == {"b"}

    def test_when_others_have_worked_on_it_since_nothing_goes_on_from_there(self, tmp_path):
        run = self.carried_out(tmp_path, a_plan(a_change("a")))
        refuse_when_others_came(run, read_state(run))
        world = SimulatedWorld()
        world.clock.advance(60)
        later = create_run(tmp_path, a_plan(a_change("b")), by="bo", version="0", now=world.clock.now)
        refuse_when_others_came(run, read_state(run))  # it has changed nothing yet
        carry_out(later, ThreadHands(world.world, world.clock), world.clock, by="bo")
        with pytest.raises(Busy, match=f"{later.id} has worked on service:login since"):
            refuse_when_others_came(run, read_state(run))
