"""What may open a promotion: machine-checked, typed evidence that the old primary cannot accept writes.

"It does not answer" is no evidence. Two kinds exist today; lease-expired and the two-person override join them in
issue "Safe under fire".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from seawall.actions import Seen
from seawall.model import Frozen

GOOD_FOR = timedelta(minutes=15)
"""Evidence older than this proves nothing about now: somebody may have started the server again."""


class Stopped(Frozen):
    """The server was stopped (fast) and marked to come back only as a standby, seen in an identified session.

    Attributes:
        last_lsn: how far it had written; None when it had crashed before, so that nobody knows.
        control: its control file as it was then: every start writes it anew, so that one since is seen. None in
            evidence from before this was kept.
    """

    kind: Literal["stopped"] = "stopped"
    host_key: str
    data_directory: str
    last_lsn: str | None
    control: Annotated[str | None, Field(exclude_if=lambda value: value is None)] = None


class PoweredOff(Frozen):
    """The machine has no power, said by its out-of-band controller for that very UUID."""

    kind: Literal["powered-off"] = "powered-off"
    controller: str
    uuid: str


class Fenced(Seen):
    """That one server cannot accept writes, since when, and how that is known."""

    server: str
    host: str
    system_identifier: str
    at: AwareDatetime
    evidence: Annotated[Stopped | PoweredOff, Field(discriminator="kind")]

    def good_at(self, now: datetime) -> bool:
        """Tell whether this evidence is still young enough to act on."""
        return timedelta() <= now - self.at <= GOOD_FOR

    def __str__(self) -> str:
        return f"{self.server} is {self.evidence.kind}"
