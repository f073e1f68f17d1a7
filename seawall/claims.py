"""What a run holds while it is carried out, so that no two runs touch the same thing at once.

`runs/.claims/<run>.json` names a run's claims, and the process that carries it out holds a kernel lock on that file.
When the process dies the lock falls but the file stays: what the run claimed is free only when the run has ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from seawall.errors import Busy, JournalError
from seawall.files import FILE_MODE, keep_names, make_folder, on_disk
from seawall.journal_file import has_ended
from seawall.locks import Holder, Lock, is_held
from seawall.run_folder import RunFolder

TAKING = timedelta(seconds=5)
"""How long to wait while others look at the list of claims; each takes it for a few milliseconds."""


class _Claim(Holder):
    """Who holds which things, and for which run."""

    run: str
    claims: tuple[str, ...]


class Claims:
    """Claims held by this process. Use as a context manager; the kernel lets go when the process dies."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def release(self) -> None:
        """Let go. What a run claimed that has not ended stays closed to others all the same."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def claim(runs: Path, claims: Collection[str], run: str, by: str) -> Claims:
    """Take `claims` for `run`, all or none, for as long as this process lives.

    Raises:
        Busy: another process carries this run out, or another run holds one of the claims: it is under way, or was
            interrupted and has not ended. Says which run, whose, and what to do.
        JournalError: the disk will not have it.
    """
    folder = runs / ".claims"
    make_folder(folder)
    # One at a time looks and takes: of two that start at once, the second sees what the first has taken.
    taking = folder / "taking.lock"
    with Lock.take(taking, by, what="the list of claims", remedy="Try again", within=TAKING):
        for other in _others(folder, run):
            both = sorted(set(claims) & set(other.claims))
            if both:
                raise _busy(both, other, folder)
        own = folder / f"{run}.json"
        if is_held(own):
            raise _busy_itself(run, _read(own))
        mine = _Claim(**Holder.this_process(by).model_dump(), run=run, claims=tuple(claims))
        with on_disk(own):
            return Claims(_written(own, mine))


def _others(folder: Path, run: str) -> Iterator[_Claim]:
    """Yield what other runs have claimed, and clear away what is left of runs that are over."""
    with on_disk(folder):
        paths = sorted(path for path in folder.glob("*.json") if path.stem != run and path.name[0] != ".")
    for path in paths:
        if _is_over(folder.parent, path.stem):
            with on_disk(path):
                path.unlink(missing_ok=True)
        elif (claimed := _read(path)) is not None:
            yield claimed
        else:
            remedy = f"See `seawall show {path.stem}`; take the file away when nothing can come from that run any more"
            raise JournalError("what that run claims cannot be read", where=str(path), remedy=remedy)


def _is_over(runs: Path, run: str) -> bool:
    """Tell whether nothing more can come from `run`: it has ended, or its folder is gone."""
    other = RunFolder(runs, run)
    if is_held(runs / ".claims" / f"{run}.json"):
        return False
    if not other.path.exists():
        return True
    with contextlib.suppress(JournalError):
        return has_ended(other.journal_path)
    return False


def _read(path: Path) -> _Claim | None:
    try:
        return _Claim.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _written(path: Path, mine: _Claim) -> int:
    """Put the claim at `path`, locked before it can be seen there, and return the handle that holds the lock."""
    half = path.with_name(f".{path.name}")
    handle = os.open(half, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(handle, mine.model_dump_json().encode())
        os.fsync(handle)
        half.rename(path)
        keep_names(path.parent)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _busy(claims: list[str], other: _Claim, folder: Path) -> Busy:
    what = ", ".join(claims)
    if is_held(folder / f"{other.run}.json"):
        problem = f"run {other.run} holds {what}: {other.told()}"
        return Busy(problem, where=what, remedy=f"Watch it with `seawall show {other.run}`, or stop it first")
    problem = f"run {other.run} of {other.by} was interrupted while it held {what}, and has not ended"
    remedy = f"Resume or abort it first: `seawall resume {other.run}`"
    return Busy(problem, where=what, remedy=remedy)


def _busy_itself(run: str, holder: _Claim | None) -> Busy:
    told = holder.told() if holder else "another process"
    remedy = f"Watch it with `seawall show {run}`; say to it what you want with `answer` or `abort`"
    return Busy(f"run {run} is carried out already by {told}", where=f"run {run}", remedy=remedy)
