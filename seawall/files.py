"""Files a run must not lose: there whole or not at all, on the disk before they count, readable by their owner only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seawall.errors import JournalError

FOLDER_MODE, FILE_MODE = 0o700, 0o600
"""What a run saw may name people and machines; nobody but the operator's own account reads it."""


@contextmanager
def on_disk(
    path: Path, remedy: str = "Free space there or correct its permissions, then try again"
) -> Iterator[None]:
    """Turn what the operating system refuses into a JournalError about `path`."""
    try:
        yield
    except OSError as error:
        raise JournalError(
            f"the disk refused: {error.strerror or error}", where=str(path), remedy=remedy
        ) from error


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
