"""When a program that ended is started again. Pure: the time is an argument, and nothing is started here.

The first restart comes after a second, each next one after twice as long; after too many deaths in a short time the
program is red, and is tried only now and then, for ever. What was up for long enough has its deaths forgiven. Times
are those of a clock that never jumps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

FIRST = timedelta(seconds=1)
LONGEST = timedelta(seconds=30)
SLOWLY = timedelta(minutes=5)
"""Between two tries of a program that is red."""
FORGIVEN_AFTER = timedelta(minutes=10)
"""What was up for so long has its deaths forgiven."""
TOO_MANY = 5
"""Deaths, none of them forgiven, after which a program is red."""


@dataclass(frozen=True, slots=True)
class Life:
    """How one program has fared.

    Attributes:
        deaths: since they were last forgiven.
        restarts: how often it was started again, ever.
        up_since: since when it has been up; None while it is not.
        not_before: when it may be started again.
    """

    deaths: int = 0
    restarts: int = 0
    up_since: timedelta | None = None
    not_before: timedelta = timedelta()

    @property
    def red(self) -> bool:
        """Whether it died too often for anybody to count on it."""
        return self.deaths >= TOO_MANY

    def may_start(self, now: timedelta) -> bool:
        """Tell whether it may be started now."""
        return now >= self.not_before


def seen_up(life: Life, now: timedelta) -> Life:
    """Return the life of a program that is seen up: its deaths are forgiven when it has been for long enough."""
    since = now if life.up_since is None else life.up_since
    forgiven = now - since >= FORGIVEN_AFTER
    return replace(life, up_since=since, deaths=0 if forgiven else life.deaths)


def seen_dead(life: Life, now: timedelta) -> Life:
    """Return the life of a program that has ended and should not have: it is started again, later each time."""
    life = replace(seen_up(life, now), up_since=None) if life.up_since is not None else life
    deaths = life.deaths + 1
    wait = SLOWLY if deaths >= TOO_MANY else min(LONGEST, FIRST * 2 ** (deaths - 1))
    return replace(life, deaths=deaths, restarts=life.restarts + 1, not_before=now + wait)
