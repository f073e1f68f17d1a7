"""What was approved is what is done: what a plan rests on is looked at when it is made, and right before it acts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.attempt import limit_of
from seawall.decide import Finish, StepCall, Way
from seawall.errors import DoesNotHold
from seawall.holding import refuse_what_does_not_hold
from seawall.journal import Failed, Outcome, Retried, Skipped, Started, Succeeded
from seawall.plan import Plan, PlannedStep
from seawall.predicates import Checked
from tests.examples import examples
from tests.fakes import MIDNIGHT, Looked
from tests.seawall.plans import a_change, a_look, a_plan, a_predicate, approved_by, is_there
from tests.seawall.test_drive import Story

CLOSE = a_predicate("distance")


def a_story(*steps: PlannedStep, distance: int | None = 3, **more: Any) -> Story:
    story = Story(a_plan(*steps, predicates=(CLOSE,)), **more)
    story.world.facts["distance"] = distance
    return story


def fence(*after: str, **more: Any) -> PlannedStep:
    return a_change("fence", *after, holds_first=("distance",), **more)


class TestWhenItActs:
    def test_what_still_holds_stands_in_the_journal(self):
        story = a_story(fence())
        assert story.drive() == Finish(Outcome.DONE)
        assert story.of(Succeeded)[0].checked == (
            Checked(fact="distance", holds=True, saw="number 3, word fine"),
        )

    def test_what_no_longer_holds_is_named_and_nothing_is_begun(self):
        story = a_story(fence(), distance=9)
        assert story.drive() == Finish(Outcome.NO_LONGER_HOLDS)
        assert story.times_made("fence") == 0
        (failed,) = story.of(Failed)
        assert failed.acted is False
        assert "distance: expected number at most 7, saw 9" in failed.problem
        assert failed.checked[0].holds is False

    def test_what_cannot_be_read_stops_where_the_runbook_says_so(self):
        story = a_story(fence())
        del story.world.facts["distance"]
        assert story.drive() == Finish(Outcome.NO_LONGER_HOLDS)
        assert "cannot be told" in story.of(Failed)[0].problem

    def test_a_plan_for_a_dead_site_does_not_need_the_dead_site(self):
        story = Story(a_plan(fence(), predicates=(a_predicate("distance", "goes-on"),)))
        assert story.drive() == Finish(Outcome.DONE)
        assert story.of(Succeeded)[0].checked[0].holds is None

    def test_it_is_looked_at_after_the_yes_and_not_before(self):
        story = a_story(a_look("first"), fence("first", approve=approved_by()))
        people = story.people.watch

        def watch(event: Any, state: Any) -> None:
            if type(event).__name__ == "Asked":
                story.world.facts["distance"] = 8
            people(event, state)

        story.people.watch = watch  # type: ignore[method-assign,assignment]
        assert story.drive() == Finish(Outcome.NO_LONGER_HOLDS)
        assert story.world.facts_read == ["distance"]

    def test_a_step_that_is_not_marked_looks_at_nothing(self):
        story = a_story(fence(), a_change("promote", "fence"))
        story.drive()
        assert story.world.facts_read == ["distance"]

    def test_when_the_first_change_was_not_needed_the_next_one_looks(self):
        story = a_story(
            fence(unless=is_there("fence")), a_look("between", "fence"), a_change("promote", "between")
        )
        story.world.made.append(("fence", MIDNIGHT))
        assert story.drive() == Finish(Outcome.DONE)
        assert story.world.facts_read == ["distance", "distance"]

    def test_leaving_out_the_step_that_looked_does_not_lead_past_the_look(self):
        story = a_story(fence(), a_change("promote", "fence"), distance=9)
        assert story.drive() == Finish(Outcome.NO_LONGER_HOLDS)
        story.people._words.append(
            Skipped(at=story.world.clock.now, step="fence", by="anna", why="it is off")
        )
        assert story.drive() == Finish(Outcome.NO_LONGER_HOLDS)
        assert not story.world.made

    def test_trying_again_looks_again(self):
        story = a_story(fence(), distance=9)
        story.drive()
        story.world.facts["distance"] = 1
        story.people._words.append(
            Retried(at=story.world.clock.now, step="fence", by="anna", why="it caught up")
        )
        assert story.drive() == Finish(Outcome.DONE)
        assert story.times_made("fence") == 1

    def test_looking_takes_nothing_of_the_time_to_act(self):
        call = StepCall(fence(), Way.ACT, 1, looks=(CLOSE,))
        assert limit_of(call) > fence().within + CLOSE.within
        story = a_story(fence())
        story.drive()
        (started,) = story.of(Started)
        assert started.until - started.at > fence().within + timedelta(seconds=2)


class TestWhenItIsPlanned:
    def test_what_is_not_so_refuses_the_plan_with_what_was_seen(self):
        with pytest.raises(DoesNotHold, match="distance: expected number at most 7, saw 9") as caught:
            refuse_what_does_not_hold([CLOSE], {"distance": Looked(number=9)})
        assert caught.value.exit_code == 5

    def test_what_cannot_be_read_refuses_where_the_runbook_says_so(self):
        with pytest.raises(DoesNotHold, match="cannot be told"):
            refuse_what_does_not_hold([CLOSE], {"distance": None})
        refuse_what_does_not_hold([a_predicate("distance", "goes-on")], {"distance": None})

    def test_what_nobody_looked_at_refuses_nothing(self):
        refuse_what_does_not_hold([CLOSE], {})


@given(st.data())
@examples(60)
def test_no_first_change_is_made_in_a_world_that_is_not_as_the_plan_wants_it(data: st.DataObject):
    """However the steps wait for one another, and whichever is not needed or left out."""
    names = [f"s{n}" for n in range(data.draw(st.integers(1, 5)))]
    steps, changed = list[PlannedStep](), set[str]()
    for n, name in enumerate(names):
        after = sorted(data.draw(st.sets(st.sampled_from(names[:n]), max_size=2))) if n else []
        before = {a for one in after for a in ancestors_of(steps, one)}
        if data.draw(st.booleans()):
            first = not before & changed
            unless = is_there(name) if data.draw(st.booleans()) else None
            looks = ("distance",) if first else ()
            steps.append(a_change(name, *after, holds_first=looks, unless=unless))
            changed.add(name)
        else:
            steps.append(a_look(name, *after))
    story = a_story(*steps, distance=9)
    there = data.draw(st.sets(st.sampled_from(names)))
    story.world.made += [(name, MIDNIGHT) for name in sorted(there & changed)]
    before_it = list(story.world.made)
    end = story.drive()
    for _ in range(len(names)):
        left_out = [
            Skipped(at=story.world.clock.now, step=name, by="anna", why="go on")
            for name in story.state.failed
        ]
        if not left_out:
            break
        story.people._words += left_out
        end = story.drive()
    assert isinstance(end, Finish)
    assert story.world.made == before_it


def ancestors_of(steps: list[PlannedStep], name: str) -> set[str]:
    after = next(one.after for one in steps if one.id == name)
    return {name, *(a for one in after for a in ancestors_of(steps, one))}


def test_a_plan_that_rests_on_nothing_is_written_as_before():
    plain = a_plan(a_change("fence"))
    assert "predicates" not in plain.model_dump(mode="json")
    assert "holds_first" not in plain.model_dump(mode="json")["steps"][0]
    assert Plan.model_validate_json(plain.model_dump_json()).digest == plain.digest


def test_a_plan_file_that_looks_at_what_it_does_not_have_is_refused():
    with pytest.raises(ValueError, match="look at distance first"):
        a_plan(fence())
