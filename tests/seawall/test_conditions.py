"""What a step waits for: tries far apart, going on when late, not needed by what was seen, and what a person notes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from seawall.actions import Action, Effect, Occasion, Seen, World
from seawall.attempt import CallToMake, attempt
from seawall.binding import make_plan
from seawall.decide import StepCall, Way
from seawall.errors import BadInput, Unreachable
from seawall.ground import Ground
from seawall.inventory import Inventory
from seawall.journal import Answered, Failed, Succeeded
from seawall.model import Frozen
from seawall.plan import Plan
from seawall.runbook import Runbook
from seawall.state import State
from seawall.step_state import Stand
from tests.fakes import MIDNIGHT


class Nothing(Frozen):
    pass


class Answers(Seen):
    holds: bool | None
    took: timedelta | None = None


class Register:
    """A service that is away for so many looks; None stands for a look that nobody answers."""

    def __init__(self, *says: bool | None) -> None:
        self.says = list(says)
        self.looks: list[Occasion] = []

    def actions(self) -> tuple[Action[Any, Any], ...]:
        return (
            Action("x.look", Effect.READS, Nothing, Answers, self.look, "Look", limit=timedelta(seconds=5)),
            Action("x.quiet", Effect.READS, Nothing, Seen, self.look, "Look", limit=timedelta(seconds=5)),
        )

    def look(self, _args: Nothing, occasion: Occasion) -> Answers:
        self.looks.append(occasion)
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        if said is None:
            raise Unreachable("nobody answers", where="register", remedy="Look")
        return Answers(holds=said)

    def close(self) -> None:
        """Nothing is held."""


SERVICE = {"title": "Register", "run_by": {"supplier": "Somebody", "promised_rto": "4h"}}
INVENTORY = Inventory.model_validate(
    {
        "city": {"name": "town", "title": "Town"},
        "services": {
            "register": SERVICE,
            "untold": {"title": "Untold", "run_by": {"supplier": "Somebody"}},
            "login": {"title": "Login", "targets": {"rto": "15m"}},
        },
    }
)


def plan_of(*steps: dict[str, Any], service: str = "register", **more: Any) -> Plan:
    book = {
        "runbook": "book",
        "title": "Book",
        "why": "To see",
        "parameters": {"service": {"type": "service"}},
        "steps": [{"does": one["id"], **one} for one in steps],
        **more,
    }
    on = Ground(INVENTORY, {"book": Runbook.model_validate(book)}, {}, World(Register(True)))
    return make_plan("book", on, {"service": service}, exercise=True)


def mistakes_of(*steps: dict[str, Any], **more: Any) -> str:
    with pytest.raises((BadInput, ValueError)) as refused:
        plan_of(*steps, **more)
    return str(refused.value)


def wait(**more: Any) -> dict[str, Any]:
    return {"id": "wait", "uses": "x.look", "until": {"holds": True}, "within": "3s", "every": "1h", **more}


ESCALATE = {
    "id": "escalate",
    "after": ["wait"],
    "unless_seen": {"wait": {"holds": True}},
    "by": "duty-officer",
    "within": "15m",
    "note": "what they promised",
}


def made(plan: Plan, register: Register, step: str = "wait") -> Succeeded | Failed:
    call = CallToMake(StepCall(plan.by_id[step], Way.ACT, 1), "run", exercise=True, seen={})
    ending = attempt(call, World(register), lambda: MIDNIGHT)
    assert isinstance(ending, Succeeded | Failed)
    return ending


def test_a_length_may_be_what_was_promised():
    plan = plan_of(wait(within="{{ service.supplier.promised }}", every="30s"))
    assert plan.by_id["wait"].within == timedelta(hours=4)
    assert plan.by_id["wait"].every == timedelta(seconds=30)


def test_a_promise_that_nobody_wrote_down_is_a_gap_with_the_line_to_write():
    said = mistakes_of(wait(within="{{ service.supplier.promised }}"), service="untold")
    assert "services.untold.run_by.promised_rto is not written down yet" in said


@pytest.mark.parametrize(
    ("within", "wrong"),
    [("{{ service.name }}", "is not a duration"), ("{{ servise }}", "servise"), ("4", "duration")],
)
def test_what_is_no_length_is_refused(within, wrong):
    assert wrong in mistakes_of(wait(within=within))


@pytest.mark.slow
def test_tries_are_as_far_apart_as_the_runbook_says_and_the_last_is_made_at_the_end():
    register = Register(False)
    ending = made(plan_of(wait()), register)
    assert isinstance(ending, Failed)
    assert len(register.looks) == 2  # at once, and shortly before the three seconds are over


def test_a_try_that_hangs_does_not_take_the_time_of_the_others():
    register = Register(True)
    made(plan_of(wait(within="1h")), register)
    assert register.looks[0].deadline.left <= 5
    made(plan_of({**wait(within="1h"), "every": None}), register)
    assert register.looks[1].deadline.left > 60


@pytest.mark.slow
def test_what_is_late_may_go_on_with_what_was_seen():
    ending = made(plan_of(wait(late="goes-on")), Register(False))
    assert isinstance(ending, Succeeded)
    assert ending.seen == {"holds": False, "took": None}
    assert ending.summary.startswith("not in time: ")
    assert "not in time" not in made(plan_of(wait(late="goes-on")), Register(True)).summary  # type: ignore[union-attr]


@pytest.mark.slow
def test_what_could_not_be_seen_at_all_does_not_go_on():
    assert isinstance(made(plan_of(wait(late="goes-on")), Register(None)), Failed)


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ({**wait(), "until": {}}, "`every` and `late` go with `until`"),
        ({"id": "wait", "uses": "x.look", "note": "n"}, "`note` goes with `by`"),
        ({**ESCALATE, "after": []}, "does not wait for it"),
        ({**ESCALATE, "unless_seen": {"wait": {"hold": True}}}, "'hold' is not something Answers shows"),
        ({**ESCALATE, "unless_seen": {"escalate": {"holds": True}}}, "does not wait for it"),
        ({**ESCALATE, "after": ["wait"], "unless_seen": {"way": {"holds": True}}}, "does not wait for it"),
    ],
)
def test_what_cannot_be_meant_is_said(step, wrong):
    assert wrong in mistakes_of(*([wait(), step] if step["id"] != "wait" else [step]))


def after_waiting(holds: bool | None) -> State:
    plan = plan_of(wait(), ESCALATE, {"id": "end", "uses": "x.look", "after": ["escalate"]})
    seen = {"holds": holds, "took": None}
    return State(plan, [Succeeded(at=MIDNIGHT, step="wait", attempt=1, seen=seen, summary="seen")])


def test_a_step_is_not_needed_when_what_it_asks_about_was_seen():
    state = after_waiting(True)
    assert state.steps["escalate"].stand is Stand.NOT_NEEDED
    assert state.steps["escalate"].summary == "wait saw holds is true"
    assert "end" in state.ready


@pytest.mark.parametrize("holds", [False, None])
def test_a_step_is_needed_when_it_was_not_seen_or_nobody_knows(holds):
    state = after_waiting(holds)
    assert state.steps["escalate"].stand is Stand.WAITING
    assert list(state.for_people) == ["escalate"]


def test_a_step_is_needed_when_the_one_it_asks_about_was_left_out():
    state = State(plan_of(wait(when="false"), ESCALATE), [])
    assert list(state.for_people) == ["escalate"]


def test_what_a_person_notes_stays_with_the_step():
    state = after_waiting(False)
    state.apply(Answered(at=MIDNIGHT, step="escalate", by="bo", answer="happened", note="back at noon"))
    assert state.steps["escalate"].summary == "bo says that it happened; noted: back at noon"


def test_a_plan_without_any_of_this_is_written_as_before():
    plain = plan_of({"id": "look", "uses": "x.look"})
    assert not {"unless_seen", "every", "late", "note"} & set(plain.model_dump(mode="json")["steps"][0])
    assert "promise" not in plain.model_dump(mode="json")
    whole = plan_of(wait(late="goes-on"), ESCALATE)
    assert Plan.model_validate_json(whole.model_dump_json()) == whole


def test_a_promise_is_the_suppliers_or_our_own():
    measures = {"service": "service", "since": "wait", "served_again": "wait"}
    theirs, ours = (plan_of(wait(), service=one, measures=measures).promise for one in ("register", "login"))
    assert theirs is not None
    assert ours is not None
    assert (theirs.supplier, theirs.rto) == ("Somebody", timedelta(hours=4))
    assert (ours.supplier, ours.rto) == (None, timedelta(minutes=15))
    assert plan_of(wait(), service="untold", measures=measures).promise is None


@pytest.mark.parametrize(
    ("measures", "wrong"),
    [
        ({"service": "servise", "served_again": "wait"}, "no service is given as servise"),
        ({"service": "service", "served_again": "wiat"}, "there is no step wiat"),
        ({"service": "service", "since": "begin", "served_again": "wait"}, "there is no step begin"),
    ],
)
def test_what_a_runbook_measures_by_must_be_in_it(measures, wrong):
    assert wrong in mistakes_of(wait(), measures=measures)
