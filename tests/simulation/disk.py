"""What a machine's disk does to a journal: half a line is there when the process dies of it, and it runs full.

The journal's file is the product's own, in a folder that is kept in memory; only its writes go through here.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from seawall import journal_file
from tests.simulation.kernel import Kernel, PowerCut

IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where folders are kept: the disk's own pace is no part of a story."""


class Disks:
    """The disks of a story, one a place.

    Attributes:
        filled: called when it runs full.
    """

    def __init__(self, kernel: Kernel, filled: Callable[[], None]) -> None:
        self._kernel, self._filled = kernel, filled
        self._full: Mapping[int, float] = {}
        self._writes = 0
        self._full_until: dict[str, float] = {}

    def fill(self, full: Mapping[int, float]) -> None:
        """Let a disk be full at some of the writes, counted from now on, and for so many seconds then."""
        self._full, self._writes = full, 0

    def write(self, handle: int, content: bytes) -> None:
        """Write, as `seawall.journal_file` does; the process may be over before, in the middle, and after."""
        current = self._kernel.current
        if current is None:
            os.write(handle, content)
            return
        process = current.process
        self._writes += 1
        if self._writes in self._full:
            self._full_until[process.place] = self._kernel.now + self._full[self._writes]
            self._filled()
        process.instant()
        try:
            process.instant()
        except PowerCut:
            os.write(handle, content[: len(content) * (self._writes % 4) // 4])
            raise
        if self._kernel.now < self._full_until.get(process.place, 0.0):
            os.write(handle, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.write(handle, content)
        process.instant()

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Have journals written by these."""
        was = journal_file._write
        journal_file._write = self.write
        try:
            yield
        finally:
            journal_file._write = was


@contextmanager
def a_folder() -> Iterator[Path]:
    """Lend a folder; `shutil.rmtree` looks out for others in it, of whom there are none, and takes twice as long."""
    folder = mkdtemp(dir=IN_MEMORY, prefix="seawall-story-")
    try:
        yield Path(folder)
    finally:
        _remove(folder)


def _remove(folder: str) -> None:
    with os.scandir(folder) as those:
        for one in those:
            if one.is_dir(follow_symlinks=False):
                _remove(one.path)
            else:
                os.unlink(one.path)  # noqa: PTH108 - one for each file of 10,000 stories
    os.rmdir(folder)  # noqa: PTH106
