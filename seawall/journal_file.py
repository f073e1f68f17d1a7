"""The journal on disk: one writer at a time, a step is on the disk before it counts, and a torn end is no lie.

`journal.jsonl` holds the lines, `journal.lock` says who writes them, `journal.torn` keeps what a power cut left half
written. Whoever only looks takes no lock.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from seawall.errors import BadInput, JournalError, Tampered
from seawall.files import FILE_MODE, keep_names, on_disk, write_whole
from seawall.journal import FIRST, Ended, Event, Line, Opened, events_of, line_for, read_lines
from seawall.locks import Lock, is_held

NO_RESUME = "The run stands where its last line says; free space or mend the disk, then `seawall resume` it"
TAIL = 16 * 1024
"""How much of a journal's end is read to find its last line, at first; most lines are under 1 kB."""


class FileJournal:
    """A journal in a file. Holding one is holding the run: a second writer is turned away.

    Attributes:
        written: is handed the number of the first line and the bytes of what is written, while the disk writes it.
    """

    def __init__(self, path: Path, *, by: str = "seawall") -> None:
        """Open the journal at `path`, made when it is not there, and check every line of it.

        Raises:
            Busy: another process writes it; says which, whose, and for how long.
            Tampered: a line was changed after it was written.
            JournalError: it cannot be opened, or has lines erased though its run has not ended.
        """
        self._path, self._handle, self._sound = path, -1, False
        self.written: Callable[[int, bytes], object] | None = None
        self._size, self._count, self.head = 0, 0, FIRST
        self._events: list[Event] = []
        self._lock = _writer(path, by)
        try:
            with on_disk(path):
                self._open()
        except BaseException:
            self.close()
            raise
        self._sound = True

    def append(self, events: Sequence[Event]) -> None:
        """Record the events: one write and one flush to the disk for all of them.

        Raises:
            JournalError: they are not on the disk, as far as can be known, and nothing more is taken.
        """
        if not self._sound:
            problem = "nothing more can be written here since a write failed"
            raise JournalError(problem, where=str(self._path), remedy=NO_RESUME)
        lines, last = [], self.head
        for n, event in enumerate(events, self._count + 1):
            line = line_for(event, n=n, prev=last)
            lines.append(line.model_dump_json().encode() + b"\n")
            last = line.hash
        content = b"".join(lines)
        # Not sound until it is known to be on the disk: after Ctrl-C, or a flush that failed, nobody can tell what is
        # there (Linux drops the pages of a failed fsync and reports the next one as good), so nothing may follow it.
        self._sound = False
        if self.written is not None and lines:
            self.written(self._count + 1, content)
        try:
            with on_disk(self._path, NO_RESUME):
                _write(self._handle, content)
        except JournalError:
            self._cut_back()
            raise
        self._sound = True
        self.head, self._count, self._size = last, self._count + len(lines), self._size + len(content)
        self._events.extend(events)

    def events(self) -> Iterable[Event]:
        """Return every event so far, oldest first."""
        return tuple(self._events)

    @property
    def count(self) -> int:
        """How many lines it has."""
        return self._count

    def content(self) -> bytes:
        """Return its lines as they are on the disk. Raises: JournalError."""
        with on_disk(self._path):
            return self._path.read_bytes()[: self._size]

    def take_in(self, lines: bytes) -> None:
        """Write down lines that another machine wrote and this one has no copy of.

        Raises:
            Tampered: they do not follow the last line here. JournalError: as `append`.
        """
        if not lines:
            return
        all_lines, whole = read_lines(self.content() + lines, str(self._path))
        events = list(events_of(all_lines[self._count :], str(self._path)))
        with on_disk(self._path, NO_RESUME):
            _write(self._handle, lines)
        self._events += events
        self.head, self._count, self._size = all_lines[-1].hash, len(all_lines), whole

    def close(self) -> None:
        """Let the next writer in."""
        self._sound = False
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> None:
        is_new = not self._path.exists()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._handle = os.open(self._path, flags, FILE_MODE)
        content = self._path.read_bytes()
        lines, self._size = read_lines(content, str(self._path))
        self._events = list(events_of(lines, str(self._path)))
        _check_whole(lines, self._events, self._path)
        self.head, self._count = (lines[-1].hash if lines else FIRST), len(lines)
        if torn := content[self._size :]:
            self._set_aside(torn)
        if is_new:
            keep_names(self._path.parent)

    def _set_aside(self, torn: bytes) -> None:
        """Keep for the record what a power cut left half written, then cut it off: it never counted."""
        aside = os.open(
            self._path.with_suffix(".torn"), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE
        )
        try:
            _write(aside, torn + b"\n")
        finally:
            os.close(aside)
        os.ftruncate(self._handle, self._size)
        os.fsync(self._handle)

    def _cut_back(self) -> None:
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, self._size)
            os.fsync(self._handle)


def read_journal(path: Path) -> tuple[Event, ...]:
    """Read the journal at `path` without getting in its writer's way; a line being written is not there yet.

    Raises:
        JournalError: there is none, or it cannot be read; Tampered when it was changed.
    """
    with on_disk(path):
        content = path.read_bytes()
    lines, _ = read_lines(content, str(path))
    return tuple(events_of(lines, str(path)))


def first_event(path: Path) -> Opened:
    """Read how the run at `path` was opened, and nothing else of it. Raises: JournalError."""
    with on_disk(path), path.open("rb") as file:
        line = file.readline()
    lines, _ = read_lines(line, str(path))
    opened = next(events_of(lines, str(path)), None)
    if not isinstance(opened, Opened):
        remedy = "Look at the run's folder; a run begins with its plan and one line that says who opened it"
        raise JournalError("it does not begin with how the run was opened", where=str(path), remedy=remedy)
    return opened


def last_event(path: Path) -> Event | None:
    """Read the last whole line at `path`. The chain before it is not checked: good for a list, not for acting on.

    Raises:
        JournalError: the line cannot be read.
    """
    with on_disk(path):
        # Without a file object: whoever lists runs does this a thousand times.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size, reach, line = os.fstat(handle).st_size, TAIL, None
            while line is None and reach < 2 * max(size, TAIL):
                line = _last_line(os.pread(handle, reach, max(0, size - reach)), from_start=reach >= size)
                reach *= 2
        finally:
            os.close(handle)
    if line is None:
        return None
    try:
        return next(events_of([Line.model_validate_json(line)], str(path)), None)
    except ValueError as error:
        remedy = "Read the whole journal: `seawall show` says which line is wrong"
        raise Tampered("its last line is not a journal line", where=str(path), remedy=remedy) from error


def has_ended(path: Path) -> bool:
    """Tell whether the run at `path` is over. Raises: JournalError."""
    return isinstance(last_event(path), Ended)


def has_gaps(path: Path) -> bool:
    """Tell whether lines of the journal at `path` were erased, their time being up. Raises: JournalError, Tampered."""
    with on_disk(path):
        content = path.read_bytes()
    lines, _ = read_lines(content, str(path))
    return any(line.event is None for line in lines)


def is_written(path: Path) -> bool:
    """Tell whether a process holds the journal at `path` open for writing."""
    return is_held(path.with_suffix(".lock"))


def erase(path: Path, n: int) -> None:
    """Erase the payload of line `n`, whose time is up: salt and event go, the digest stays, the chain still verifies.

    Raises:
        BadInput: there is no such line, or it is one that says what the run is or how it ended.
        Busy: somebody writes the journal.
        JournalError: the run has not ended: it could not be resumed from what is left.
    """
    with _writer(path, "erase"):
        with on_disk(path):
            content = path.read_bytes()
        lines, whole = read_lines(content, str(path))
        if not lines or not _says_the_end(lines[-1]):
            remedy = "Erase when the run has ended"
            raise JournalError("this run has not ended", where=str(path), remedy=remedy)
        if not 1 < n < len(lines):
            problem = f"line {n} is not between the line that opened the run and the one that ended it"
            raise BadInput.one(problem, where=str(path), remedy=f"Name a line from 2 to {len(lines) - 1}")
        erased = lines[n - 1].model_copy(update={"salt": None, "event": None})
        raw = content[:whole].split(b"\n")
        raw[n - 1] = erased.model_dump_json().encode()
        write_whole(path, b"\n".join(raw))


def _writer(path: Path, by: str) -> Lock:
    remedy = (
        "Watch that run, or end that process first; its run goes on from the journal with `seawall resume`"
    )
    return Lock.take(path.with_suffix(".lock"), by, what="this run", remedy=remedy)


def _write(handle: int, content: bytes) -> None:
    while content:
        content = content[os.write(handle, content) :]
    os.fdatasync(handle)


def _check_whole(lines: Sequence[Line], events: Sequence[Event], path: Path) -> None:
    """Refuse to carry on from a journal with gaps: a start that was erased would be made again."""
    if len(events) < len(lines) and not _says_the_end(lines[-1]):
        remedy = "Do not resume it: open a new run, and keep this one as evidence"
        raise JournalError("lines were erased though the run has not ended", where=str(path), remedy=remedy)


def _says_the_end(line: Line) -> bool:
    return line.event is not None and line.event.get("kind") == "ended"


def _last_line(content: bytes, *, from_start: bool) -> bytes | None:
    """Return the last whole line of `content`, None when its beginning or its end is not in there."""
    end = content.rfind(b"\n")
    begin = content.rfind(b"\n", 0, max(end, 0))
    return content[begin + 1 : end] if end >= 0 and (begin >= 0 or from_start) else None
