"""Files a run must not lose: there whole or not at all, on the disk before they count, readable by their owner only.

And files that somebody names: read whole, and never more of them than they may hold.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import TracebackType

from seawall.errors import BadInput, JournalError

FOLDER_MODE, FILE_MODE = 0o700, 0o600
"""What a run saw may name people and machines; nobody but the operator's own account reads it."""


class on_disk:  # noqa: N801 - `with on_disk(path):`; as a generator it would cost twice, at each look into an inbox
    """Turn what the operating system refuses into a JournalError about `path`."""

    __slots__ = ("_path", "_remedy")

    def __init__(
        self, path: Path, remedy: str = "Free space there or correct its permissions, then try again"
    ) -> None:
        self._path, self._remedy = path, remedy

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            problem = f"the disk refused: {error.strerror or error}"
            raise JournalError(problem, where=str(self._path), remedy=self._remedy) from error


def make_folder(path: Path) -> None:
    """Make `path` and what is missing above it, for the owner only. Raises: JournalError."""
    with on_disk(path):
        path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)


def keep_names(folder: Path) -> None:
    """Bring the names in `folder` to the disk, so that a file made or renamed there survives a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a reader, or a power cut, sees the old file or the new one and nothing between.

    Raises:
        JournalError: the disk is full, or will not have it; what stood at `path` stands there still.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with on_disk(path):
        try:
            handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)
            half.replace(path)
        except OSError:
            half.unlink(missing_ok=True)
            raise
        keep_names(path.parent)


def read_named(path: Path, shown: str, *, at_most: int, name_what: str, when_larger: str) -> bytes:
    """Read a file that somebody named; nothing that is no regular file is opened, and no more than `at_most` bytes.

    Args:
        path: the file.
        shown: its name in mistakes.
        at_most: how many bytes it may have.
        name_what: what to name in place of a folder, e.g. `Name a YAML file`.
        when_larger: what to do about one that is too large.

    Raises:
        BadInput: missing, no regular file, unreadable, or too large.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "is a folder, not a file" if stat.S_ISDIR(status.st_mode) else "is not an ordinary file"
            raise BadInput.one(kind, where=shown, remedy=name_what)
        with path.open("rb") as file:
            raw = file.read(at_most + 1)
    except FileNotFoundError:
        remedy = "Check the name, and the folder you are in"
        raise BadInput.one("there is no such file", where=shown, remedy=remedy) from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        remedy = "Check the name, the file's permissions and its disk"
        raise BadInput.one(f"cannot be read: {reason.lower()}", where=shown, remedy=remedy) from None
    if len(raw) > at_most:
        size = max(status.st_size, len(raw)) / 1_000_000
        problem = f"has {size:.1f} MB, and at most {at_most / 1_000_000:.0f} MB are read"
        raise BadInput.one(problem, where=shown, remedy=when_larger)
    return raw
