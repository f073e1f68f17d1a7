"""Which run the index page shows: the one that matters most to citizens right now, with links to the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from seawall.errors import SeawallError
from seawall.model import Text
from seawall.page.status import Known, Reach, Status, concern_of, status_of
from seawall.page.writing import Other
from seawall.report.words import OUTCOMES
from seawall.run_folder import RunFolder, read_state
from seawall.run_list import RunSummary, Standing, list_runs
from seawall.sightings import Sighting, read_sightings

LOOKED_AT = 30
"""So many of the newest runs are looked at."""
LATELY = timedelta(hours=24)
"""How long after its end a run still matters."""
MOST_OTHERS = 8

STANDS = {
    Standing.UNDER_WAY: Text(en="under way", da="i gang"),
    Standing.WAITS: Text(en="waits for somebody", da="venter på nogen"),
    Standing.INTERRUPTED: Text(en="stands still", da="står stille"),
    Standing.NOT_BEGUN: Text(en="not begun", da="ikke begyndt"),
}


@dataclass(frozen=True, slots=True)
class _Run:
    summary: RunSummary
    reach: Reach

    @property
    def is_open(self) -> bool:
        return self.summary.outcome is None

    @property
    def weight(self) -> tuple[bool, bool, datetime]:
        """What is open goes before what has ended, an outage before a message, the newest before the others."""
        return self.is_open, self.reach == "touches", self.summary.opened_at


def whole_index(
    runs: Path, known: Known, status: Status, *, mark: str, now: datetime
) -> tuple[Status, tuple[Other, ...]] | None:
    """Return what the index shows in full, and what it links to; None when it should stay as it is.

    `status` is that of the run being carried out here; the others are read from their journals.
    """
    there = [one for one in _lately(runs, known, now) if one.summary.exercise == status.exercise]
    featured = max(there, key=lambda one: one.weight, default=None)
    if featured is None:
        return None
    others = tuple(
        Other(f"{mark}{one.summary.id}.html", one.summary.title, _stands(one.summary))
        for one in sorted(there, key=lambda one: one.weight, reverse=True)
        if one is not featured
    )
    if featured.summary.id == status.run:
        return status, others[:MOST_OTHERS]
    run = RunFolder(runs, featured.summary.id)
    halted = featured.summary.standing in (Standing.INTERRUPTED, Standing.NOT_BEGUN)
    shown = status_of(read_state(run), known, now=now, halted=halted, sightings=seen_lately(runs))
    return shown, others[:MOST_OTHERS]


def seen_lately(runs: Path) -> Mapping[str, Sighting]:
    """Return what was last seen of each service; nothing when that cannot be read, and then it is unknown."""
    try:
        return read_sightings(runs).services
    except SeawallError:
        return {}


def _lately(runs: Path, known: Known, now: datetime) -> Iterator[_Run]:
    """Yield the runs that are open or ended lately, and that are about services."""
    for one in list_runs(runs, most=LOOKED_AT):
        if one.standing is Standing.UNREADABLE or (one.ended_at is not None and one.ended_at < now - LATELY):
            continue
        reach = _reach(RunFolder(runs, one.id), known)
        if reach in ("touches", "names"):
            yield _Run(one, reach)


def _reach(run: RunFolder, known: Known) -> Reach:
    """Say what a run has to do with services. Remembered: its plan does not change, and may be long to read."""
    return _reaches(run, _ByIdentity(known))


@dataclass(frozen=True, slots=True)
class _ByIdentity:
    known: Known

    def __hash__(self) -> int:
        return id(self.known)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.known is self.known


@lru_cache(maxsize=200)
def _reaches(run: RunFolder, of: _ByIdentity) -> Reach:
    try:
        return concern_of(run.plan, of.known).reach
    except SeawallError:
        return "unsaid"


def _stands(summary: RunSummary) -> Text:
    if summary.outcome is not None:
        return OUTCOMES[summary.outcome.value]
    return STANDS[summary.standing]
