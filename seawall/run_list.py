"""Every run there is, newest first, and how a person finds one of them. Cheap: reads journals' first and last lines."""

from __future__ import annotations

import difflib
import os
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import AwareDatetime

from seawall.errors import BadInput, JournalError
from seawall.files import on_disk
from seawall.imported import imported
from seawall.journal import Asked, Ended, Event, Opened, Outcome
from seawall.journal_file import first_event, has_ended, is_written, last_event
from seawall.model import Frozen, Text
from seawall.run_folder import RunFolder

_STAMP = re.compile(r"^(\d{4}-\d{2}-\d{2}-\d{4})-")
_CLOCK_GOES_BACK = timedelta(hours=2)
"""How far names, which carry local time, may be out of order: an hour in October, and an hour for travellers."""
_NAMED = 5
"""How many runs an error names."""


class Standing(StrEnum):
    """How a run stands, told from its last line and from whether a process holds it."""

    NOT_BEGUN = "not begun"
    UNDER_WAY = "under way"
    WAITS = "waits for a person"
    INTERRUPTED = "interrupted"
    ENDED = "ended"
    UNREADABLE = "cannot be read"


class RunSummary(Frozen):
    """One line of `seawall runs`.

    Attributes:
        waits_for: the role that was asked last, when that is how it stands; also of an interrupted run.
        left: steps that still stand or are not known, of a run that has ended.
        imported_at: when it was brought here, of a run that was carried out elsewhere.
        problem: why it cannot be read; what is not known is then taken from the folder.
    """

    id: str
    runbook: str
    title: Text
    exercise: bool
    opened_at: AwareDatetime
    by: str
    standing: Standing
    outcome: Outcome | None = None
    ended_at: AwareDatetime | None = None
    waits_for: str | None = None
    left: tuple[str, ...] = ()
    problem: str | None = None
    imported_at: AwareDatetime | None = None


def list_runs(runs: Path, *, most: int | None = None) -> tuple[RunSummary, ...]:
    """Summarise the runs kept at `runs`, newest first, at most `most` of them. One that cannot be read says so."""
    names = _names(runs)
    if most is not None and len(names) > most:
        edge = _stamp(names[most - 1]) - _CLOCK_GOES_BACK
        names = [name for n, name in enumerate(names) if n < most or _stamp(name) >= edge]
    summaries = sorted((summary_of(RunFolder(runs, name)) for name in names), key=_age, reverse=True)
    return tuple(summaries[:most])


def run_names(runs: Path) -> tuple[str, ...]:
    """Return the names of the runs kept at `runs`, newest first as far as names tell; no run is read."""
    return tuple(_names(runs))


def open_runs(runs: Path) -> tuple[RunSummary, ...]:
    """Summarise the runs that have not ended, newest first. Of those that have, only the last line is read."""
    left = (run for run in (RunFolder(runs, name) for name in _names(runs)) if not _is_over(run))
    return tuple(sorted((summary_of(run) for run in left), key=_age, reverse=True))


def latest_ended(runs: Path) -> RunSummary | None:
    """Summarise the newest run that has ended; None when none has."""
    over = (run for run in (RunFolder(runs, name) for name in _names(runs)) if _is_over(run))
    return next((summary_of(run) for run in over), None)


def summary_of(run: RunFolder) -> RunSummary:
    """Summarise one run from the first and the last line of its journal; the chain between is not checked."""
    try:
        opened, last = first_event(run.journal_path), last_event(run.journal_path)
        how = imported(run.path)
    except JournalError as error:
        return _unreadable(run, error)
    return RunSummary(
        id=run.id,
        runbook=opened.runbook,
        title=opened.title,
        exercise=opened.exercise,
        opened_at=opened.at,
        by=opened.by,
        standing=_standing(run, last),
        outcome=last.outcome if isinstance(last, Ended) else None,
        ended_at=last.at if isinstance(last, Ended) else None,
        waits_for=last.of if isinstance(last, Asked) else None,
        left=last.left if isinstance(last, Ended) else (),
        imported_at=how.at if how is not None else None,
    )


def find_run(runs: Path, words: str) -> RunFolder:
    """Find the run a person means: its whole name, the beginning of it, or `last`.

    Raises:
        BadInput: there is none, or several; names the nearest.
    """
    names = _names(runs)
    where = f"run {words}"
    if not names:
        remedy = "Start one with `seawall run RUNBOOK`, or name the folder it is kept in"
        raise BadInput.one(f"there are no runs at {runs}", where=where, remedy=remedy)
    if words == "last":
        return RunFolder(runs, list_runs(runs, most=1)[0].id)
    if words in names:
        return RunFolder(runs, words)
    begun = [name for name in names if words and name.startswith(words)]
    match begun:
        case [only]:
            return RunFolder(runs, only)
        case []:
            nearest = difflib.get_close_matches(words, names, n=_NAMED, cutoff=0.5) or names[:_NAMED]
            raise BadInput.one("there is no such run", where=where, remedy=f"Nearest: {', '.join(nearest)}")
    more = f" and {len(begun) - _NAMED} more" if len(begun) > _NAMED else ""
    remedy = f"Say more of the name: {', '.join(begun[:_NAMED])}{more}"
    raise BadInput.one(f"{len(begun)} runs begin so", where=where, remedy=remedy)


def _is_over(run: RunFolder) -> bool:
    try:
        return has_ended(run.journal_path)
    except JournalError:  # its summary says what is wrong with it
        return False


def _names(runs: Path) -> list[str]:
    """Return the runs' names, newest first as far as names tell."""
    if not runs.exists():
        return []
    with on_disk(runs):
        return sorted(filter(_STAMP.match, os.listdir(runs)), reverse=True)  # noqa: PTH208 - a path each doubles the time


def _stamp(name: str) -> datetime:
    match = _STAMP.match(name)
    try:
        return datetime.strptime(match[1] if match else "", "%Y-%m-%d-%H%M").replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC) + _CLOCK_GOES_BACK


def _age(summary: RunSummary) -> tuple[datetime, str]:
    return summary.opened_at, summary.id


def _standing(run: RunFolder, last: Event | None) -> Standing:
    if isinstance(last, Ended):
        return Standing.ENDED
    if is_written(run.journal_path):
        return Standing.WAITS if isinstance(last, Asked) else Standing.UNDER_WAY
    return Standing.NOT_BEGUN if isinstance(last, Opened) else Standing.INTERRUPTED


def _unreadable(run: RunFolder, error: JournalError) -> RunSummary:
    return RunSummary(
        id=run.id,
        runbook="unknown",
        title=Text(en=run.id),
        exercise=False,
        opened_at=_stamp(run.id),
        by="unknown",
        standing=Standing.UNREADABLE,
        problem=str(error),
    )
