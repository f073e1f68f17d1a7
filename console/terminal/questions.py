"""What people say to a run, turned into words that it hears."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.terminal.screen import language, words
from seawall.approve import check_may_approve, is_wanted, still_wanted
from seawall.errors import BadInput
from seawall.ground import choose
from seawall.inventory import Inventory
from seawall.journal import Acknowledged, Answered, Approved, Word
from seawall.model import Text
from seawall.notes import checked_note
from seawall.plan import PlannedStep
from seawall.questions import ANSWERS, OpenQuestion, questions_of
from seawall.state import State
from seawall.step_state import StepState
from seawall.who_may import may_answer, who_is_to_say, who_may_answer, why_may_not_answer

ALL_ANSWERS = ("yes", "no", "done", "not-done", "happened", "did-not-happen", "have-it", "cannot")
HOW = "typed in a terminal"


@dataclass(frozen=True, slots=True)
class Typed:
    """What one typed at a question, taken apart. `person` is empty where none was named."""

    said: str
    person: str
    why: str
    note: str


def taken_apart(line: str, question: OpenQuestion, inventory: Inventory) -> Typed | None:
    """Read `yes`, `no NAME WHY` or `done [NAME] NOTE`. Returns: None when it is no answer to this question."""
    said, _, rest = line.strip().partition(" ")
    person, _, why = rest.strip().partition(" ")
    answers = ANSWERS[question.asked.what]
    if said.lower() not in (*answers, *(("did-not-happen",) if "not-done" in answers else ())):
        return None
    if question.step.note is None or said.lower() != "done":
        return Typed(said.lower(), person, why, "")
    # A name may stand before what is noted, and need not.
    named = person in inventory.people
    return Typed(said.lower(), person if named else "", "", why if named else rest.strip())


def how_to_type(question: OpenQuestion, by: str, inventory: Inventory, state: State, now: datetime) -> str:
    """Say what may be typed at a question by whoever sits here as `by`."""
    settling = _settling(question)
    beside = "" if len(settling) == len(ANSWERS[question.asked.what]) else f" {words(_TYPE['beside'])}"
    if question.asked.what == "approval":
        may = by in inventory.with_role(question.asked.of)
    else:
        may = may_answer(inventory, state, state.steps[question.step.id], by, now)
    if question.step.note is not None:
        note = words(question.step.note)
        return words(_TYPE["note"]).format(note=note, by=by) + beside
    if not may:
        named = words(_OR).join(f"`{choice} NAME`" for choice in settling)
        return words(_TYPE["named"]).format(choices=named) + beside
    return words(_TYPE["any"]).format(choices=words(_OR).join(settling), by=by) + beside


def choices(question: OpenQuestion) -> str:
    """Say which words settle a question."""
    return words(_TYPE["one-of"]).format(choices=words(_OR).join(_settling(question)))


def _settling(question: OpenQuestion) -> list[str]:
    return [one for one in ANSWERS[question.asked.what] if one not in PASSING]


PASSING = ("have-it", "cannot")
"""Answers that settle nothing: somebody has it, or it is not for them."""
_OR = Text(en=" or ", da=" eller ")
_TYPE = {
    "note": Text(
        en="Type `done` and {note} (`none` when there is none), or not-done; your name after the first word if you are"
        " not {by}.",
        da="Skriv `done` og {note} (`none`, hvis der ikke er noget), eller not-done; dit navn efter det første ord,"
        " hvis du ikke er {by}.",
    ),
    "named": Text(
        en="Type {choices}, with the name of somebody who may.",
        da="Skriv {choices} med navnet på en, der må.",
    ),
    "any": Text(
        en="Type {choices}, and your name if you are not {by}.",
        da="Skriv {choices}, og dit navn, hvis du ikke er {by}.",
    ),
    "one-of": Text(en="Type {choices}.", da="Skriv {choices}."),
    "beside": Text(
        en="`have-it` says that you have it; with `cannot` the next is asked.",
        da="`have-it` siger, at du har den; med `cannot` spørges den næste.",
    ),
}


def word_for(
    state: State,
    step: str,
    answer: str,
    person: str,
    *,
    why: str,
    now: datetime,
    inventory: Inventory,
    note: str = "",
) -> Word:
    """Make the word that says `answer` about `step`.

    Raises:
        BadInput: there is no such step, nobody asked, it is no answer, the person may not give it, or its note is
            missing, not wanted or about somebody.
    """
    if step not in state.steps:
        raise not_asked(state, step)
    if answer not in ALL_ANSWERS:
        raise BadInput.one(
            f"{answer!r} is no answer", where=f"step {step}", remedy=f"Say one of: {', '.join(ALL_ANSWERS)}"
        )
    planned = state.steps[step].step
    word: Word
    if answer == "have-it":
        word = Acknowledged(at=now, step=step, by=person)
    elif answer == "cannot":
        word = Answered(at=now, step=step, by=person, answer="cannot", why=why)
    elif answer in ("yes", "no"):
        _check_person(state.steps[step], person, inventory)
        if answer == "yes" and person in state.steps[step].approved_by:
            remedy = (
                "Ask another person who may" if still_wanted(state.steps[step]) else "Nothing more is needed"
            )
            raise BadInput.one(
                f"{person} has said yes to {step} already", where=f"step {step}", remedy=remedy
            )
        word = (
            Approved(at=now, step=step, by=person, how=HOW)
            if answer == "yes"
            else Answered(at=now, step=step, by=person, answer="no", why=why)
        )
    else:
        happened = answer not in ("did-not-happen", "not-done")
        word = Answered(
            at=now,
            step=step,
            by=person,
            answer="happened" if happened else "did-not-happen",
            why=why,
            note=_note(state, planned, answer, note, inventory),
        )
        if happened:
            check_may_answer(state, step, person, inventory, now)
    if not is_wanted(word, state):
        raise not_asked(state, step)
    return word


def _note(state: State, step: PlannedStep, answer: str, note: str, inventory: Inventory) -> str:
    """Return the note that goes with an answer. Raises: BadInput."""
    where = f"step {step.id}"
    if step.note is not None and answer == "done":
        if not note.strip():
            run = state.opened.run if state.opened else "RUN"
            remedy = f"`seawall answer {run} {step.id} done --note NUMBER`; `--note none` when there is none"
            raise BadInput.one(f"{step.id} asks you to note {step.note}", where=where, remedy=remedy)
        return checked_note(note, where, inventory)
    if note:
        problem = f"nothing is to be noted with {step.id} {answer}"
        raise BadInput.one(problem, where=where, remedy="Leave --note out; `--why` takes words of yours")
    return ""


def _check_person(one: StepState, person: str, inventory: Inventory) -> None:
    step, escalated_to = one.step, {role for role, _ in one.in_line}
    if step.approve is None:
        check_may_approve(step, person, ())
    if person not in inventory.people:
        may = ", ".join(inventory.with_role(step.approve.by)) if step.approve else ""
        remedy = f"Say who you are with --as NAME; who may: {may or 'nobody in this city'}"
        raise BadInput.one(
            f"there is no person {person!r} in this city", where=f"step {step.id}", remedy=remedy
        )
    check_may_approve(step, person, inventory.people[person].roles, escalated_to)


def check_may_answer(state: State, step: str, person: str, inventory: Inventory, now: datetime) -> None:
    """Check that a person may say how a step went, or goes on. Raises: BadInput, with whom to ask."""
    one = state.steps[step]
    why = why_may_not_answer(inventory, state, one, person, now)
    if why is not None:
        names = who_is_to_say(who_may_answer(inventory, state, one, now), inventory, language())
        remedy = f"Ask one of those who may: {names}; `--as NAME` says who you are"
        raise BadInput.one(why, where=f"step {step}", remedy=remedy)


def not_asked(state: State, step: str) -> BadInput:
    """Return the error that says of a step what is asked, if anything. A step that is not there is one, too."""
    if step not in state.steps:
        return BadInput.one(
            f"this run has no step {step}", where=f"step {step}", remedy=choose(step, state.steps)
        )
    run = state.opened.run if state.opened else "RUN"
    one = state.steps[step]
    open_now = questions_of(state)
    problem = f"nobody asks that about {step} now; it stands: {one.stand.value}"
    if step in state.under_way and state.ended is None:
        remedy = f"If nobody drives the run any more, `seawall resume {run}` looks at it and asks"
    elif open_now:
        asks = "; ".join(f"{one.step.id} {' or '.join(ANSWERS[one.asked.what])}" for one in open_now)
        remedy = f"What is asked: {asks}"
    else:
        remedy = f"See `seawall show {run}`"
    return BadInput.one(problem, where=f"step {step}", remedy=remedy)
