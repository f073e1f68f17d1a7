"""The time that a run goes by: the wall clock when a process took the run up, and from then on one that never jumps.

A change in doubt may be tried again when its limit has passed, for then the first attempt can no longer act. A wall
clock that is set forward while a call is under way would make its limit look passed, and the change would be made
twice. CLOCK_BOOTTIME cannot be set, and goes on while the machine sleeps.

Two processes' wall clocks may differ by anything. So a process writes down what its own shows at one instant of
CLOCK_BOOTTIME, and the next one, on the same boot, knows what it would show now (`seawall.clocks`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from seawall.model import Frozen

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Uptime(Frozen):
    """How long a machine was up at an instant: says something beside another one of the same boot, and of no other.

    Attributes:
        seconds: CLOCK_BOOTTIME.
    """

    boot: str
    seconds: float


def boottime() -> float:
    """Return seconds on CLOCK_BOOTTIME."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@cache
def _boot() -> str:
    """Return what this boot of the machine is called; nothing where nobody can tell."""
    return _BOOT.read_text().strip() if _BOOT.exists() else ""


class Steady:
    """A clock that starts at what another one tells, and from then on knows only how much time has passed."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._began, self._at = now(), boottime()
        self._boot = _boot()

    def __call__(self) -> datetime:
        """Return what time it is."""
        return self._began + timedelta(seconds=boottime() - self._at)

    def reading(self) -> tuple[datetime, Uptime | None]:
        """Return what time it is, and how long this machine has been up at that instant; None where nobody can tell."""
        seconds = boottime()
        uptime = Uptime(boot=self._boot, seconds=seconds) if self._boot else None
        return self._began + timedelta(seconds=seconds - self._at), uptime


def steady(now: Callable[[], datetime]) -> Steady:
    """Return a clock that starts at what `now` tells, and that nobody can set."""
    return Steady(now)


def reading(clock: Callable[[], datetime]) -> tuple[datetime, Uptime | None]:
    """Return what time it is by a clock, with the machine's uptime where it goes by that. Others vouch for theirs."""
    return clock.reading() if isinstance(clock, Steady) else (clock(), None)
