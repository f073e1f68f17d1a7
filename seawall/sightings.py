"""What was last seen of each service, and when: looks folded into up, down or unknown. Unknown is never up.

A look only reads. So many misses in a row as the service's probe says make it down, from the first of them on; whatever
was not seen lately is unknown, whatever it was before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from seawall.errors import JournalError
from seawall.files import make_folder, on_disk, write_whole
from seawall.model import Frozen

LOOK_WITHIN = timedelta(seconds=5)
"""How long one look may take; one that has no answer by then missed."""
GRACE = 2 * LOOK_WITHIN
"""How much later than its turn a look may come before what it last saw counts as old."""
AHEAD = timedelta(minutes=1)
"""How far two machines' clocks may differ. What was seen later than that was seen by a clock that is wrong."""


class Condition(StrEnum):
    """How a service is."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a service is looked at, and how many misses in a row mean that it is down."""

    every: timedelta
    misses: int

    @property
    def recent(self) -> timedelta:
        """How long what was seen counts."""
        return self.every * self.misses + GRACE


class Look(Frozen):
    """One look at one service. `up` is None when it could not be told, e.g. because a password is missing here."""

    at: AwareDatetime
    up: bool | None
    saw: str


class Sighting(Frozen):
    """What looks at one service came to.

    Attributes:
        looked_at: when it was last looked at, whatever that told.
        told_at: when a look last told how it is.
        since: from when on it was that way without a gap; down counts from the first miss.
        up_at: when it was last seen to be up.
        misses: how many looks in a row missed it.
        missed_since: when the first of these was.
        saw: what the last look saw, in words.
    """

    looked_at: AwareDatetime
    told_at: AwareDatetime | None = None
    condition: Condition = Condition.UNKNOWN
    since: AwareDatetime | None = None
    up_at: AwareDatetime | None = None
    misses: int = 0
    missed_since: AwareDatetime | None = None
    saw: str = ""


def fold(before: Sighting | None, look: Look, pace: Pace) -> Sighting:
    """Return what is known after one more look. Where two readings are possible, the worse one is taken."""
    was = before or Sighting(looked_at=look.at)
    gap = was.told_at is None or look.at - was.told_at > pace.recent
    if look.up is None:
        return was.model_copy(update={"looked_at": look.at, "saw": look.saw})
    if look.up:
        kept = was.condition is Condition.UP and not gap
        return Sighting(
            looked_at=look.at,
            told_at=look.at,
            condition=Condition.UP,
            since=was.since if kept else look.at,
            up_at=look.at,
            saw=look.saw,
        )
    down = was.condition is Condition.DOWN
    anew = gap and not down
    misses = 1 if anew else was.misses + 1
    missed_since = look.at if anew else was.missed_since or look.at
    condition = was.condition
    since = was.since
    if misses >= pace.misses and not down:
        condition, since = Condition.DOWN, missed_since
    elif anew:
        condition, since = Condition.UNKNOWN, look.at
    return Sighting(
        looked_at=look.at,
        told_at=look.at,
        condition=condition,
        since=since,
        up_at=was.up_at,
        misses=misses,
        missed_since=missed_since,
        saw=look.saw,
    )


def condition_at(sighting: Sighting | None, now: datetime, pace: Pace) -> Condition:
    """Tell how a service is at `now`; unknown when it was not seen lately."""
    if sighting is None or sighting.told_at is None:
        return Condition.UNKNOWN
    age = now - sighting.told_at
    return sighting.condition if -AHEAD <= age <= pace.recent else Condition.UNKNOWN


class Sightings(Frozen):
    """What is kept of all looks. `by` is who watched last."""

    format: Literal[1] = 1
    by: str = ""
    services: dict[str, Sighting] = {}


_KEPT: TypeAdapter[Sightings] = TypeAdapter(Sightings)


def watch_folder(runs: Path) -> Path:
    """Return where sightings are kept, beside the runs kept at `runs`."""
    return runs / ".watch"


def sightings_path(runs: Path) -> Path:
    """Return the file of the sightings."""
    return watch_folder(runs) / "sightings.json"


def watch_lock(runs: Path) -> Path:
    """Return the lock that whoever watches holds: one at a time, or misses would be counted twice."""
    return watch_folder(runs) / "watch.lock"


def read_sightings(runs: Path) -> Sightings:
    """Read what was last seen; nothing, when nobody has looked yet.

    Raises:
        JournalError: there is a file and it cannot be used; then everything is unknown.
    """
    path = sightings_path(runs)
    if not path.exists():
        return Sightings()
    remedy = "Everything counts as unknown until somebody looks again: `seawall watch` begins a new file"
    with on_disk(path, remedy):
        content = path.read_bytes()
    try:
        return _KEPT.validate_json(content)
    except ValidationError as error:
        raise JournalError(
            "it holds no sightings, or was cut short", where=str(path), remedy=remedy
        ) from error


def keep_sightings(runs: Path, services: Mapping[str, Sighting], *, by: str) -> None:
    """Keep what was seen, in place of what was kept before. Raises: JournalError."""
    make_folder(watch_folder(runs))
    kept = Sightings(by=by, services=dict(services))
    write_whole(sightings_path(runs), kept.model_dump_json().encode())
