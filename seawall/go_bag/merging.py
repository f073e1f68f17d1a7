"""Runs that were carried out elsewhere, brought into this city's history: as they are, once, and never over another.

A run comes whole: its plan as its journal names it, and every line of that journal by its chain. One that is still open
stays where it is: two places that could both resume it would be two drivers.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from seawall.errors import BadInput, JournalError, Mistake, SeawallError
from seawall.files import FOLDER_MODE, keep_names, make_folder, on_disk, write_whole
from seawall.imported import Imported, note_imported
from seawall.journal import Ended, Line, Opened, events_of, read_lines
from seawall.journal_file import is_written
from seawall.run_folder import RunFolder
from seawall.run_list import run_names

LARGEST_JOURNAL = 512 * 2**20
"""Bytes; the journal of an evacuation of 1,000 services has about 10 million."""
_NAME = re.compile(r"\d{4}-\d{2}-\d{2}-\d{4}-[a-z0-9][a-z0-9-]*")
KEEP_BOTH = "Keep both as evidence, and find out which one people relied on"


class Came(StrEnum):
    """What became of a run that was to be brought here."""

    MERGED = "merged"
    HERE = "already here"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Merged:
    """One run, and what became of it. `problem` is why it was refused."""

    run: str
    came: Came
    problem: Mistake | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    plan: bytes
    journal: bytes
    lines: Sequence[Line]


def runs_at(source: Path) -> tuple[RunFolder, ...]:
    """Return the runs in a folder of runs, in the folder around one, or the run that the folder is.

    Raises:
        BadInput: there are none.
    """
    if (source / "journal.jsonl").exists():
        return (RunFolder(source.parent, source.name),)
    for folder in (source, source / "runs"):
        if names := run_names(folder):
            return tuple(RunFolder(folder, name) for name in reversed(names))
    problem = "holds no runs" if source.is_dir() else "there is no such folder"
    remedy = "Name the folder `runs` of the place they were carried out at, or the go-bag that it lies beside"
    raise BadInput.one(problem, where=str(source), remedy=remedy)


def merge(run: RunFolder, runs: Path, *, city: str, by: str, source: str, now: datetime) -> Merged:
    """Bring one run into the history at `runs`, unless it is there.

    Args:
        run: the run as it lies elsewhere.
        runs: where this city's runs are kept.
        city: this city.
        by: who brings it.
        source: where it came from, in words.
        now: when.
    """
    try:
        theirs = _read(run, city)
        ours = RunFolder(runs, run.id)
        if ours.path.exists():
            return _compared(run, theirs, ours)
        _bring(theirs, ours, Imported(at=now, by=by, source=source, head=theirs.lines[-1].hash))
    except SeawallError as error:
        return Merged(run.id, Came.REFUSED, Mistake(error.where, error.problem, error.remedy))
    return Merged(run.id, Came.MERGED)


def _read(run: RunFolder, city: str) -> _Read:
    """Read a run whole. Raises: BadInput, JournalError, Tampered."""
    where = str(run.path)
    if not _NAME.fullmatch(run.id) or run.path.is_symlink() or run.journal_path.is_symlink():
        raise BadInput.one(
            "this is no run's folder", where=where, remedy="Name a folder that Seawall made for a run"
        )
    if is_written(run.journal_path):
        raise BadInput.one("it is being carried out", where=where, remedy="Merge it when it has ended")
    with on_disk(run.journal_path):
        if run.journal_path.stat().st_size > LARGEST_JOURNAL:
            remedy = "Look at it: no run writes as much"
            raise BadInput.one("its journal is larger than any run's", where=where, remedy=remedy)
        journal = run.journal_path.read_bytes()
    lines, whole = read_lines(journal, str(run.journal_path))
    events = tuple(events_of(lines, str(run.journal_path)))
    opened, last = (events[0], events[-1]) if events else (None, None)
    if not isinstance(opened, Opened) or opened.run != run.id:
        named = f"the run {opened.run}" if isinstance(opened, Opened) else "no run"
        raise BadInput.one(
            f"its journal is that of {named}", where=where, remedy="Give the folder its name back"
        )
    plan = run.plan
    if plan.city != city:
        problem = f"it was carried out for the city {plan.city}, and this is {city}"
        raise BadInput.one(problem, where=where, remedy="Merge it in that city's folder")
    if not isinstance(last, Ended):
        remedy = f"End it where it is: seawall resume {run.id}, or seawall abort {run.id}; then merge it"
        raise BadInput.one("it has not ended, and could be taken up again there", where=where, remedy=remedy)
    return _Read((run.path / "plan.json").read_bytes(), journal[:whole], lines)


def _compared(run: RunFolder, theirs: _Read, ours: RunFolder) -> Merged:
    """Tell a run that is here already from one that only has its name. Raises: JournalError, Tampered."""
    with on_disk(ours.journal_path):
        content = ours.journal_path.read_bytes()
    lines, _ = read_lines(content, str(ours.journal_path))
    if lines and lines[-1].hash == theirs.lines[-1].hash:
        return Merged(run.id, Came.HERE)
    pairs = zip(lines, theirs.lines, strict=False)
    parts = next(
        (one.n for one, other in pairs if one.hash != other.hash), min(len(lines), len(theirs.lines)) + 1
    )
    problem = f"another run of this name is here already: their journals part at line {parts}"
    return Merged(
        run.id, Came.REFUSED, Mistake(str(run.path), problem, f"{KEEP_BOTH}; this one is {ours.path}")
    )


def _bring(theirs: _Read, ours: RunFolder, how: Imported) -> None:
    """Lay a run down, there whole or not at all. Raises: JournalError."""
    make_folder(ours.runs)
    half = RunFolder(ours.runs, f".in-{ours.id}-{secrets.token_hex(4)}")
    with on_disk(ours.path):
        try:
            half.path.mkdir(mode=FOLDER_MODE)
            write_whole(half.path / "plan.json", theirs.plan)
            write_whole(half.journal_path, theirs.journal)
            half.inbox_path.mkdir(mode=FOLDER_MODE)
            note_imported(half.path, how)
            keep_names(half.path)
            half.path.rename(ours.path)
            keep_names(ours.runs)
        except OSError as error:
            if ours.path.exists():
                remedy = "Merge again: it is then compared with what is there"
                raise JournalError(
                    "somebody else brought it just now", where=str(ours.path), remedy=remedy
                ) from error
            raise
        finally:
            shutil.rmtree(half.path, ignore_errors=True)
