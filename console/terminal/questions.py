"""What people say to a run, turned into words that it hears."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.terminal.screen import words
from seawall.approve import check_may_approve, is_wanted, still_wanted
from seawall.errors import BadInput
from seawall.ground import choose
from seawall.inventory import Inventory
from seawall.journal import Answered, Approved, Word
from seawall.notes import checked_note
from seawall.plan import PlannedStep
from seawall.questions import ANSWERS, OpenQuestion, questions_of
from seawall.state import State

ALL_ANSWERS = ("yes", "no", "done", "happened", "did-not-happen")
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
    if said.lower() not in ANSWERS[question.asked.what]:
        return None
    if question.step.note is None or said.lower() != "done":
        return Typed(said.lower(), person, why, "")
    # A name may stand before what is noted, and need not.
    named = person in inventory.people
    return Typed(said.lower(), person if named else "", "", why if named else rest.strip())


def how_to_type(question: OpenQuestion, by: str, inventory: Inventory) -> str:
    """Say what may be typed at a question by whoever sits here as `by`."""
    choices = ANSWERS[question.asked.what]
    if question.step.note is not None:
        return (
            f"Type `done` and {words(question.step.note)}, or did-not-happen. Your name between them if you are"
            f" not {by}; `none` when there is none."
        )
    role = question.step.approve.by if question.step.approve else question.step.by
    may = inventory.with_role(role) if role else {}
    if question.asked.what == "approval" and by not in may:
        named = " or ".join(f"`{choice} NAME`" for choice in choices)
        return f"Type {named}, with the name of somebody who may."
    return f"Type {' or '.join(choices)}, and your name if you are not {by}."


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
    if answer in ("yes", "no"):
        _check_person(planned, person, inventory)
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
        happened = answer != "did-not-happen"
        word = Answered(
            at=now,
            step=step,
            by=person,
            answer="happened" if happened else "did-not-happen",
            why=why,
            note=_note(state, planned, answer, note, inventory),
        )
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


def _check_person(step: PlannedStep, person: str, inventory: Inventory) -> None:
    if step.approve is None:
        check_may_approve(step, person, ())
    if person not in inventory.people:
        may = ", ".join(inventory.with_role(step.approve.by)) if step.approve else ""
        remedy = f"Say who you are with --as NAME; who may: {may or 'nobody in this city'}"
        raise BadInput.one(
            f"there is no person {person!r} in this city", where=f"step {step.id}", remedy=remedy
        )
    check_may_approve(step, person, inventory.people[person].roles)


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
