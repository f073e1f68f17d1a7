"""Locks that say who holds them, and that the kernel lets go of when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import AwareDatetime, ValidationError

from seawall.errors import Busy
from seawall.files import FILE_MODE, on_disk
from seawall.model import Frozen, duration_text

PATIENCE = timedelta(milliseconds=300)
"""How long to try for a lock: a viewer looks for an instant whether one is held, and must not turn a writer away."""


class Holder(Frozen):
    """Who holds a lock."""

    by: str
    pid: int
    since: AwareDatetime

    @classmethod
    def this_process(cls, by: str) -> Self:
        """Return this process, as a holder from now on for the operator `by`."""
        return cls(by=by, pid=os.getpid(), since=datetime.now(UTC))

    def told(self) -> str:
        """Say in words who it is: `process 4711 of anna, for 3m20s`."""
        age = timedelta(seconds=max(0, round((datetime.now(UTC) - self.since).total_seconds())))
        return f"process {self.pid} of {self.by}, for {duration_text(age)}"


class Lock:
    """An exclusive lock on a file of its own. The file stays behind; what counts is the kernel's lock on it."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    @classmethod
    def take(cls, path: Path, by: str, *, what: str, remedy: str, within: timedelta = PATIENCE) -> Self:
        """Take the lock at `path` for the operator `by`.

        Args:
            path: the lock's file; made when it is not there.
            by: who takes it; the next one to come is told.
            what: the thing it guards, as the one turned away should read it.
            remedy: what the one turned away should do.
            within: how long to try.

        Raises:
            Busy: somebody else holds it; says who and for how long.
            JournalError: the file cannot be opened.
        """
        with on_disk(path):
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        lock = cls(handle)
        try:
            if not _locked(handle, within):
                raise _busy(path, what, remedy)  # noqa: TRY301 - the handle is closed below, whatever went wrong
            with on_disk(path):
                os.ftruncate(handle, 0)
                os.pwrite(handle, Holder.this_process(by).model_dump_json().encode(), 0)
        except BaseException:
            lock.release()
            raise
        return lock

    def release(self) -> None:
        """Let go. Doing it twice is no mistake."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_held(path: Path) -> bool:
    """Tell whether somebody holds the lock at `path`, without getting in anybody's way."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def held_by(path: Path) -> Holder | None:
    """Return who last took the lock at `path`; None when its file does not say."""
    try:
        return Holder.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _locked(handle: int, within: timedelta) -> bool:
    end = time.monotonic() + within.total_seconds()
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.005)
        else:
            return True


def _busy(path: Path, what: str, remedy: str) -> Busy:
    holder = held_by(path)
    return Busy(
        f"{what} is held by {holder.told() if holder else 'another process'}", where=str(path), remedy=remedy
    )
