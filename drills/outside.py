"""What a drill needs from the place it is held in, and from whoever responds. The lab gives it; a simulation does too.

Everything here looks from outside, as users do, or breaks and heals. None of it knows a runbook or Prefect.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol, Self

from drills.ledger import Tried, WriteId
from drills.primaries import Look
from drills.scenario import Fault, Load
from seawall.journal import Ended, Event, Failed, Opened, Outcome, Overridden, Settled, Started, Succeeded
from seawall.plan import Plan
from seawall.report.of_waiting import waits


@dataclass(frozen=True, slots=True)
class Told:
    """A message as it arrived. `to` is a mail address or a Slack channel; `texts` is each part people read of it."""

    at: datetime
    by: Literal["email", "slack"]
    to: str
    texts: tuple[str, ...]


class Ledger(Protocol):
    """Writers on the users' side, and what they record."""

    def tail(self) -> tuple[Tried, ...]:
        """Return what was recorded since the last call. Raises: SeawallError when the record has a gap."""

    def stop(self) -> tuple[Tried, ...]:
        """End the writers and return what was recorded since the last call. May be called twice."""


class Watch(Protocol):
    """Somebody who tries to write to every server of a service, past the balancer."""

    def stop(self) -> Mapping[str, Sequence[Look]]:
        """Stop, and return every look, by server. May be called twice."""


class Watcher(Protocol):
    """The service's probe, with its rule."""

    def suspects(self, within: timedelta) -> bool:
        """Wait at most `within` for a miss that nothing has made good since. Tells whether there is one."""

    def proposed(self, within: timedelta) -> datetime | None:
        """Wait at most `within` for the rule to propose a failover; return when it did."""

    def stop(self) -> None:
        """Stop trying. May be called twice."""


class Outside(Protocol):
    """The place a drill is held in."""

    def users(self, load: Load, ledger: Path) -> Ledger:
        """Let users write to `load.service` from now on, and record it in the file `ledger`."""

    def watch(self, service: str) -> Watch:
        """Begin to watch which of the service's servers take writes."""

    def probe(self, service: str) -> Watcher:
        """Begin to try the service by its own rule."""

    def break_(self, fault: Fault) -> None:
        """Break something."""

    def heal(self) -> None:
        """Make whole what was broken. May be called when nothing is."""

    def rows(self, service: str) -> AbstractSet[WriteId]:
        """Return every write that is in the database that serves now. Raises: SeawallError when it cannot be read."""

    def messages(self) -> Sequence[Told]:
        """Return every message that has arrived anywhere since the place exists, oldest first."""


@dataclass(frozen=True, slots=True)
class Responded:
    """A run that somebody carried out for the drill.

    Attributes:
        folder: the run's folder.
        declared: when the run was opened.
        first_change: when the first change was begun; None when none was.
        changes: when each change ended, in order.
        overridden: what people said who would go on without evidence, in order.
        waits: when only people were waited for: from, until.
    """

    folder: Path
    outcome: Outcome
    declared: datetime
    first_change: datetime | None = None
    changes: tuple[datetime, ...] = ()
    overridden: tuple[Overridden, ...] = ()
    waits: tuple[tuple[datetime, datetime], ...] = ()

    @classmethod
    def of(cls, folder: Path, plan: Plan, events: Iterable[Event]) -> Self:
        """Read it from a run's journal. A run without an ending counts as failed."""
        changing = {step.id for step in plan.steps if step.changes}
        declared: datetime | None = None
        begun: list[datetime] = []
        ended: list[datetime] = []
        overridden: list[Overridden] = []
        outcome = Outcome.FAILED
        events = tuple(events)
        for event in events:
            match event:
                case Opened():
                    declared = event.at
                case Started() if event.step in changing and not event.undoing:
                    begun.append(event.at)
                case Succeeded() | Failed() | Settled() if event.step in changing and not event.undoing:
                    ended.append(event.at)
                case Overridden():
                    overridden.append(event)
                case Ended():
                    outcome = event.outcome
                case _:
                    pass
        assert declared is not None, "a journal begins with Opened"
        first = begun[0] if begun else None
        return cls(folder, outcome, declared, first, tuple(ended), tuple(overridden), tuple(waits(events)))


class Respond(Protocol):
    """Whoever carries a runbook out: with Prefect, without, or pretended. Returns when the run is over."""

    def __call__(
        self, runbook: str, parameters: Mapping[str, str], *, exercise: bool, approved_by: Sequence[str]
    ) -> Responded:
        """Plan and carry out `runbook`, with the approvals of `approved_by` given at once.

        Raises:
            SeawallError: it could not be begun, or what became of it cannot be told.
        """


class Clock(Protocol):
    """The time, and a way to let it pass."""

    def now(self) -> datetime:
        """Return the time, aware. It never goes backwards during a drill."""

    def sleep(self, span: timedelta) -> None:
        """Return after `span`."""

    def jumped(self) -> timedelta:
        """Return how far the wall clock has moved against this one since it was made."""


class SteadyClock:
    """Wall time as it was at the beginning, counted on with CLOCK_MONOTONIC: no correction during a drill bends it."""

    source = "CLOCK_MONOTONIC of this machine, set to its wall clock when the drill began"

    def __init__(self) -> None:
        self._wall, self._start = datetime.now(UTC), time.monotonic()

    def now(self) -> datetime:
        """Return the time."""
        return self._wall + timedelta(seconds=time.monotonic() - self._start)

    def sleep(self, span: timedelta) -> None:
        """Return after `span`."""
        time.sleep(max(0.0, span.total_seconds()))

    def jumped(self) -> timedelta:
        """Return how far the wall clock has moved against this one."""
        return datetime.now(UTC) - self.now()
