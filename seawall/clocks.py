"""Whose clock the times of a journal are by, and what they mean when another process has taken the run up.

A run's times are by the clock of whoever drove it: a wall clock, that may have been wrong. Compared with the next
process's clock they err both ways: an attempt may look spent that is not, and is made again; a yes may open a step
after it expired. So when a run is taken up, what is still to come is put on the new process's clock:

- on the same boot, by CLOCK_BOOTTIME, which both have read: exactly;
- from copies, when the term of whoever drove it was waited out: nothing that was begun can act any more;
- else nobody knows how much time has passed. No attempt counts as spent before its whole limit has passed once more;
  and a yes expires by whichever of the two clocks is ahead.

A clock that tells no uptime is vouched for by whoever hands it in, and nothing is put on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from seawall.journal import (
    AbortAsked,
    Acknowledged,
    Answered,
    Approved,
    Event,
    Notified,
    Overridden,
    Recovered,
    Resumed,
    Retried,
    Skipped,
    Started,
)
from seawall.steady import Uptime
from seawall.step_state import OVER, StepState

_WORDS = (AbortAsked, Acknowledged, Answered, Approved, Notified, Overridden, Retried, Skipped)


@dataclass(slots=True)
class Clocks:
    """The clocks of those who have driven a run, as its journal tells them.

    Attributes:
        now: what the clock of whoever drives it showed last. People's words are by their own clocks.
        latest: the latest time that was written, by whosever clock.
    """

    now: datetime | None = None
    latest: datetime | None = None
    _known: tuple[datetime, Uptime] | None = None

    def saw(self, event: Event, steps: Iterable[StepState]) -> datetime:
        """Take an event in, before anybody else; put what is to come on a new clock. Return the latest time by any."""
        if isinstance(event, Resumed | Recovered) and event.uptime is not None:
            self._put_on(event, event.uptime, [one for one in steps if one.stand not in OVER])
        if isinstance(event, Started | Resumed | Recovered) and event.uptime is not None:
            self._known = event.at, event.uptime
        self.latest = event.at if self.latest is None else max(self.latest, event.at)
        if not isinstance(event, _WORDS):
            self.now = event.at
        return self.latest

    def _put_on(self, event: Resumed | Recovered, uptime: Uptime, steps: Iterable[StepState]) -> None:
        last = self._would_show(uptime) or self.latest or event.at
        for one in steps:
            if one.until is not None:
                one.until = self._spent(one, one.until, event, uptime)
            if last > event.at:
                one.expire_sooner(last - event.at)

    def _spent(self, one: StepState, until: datetime, event: Resumed | Recovered, uptime: Uptime) -> datetime:
        if isinstance(event, Recovered) and event.waited:
            return event.at
        shown = self._would_show(uptime)
        return event.at + one.limit if shown is None else until + (event.at - shown)

    def _would_show(self, uptime: Uptime) -> datetime | None:
        """Return what the clock before would show now; None when that cannot be known."""
        if self._known is None or self._known[1].boot != uptime.boot:
            return None
        at, known = self._known
        return at + timedelta(seconds=uptime.seconds - known.seconds)
