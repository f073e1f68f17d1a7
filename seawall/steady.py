"""The time that a run goes by: the wall clock when a process took the run up, and from then on one that never jumps.

A change in doubt may be tried again when its limit has passed, for then the first attempt can no longer act. A wall
clock that is set forward while a call is under way would make its limit look passed, and the change would be made
twice. CLOCK_BOOTTIME cannot be set, and goes on while the machine sleeps.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta


def boottime() -> float:
    """Return seconds on CLOCK_BOOTTIME."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def steady(now: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return a clock that starts at what `now` tells, and from then on knows only how much time has passed."""
    began, at = now(), boottime()
    return lambda: began + timedelta(seconds=boottime() - at)
