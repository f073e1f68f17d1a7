"""Nobody is waited for in silence: the next in line is asked by name, until one answers or it is said what then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from seawall.decide import Ask, Finish
from seawall.drive import drive
from seawall.journal import (
    Acknowledged,
    Answered,
    Approved,
    Asked,
    Ended,
    Escalated,
    Event,
    Outcome,
    Started,
    Unanswered,
    Word,
)
from seawall.plan import Approval, Escalation, Plan, PlannedStep
from seawall.runbook import Runbook
from seawall.state import State
from seawall.step_state import Stand
from tests.fakes import MIDNIGHT, MemoryJournal, SimulatedDisk, SimulatedHands, SimulatedWorld
from tests.seawall.plans import a_change, a_persons, a_plan

DUTIES = {"duty-officer": ("dora", "erik"), "incident-commander": ("bo", "ada"), "dr-manager": ("gerda",)}
"""Whose turn it is, then who stands in."""
QUARTER, TEN = timedelta(minutes=15), timedelta(minutes=10)


def line(role: str, _at: datetime) -> tuple[str, ...]:
    return DUTIES.get(role, ())


class Said:
    """People who say what a script has them say, at their time."""

    def __init__(self, world: SimulatedWorld, script: Sequence[tuple[float, dict[str, Any]]]) -> None:
        self._world, self._script = world, list(script)

    def take(self) -> Sequence[Word]:
        now = self._world.clock.now
        due = [one for one in self._script if now >= MIDNIGHT + timedelta(minutes=one[0])]
        self._script = [one for one in self._script if one not in due]
        return [_word(dict(said), now) for _, said in due]

    def refuse(self, word: Word, why: str) -> None:
        raise AssertionError(f"{word} was refused: {why}")


def _word(said: dict[str, Any], now: datetime) -> Word:
    kind: type[Any] = said.pop("kind")
    word: Word = kind(at=now, **said)
    return word


def told(plan: Plan, *script: tuple[float, dict[str, Any]]) -> tuple[Finish | Ask, list[Event], State]:
    """Drive a plan to where it stops, with people who say this and nothing else."""
    world, disk = SimulatedWorld(), SimulatedDisk()
    end = drive(
        plan,
        MemoryJournal(disk),
        SimulatedHands(world, idle=30.0),
        world.clock,
        inbox=Said(world, script),
        line=line,
    )
    return end, disk.events(), State(plan, disk.events())


def whom(events: list[Event]) -> list[str | None]:
    return [one.person for one in events if isinstance(one, Asked | Escalated)]


def minutes(event: Event) -> float:
    return (event.at - MIDNIGHT).total_seconds() / 60


def of(kind: type[Any], events: list[Event]) -> list[Any]:
    return [one for one in events if isinstance(one, kind)]


def ring(**more: Any) -> PlannedStep:
    return a_persons("ring").model_copy(update=more)


def have_it(by: str = "dora") -> dict[str, Any]:
    return {"kind": Acknowledged, "step": "ring", "by": by}


def done(by: str = "dora") -> dict[str, Any]:
    return {"kind": Answered, "step": "ring", "by": by, "answer": "happened"}


def cannot(by: str = "dora", step: str = "ring") -> dict[str, Any]:
    return {"kind": Answered, "step": step, "by": by, "answer": "cannot"}


def test_whoever_has_the_turn_is_asked_by_name():
    _, events, _ = told(a_plan(ring()), (1, done()))
    assert whom(events) == ["dora"]


def test_the_deputy_is_asked_when_whoever_has_the_turn_is_late():
    end, events, _ = told(a_plan(ring()), (20, done("erik")))
    assert end == Finish(Outcome.DONE)
    (escalated,) = of(Escalated, events)
    assert (escalated.person, escalated.before, escalated.because) == ("erik", "dora", "late")
    assert 15 <= minutes(escalated) < 17


def test_after_the_deputies_the_role_that_the_runbook_names_is_asked():
    end, events, _ = told(a_plan(ring(escalate=Escalation(to="dr-manager", after=timedelta(minutes=5)))))
    assert whom(events) == ["dora", "erik", "gerda"]
    assert [round(minutes(one)) for one in of(Escalated, events)] in ([5, 10], [5, 11], [6, 11])
    assert isinstance(end, Ask), "and then the run waits for somebody whom it names"


def test_a_run_that_nobody_answers_waits_for_a_person_whom_it_names():
    end, events, state = told(a_plan(ring()))
    assert isinstance(end, Ask)
    asked = state.steps["ring"].asked
    assert asked is not None
    assert asked.person == "erik"
    assert minutes(events[-1]) < 40
    assert not of(Ended, events)


def test_who_has_it_keeps_it_for_as_long_as_it_may_take_before_the_next_is_asked():
    escalation = Escalation(after=timedelta(minutes=5))
    _, events, state = told(a_plan(ring(escalate=escalation)), (3, have_it()), (14, done()))
    assert whom(events) == ["dora"]
    assert state.steps["ring"].taken is not None
    assert state.steps["ring"].taken.by == "dora"


def test_who_has_it_and_does_not_end_it_in_time_is_late_too():
    _, events, _ = told(a_plan(ring()), (3, have_it()), (20, done("erik")))
    (escalated,) = of(Escalated, events)
    assert (escalated.before, escalated.because) == ("dora", "late")
    assert minutes(escalated) >= 15


def test_who_cannot_has_the_next_asked_at_once():
    _, events, _ = told(a_plan(ring()), (2, cannot()), (4, done("erik")))
    (escalated,) = of(Escalated, events)
    assert (escalated.person, escalated.before, escalated.because) == ("erik", "dora", "cannot")
    assert minutes(escalated) < 4


def test_an_approval_goes_to_the_deputy_and_to_the_role_that_the_runbook_names():
    approve = Approval(by="incident-commander", people=1, within=TEN, escalate=Escalation(to="dr-manager"))
    yes = {"kind": Approved, "step": "fence", "by": "gerda", "how": "typed"}
    end, events, _ = told(a_plan(a_change("fence", approve=approve)), (25, yes))
    assert whom(events) == ["bo", "ada", "gerda"]
    assert end == Finish(Outcome.DONE)


def test_nobody_is_asked_again_who_said_yes_already():
    approve = Approval(by="incident-commander", people=2, within=TEN)
    yes = {"kind": Approved, "step": "fence", "by": "ada", "how": "typed"}
    _, events, _ = told(a_plan(a_change("fence", approve=approve)), (1, yes))
    assert whom(events) == ["bo"]


def test_an_approval_that_nobody_gives_opens_nothing():
    for then in (None, "stops"):
        approve = Approval(by="incident-commander", people=1, within=TEN, then=then)
        end, events, _ = told(a_plan(a_change("fence", approve=approve)))
        assert not of(Started, events)
        assert isinstance(end, Ask) if then is None else end == Finish(Outcome.FAILED)


def test_no_runbook_can_go_on_without_an_approval():
    with pytest.raises(ValidationError):
        a_runbook({"uses": "ssh.run", "approve": {"by": "boss", "within": "5m", "then": "goes-on"}})


def test_a_runbook_that_stops_when_nobody_answers_ends_in_a_named_state():
    end, events, state = told(a_plan(ring(then="stops"), a_change("after", "ring")))
    assert end == Finish(Outcome.FAILED)
    assert of(Unanswered, events)
    assert state.steps["ring"].stand is Stand.FAILED
    assert not of(Started, events)


def test_a_runbook_that_goes_on_when_nobody_answers_does_so_and_says_it():
    end, events, state = told(a_plan(ring(then="goes-on"), a_change("after", "ring")))
    assert end == Finish(Outcome.DONE)
    assert state.steps["ring"].stand is Stand.SKIPPED
    assert [one.step for one in of(Started, events)] == ["after"]


def test_what_waits_for_nobody_goes_on_beside_an_escalation():
    end, events, _ = told(a_plan(ring(), a_change("mail")), (18, done("erik")))
    assert end == Finish(Outcome.DONE)
    assert minutes(of(Started, events)[0]) < 1


def test_a_run_that_is_taken_up_again_asks_from_the_beginning():
    world, disk = SimulatedWorld(), SimulatedDisk()
    plan = a_plan(ring())

    def once() -> Finish | Ask:
        return drive(
            plan, MemoryJournal(disk), SimulatedHands(world, idle=60.0), world.clock, line=line, by="anna"
        )

    assert isinstance(once(), Ask)
    assert isinstance(once(), Ask)
    assert whom(disk.events()) == ["dora", "erik", "dora", "erik"]


def test_who_has_it_still_has_it_when_another_process_takes_the_run_up():
    world, disk = SimulatedWorld(), SimulatedDisk()
    plan = a_plan(ring())

    def once(*script: tuple[float, dict[str, Any]]) -> Finish | Ask:
        said = Said(world, script)
        return drive(
            plan,
            MemoryJournal(disk),
            SimulatedHands(world, idle=60.0),
            world.clock,
            line=line,
            inbox=said,
            by="anna",
        )

    assert isinstance(once(), Ask)
    since = (world.clock.now - MIDNIGHT).total_seconds() / 60
    assert isinstance(once((since, have_it())), Ask), "said before it was asked anew"
    taken = State(plan, disk.events()).steps["ring"].taken
    assert taken is not None
    assert taken.by == "dora"


def a_runbook(step: dict[str, Any]) -> Runbook:
    return Runbook.model_validate(
        {"runbook": "one", "title": "One", "why": "To see", "steps": [{"id": "it", "does": "It", **step}]}
    )


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ({"uses": "ssh.run", "escalate": "boss"}, "go with `by`"),
        ({"uses": "ssh.run", "then": "goes-on"}, "go with `by`"),
        ({"by": "boss", "within": "5m", "escalate": {"to": "chief", "after": "10m"}}, "shorter `after`"),
        ({"by": "boss", "within": "5m", "escalate": {}}, "to whom"),
        (
            {"uses": "a.b", "approve": {"by": "boss", "within": "5m", "escalate": {"after": "6m"}}},
            "shorter `after`",
        ),
    ],
)
def test_what_makes_no_sense_about_the_next_in_line_is_refused(step: dict[str, Any], problem: str):
    with pytest.raises(ValidationError, match=problem):
        a_runbook(step)


def test_a_role_alone_is_whom_it_goes_to_next():
    step = a_runbook({"by": "boss", "within": "5m", "escalate": "chief", "then": "goes-on"}).steps[0]
    assert step.escalate is not None
    assert (step.escalate.to, step.escalate.after, step.then) == ("chief", None, "goes-on")


def test_a_plan_that_says_nothing_of_it_keeps_its_digest():
    plan = a_plan(ring(), a_change("fence", approve=Approval(by="boss", people=1, within=TEN)))
    written = plan.model_dump(mode="json")
    assert not {"escalate", "then"} & ({*written["steps"][0]} | {*written["steps"][1]["approve"]})
    assert Plan.model_validate(written) == plan
