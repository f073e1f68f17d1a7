"""What a run asks of people and has no answer to yet."""

from __future__ import annotations

from dataclasses import dataclass

from seawall.approve import still_wanted
from seawall.journal import Acknowledged, Asked
from seawall.model import Language, Text
from seawall.plan import PlannedStep
from seawall.state import State

ANSWERS = {
    "approval": ("yes", "no", "have-it", "cannot"),
    "person": ("have-it", "done", "not-done", "cannot"),
    "doubt": ("happened", "did-not-happen"),
    "undo-doubt": ("happened", "did-not-happen"),
}
"""What may be said to each kind of question; `done` and `not-done` are about a person's own step.

`have-it` says that somebody has taken it on, and `cannot` that it is not for them: the next in line is asked.
"""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """One thing a run waits for a person to say."""

    step: PlannedStep
    asked: Asked
    missing: int
    taken: Acknowledged | None = None

    @property
    def answers(self) -> str:
        """What may be said, e.g. `yes|no`."""
        return "|".join(ANSWERS[self.asked.what])

    def in_words(self, who: str = "", language: Language = "en") -> str:
        """Say what is wanted. `who` names those who may answer; whose turn it is by the journal, when left out."""
        whom = f"{self.asked.of} ({who})" if who else _whom(self.asked)
        words = _IN_WORDS[self.asked.what if self.missing <= 1 else "approvals"].in_(language)
        said = words.format(step=self.step.id, of=whom, missing=self.missing)
        return said if self.taken is None else f"{said}; {_TAKEN.in_(language).format(who=self.taken.by)}"


def _whom(asked: Asked) -> str:
    return asked.of if asked.person in (None, asked.of) else f"{asked.person} ({asked.of})"


_TAKEN = Text(en="{who} has it", da="{who} har den")
_IN_WORDS = {
    "approval": Text(en="{step} waits for a yes from {of}", da="{step} venter på et ja fra {of}"),
    "approvals": Text(
        en="{step} waits for {missing} people's yes from {of}",
        da="{step} venter på {missing} personers ja fra {of}",
    ),
    "person": Text(en="{step} is for {of} to do", da="{step} skal gøres af {of}"),
    "doubt": Text(
        en="{step} is IN DOUBT: it was begun and its ending was not seen. Did it happen?",
        da="{step} er UVIST: det blev begyndt, og dets slutning blev ikke set. Er det sket?",
    ),
    "undo-doubt": Text(
        en="{step}: it is not known whether it was taken back. Was it?",
        da="{step}: det er uvist, om det blev taget tilbage. Blev det?",
    ),
}


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
            found.append(OpenQuestion(step, one.asked, missing, one.taken))
    return found
