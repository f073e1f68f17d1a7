"""The people a scenario names under `approved_by`: they say yes at once, each to what is theirs to say yes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from seawall.errors import SeawallError
from seawall.inbox import put
from seawall.inventory import Inventory
from seawall.journal import Answered, Approved, Asked, Event
from seawall.run_folder import RunFolder

HOW = "given by the drill"


class Obliging:
    """They, in one run. Their words go into its inbox like anybody's."""

    def __init__(
        self, run: RunFolder, people: Sequence[str], city: Inventory, now: Callable[[], datetime]
    ) -> None:
        self._run, self._people, self._city, self._now = run, people, city, now

    def approve(self) -> None:
        """Give every yes there is to give, before it is asked for. Raises: SeawallError."""
        for step in self._run.plan.steps:
            if step.approve is not None and step.skipped is None:
                for person in self._who_are(step.approve.by):
                    put(self._run, Approved(at=self._now(), step=step.id, by=person, how=HOW))

    def hear(self, event: Event) -> None:
        """Say that a person's step is done, when one is asked for that one of them may do. Raises nothing."""
        if not isinstance(event, Asked) or event.what != "person":
            return
        for person in self._who_are(event.of)[:1]:
            try:
                put(
                    self._run,
                    Answered(at=self._now(), step=event.step, by=person, answer="happened", why=HOW),
                )
            except SeawallError:
                # A driver's watch must not raise. The question stays open, and the run says so.
                return

    def _who_are(self, role: str) -> list[str]:
        may = self._city.with_role(role)
        return [person for person in self._people if person in may]
