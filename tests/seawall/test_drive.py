"""What the driver promises: order, side by side, limits, approvals, doubts, aborts, and that every wait ends."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given

from seawall.actions import Action, Effect, Occasion, World
from seawall.decide import ABORT_WAITS, LANE_HOLDS, Ask, Finish, Way
from seawall.drive import OVERDUE, drive
from seawall.hands import ThreadHands
from seawall.journal import (
    AbortAsked,
    Answered,
    Approved,
    Asked,
    Ended,
    Event,
    Failed,
    NotNeeded,
    Opened,
    Outcome,
    Resumed,
    Settled,
    Started,
    Succeeded,
)
from seawall.plan import Plan
from seawall.state import State
from seawall.step_state import MOST_ATTEMPTS, Stand
from tests.examples import examples
from tests.fakes import (
    MIDNIGHT,
    Behaviour,
    Looked,
    MemoryInbox,
    MemoryJournal,
    SimulatedDisk,
    SimulatedHands,
    SimulatedPeople,
    SimulatedWorld,
    Target,
)
from tests.seawall.plans import LIMIT, a_change, a_look, a_persons, a_plan, approved_by, is_there, plans

SILENT = Behaviour(takes=2.0, acts_after=None, ends="silent")
"""A change that is not made, and nobody says so."""
LATEST = LIMIT + 2.9
"""When the remote side of a call may still act: its limit, then a second until it is killed, and some for the slow."""


class Story:
    """One run in the simulated world, from its opening to where it stops."""

    def __init__(
        self, plan: Plan, behaviours: dict[tuple[str, Way], Sequence[Behaviour]] | None = None, **people: Any
    ) -> None:
        self.plan = plan
        self.world = SimulatedWorld(behaviours=behaviours or {})
        self.disk = SimulatedDisk()
        self.people = SimulatedPeople(self.world, **people)
        self.hands = SimulatedHands(self.world)

    def drive(self, *, idle: float = 0.0, inbox: MemoryInbox | None = None) -> Finish | Ask:
        self.hands = SimulatedHands(self.world, idle=idle)
        return drive(
            self.plan,
            MemoryJournal(self.disk),
            self.hands,
            self.world.clock,
            inbox=inbox or self.people.inbox(),
            watch=self.people.watch,
        )

    def times_made(self, step: str) -> int:
        """How often the change comes into the world, once everything that was begun has acted."""
        self.world.wear_out()
        return self.world.times_made(step)

    @property
    def events(self) -> list[Event]:
        return self.disk.events()

    def of(self, kind: type[Any], step: str | None = None) -> list[Any]:
        return [
            one for one in self.events if isinstance(one, kind) and step in (None, getattr(one, "step", None))
        ]

    @property
    def state(self) -> State:
        return State(self.plan, self.events)

    @property
    def elapsed(self) -> float:
        return (self.world.clock.now - MIDNIGHT).total_seconds()


@given(plans(most=6))
@examples(60)
def test_each_step_starts_after_those_it_waits_for_are_over(plan: Plan):
    story = Story(plan)
    assert story.drive() == Finish(Outcome.DONE)
    over = {step.id: -1 for step in plan.steps if step.skipped is not None}
    waits = dict(State(plan).plan.by_id)
    for n, event in enumerate(story.events):
        if isinstance(event, Started | Asked):
            left = [name for name in ancestors(plan, event.step) if name not in over]
            assert not left, f"{event.step} began before {left} were over"
        if isinstance(event, Succeeded | NotNeeded | Answered):
            over[event.step] = n
    assert set(over) == set(waits)


def ancestors(plan: Plan, step: str) -> set[str]:
    after = plan.by_id[step].after
    return {*after, *(name for one in after for name in ancestors(plan, one))}


def test_steps_that_do_not_wait_for_one_another_are_under_way_at_once():
    both = threading.Barrier(2, timeout=5)

    class Meeting:
        def actions(self) -> Sequence[Action[Any, Any]]:
            return (Action("sim.change", Effect.CHANGES, Target, Looked, self.meet, "Wait for the other"),)

        def meet(self, _args: Target, _occasion: Occasion) -> Looked:
            both.wait()  # raises when the other never comes
            return Looked()

        def close(self) -> None: ...

    world = SimulatedWorld()
    plan = a_plan(a_change("mail", proof=False), a_change("slack", proof=False))
    end = drive(plan, MemoryJournal(), ThreadHands(World(Meeting()), world.clock), world.clock)
    assert end == Finish(Outcome.DONE)


def test_no_more_calls_are_under_way_on_a_lane_than_it_holds():
    steps = [a_look(f"s{n}", lanes=("north",)) for n in range(20)]
    story = Story(a_plan(*steps, *(a_look(f"t{n}", lanes=("south",)) for n in range(3))))
    assert story.drive() == Finish(Outcome.DONE)
    assert story.hands.at_most == {"": LANE_HOLDS + 3, "north": LANE_HOLDS, "south": 3}


def test_no_more_calls_are_under_way_than_a_run_may_have():
    story = Story(a_plan(*(a_look(f"s{n}") for n in range(100))))
    assert story.drive() == Finish(Outcome.DONE)
    assert story.hands.at_most[""] == 32


def test_a_host_that_many_wait_for_holds_up_no_other():
    plan = a_plan(*(a_look(f"s{n}", lanes=("north",)) for n in range(50)), a_look("t", lanes=("south",)))
    story = Story(plan)
    story.drive()
    assert "t" in [one.step for one in story.of(Started)[: LANE_HOLDS + 1]]


class TestApproval:
    def test_nothing_starts_before_the_yeses_are_there(self):
        story = Story(a_plan(a_change("fence", approve=approved_by(2))))
        assert story.drive() == Finish(Outcome.DONE)
        kinds = [type(one) for one in story.events]
        assert kinds == [Asked, Approved, Approved, Started, Succeeded, Ended]

    def test_one_person_saying_yes_twice_is_one_yes(self):
        story = Story(a_plan(a_change("fence", approve=approved_by(2))), awake=False)
        yes = Approved(at=MIDNIGHT, step="fence", by="anna", how="typed")
        inbox = MemoryInbox([yes, yes.model_copy(update={"how": "slack"})])
        end = story.drive(idle=60, inbox=inbox)
        assert isinstance(end, Ask)
        assert not story.world.calls

    def test_a_no_refuses_and_ends_the_run(self):
        story = Story(
            a_plan(a_change("fence", approve=approved_by()), a_change("tell", "fence")), approve="no"
        )
        assert story.drive() == Finish(Outcome.REFUSED)
        assert not story.world.calls

    def test_nobody_answering_leaves_the_run_open_and_says_whom_it_waits_for(self):
        story = Story(a_plan(a_change("fence", approve=approved_by())), awake=False)
        end = story.drive(idle=10)
        assert isinstance(end, Ask)
        assert [(one.of, one.what) for one in end.questions] == [("incident-commander", "approval")]
        assert not story.of(Ended)

    def test_a_yes_given_while_no_process_ran_is_heard_on_resuming(self):
        story = Story(a_plan(a_change("fence", approve=approved_by())), awake=False)
        story.drive(idle=10)
        story.people.awake = True
        inbox = MemoryInbox([Approved(at=story.world.clock.now, step="fence", by="anna", how="typed")])
        end = drive(
            story.plan, MemoryJournal(story.disk), SimulatedHands(story.world), story.world.clock, inbox=inbox
        )
        assert end == Finish(Outcome.DONE)
        assert len(story.of(Asked)) == 1  # not asked again for what was answered

    def test_a_yes_that_is_not_enough_is_kept_though_nobody_waits_any_longer(self):
        story = Story(a_plan(a_change("fence", approve=approved_by(2))))
        yes = Approved(at=MIDNIGHT, step="fence", by="anna", how="typed")
        inbox = MemoryInbox(speak=lambda: [yes] if story.elapsed > 600 else [])
        assert isinstance(story.drive(idle=601, inbox=inbox), Ask)
        assert story.of(Approved) == [yes]

    def test_an_approval_of_one_step_opens_no_other(self):
        plan = a_plan(a_change("fence", approve=approved_by()), a_change("promote", approve=approved_by()))
        story = Story(plan, awake=False)
        inbox = MemoryInbox([Approved(at=MIDNIGHT, step="fence", by="anna", how="typed")])
        story.drive(idle=60, inbox=inbox)
        assert [making.call.step.id for making in story.world.calls] == ["fence"]

    @pytest.mark.parametrize("answer", ["happened", "did-not-happen"])
    def test_an_answer_to_another_question_opens_nothing(self, answer):
        story = Story(a_plan(a_change("fence", approve=approved_by())), awake=False)
        inbox = MemoryInbox([Answered(at=MIDNIGHT, step="fence", by="anna", answer=answer)])
        end = story.drive(idle=60, inbox=inbox)
        assert isinstance(end, Ask)
        assert not story.of(Answered)


class TestPersonsStep:
    def test_it_is_asked_answered_and_timed_like_any_other(self):
        story = Story(a_plan(a_change("fence"), a_persons("ring", "fence")))
        assert story.drive() == Finish(Outcome.DONE)
        assert [type(one) for one in story.events][-3:] == [Asked, Answered, Ended]

    def test_an_answer_before_its_turn_is_not_taken(self):
        story = Story(a_plan(a_look("look"), a_persons("ring", "look")), awake=False)
        inbox = MemoryInbox([Answered(at=MIDNIGHT, step="ring", by="dora", answer="happened")])
        end = story.drive(idle=60, inbox=inbox)
        assert isinstance(end, Ask)
        assert not story.of(Answered)


class TestDoubt:
    def test_a_proof_that_shows_the_change_settles_it_at_once(self):
        behaviour = Behaviour(takes=2.0, acts_after=1.0, ends="silent")
        story = Story(a_plan(a_change("fence")), {("fence", Way.ACT): [behaviour]})
        assert story.drive() == Finish(Outcome.DONE)
        assert story.elapsed < LIMIT
        assert story.state.seen["fence"]["word"] == "said by the proof"

    def test_did_not_happen_is_not_believed_before_the_attempt_is_spent(self):
        behaviour = Behaviour(takes=2.0, acts_after=LATEST, ends="silent")
        story = Story(a_plan(a_change("fence")), {("fence", Way.ACT): [behaviour]})
        assert story.drive() == Finish(Outcome.DONE)
        assert story.times_made("fence") == 1
        assert len(story.of(Settled)) == 2

    def test_a_look_that_began_too_early_is_not_believed_though_it_ended_late(self):
        story = Story(
            a_plan(a_change("fence")),
            {
                ("fence", Way.ACT): [Behaviour(takes=2.0, acts_after=LATEST, ends="silent")],
                ("fence", Way.PROVE): [Behaviour(takes=LATEST, acts_after=None), Behaviour(acts_after=None)],
            },
        )
        assert story.drive() == Finish(Outcome.DONE)
        assert story.times_made("fence") == 1

    def test_shown_not_to_have_happened_it_is_tried_again_but_not_for_ever(self):
        story = Story(a_plan(a_change("fence")), {("fence", Way.ACT): [SILENT]})
        assert story.drive() == Finish(Outcome.FAILED)
        assert len(story.of(Started)) == MOST_ATTEMPTS

    def test_without_a_proof_a_person_is_asked(self):
        behaviour = Behaviour(takes=2.0, acts_after=1.0, ends="silent")
        story = Story(a_plan(a_change("fence", proof=False)), {("fence", Way.ACT): [behaviour]})
        assert story.drive() == Finish(Outcome.DONE)
        assert [one.what for one in story.of(Asked)] == ["doubt"]

    def test_a_change_that_can_act_for_ever_is_never_repeated_on_a_proofs_word(self):
        plan = a_plan(a_change("fence", can_still_act=True))
        story = Story(plan, {("fence", Way.ACT): [Behaviour(takes=2.0, acts_after=500.0, ends="silent")]})
        assert story.drive(idle=1.0) == Finish(Outcome.DONE)
        assert story.times_made("fence") == 1
        assert [one.by for one in story.of(Answered)] == ["erik"]

    def test_nor_when_the_first_look_comes_long_after_its_limit(self):
        plan = a_plan(a_change("fence", can_still_act=True))
        story = Story(plan, {("fence", Way.ACT): [Behaviour(takes=None, acts_after=500.0)]})
        assert story.drive(idle=1.0) == Finish(Outcome.DONE)
        assert story.times_made("fence") == 1

    def test_a_proof_that_cannot_tell_makes_it_a_persons_question(self):
        story = Story(
            a_plan(a_change("fence")),
            {("fence", Way.ACT): [SILENT], ("fence", Way.PROVE): [Behaviour(acts_after=None, blind=True)]},
        )
        assert story.drive() == Finish(Outcome.FAILED)
        assert [one.answer for one in story.of(Answered)] == ["did-not-happen"]

    @pytest.mark.parametrize("ends", ["silent", "bug"])
    def test_a_proof_that_breaks_leaves_it_to_a_person(self, ends):
        story = Story(
            a_plan(a_change("fence")),
            {("fence", Way.ACT): [SILENT], ("fence", Way.PROVE): [Behaviour(acts_after=None, ends=ends)]},
            awake=False,
        )
        end = story.drive(idle=10)
        assert isinstance(end, Ask)
        assert story.of(Settled)[-1].happened is None

    def test_a_proof_that_never_comes_back_is_written_off(self):
        never = Behaviour(takes=None, acts_after=None)
        story = Story(
            a_plan(a_change("fence")),
            {("fence", Way.ACT): [SILENT], ("fence", Way.PROVE): [never]},
            awake=False,
        )
        assert isinstance(story.drive(idle=10), Ask)

    def test_resuming_looks_at_the_proof_again(self):
        blind, seeing = Behaviour(acts_after=None, blind=True), Behaviour(acts_after=None)
        story = Story(
            a_plan(a_change("fence")),
            {
                ("fence", Way.ACT): [Behaviour(takes=2.0, acts_after=11.0, ends="silent")],
                ("fence", Way.PROVE): [blind, blind, seeing],
            },
            awake=False,
        )
        assert isinstance(story.drive(idle=10), Ask)
        assert story.drive() == Finish(Outcome.DONE)
        assert isinstance(story.of(Resumed)[0], Resumed)

    def test_an_answer_about_one_attempt_does_not_settle_the_next(self):
        story = Story(a_plan(a_change("fence", proof=False)), {("fence", Way.ACT): [SILENT]}, awake=False)
        inbox = MemoryInbox(
            [Answered(at=MIDNIGHT - timedelta(minutes=1), step="fence", by="anna", answer="happened")]
        )
        journal = MemoryJournal(story.disk)
        began = Started(at=MIDNIGHT, step="fence", attempt=1, until=MIDNIGHT + timedelta(seconds=LIMIT))
        journal.append([began])
        end = drive(story.plan, journal, SimulatedHands(story.world, idle=60), story.world.clock, inbox=inbox)
        assert isinstance(end, Ask)
        assert not story.of(Answered)

    def test_nothing_new_starts_while_something_is_in_doubt(self):
        story = Story(
            a_plan(a_change("fence", proof=False), a_look("slow"), a_look("later", "slow")),
            {
                ("fence", Way.ACT): [SILENT],
                ("slow", Way.ACT): [Behaviour(takes=5.0)],
            },
            awake=False,
        )
        assert isinstance(story.drive(idle=10), Ask)
        assert not story.of(Started, "later")


class TestOverdue:
    def test_a_call_that_does_not_come_back_is_in_doubt_and_its_late_ending_is_not_heard(self):
        late = LIMIT + OVERDUE.total_seconds() + 5
        story = Story(
            a_plan(a_change("fence", proof=False), a_look("after", "fence")),
            {("fence", Way.ACT): [Behaviour(takes=late, acts_after=1.0)]},
            awake=False,
        )
        assert isinstance(story.drive(idle=1.0), Ask)
        assert [one.problem for one in story.of(Failed)] == ["its limit passed and it did not come back"]
        assert not story.of(Succeeded)
        assert story.state.steps["fence"].stand is Stand.IN_DOUBT

    def test_a_late_ending_does_not_end_the_next_attempt(self):
        first = Behaviour(takes=LIMIT + 9, acts_after=None, ends="refused")
        second = Behaviour(takes=8.0, acts_after=2.0)
        story = Story(a_plan(a_change("fence")), {("fence", Way.ACT): [first, second]})
        assert story.drive() == Finish(Outcome.DONE)
        assert [one.attempt for one in story.of(Succeeded)] == [2]

    def test_a_look_that_does_not_come_back_fails(self):
        story = Story(a_plan(a_look("look")), {("look", Way.ACT): [Behaviour(takes=None)]})
        assert story.drive(idle=1.0) == Finish(Outcome.FAILED)


class TestAbort:
    def test_it_ends_at_once_when_nothing_is_under_way(self):
        story = Story(a_plan(a_change("fence", approve=approved_by())), awake=False, abort=(1.0, False))
        story.people.awake = False
        assert story.drive() == Finish(Outcome.ABORTED)
        assert story.elapsed < 1.1

    def test_it_takes_back_exactly_what_was_done_in_reverse(self):
        plan = a_plan(
            *(a_change(name, *after) for name, *after in (("a",), ("b", "a"), ("c", "b"), ("d", "c")))
        )
        story = Story(
            plan, {("d", Way.ACT): [Behaviour(takes=5.0, acts_after=None, ends="refused")]}, abort=(3.5, True)
        )
        assert story.drive() == Finish(Outcome.UNDONE)
        assert [step for step, _ in story.world.taken_back] == ["c", "b", "a"]
        assert [step for step, _ in story.world.made] == ["a", "b", "c"]

    def test_without_undo_it_names_what_stands(self):
        story = Story(a_plan(a_change("a"), a_change("b", "a")), abort=(1.5, False))
        assert story.drive() == Finish(Outcome.ABORTED, left=("a", "b"))
        assert not story.world.taken_back

    @pytest.mark.parametrize("undo", [True, False])
    def test_a_call_that_hangs_cannot_keep_it_from_ending_within_ten_seconds(self, undo):
        story = Story(
            a_plan(a_change("a"), a_change("b", "a")),
            {("b", Way.ACT): [Behaviour(takes=None, acts_after=None)]},
            abort=(2.0, undo),
        )
        assert story.drive() == Finish(Outcome.ABORTED, left=("b", "a"))
        assert story.elapsed - 2.0 < 10

    def test_nor_can_a_proof_that_hangs(self):
        story = Story(
            a_plan(a_change("a")),
            {("a", Way.ACT): [SILENT], ("a", Way.PROVE): [Behaviour(takes=None, acts_after=None)]},
            abort=(3.0, False),
        )
        assert story.drive() == Finish(Outcome.ABORTED, left=("a",))
        assert story.elapsed - 3.0 < 10

    @pytest.mark.parametrize("undo", [True, False])
    @pytest.mark.parametrize("waits", ["person", "approval", "doubt", "inside another"])
    def test_whoever_is_asked_it_names_a_state_within_ten_seconds(self, waits, undo):
        never = Behaviour(takes=None, acts_after=None)
        steps = {
            "person": (a_persons("b", "a"),),
            "approval": (a_change("b", "a", approve=approved_by(2)),),
            "doubt": (a_change("b", "a", proof=False),),
            "inside another": (a_change("n/b", "a", proof=False), a_persons("n/c", "a"), a_look("n/d", "a")),
        }[waits]
        calls: dict[str, dict[tuple[str, Way], Sequence[Behaviour]]] = {
            "doubt": {("b", Way.ACT): [SILENT]},
            "inside another": {("n/b", Way.ACT): [never], ("n/d", Way.ACT): [never]},
        }
        story = Story(a_plan(a_change("a"), *steps), calls.get(waits), awake=False)
        later = iter([AbortAsked(at=MIDNIGHT + timedelta(seconds=6), by="anna", why="", undo=undo)])

        def speak() -> list[AbortAsked]:
            due = story.world.clock.now >= MIDNIGHT + timedelta(seconds=6)
            return [one for one in (next(later, None),) if one is not None] if due else []

        hands = SimulatedHands(story.world)
        end = drive(
            story.plan, MemoryJournal(story.disk), hands, story.world.clock, inbox=MemoryInbox(speak=speak)
        )
        assert isinstance(end, Finish)
        assert end.outcome in (Outcome.ABORTED, Outcome.UNDONE)
        assert story.elapsed - 6 < 10

    def test_it_waits_for_a_call_that_is_about_to_end(self):
        slow = Behaviour(takes=6.0, acts_after=5.0)
        story = Story(a_plan(a_change("a")), {("a", Way.ACT): [slow]}, abort=(1.0, True))
        assert story.drive() == Finish(Outcome.UNDONE)

    def test_undos_that_take_longer_than_the_patience_are_not_cut_off(self):
        slow = Behaviour(takes=ABORT_WAITS.total_seconds() - 2, acts_after=1.0)
        plan = a_plan(a_change("a"), a_change("b"), a_change("c", "a", "b"), a_look("d", "c"))
        story = Story(plan, {(name, Way.UNDO): [slow] for name in "abc"}, abort=(2.5, True))
        assert story.drive() == Finish(Outcome.UNDONE)
        assert len(story.world.taken_back) == 3

    def test_what_a_standing_change_rests_on_is_not_taken_back(self):
        """A fence is not undone under a promotion that has no way back: there would be two writable primaries."""
        plan = a_plan(
            a_change("mail"),
            a_change("fence"),
            a_change("promote", "fence", undo=False),
            a_change("repoint", "promote"),
            a_look("probe", "repoint", "mail"),
        )
        story = Story(plan, abort=(3.5, True))
        assert story.drive() == Finish(Outcome.ABORTED, left=("fence", "promote"))
        assert [step for step, _ in story.world.taken_back] == ["repoint", "mail"]

    def test_an_undo_that_fails_ends_the_taking_back(self):
        plan = a_plan(a_change("a"), a_change("b", "a"), a_look("c", "b"))
        refused = Behaviour(acts_after=None, ends="refused")
        story = Story(plan, {("b", Way.UNDO): [refused]}, abort=(2.5, True))
        assert story.drive() == Finish(Outcome.ABORTED, left=("a", "b"))

    def test_saying_stop_and_then_take_it_back_takes_it_back(self):
        story = Story(a_plan(a_change("a"), a_change("b", "a")), {("b", Way.ACT): [Behaviour(takes=7.0)]})
        words = [AbortAsked(at=MIDNIGHT, by="anna", why="", undo=undo) for undo in (False, True)]
        later = iter([(), (), (), words])
        inbox = MemoryInbox(speak=lambda: next(later, ()))
        end = drive(
            story.plan, MemoryJournal(story.disk), SimulatedHands(story.world), story.world.clock, inbox=inbox
        )
        assert end.outcome is Outcome.UNDONE  # type: ignore[union-attr]

    def test_a_late_ending_of_a_change_does_not_end_its_undo(self):
        story = Story(
            a_plan(a_change("a")),
            {
                ("a", Way.ACT): [Behaviour(takes=LIMIT + 8, acts_after=1.0)],
                ("a", Way.UNDO): [Behaviour(takes=9.0, acts_after=8.0)],
            },
            abort=(15.5, True),
        )
        assert story.drive() == Finish(Outcome.UNDONE)
        assert not story.of(Succeeded)[0].attempt - 1
        assert [one.undoing for one in story.of(Succeeded)] == [True]

    def test_a_run_that_has_ended_hears_nothing(self):
        story = Story(a_plan(a_look("a")))
        story.drive()
        before = story.events
        inbox = MemoryInbox([AbortAsked(at=story.world.clock.now, by="anna", why="", undo=True)])
        end = story.drive(inbox=inbox)
        assert (end, story.events) == (Finish(Outcome.DONE), before)


class TestWords:
    def test_a_word_delivered_again_is_heard_once(self):
        story = Story(a_plan(a_change("fence", approve=approved_by(2))), awake=False)
        yes = Approved(at=MIDNIGHT, step="fence", by="anna", how="typed")
        for _ in range(2):  # each life finds it in the inbox, as when the power goes before it is put away
            hands = SimulatedHands(story.world, idle=60)
            drive(story.plan, MemoryJournal(story.disk), hands, story.world.clock, inbox=MemoryInbox([yes]))
        assert len(story.of(Approved)) == 1

    def test_a_word_about_a_step_that_is_not_there_changes_nothing(self):
        story = Story(a_plan(a_look("look")))
        inbox = MemoryInbox([Approved(at=MIDNIGHT, step="elsewhere", by="anna", how="typed")])
        end = story.drive(inbox=inbox)
        assert end == Finish(Outcome.DONE)


def test_what_is_so_already_is_not_done():
    story = Story(a_plan(a_change("fence", unless=is_there("fence"))))
    story.world.made.append(("fence", MIDNIGHT))
    assert story.drive() == Finish(Outcome.DONE)
    assert story.times_made("fence") == 1
    assert story.of(NotNeeded)[0].seen["word"] == "said by the proof"


def test_a_failed_step_ends_the_run_when_what_is_under_way_has_ended():
    story = Story(
        a_plan(a_change("a"), a_change("b"), a_change("c", "b")),
        {
            ("a", Way.ACT): [Behaviour(takes=1.0, acts_after=None, ends="refused")],
            ("b", Way.ACT): [Behaviour(takes=3.0)],
        },
    )
    assert story.drive() == Finish(Outcome.FAILED, left=("b",))
    assert not story.of(Started, "c")


@pytest.mark.slow
def test_steps_left_out_hold_nobody_up_however_many_there_are():
    chain = [a_change("s0", skipped="no")]
    chain += [a_change(f"s{n}", f"s{n - 1}", skipped="no") for n in range(1, 3000)]
    story = Story(a_plan(*chain, a_look("end", "s2999")))
    assert story.drive() == Finish(Outcome.DONE)
    assert story.of(Succeeded, "end")


def test_the_journal_opens_with_who_asked_and_ends_with_how_it_ended():
    story = Story(a_plan(a_look("look")))
    MemoryJournal(story.disk).append(
        [
            Opened(
                at=MIDNIGHT,
                run="r",
                plan=story.plan.digest,
                runbook="move",
                title=story.plan.title,
                exercise=True,
                by="anna",
                version="0",
            )
        ]
    )
    story.drive()
    assert [type(one) for one in story.events] == [Opened, Started, Succeeded, Ended]
    assert all(earlier.at <= later.at for earlier, later in pairwise(story.events))
