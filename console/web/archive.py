"""The runs and drills that are kept, newest first, page by page. The files are the truth, what is remembered is not.

An entry is remembered only while its files have the size, time and inode they had, and only once it has settled. A page
reads as many journals as it shows, and a few more: names carry local time, which in October goes back an hour.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import os
import re
import stat
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from console.web.entries import End, Entry, Kind, drill_entry, run_entry, stamp_of
from drills.written import JSON
from seawall.files import on_disk
from seawall.run_folder import RunFolder

PAGE = 25
LOOKED_AT = 2_000
"""Entries that one request looks through at most; a filter that fits few of 100,000 is answered a part at a time."""
REMEMBERED = 20_000
CLOCK_GOES_BACK = timedelta(hours=2)
"""How far names may be out of order: an hour in October, and an hour for travellers."""
DOUBTFUL = 2_000_000_000
"""Nanoseconds: what was written so lately may be written again within the same tick of the file system's clock."""
NAME = re.compile(r"\d{4}-\d{2}-\d{2}-\d{4}(\d{2})?-[a-z0-9][a-z0-9-]{0,199}", re.ASCII)

RUN_FILES, DRILL_FILES = ("journal.jsonl", "plan.json"), (JSON, "scenario.json")
"""What an entry is read from."""
Mark = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader wants to see. `before` is the last entry of the page before, by its id."""

    service: str | None = None
    kind: Kind | None = None
    end: End | None = None
    before: str | None = None

    def fits(self, entry: Entry, services: Collection[str]) -> bool:
        """Tell whether an entry, which was for these services, is wanted."""
        return (
            (self.service is None or self.service in services)
            and (self.kind is None or entry.kind is self.kind)
            and (self.end is None or entry.end is self.end)
        )

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self.service is None and self.kind is None and self.end is None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of the history.

    Attributes:
        older: after which entry the next page goes on; None when there is nothing more.
        looked_at: how many entries were looked through, when not all could be.
    """

    entries: tuple[Entry, ...]
    older: str | None = None
    looked_at: int | None = None


class Archive:
    """What is kept of one city."""

    def __init__(self, runs: Path, drills: Path) -> None:
        self.runs, self.drills = runs, drills
        self._names: dict[Path, tuple[Mark, tuple[str, ...]]] = {}
        self._entries: dict[str, tuple[Mark, Entry]] = {}
        self._lock = threading.Lock()

    def leaf(
        self, wanted: Wanted, services_of: Callable[[Sequence[str]], Collection[str]], *, most: int = PAGE
    ) -> Leaf:
        """Return the newest entries that are wanted, at most `most` of them.

        Args:
            wanted: which.
            services_of: names the services that an entry's `about` leads to.
            most: how many.

        Raises:
            JournalError: the folder of the runs or of the drills cannot be read.
        """
        names = self._newest_names(wanted)
        after = self._key_of(wanted.before)
        found: list[Entry] = []
        looked_at, last = 0, None
        for entry in self._in_order(names):
            if after is not None and _key(entry) <= after:
                continue
            if len(found) == most:
                return Leaf(tuple(found), older=found[-1].id)
            if looked_at == LOOKED_AT:
                return Leaf(tuple(found), older=last, looked_at=looked_at)
            looked_at, last = looked_at + 1, entry.id
            if wanted.fits(entry, services_of(entry.about)):
                found.append(entry)
        return Leaf(tuple(found))

    def remember(self) -> None:
        """Read what a filter may have to look through, so that its first reader need not wait for that."""
        for name, parent in itertools.islice(self._newest_names(Wanted()), LOOKED_AT):
            self._entry(parent, name)

    def run(self, name: str) -> RunFolder | None:
        """Return the run of that name; None when there is none."""
        return RunFolder(self.runs, name) if _is_kept(self.runs, name) else None

    def drill(self, name: str) -> Path | None:
        """Return the folder of the drill of that name; None when there is none."""
        return self.drills / name if _is_kept(self.drills, name) else None

    def entry(self, folder: Path) -> Entry:
        """Read the entry kept in a folder, or remember it."""
        return self._entry(folder.parent, folder.name)

    def _entry(self, parent: Path, name: str) -> Entry:
        is_run = parent == self.runs
        folder = f"{parent}/{name}"
        mark = _mark(*(f"{folder}/{one}" for one in (RUN_FILES if is_run else DRILL_FILES)))
        with self._lock:
            known = self._entries.get(folder)
        if known is not None and known[0] == mark:
            return known[1]
        entry = run_entry(RunFolder(parent, name)) if is_run else drill_entry(parent / name)
        with self._lock:
            self._entries.pop(folder, None)
            if entry.settled and not _is_fresh(mark):
                self._entries[folder] = (mark, entry)
                while len(self._entries) > REMEMBERED:
                    self._entries.pop(next(iter(self._entries)))
        return entry

    def drill_of(self, run: str) -> str | None:
        """Return the drill that a run was carried out in; None when there is none that says so.

        Looks at the drills of the day before it, newest first: a drill's folder is made before its runs are.
        """
        stamp = stamp_of(run)
        names = self._listed(self.drills)
        if stamp is None:
            return None
        upto = bisect.bisect_right(names, _text(stamp + CLOCK_GOES_BACK))
        since = bisect.bisect_left(names, _text(stamp - timedelta(days=1)))
        for name in reversed(names[since:upto]):
            card = self._entry(self.drills, name).card
            if card is not None and any(one.folder == run for one in card.runs):
                return name
        return None

    def _newest_names(self, wanted: Wanted) -> Iterator[tuple[str, Path]]:
        """Yield names, and what they are kept in, newest first as far as names tell."""
        parents = [] if wanted.kind is Kind.DRILL else [self.runs]
        if wanted.kind in (None, Kind.DRILL):
            parents.append(self.drills)
        lists = [
            zip(reversed(self._upto(parent, wanted.before)), itertools.repeat(parent)) for parent in parents
        ]
        for name, parent in heapq.merge(*lists, reverse=True):
            if _is_kept(parent, name):
                yield name, parent

    def _upto(self, folder: Path, before: str | None) -> Sequence[str]:
        names = self._listed(folder)
        stamp = stamp_of(before) if before else None
        return names if stamp is None else names[: bisect.bisect_right(names, _text(stamp + CLOCK_GOES_BACK))]

    def _in_order(self, names: Iterable[tuple[str, Path]]) -> Iterator[Entry]:
        """Yield entries by the time they began, newest first; reads ahead only as far as clocks go back."""
        waiting: list[tuple[tuple[float, str], int, datetime, Entry]] = []
        for n, (name, parent) in enumerate(names):
            stamp = stamp_of(name)
            if stamp is None:
                continue
            while waiting and waiting[0][2] - CLOCK_GOES_BACK > stamp:
                yield heapq.heappop(waiting)[3]
            entry = self._entry(parent, name)
            heapq.heappush(waiting, (_key(entry), n, stamp, entry))
        while waiting:
            yield heapq.heappop(waiting)[3]

    def _key_of(self, name: str | None) -> tuple[float, str] | None:
        """Return where the entry of that name stands; of one that is gone, where its name says it stood."""
        if name is None:
            return None
        for parent in (self.runs, self.drills):
            if _is_kept(parent, name):
                return _key(self._entry(parent, name))
        stamp = stamp_of(name)
        return None if stamp is None else (-stamp.timestamp(), name)

    def _listed(self, folder: Path) -> tuple[str, ...]:
        """Return the names kept in a folder, oldest first."""
        mark = _mark(str(folder))
        with self._lock:
            known = self._names.get(folder)
        if known is not None and known[0] == mark and not _is_fresh(mark):
            return known[1]
        if not folder.is_dir():
            return ()
        with on_disk(folder):
            names = tuple(sorted(one.name for one in folder.iterdir() if NAME.fullmatch(one.name)))
        with self._lock:
            self._names[folder] = (mark, names)
        return names


def _key(entry: Entry) -> tuple[float, str]:
    return -entry.began.timestamp(), entry.id


def _text(stamp: datetime) -> str:
    """Write a time as names begin; `~` comes after everything that follows."""
    return f"{stamp:%Y-%m-%d-%H%M}~"


def _is_kept(parent: Path, name: str) -> bool:
    """Tell whether a name leads to a folder right here, and nowhere else."""
    if not NAME.fullmatch(name):
        return False
    try:
        return stat.S_ISDIR(os.lstat(f"{parent}/{name}").st_mode)
    except OSError:
        return False


def _mark(*paths: str) -> Mark:
    """Return by what it is seen that files have changed."""
    marks: list[int] = []
    for path in paths:
        try:
            seen = os.stat(path)  # noqa: PTH116 - a page makes thousands of them; pathlib takes ten times as long
        except OSError:
            marks += (0, 0, 0)
        else:
            marks += (seen.st_mtime_ns, seen.st_size, seen.st_ino)
    return tuple(marks)


def _is_fresh(mark: Mark) -> bool:
    return time.time_ns() - max(mark[::3], default=0) < DOUBTFUL
