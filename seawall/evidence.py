"""What may open a promotion: machine-checked, typed evidence that the old primary cannot accept writes.

"It does not answer" is no evidence. Where none can be had, two people may override that, where the runbook lets them;
docs/evidence.md says what proves what.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, field_validator

from seawall.actions import Seen
from seawall.model import Duration, Frozen

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


class LeaseExpired(Frozen):
    """Nothing lets users' programs into the server any more: its lease was revoked, and its term has run out.

    Attributes:
        slot: the number of the slot that holds `revoked`, in the row of that server.
        word: the nonce of what stands there.
        revoked_at: when it was seen to be decided.
        places: which places were seen to hold it.
        guard: who held the lease; `boot` the boot of that guard's machine.
        term, drift: the longest that a guard of that server may have gone by.
        waited: from then on, by this machine's clock, its sleep included.
    """

    kind: Literal["lease-expired"] = "lease-expired"
    slot: Annotated[int, Field(ge=1)]
    word: str
    revoked_at: AwareDatetime
    places: Annotated[tuple[str, ...], Field(min_length=2)]
    guard: str
    boot: str
    term: Duration
    drift: Duration
    waited: Duration


class Override(Frozen):
    """Nothing was seen. Two different people said that it is so, and how much they expect to lose by it.

    Attributes:
        by: who said so.
        lost_writes: how many acknowledged writes they expect to lose, the larger number.
        lost_seconds: how many seconds of writes that is, the larger number.
        why: what each of them gave as the reason.
    """

    kind: Literal["override"] = "override"
    by: Annotated[tuple[str, ...], Field(min_length=2)]
    lost_writes: Annotated[int, Field(ge=0)]
    lost_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    why: tuple[str, ...]

    @field_validator("by")
    @classmethod
    def _different_people(cls, by: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(by)) < len(by):
            message = "an override takes two different people"
            raise ValueError(message)
        return by

    def __str__(self) -> str:
        who = " and ".join(self.by)
        return f"OVERRIDDEN by {who}, who expect to lose {self.lost_writes} writes, {self.lost_seconds:g} s of them"


class Fenced(Seen):
    """That one server cannot accept writes, since when, and how that is known."""

    server: str
    host: str
    system_identifier: str
    at: AwareDatetime
    evidence: Annotated[Stopped | PoweredOff | LeaseExpired | Override, Field(discriminator="kind")]

    def good_at(self, now: datetime) -> bool:
        """Tell whether this evidence is still young enough to act on."""
        return timedelta() <= now - self.at <= GOOD_FOR

    def __str__(self) -> str:
        if isinstance(self.evidence, Override):
            return f"{self.server} is not seen to be fenced: {self.evidence}"
        if isinstance(self.evidence, LeaseExpired):
            return f"the lease of {self.server} is revoked and has run out; nothing lets its users in"
        return f"{self.server} is {self.evidence.kind}"
