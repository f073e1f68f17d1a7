"""What a run asks of people and has no answer to yet."""

from __future__ import annotations

from dataclasses import dataclass

from seawall.approve import still_wanted
from seawall.journal import Asked
from seawall.plan import PlannedStep
from seawall.state import State

ANSWERS = {
    "approval": ("yes", "no"),
    "person": ("done", "did-not-happen"),
    "doubt": ("happened", "did-not-happen"),
    "undo-doubt": ("happened", "did-not-happen"),
}
"""What may be said to each kind of question; `done` is how a person says that their own step happened."""


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
