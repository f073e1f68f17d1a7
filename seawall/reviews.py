"""The review that is owed when somebody broke the glass: by another person, afterwards, beside the journal.

A run that has ended stays as it is: the review is a file of its own in the run's folder, tied to the journal by the
hash of its last line, and signed where this host has a trust root. Until it is there, `status` shows that it is owed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, ValidationError

from seawall.errors import BadInput, JournalError
from seawall.files import on_disk, write_whole
from seawall.journal import Approved, Event, events_of, read_lines
from seawall.model import Frozen
from seawall.report.account import Reviewed
from seawall.run_folder import RunFolder
from seawall.signed import Signed

FILE = "review.json"
OWED = "review-owed"
"""Lies in the run's folder from the moment when the glass was broken; so that nobody has to read every journal."""
LONGEST = 128 * 1024
Verdict = Literal["justified", "not-justified"]


class Review(Frozen):
    """What somebody else thinks of it.

    Attributes:
        head: the hash of the journal's last line when it was reviewed, and `lines` how many it had.
        signed: the statement and its signature; absent where this host has no trust root.
    """

    format: Literal[1] = 1
    run: str
    head: str
    lines: int
    verdict: Verdict
    why: Annotated[str, Field(max_length=2000)]
    by: str
    at: AwareDatetime
    signed: Annotated[Signed | None, Field(exclude_if=lambda said: said is None)] = None


@dataclass(frozen=True, slots=True)
class Owed:
    """A review that nobody has given yet."""

    run: str
    since: datetime
    by: tuple[str, ...]


def note_glass(run: RunFolder, events: Iterable[Event]) -> None:
    """Lay down that a review is owed, if the glass was broken. Raises: JournalError, from the disk."""
    broken = [event for event in events if isinstance(event, Approved) and event.glass]
    if broken and not (run.path / OWED).exists():
        write_whole(run.path / OWED, broken[0].at.isoformat().encode())


def owed_at(runs: Path) -> tuple[Owed, ...]:
    """Return the reviews that are owed, the oldest first. Raises: JournalError."""
    found = [
        one for path in sorted(runs.glob(f"*/{OWED}")) if (one := owed_by(RunFolder(runs, path.parent.name)))
    ]
    return tuple(sorted(found, key=lambda one: one.since))


def owed_by(run: RunFolder) -> Owed | None:
    """Return the review that a run owes; None when the glass was not broken, or it was reviewed since."""
    events, _, _ = _journal(run)
    broken = [event for event in events if isinstance(event, Approved) and event.glass]
    review = read_review(run)
    left = [event for event in broken if review is None or event.at > review.at]
    if not left:
        return None
    return Owed(run.id, left[0].at, tuple(dict.fromkeys(event.by for event in left)))


def what_to_review(run: RunFolder) -> tuple[str, int, tuple[Approved, ...]]:
    """Return the journal's head, how many lines it has, and what broke the glass.

    Raises:
        BadInput: nobody broke it.
    """
    events, head, lines = _journal(run)
    broken = tuple(event for event in events if isinstance(event, Approved) and event.glass)
    if not broken:
        remedy = f"See `seawall show {run.id}`"
        raise BadInput.one(
            "nobody broke the glass in this run: no review is owed", where=f"run {run.id}", remedy=remedy
        )
    return head, lines, broken


def read_review(run: RunFolder) -> Review | None:
    """Read a run's review; None when there is none. Raises: JournalError when it is none, or of another journal."""
    path = run.path / FILE
    try:
        with path.open("rb") as file:
            review = Review.model_validate_json(file.read(LONGEST))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        remedy = "Compare it with a copy, and keep both as evidence"
        raise JournalError("the review cannot be read", where=str(path), remedy=remedy) from error
    with on_disk(run.journal_path):
        lines, _ = read_lines(run.journal_path.read_bytes(), str(run.journal_path))
    if len(lines) < review.lines or lines[review.lines - 1].hash != review.head:
        remedy = "Compare both with a copy, and keep all as evidence"
        raise JournalError("the review is of another journal than this", where=str(path), remedy=remedy)
    return review


def account_of(run: RunFolder) -> Reviewed | None:
    """Return a run's review as a report has it; None when there is none. Raises: JournalError."""
    one = read_review(run)
    if one is None:
        return None
    return Reviewed(by=one.by, at=one.at, verdict=one.verdict, why=one.why, signed=one.signed)


def keep_review(run: RunFolder, review: Review) -> None:
    """Lay a review beside the journal. Raises: JournalError, from the disk."""
    write_whole(run.path / FILE, review.model_dump_json().encode())


def _journal(run: RunFolder) -> tuple[tuple[Event, ...], str, int]:
    with on_disk(run.journal_path):
        lines, _ = read_lines(run.journal_path.read_bytes(), str(run.journal_path))
    return tuple(events_of(lines, run.id)), lines[-1].hash if lines else "", len(lines)
