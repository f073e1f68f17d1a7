"""Where one step of a run stands, as the fold knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from seawall.journal import Asked, Failed, Settled
from seawall.plan import PlannedStep


class Stand(StrEnum):
    """Where one step stands."""

    WAITING = "waiting"
    UNDER_WAY = "under way"
    DONE = "done"
    NOT_NEEDED = "not needed"
    SKIPPED = "skipped"
    FAILED = "failed"
    IN_DOUBT = "in doubt"
    UNDOING = "undoing"
    UNDONE = "undone"
    UNDO_FAILED = "undo failed"
    UNDO_IN_DOUBT = "undo in doubt"


STILL_ACTS = timedelta(seconds=3)
"""How long after its limit a remote command may still be ending: `timeout -k` gives it one second, then kills."""
MOST_ATTEMPTS = 3
"""How often a change is begun at most. Each time it was shown not to have happened; a fourth would not either."""

OVER = frozenset({Stand.DONE, Stand.NOT_NEEDED, Stand.SKIPPED})
"""Stands that let the steps after this one start."""


@dataclass(slots=True)
class StepState:
    """What is known of one step.

    Attributes:
        begun: when the last attempt began; `started` is when the first did, `until` when the last one's limit passes.
        too_early: a proof did not show the change while the attempt could still act; it is looked at again.
        orphaned: the process that began the last attempt is gone: another holds the journal now.
    """

    step: PlannedStep
    stand: Stand = Stand.WAITING
    attempts: int = 0
    undo_attempts: int = 0
    started: datetime | None = None
    begun: datetime | None = None
    until: datetime | None = None
    ended: datetime | None = None
    failure: Failed | None = None
    settled: Settled | None = None
    asked: Asked | None = None
    approved_by: dict[str, datetime] = field(default_factory=dict)
    refused: bool = False
    changed: bool = False
    too_early: bool = False
    orphaned: bool = False
    summary: str = ""

    @property
    def yeses_wanted(self) -> int:
        """How many more people must say yes before it may start."""
        return 0 if self.step.approve is None else max(0, self.step.approve.people - len(self.approved_by))

    @property
    def spent_at(self) -> datetime | None:
        """When the last attempt can no longer act by itself."""
        return None if self.until is None else self.until + STILL_ACTS
