"""A failed step is left out or tried again by a person; whatever the history, no change is made twice by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from seawall.decide import Ask, Finish, Way
from seawall.journal import (
    Answered,
    Asked,
    Ended,
    Event,
    Failed,
    Outcome,
    Resumed,
    Retried,
    Settled,
    Skipped,
    Started,
    Word,
)
from seawall.reopening import wants_what_is_not_there, why_not
from seawall.state import State
from seawall.step_state import Stand
from tests.examples import examples
from tests.fakes import (
    MIDNIGHT,
    Behaviour,
    MemoryInbox,
    SimulatedPower,
)
from tests.seawall.plans import LIMIT, a_change, a_look, a_persons, a_plan, approved_by, behaviours, plans
from tests.seawall.test_drive import SILENT, Story
from tests.seawall.test_power_cut import carry_through, finished_steps_begun_again

REFUSED = Behaviour(takes=1.0, acts_after=None, ends="refused")
WELL = Behaviour()


def skip(story: Story, step: str) -> None:
    story.people._words.append(Skipped(at=story.world.clock.now, step=step, by="anna", why="not now"))


def retry(story: Story, step: str) -> None:
    story.people._words.append(Retried(at=story.world.clock.now, step=step, by="anna", why="mended"))


class TakesNothingUnwritten(MemoryInbox):
    """An inbox that sees, whenever words are put away, that the journal has them."""

    def __init__(self, story: Story, words: list[Word]) -> None:
        super().__init__(words)
        self._story = story

    def take(self) -> Sequence[Word]:
        assert all(one in self._story.events for one in self._words[: self._given])
        return super().take()


def test_a_word_that_lets_a_run_go_on_is_written_down_before_it_is_put_away():
    story = Story(a_plan(a_change("a"), a_change("b", "a")), {("a", Way.ACT): [REFUSED, WELL]})
    story.drive()
    again = Retried(at=story.world.clock.now, step="a", by="anna", why="mended")
    inbox = TakesNothingUnwritten(story, [again])
    assert story.drive(inbox=inbox) == Finish(Outcome.DONE)
    assert inbox.take() == ()


class TestSkip:
    def test_what_comes_after_it_is_done_and_the_run_ends_well(self):
        plan = a_plan(a_change("a"), a_change("b", "a"), a_change("c", "b"))
        story = Story(plan, {("b", Way.ACT): [REFUSED]})
        assert story.drive() == Finish(Outcome.FAILED, left=("a",))
        skip(story, "b")
        assert story.drive() == Finish(Outcome.DONE)
        assert [step for step, _ in story.world.made] == ["a", "c"]
        one = story.state.steps["b"]
        assert (one.stand, one.summary) == (Stand.SKIPPED, "skipped by anna: not now")

    def test_it_reopens_the_run_before_anything_is_begun(self):
        story = Story(a_plan(a_change("a"), a_look("b", "a")), {("a", Way.ACT): [REFUSED]})
        story.drive()
        skip(story, "a")
        story.drive()
        kinds = [type(one) for one in story.events]
        assert kinds[kinds.index(Ended) : kinds.index(Ended) + 4] == [Ended, Skipped, Resumed, Started]

    def test_a_step_that_takes_what_it_would_have_seen_cannot_run(self):
        plan = a_plan(a_change("fence"), a_change("promote", "fence", args={"step": {"from": "fence.word"}}))
        story = Story(plan, {("fence", Way.ACT): [REFUSED]})
        story.drive()
        assert wants_what_is_not_there(story.state, "fence") == ("promote",)
        skip(story, "fence")
        assert story.drive() == Finish(Outcome.FAILED)
        failure = story.state.steps["promote"].failure
        assert failure is not None
        assert "it was skipped" in failure.problem

    def test_what_is_in_doubt_is_answered_and_not_left_out(self):
        story = Story(a_plan(a_change("a", proof=False)), {("a", Way.ACT): [SILENT]}, awake=False)
        assert isinstance(story.drive(idle=10), Ask)
        word = Skipped(at=story.world.clock.now, step="a", by="anna", why="")
        assert "in doubt" in (why_not(word, story.state) or "")
        skip(story, "a")
        assert isinstance(story.drive(idle=10), Ask)
        assert not story.of(Skipped)

    @pytest.mark.parametrize("undo", [True, False])
    def test_a_run_that_was_stopped_hears_nothing(self, undo):
        story = Story(
            a_plan(a_change("a"), a_change("b", "a")), {("b", Way.ACT): [REFUSED]}, abort=(1.5, undo)
        )
        end = story.drive()
        before = story.events
        skip(story, "b")
        assert story.drive() == end
        assert story.events == before

    def test_a_run_that_ended_well_hears_nothing(self):
        story = Story(a_plan(a_change("a")))
        story.drive()
        retry(story, "a")
        assert story.drive() == Finish(Outcome.DONE)
        assert not story.of(Retried)


class TestRetry:
    def test_what_said_that_it_did_nothing_is_tried_again_at_once(self):
        story = Story(a_plan(a_change("a"), a_change("b", "a")), {("a", Way.ACT): [REFUSED, WELL]})
        assert story.drive() == Finish(Outcome.FAILED)
        retry(story, "a")
        assert story.drive() == Finish(Outcome.DONE)
        assert story.times_made("a") == 1

    def test_what_was_shown_not_to_have_happened_is_tried_again(self):
        story = Story(a_plan(a_change("a")), {("a", Way.ACT): [SILENT, SILENT, SILENT, WELL]})
        assert story.drive() == Finish(Outcome.FAILED)
        retry(story, "a")
        assert story.drive() == Finish(Outcome.DONE)
        assert story.times_made("a") == 1

    @pytest.mark.parametrize(("seconds", "stand"), [(3, Stand.IN_DOUBT), (14, Stand.WAITING)])
    def test_who_said_too_early_that_it_did_not_happen_does_not_have_it_made_twice(self, seconds, stand):
        """Until it is spent the attempt could still act, whatever a person saw: its proof is looked at after that."""

        def when(seconds: float) -> datetime:
            return MIDNIGHT + timedelta(seconds=seconds)

        events: list[Event] = [
            Started(at=when(0), step="a", attempt=1, until=when(LIMIT)),
            Failed(
                at=when(1),
                step="a",
                attempt=1,
                error="MayHaveActed",
                where="a",
                problem="",
                remedy="",
                acted=None,
            ),
            Answered(at=when(2), step="a", by="bo", answer="did-not-happen"),
            Ended(at=when(seconds), outcome=Outcome.FAILED),
            Retried(at=when(60), step="a", by="anna", why="again"),
        ]
        state = State(a_plan(a_change("a")), events)
        assert state.steps["a"].stand is stand
        assert ("a" in state.ready) is (stand is Stand.WAITING)

    def test_a_change_that_is_there_though_not_as_expected_is_not_made_twice(self):
        story = Story(a_plan(a_change("a")))
        story.drive()
        state = story.state
        state.steps["a"].stand, state.steps["a"].changed = Stand.FAILED, True
        state.ended = None
        word = Retried(at=MIDNIGHT, step="a", by="anna", why="again")
        assert "is in the world" in (why_not(word, state) or "")

    def test_a_refused_step_is_asked_about_again_and_an_old_yes_opens_nothing(self):
        story = Story(a_plan(a_change("a", approve=approved_by(2))), approve="no")
        assert story.drive() == Finish(Outcome.REFUSED)
        story.people.approve = "yes"
        retry(story, "a")
        assert story.drive() == Finish(Outcome.DONE)
        assert len(story.of(Asked)) == 2

    def test_what_was_allowed_and_failed_is_allowed_anew(self):
        story = Story(a_plan(a_change("a", approve=approved_by())), {("a", Way.ACT): [REFUSED, WELL]})
        assert story.drive() == Finish(Outcome.FAILED)
        retry(story, "a")
        assert story.drive() == Finish(Outcome.DONE)
        assert len(story.of(Asked)) == 2

    def test_a_persons_own_step_is_theirs_again(self):
        story = Story(a_plan(a_persons("ring")), awake=False)
        story.people._words.append(Answered(at=MIDNIGHT, step="ring", by="dora", answer="did-not-happen"))
        assert story.drive() == Finish(Outcome.FAILED)
        story.people.awake = True
        retry(story, "ring")
        assert story.drive() == Finish(Outcome.DONE)

    def test_a_word_delivered_twice_is_heard_once(self):
        story = Story(a_plan(a_change("a")), {("a", Way.ACT): [REFUSED]})
        story.drive()
        word = Retried(at=story.world.clock.now, step="a", by="anna", why="mended")
        for _ in range(2):
            story.people._words.append(word)
            assert story.drive() == Finish(Outcome.FAILED)
        assert len(story.of(Retried)) == 1
        assert len(story.of(Started)) == 2


@given(st.data())
@examples(150, suppress_health_check=[HealthCheck.too_slow])
def test_no_change_is_made_twice_whatever_people_have_tried_again_or_left_out(data: st.DataObject):
    """Histories of every kind: calls that hang, lie silent or act late, power cuts, skips and retries at any time."""
    plan = data.draw(plans())
    story = Story(plan, dict(data.draw(behaviours(plan))), awake=data.draw(st.booleans()))
    power = SimulatedPower(data.draw(st.lists(st.integers(0, 40), max_size=2)))
    end: Finish | Ask | None = None
    for _ in range(data.draw(st.integers(1, 4))):
        end = carry_through(plan, story.world, story.disk, power, story.people)
        if data.draw(st.booleans()):
            story.world.clock.advance(data.draw(st.sampled_from([0.01, 5.0, 60.0])))
            story.world.turn()
        for step in plan.steps:  # whatever anybody may think of saying
            said = data.draw(st.sampled_from(["", "", "skip", "retry"]))
            if said:
                (skip if said == "skip" else retry)(story, step.id)
    end = carry_through(plan, story.world, story.disk, power, story.people)
    story.world.wear_out()

    assert not {step: n for step, n in Counter(step for step, _ in story.world.made).items() if n > 1}
    assert not finished_steps_begun_again(story.events)
    began_after_skip(story)
    if isinstance(end, Finish):
        assert story.state.ended is not None
        assert story.state.ended.outcome is end.outcome


def began_after_skip(story: Story) -> None:
    """Nothing that was left out is begun after that."""
    left_out: set[str] = set()
    for event in story.events:
        if isinstance(event, Skipped):
            left_out.add(event.step)
        if isinstance(event, Started | Asked | Settled):
            assert event.step not in left_out
