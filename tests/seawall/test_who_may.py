"""Who may say that a person's own step is done, or what happened to one in doubt: a role, as with a yes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from seawall.duties import Span
from seawall.inventory import About, Inventory
from seawall.journal import (
    Answered,
    Asked,
    Escalated,
    Event,
    Failed,
    Opened,
    Resumed,
    Retried,
    Skipped,
    Started,
)
from seawall.judging import Judge
from seawall.model import Text
from seawall.people import Person
from seawall.plan import Approval, Plan, PlannedStep
from seawall.runbook import RunbookStep
from seawall.signed_words import statement_of
from seawall.signers import Signers, parse_signers
from seawall.state import State
from seawall.statements import signed
from seawall.who_may import may_answer, who_is_to_say, who_may_answer, why_may_not_answer
from tests.fakes import MIDNIGHT
from tests.seawall.keys import ed25519_key
from tests.seawall.plans import a_change, a_persons, a_plan

RUN = "2026-11-22-0300-move-k3"
SOON = MIDNIGHT + timedelta(minutes=1)
YES = Approval(by="incident-commander", within=timedelta(minutes=10), people=1)
PEOPLE: dict[str, Any] = {
    "anna": {"roles": ("operator",)},
    "bo": {"roles": ("duty-officer",), "deputies": ("carl",), "telephone": "70 00 00 01"},
    "carl": {},
    "erik": {"roles": ("incident-commander",), "deputies": ("fay",), "telephone": "70 00 00 02"},
    "fay": {},
    "gail": {"roles": ("dr-manager",)},
}


def city(**changed: Any) -> Inventory:
    """bo is on duty and carl stands in for him; erik commands and fay stands in for him; anna asked for the run."""
    return Inventory(
        city=About(name="example", title=Text(en="Example"), timezone="Europe/Copenhagen"),
        people={
            name: Person(title=name.title(), **one, **changed.get(name, {})) for name, one in PEOPLE.items()
        },
    )


def away() -> dict[str, Any]:
    wall = MIDNIGHT.replace(tzinfo=None)
    return {"away": (Span(**{"from": wall - timedelta(days=1), "until": wall + timedelta(days=1)}),)}


def own(**changed: Any) -> PlannedStep:
    return a_persons("ring").model_copy(update=changed)


def state(of: Plan, *events: Event) -> State:
    opened = Opened(
        at=MIDNIGHT,
        run=RUN,
        plan=of.digest,
        runbook=of.runbook,
        title=of.title,
        exercise=of.exercise,
        by="anna",
        version="0",
        yeses="signed",
    )
    return State(of, [opened, *events])


def in_doubt(*steps: PlannedStep, step: str = "fence") -> State:
    """A change was begun, and whoever carried it out is gone."""
    begun = Started(at=MIDNIGHT, step=step, attempt=1, until=SOON)
    return state(a_plan(*steps), begun, Resumed(at=SOON, by="anna"))


def who(run: State, step: str, of: Inventory | None = None) -> set[str]:
    return {name for name in PEOPLE if may_answer(of or city(), run, run.steps[step], name, SOON)}


def test_that_a_persons_own_step_is_done_is_said_by_the_role_whose_step_it_is():
    assert who(state(a_plan(own())), "ring") == {"bo"}


def test_a_deputy_says_so_of_somebody_who_is_away():
    assert who(state(a_plan(own())), "ring", city(bo=away())) == {"bo", "carl"}


def test_a_deputy_says_so_of_somebody_who_was_asked_and_did_not_answer_in_time():
    asked = Asked(at=MIDNIGHT, step="ring", what="person", of="duty-officer", person="bo", until=SOON)
    late = asked.model_copy(update={"until": MIDNIGHT})
    assert who(state(a_plan(own()), asked), "ring") == {"bo"}
    assert who(state(a_plan(own()), late), "ring") == {"bo", "carl"}


def test_a_role_that_the_step_was_escalated_to_says_so_too():
    asked = Asked(at=MIDNIGHT, step="ring", what="person", of="duty-officer", until=MIDNIGHT)
    next_one = Escalated(
        at=MIDNIGHT,
        step="ring",
        what="person",
        of="dr-manager",
        person=None,
        before="bo",
        because="late",
        until=SOON,
    )
    assert who(state(a_plan(own()), asked, next_one), "ring") == {"bo", "gail"}


def test_the_runbook_may_name_another_role_for_it():
    assert who(state(a_plan(own(answered_by="dr-manager"))), "ring") == {"gail"}


def test_a_doubt_is_settled_by_the_role_whose_yes_opened_the_step_and_by_its_deputies_at_once():
    """Nobody is asked by name what happened, so that there is nobody to wait for."""
    assert who(in_doubt(a_change("fence", approve=YES)), "fence") == {"erik", "fay"}


def test_a_doubt_about_what_nobody_had_to_allow_is_settled_by_who_asked_for_the_run_or_allows_another_step():
    assert who(in_doubt(a_change("fence"), a_change("promote", approve=YES)), "fence") == {
        "anna",
        "erik",
        "fay",
    }


def test_in_a_run_that_asks_nobody_for_a_yes_anybody_settles_a_doubt():
    assert who(in_doubt(a_change("fence")), "fence") == set(PEOPLE)


def test_the_runbook_may_name_who_settles_a_doubt():
    step = a_change("fence", approve=YES).model_copy(update={"answered_by": "dr-manager"})
    assert who(in_doubt(step), "fence") == {"gail"}


def failed(*steps: PlannedStep, step: str = "fence") -> State:
    """The first attempt at a step came to nothing."""
    begun = Started(at=MIDNIGHT, step=step, attempt=1, until=SOON)
    well = Failed(
        at=SOON, step=step, attempt=1, error="did-nothing", where="w", problem="p", remedy="r", acted=False
    )
    return state(a_plan(*steps), begun, well)


def test_how_it_goes_on_with_a_failed_step_is_said_by_the_role_whose_yes_opened_it():
    assert who(failed(a_change("fence", approve=YES)), "fence") == {"erik", "fay"}


def test_how_it_goes_on_with_what_nobody_had_to_allow_is_said_by_who_asked_or_allows_another_step():
    run = failed(a_change("fence"), a_change("promote", approve=YES))
    assert who(run, "fence") == {"anna", "erik", "fay"}


def test_how_it_goes_on_with_a_persons_own_step_that_was_not_done_is_said_by_them_too():
    not_done = Answered(at=SOON, step="ring", by="bo", answer="did-not-happen", why="nobody is there")
    run = state(a_plan(own(), a_change("promote", approve=YES)), not_done)
    assert who(run, "ring") == {"anna", "bo", "carl", "erik", "fay"}


def test_somebody_whom_the_city_does_not_know_speaks_for_no_role():
    run = state(a_plan(own()))
    assert why_may_not_answer(city(), run, run.steps["ring"], "nobody", SOON)


def test_who_may_not_is_told_who_may_and_a_screen_adds_how_to_ring_them():
    run = in_doubt(a_change("fence", approve=YES))
    one, of = run.steps["fence"], city()
    why = why_may_not_answer(of, run, one, "gail", SOON)
    assert why is not None
    assert "gail is not incident-commander, who says how fence went" in why
    assert why.endswith("who may: erik, fay")
    assert "70 00" not in why  # it is kept beside the run
    names = who_may_answer(of, run, one, SOON)
    assert who_is_to_say(names, of, "en") == "erik (telephone 70 00 00 02), fay"
    assert who_is_to_say(names, of, "da") == "erik (telefon 70 00 00 02), fay"


def test_a_plan_that_names_nobody_is_the_same_bytes_as_before_anybody_could_be_named():
    assert b"answered_by" not in a_plan(own(), a_change("fence")).content
    assert b'"answered_by":"dr-manager"' in a_plan(own(answered_by="dr-manager")).content


def test_only_a_step_that_is_carried_out_here_names_who_says_how_it_went():
    does = {"id": "all", "does": {"en": "All of it"}, "answered_by": "dr-manager"}
    with pytest.raises(ValidationError, match="`answered_by` goes with `uses` or `by`"):
        RunbookStep.model_validate({**does, "runbook": "move"})
    assert RunbookStep.model_validate({**does, "uses": "lamp.on"}).answered_by == "dr-manager"


KEYS = {name: ed25519_key() for name in PEOPLE}


def judge(folder: Path) -> Judge:
    lines = "".join(f'{name} namespaces="seawall-*" {key.line}\n' for name, key in KEYS.items())
    return Judge(Signers(folder, parse_signers(lines, "file")), city(), folder / "runs")


def happened(run: State, step: str, by: str) -> Answered:
    word = Answered(at=SOON, step=step, by=by, answer="happened", why="I have looked")
    statement = statement_of(word, run.steps[step], run.plan, run=RUN)
    return word.model_copy(update={"signed": signed(statement, statement.namespace, KEYS[by])})


@pytest.mark.parametrize(("by", "counts"), [("erik", True), ("fay", True), ("gail", False), ("anna", False)])
def test_a_signed_word_that_settles_a_doubt_counts_by_the_same_rule(by: str, counts: bool, tmp_path: Path):
    run = in_doubt(a_change("fence", approve=YES))
    why = judge(tmp_path).why_word_does_not_count(happened(run, "fence", by), run, SOON)
    assert (why is None) is counts, why


def going_on(kind: type[Skipped | Retried], run: State, by: str) -> Skipped | Retried:
    word = kind(at=SOON, step="fence", by=by, why="the bulb is new")
    statement = statement_of(word, run.steps["fence"], run.plan, run=RUN)
    return word.model_copy(update={"signed": signed(statement, statement.namespace, KEYS[by])})


@pytest.mark.parametrize("kind", [Skipped, Retried])
@pytest.mark.parametrize(("by", "counts"), [("erik", True), ("anna", True), ("gail", False)])
def test_a_signed_word_about_a_failed_step_counts_by_the_same_rule(
    kind: type[Skipped | Retried], by: str, counts: bool, tmp_path: Path
):
    run = failed(a_change("fence"), a_change("promote", approve=YES))
    why = judge(tmp_path).why_word_does_not_count(going_on(kind, run, by), run, SOON)
    assert (why is None) is counts, why
    assert counts or "gail is not incident-commander, who says how it goes on with fence" in (why or "")


def test_anybody_may_have_a_step_tried_again_that_asks_for_a_yes_for_it_asks_anew(tmp_path: Path):
    run = failed(a_change("fence", approve=YES))
    assert judge(tmp_path).why_word_does_not_count(going_on(Retried, run, "gail"), run, SOON) is None
    assert judge(tmp_path).why_word_does_not_count(going_on(Skipped, run, "gail"), run, SOON) is not None


@pytest.mark.parametrize(("by", "counts"), [("bo", True), ("carl", False), ("erik", False), ("anna", False)])
def test_a_signed_word_that_a_persons_own_step_is_done_counts_by_the_same_rule(
    by: str, counts: bool, tmp_path: Path
):
    run = state(a_plan(own()))
    why = judge(tmp_path).why_word_does_not_count(happened(run, "ring", by), run, SOON)
    assert (why is None) is counts, why


@pytest.mark.parametrize("answer", ["did-not-happen", "cannot"])
def test_whoever_it_is_may_say_what_only_stops_a_run(answer: Any, tmp_path: Path):
    run = in_doubt(a_change("fence", approve=YES))
    word = Answered(at=SOON, step="fence", by="gail", answer=answer)
    assert judge(tmp_path).why_word_does_not_count(word, run, SOON) is None
