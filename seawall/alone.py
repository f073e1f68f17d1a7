"""Going on with one place left, where yeses are signed: each of two people signs beforehand, beside the run's journal.

Nothing can be copied then, and nobody can tell whether another machine is at the run: two people answer for that. The
words wait in the run's folder until the run is taken up with them, and count once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from pydantic import ValidationError

from seawall.driving import AtPlaces
from seawall.errors import BadInput
from seawall.files import make_folder, on_disk, write_whole
from seawall.journal import WentAlone
from seawall.journal_file import read_journal
from seawall.plan import Plan
from seawall.run_folder import RunFolder
from seawall.signed import Signed

FOLDER = "alone"
LONGEST = 128 * 1024


class AloneGate(Protocol):
    """Who judges it: `seawall.judging`."""

    def why_alone_does_not_count(
        self, said: WentAlone, plan: Plan, run: str, before: tuple[WentAlone, ...], /
    ) -> str | None:
        """Say why two people's word does not count, or None when it does."""


def keep_alone(run: RunFolder, person: str, words: Signed) -> None:
    """Keep what a person signed, in place of what they signed before. Raises: JournalError, from the disk."""
    make_folder(run.path / FOLDER)
    write_whole(run.path / FOLDER / f"{person}.json", words.model_dump_json().encode())


def signed_alone(run: RunFolder, person: str) -> Signed | None:
    """Return what a person signed, as it lies there; None when they did not, or it is nothing that can be read."""
    path = run.path / FOLDER / f"{person}.json"
    with on_disk(path):
        try:
            with path.open("rb") as file:
                return Signed.model_validate_json(file.read(LONGEST))
        except (FileNotFoundError, ValidationError):
            return None


def went_alone(run: RunFolder) -> tuple[WentAlone, ...]:
    """Return every time that two people let the run go on alone. Raises: JournalError."""
    return tuple(one for one in read_journal(run.journal_path) if isinstance(one, WentAlone))


def check_alone_counts(
    run: RunFolder, at: AtPlaces | None, gate: AloneGate | None, clock: Callable[[], datetime]
) -> None:
    """Check that the two who let a run go on alone have signed for it, where yeses are signed.

    Raises:
        BadInput: one of them has not, or it does not count. Nothing was begun.
    """
    if at is None or at.alone is None or gate is None:
        return
    said = WentAlone(at=clock(), by=at.alone, silent=(), signatures=at.signatures)
    why = gate.why_alone_does_not_count(said, run.plan, run.id, went_alone(run))
    if why is not None:
        first, second = at.alone
        remedy = (
            f'Each signs first, as {first} and as {second}: seawall approve {run.id} --only-one-place --why "..." --as '
            f"NAME; then seawall resume {run.id} --only-one-place {first} {second}"
        )
        raise BadInput.one(why, where=f"--only-one-place {first} {second}", remedy=remedy)
