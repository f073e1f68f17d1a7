"""What a run asks of people right now, and what they say turned into words that it hears."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from seawall.approve import check_may_approve, is_wanted, still_wanted
from seawall.errors import BadInput
from seawall.ground import choose
from seawall.inventory import Inventory
from seawall.journal import Answered, Approved, Asked, Word
from seawall.plan import PlannedStep
from seawall.state import State

ANSWERS = {
    "approval": ("yes", "no"),
    "person": ("done", "did-not-happen"),
    "doubt": ("happened", "did-not-happen"),
    "undo-doubt": ("happened", "did-not-happen"),
}
"""What may be said to each kind of question; `done` is how a person says that their own step happened."""
ALL_ANSWERS = ("yes", "no", "done", "happened", "did-not-happen")
HOW = "typed in a terminal"


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """One thing a run waits for a person to say."""

    step: PlannedStep
    asked: Asked
    missing: int

    @property
    def answers(self) -> str:
        """What may be said, e.g. `yes|no`."""
        return "|".join(ANSWERS[self.asked.what])

    def in_words(self, who: str = "") -> str:
        """Say what is wanted. `who` names those who may answer."""
        of = f"{self.asked.of} ({who})" if who else self.asked.of
        match self.asked.what:
            case "approval":
                people = "a yes" if self.missing == 1 else f"{self.missing} people's yes"
                return f"{self.step.id} waits for {people} from {of}"
            case "person":
                return f"{self.step.id} is for {of} to do"
            case "doubt":
                return f"{self.step.id} is IN DOUBT: it was begun and its ending was not seen. Did it happen?"
            case "undo-doubt":
                return f"{self.step.id}: it is not known whether it was taken back. Was it?"


def questions_of(state: State) -> list[OpenQuestion]:
    """Return what is asked and not answered yet, in the plan's order."""
    names = {*list(state.for_people), *list(state.doubtful)}
    found = []
    for step in state.plan.steps:
        if step.id not in names:
            continue
        one = state.steps[step.id]
        missing = still_wanted(one)
        if one.asked is not None and (one.asked.what != "approval" or missing):
            found.append(OpenQuestion(step, one.asked, missing))
    return found


def word_for(
    state: State, step: str, answer: str, person: str, *, why: str, now: datetime, inventory: Inventory
) -> Word:
    """Make the word that says `answer` about `step`.

    Raises:
        BadInput: there is no such step, nobody asked, it is no answer, or the person may not give it.
    """
    if step not in state.steps:
        raise BadInput.one(
            f"this run has no step {step}", where=f"step {step}", remedy=choose(step, state.steps)
        )
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
            at=now, step=step, by=person, answer="happened" if happened else "did-not-happen", why=why
        )
    if not is_wanted(word, state):
        raise _not_wanted(state, step)
    return word


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


def _not_wanted(state: State, step: str) -> BadInput:
    run = state.opened.run if state.opened else "RUN"
    one = state.steps[step]
    open_now = questions_of(state)
    problem = f"nobody asks that about {step} now; it stands: {one.stand.value}"
    if step in state.under_way and state.ended is None:
        remedy = f"If nobody drives the run any more, `seawall resume {run}` looks at it and asks"
    elif open_now:
        asks = "; ".join(f"{one.step.id} {one.answers}" for one in open_now)
        remedy = f"What is asked: {asks}"
    else:
        remedy = f"See `seawall show {run}`"
    return BadInput.one(problem, where=f"step {step}", remedy=remedy)
