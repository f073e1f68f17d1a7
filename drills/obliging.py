"""The people a scenario names under `approved_by`: they say yes at once, each to what is theirs to say yes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from drills.scripted import scripted_answer, scripted_yes
from seawall.errors import SeawallError
from seawall.inbox import put
from seawall.inventory import Inventory
from seawall.journal import Answered, Approved, Asked, Event
from seawall.plan import PlannedStep
from seawall.run_folder import RunFolder

HOW = "given by the drill"


class Obliging:
    """They, in one run. Their words go into its inbox like anybody's."""

    def __init__(
        self, run: RunFolder, people: Sequence[str], city: Inventory, now: Callable[[], datetime]
    ) -> None:
        self._run, self._people, self._city, self._now = run, people, city, now

    def approve(self) -> None:
        """Give every yes there is to give, before it is asked for; signed where yeses are. Raises: SeawallError."""
        for step in self._run.plan.steps:
            if step.approve is not None and step.skipped is None:
                for person in self._who_are(step.approve.by):
                    if (word := self._yes(step, person)) is not None:
                        put(self._run, word)

    def _yes(self, step: PlannedStep, person: str) -> Approved | None:
        """Return a yes; None from somebody who would have to sign and has no key here: they say it themselves."""
        opened = self._run.opened
        if opened.yeses == "typed":
            return Approved(at=self._now(), step=step.id, by=person, how=HOW)
        return scripted_yes(
            self._run.plan, step, run=self._run.id, requester=opened.by, by=person, now=self._now()
        )

    def hear(self, event: Event) -> None:
        """Say that a person's step is done, when one is asked for that one of them may do. Raises nothing."""
        if not isinstance(event, Asked) or event.what != "person":
            return
        for person in self._who_are(event.of)[:1]:
            try:
                if (word := self._done(event.step, person)) is not None:
                    put(self._run, word)
            except SeawallError:
                # A driver's watch must not raise. The question stays open, and the run says so.
                return

    def _done(self, step: str, person: str) -> Answered | None:
        """Return that a step of theirs is done; None from somebody who would have to sign and has no key here."""
        word = Answered(at=self._now(), step=step, by=person, answer="happened", why=HOW)
        if self._run.opened.yeses == "typed":
            return word
        return scripted_answer(word, self._run.plan, run=self._run.id)

    def _who_are(self, role: str) -> list[str]:
        may = self._city.with_role(role)
        return [person for person in self._people if person in may]
