"""One line of the history: a run or a drill, as its own files tell it. Nothing is guessed where they cannot be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from drills.scenario import Scenario
from drills.scorecard import Scorecard
from drills.written import JSON, read_scorecard
from seawall.errors import BadInput, JournalError
from seawall.journal import Outcome
from seawall.model import Text
from seawall.plan import Promise
from seawall.report.account import Recovery
from seawall.report.recovering import recovery_of
from seawall.run_folder import RunFolder, read_state
from seawall.run_list import RunSummary, Standing, summary_of

_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)-(\d\d)(\d\d)(\d\d)?-", re.ASCII)


class Kind(StrEnum):
    """What it was."""

    REAL = "real"
    EXERCISE = "exercise"
    DRILL = "drill"
    UNKNOWN = "unknown"


class End(StrEnum):
    """How it ended, as far as a reader chooses by it."""

    WELL = "well"
    NOT_WELL = "not-well"
    OPEN = "open"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Entry:
    """One run or drill.

    Attributes:
        about: what it was for, as claims name it: `service:login`, `backup:login-nightly`.
        took: from its opening to its end, of one that has ended.
        run: what its journal's first and last lines say, of a run.
        card: what was measured, of a drill that has a result.
        recovery: how long the service was away, of a run whose plan says what was promised and what shows it.
        settled: it will not change any more, unless its files do.
        problem: why it cannot be read.
    """

    id: str
    kind: Kind
    end: End
    began: datetime
    title: Text
    about: tuple[str, ...] = ()
    took: timedelta | None = None
    run: RunSummary | None = None
    card: Scorecard | None = None
    recovery: Recovery | None = None
    settled: bool = False
    problem: str | None = None


class _PlanHead(BaseModel):
    """What a line of the history wants of a plan; a page of the run reads and checks all of it."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    parameters: dict[str, str] = {}
    claims: tuple[str, ...] = ()
    promise: Promise | None = None


def run_entry(run: RunFolder) -> Entry:
    """Read one run."""
    summary = summary_of(run)
    unreadable = summary.standing is Standing.UNREADABLE
    head = _head_of(run.path / "plan.json")
    return Entry(
        id=run.id,
        kind=Kind.UNKNOWN if unreadable else Kind.EXERCISE if summary.exercise else Kind.REAL,
        end=_end_of(summary),
        began=summary.opened_at,
        title=summary.title,
        about=_about(head),
        took=summary.ended_at - summary.opened_at if summary.ended_at else None,
        run=summary,
        recovery=_recovery(run, head.promise) if head.promise is not None else None,
        settled=summary.standing in (Standing.ENDED, Standing.UNREADABLE),
        problem=summary.problem,
    )


def drill_entry(folder: Path) -> Entry:
    """Read one drill. Its folder and its scenario are written as it begins, its result as it ends."""
    scenario = _scenario(folder / "scenario.json")
    title = scenario.title if scenario else Text(en=folder.name)
    about = (f"service:{scenario.load.service}",) if scenario else ()
    if not (folder / JSON).exists():
        return Entry(folder.name, Kind.DRILL, End.OPEN, _made_at(folder), title, about)
    try:
        card = read_scorecard(folder)
    except BadInput as error:
        return Entry(
            id=folder.name,
            kind=Kind.DRILL,
            end=End.UNREADABLE,
            began=_made_at(folder),
            title=title,
            about=about,
            settled=True,
            problem=str(error),
        )
    return Entry(
        id=folder.name,
        kind=Kind.DRILL,
        end=End.WELL if card.verdict.kind == "passed" else End.NOT_WELL,
        began=card.began,
        title=card.title,
        about=(f"service:{card.service}",),
        took=card.ended - card.began,
        card=card,
        settled=True,
    )


def _made_at(folder: Path) -> datetime:
    for path in (folder / "scenario.json", folder):
        try:
            return datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError:
            continue
    return stamp_of(folder.name) or datetime.min.replace(tzinfo=UTC)


def _end_of(summary: RunSummary) -> End:
    if summary.standing is Standing.UNREADABLE:
        return End.UNREADABLE
    if summary.standing is not Standing.ENDED:
        return End.OPEN
    return End.WELL if summary.outcome is Outcome.DONE else End.NOT_WELL


def _head_of(plan: Path) -> _PlanHead:
    try:
        return _PlanHead.model_validate_json(plan.read_bytes())
    except (OSError, ValidationError):
        return _PlanHead()  # the run's own page says what is wrong with its plan


def _about(head: _PlanHead) -> tuple[str, ...]:
    given = [f"{name}:{head.parameters[name]}" for name in ("service", "backup") if name in head.parameters]
    return tuple(dict.fromkeys([*given, *head.claims]))


def _recovery(run: RunFolder, promise: Promise) -> Recovery | None:
    """Read what the run's own steps saw of it. Such a run is read whole: what it measures lies in the middle."""
    try:
        state = read_state(run)
    except JournalError:
        return None
    return None if state.opened is None else recovery_of(promise, state, state.opened.at)


def _scenario(path: Path) -> Scenario | None:
    try:
        return Scenario.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def stamp_of(name: str) -> datetime | None:
    """Return the time a folder's name begins with, taken as UTC: good for order, not for telling the time.

    >>> print(stamp_of("2026-11-21-0312-postgres-failover-k3"), stamp_of("2026-11-21-031209-lose-a-site"))
    2026-11-21 03:12:00+00:00 2026-11-21 03:12:09+00:00
    """
    found = _STAMP.match(name)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(one or 0) for one in found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
