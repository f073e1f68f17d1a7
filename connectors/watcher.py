"""Go on looking at services, each at its own pace, and keep what was seen; or look once, as a person asks for.

What changes is kept at once, the rest every second. Nothing that hangs outside, and no service that is slow, holds up
the looks at others.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from connectors.watching import Lookers, Watched, rounds
from seawall.actions import World
from seawall.sightings import Condition, Pace, Sighting, fold

KEPT_EVERY = 1.0
"""Seconds between two times that what was seen is kept, when nothing has changed."""
TRIES = 3
"""How often a service that missed is looked at when a person asks for one look: what a probe calls down may take
minutes, and nobody waits for that."""
PAUSE = timedelta(seconds=1)

Changed = Callable[[str, Sighting | None, Sighting], None]
"""Is told of a service that is another way than it was."""


def look_once(
    wanted: Iterable[Watched], world: World, before: Mapping[str, Sighting], clock: Callable[[], datetime]
) -> Mapping[str, Sighting]:
    """Look at each service now; at one that missed, up to three times, a second apart. Return all sightings."""
    seen = dict(before)
    missing, tries = list(wanted), 0
    lookers = Lookers(world, clock)
    while missing and tries < TRIES:
        began = time.monotonic()
        again = []
        for one, look in rounds(missing, lookers):
            pace = Pace(one.pace.every, min(one.pace.misses, TRIES))
            seen[one.service] = fold(seen.get(one.service), look, pace)
            if look.up is False and seen[one.service].condition is not Condition.DOWN:
                again.append(one)
        missing, tries = again, tries + 1
        if missing:
            time.sleep(max(0.0, PAUSE.total_seconds() - (time.monotonic() - began)))
    return seen


def watch(
    wanted: Iterable[Watched],
    world: World,
    seen: dict[str, Sighting],
    *,
    clock: Callable[[], datetime],
    keep: Callable[[Mapping[str, Sighting]], None],
    changed: Changed,
    goes_on: Callable[[], bool],
) -> None:
    """Look at each service whenever its turn comes, for as long as `goes_on`; it is asked every second at least.

    Args:
        wanted: the services and their paces.
        world: every action at hand; only READS are called.
        seen: what was seen before; kept up to date here.
        clock: tells the time.
        keep: writes all sightings down.
        changed: is told of each change.
        goes_on: tells whether to go on.
    """
    lookers = Lookers(world, clock)
    turns = [(time.monotonic(), number, one) for number, one in enumerate(wanted)]
    heapq.heapify(turns)
    number, kept, unkept = len(turns), time.monotonic(), False
    while goes_on():
        while turns and turns[0][0] <= time.monotonic() and not lookers.full:
            lookers.begin(heapq.heappop(turns)[2])
        now = time.monotonic()
        next_turn = turns[0][0] if turns and not lookers.full else now + KEPT_EVERY
        ended = lookers.next(max(0.0, min(next_turn, kept + KEPT_EVERY) - now))
        urgent = False
        if ended is not None:
            one, look = ended
            was = seen.get(one.service)
            seen[one.service] = fold(was, look, one.pace)
            unkept = True
            number += 1
            # A turn is counted from the look before, so that a slow one makes no two follow on each other's heels.
            heapq.heappush(turns, (time.monotonic() + one.pace.every.total_seconds(), number, one))
            if was is None or was.condition is not seen[one.service].condition:
                urgent = was is not None
                changed(one.service, was, seen[one.service])
        if unkept and (urgent or time.monotonic() - kept >= KEPT_EVERY):
            keep(seen)
            kept, unkept = time.monotonic(), False
        elif not unkept and time.monotonic() - kept >= KEPT_EVERY:
            kept = time.monotonic()
    if unkept:
        keep(seen)
