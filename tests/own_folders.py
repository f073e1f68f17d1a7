"""Folders for labs of tests: where they lie, whose they are, and the end of those that killed tests left.

A folder is held by a lock of the kernel's for as long as its test lives. A process's number says less: it is another's
in another namespace, and is given out again. So does its age: a long test's lab is old too.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOM = 4 << 30
"""Bytes: a lab takes half of one GiB at most, and two or three stand beside each other."""
LEFT_AFTER = 3600.0
"""Seconds. Not sooner: some tests name their folder, and hold it not."""


def memory() -> Path | None:
    """Return a folder in memory, if there is room: what others write to the disk then holds up no test."""
    there = Path("/dev/shm")
    if not there.is_dir():
        return None
    state = os.statvfs(there)
    roomy = state.f_bavail * state.f_frsize > ROOM
    return there if roomy and not state.f_flag & os.ST_NOEXEC else None


@contextlib.contextmanager
def a_lab_folder(where: Path | None = None) -> Iterator[Path]:
    """Give an empty folder for one lab; the lab is taken down and the folder removed at the end."""
    from drills.lab.up import lab_down

    places = [where] if where else [one for one in (memory(), Path("/var/tmp")) if one]
    for place in places:
        take_down_what_was_left(place)
    # Short, for Unix sockets; and where other accounts can reach it, for the tests run as root in a container.
    folder = Path(tempfile.mkdtemp(prefix=f"sw-test-{os.getpid()}-", dir=places[0]))
    folder.chmod(0o711)
    with _held(folder, fcntl.LOCK_SH):
        try:
            yield folder
        finally:
            lab_down(folder)
            shutil.rmtree(folder)


def take_down_what_was_left(where: Path) -> None:
    """End and remove the labs in `where` whose tests were killed. Sessions beside this one may do the same."""
    from drills.lab.up import lab_down

    for folder in where.glob("sw-test-*-*"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError):
            if _may_be_left(folder):
                with _held(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
                    lab_down(folder)
                    shutil.rmtree(folder)


def _may_be_left(folder: Path) -> bool:
    found = folder.lstat()
    old = time.time() - found.st_mtime > LEFT_AFTER
    return old and found.st_uid == os.geteuid() and not Path("/proc", folder.name.split("-")[2]).exists()


@contextlib.contextmanager
def _held(folder: Path, how: int) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
