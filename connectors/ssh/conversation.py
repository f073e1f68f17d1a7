"""One command on one channel: everything it says is taken in before its status is asked for.

Read in the other order, a command with more output than the window deadlocks. A command whose status is there and
whose output is held open by something it left behind is over.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import paramiko

KEPT = 64_000
"""Bytes of each stream that are kept; the rest is taken in and dropped."""
PIECE = 256 * 1024
SMALL = 32_000
"""Bytes that fit any window, and so can be written before reading begins."""
SLICE = 50
"""Milliseconds after which a wait looks whether the status has come without an end of the output."""
QUIET = 0.3
"""Seconds without output, after the status, until a stream that is still open is given up."""


class Source(Enum):
    """Which of a command's two streams."""

    OUT = "out"
    ERR = "err"


@dataclass(slots=True)
class Kept:
    """The first part of a stream."""

    pieces: bytearray = field(default_factory=bytearray)

    def add(self, piece: bytes) -> None:
        """Keep as much of `piece` as there is room for."""
        self.pieces += piece[: KEPT - len(self.pieces)]

    def __str__(self) -> str:
        return self.pieces.decode(errors="replace")


class Conversation:
    """What is said to and by one command that was sent on `channel`."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._poll = select.poll()
        self._poll.register(channel.fileno(), select.POLLIN)
        self._writer: threading.Thread | None = None
        self.could_not_read: BaseException | None = None

    def say(self, chunks: Iterable[bytes]) -> None:
        """Write `chunks` to the command's input, beside reading what it says."""
        if isinstance(chunks, tuple) and sum(map(len, chunks)) <= SMALL:
            self._write(chunks)
            return
        self._writer = threading.Thread(target=self._write, args=(chunks,), daemon=True)
        self._writer.start()

    def heard(self) -> Iterator[tuple[Source, bytes]]:
        """Yield what the command writes, until it has ended or the connection has."""
        quiet_since: float | None = None
        while True:
            heard = False
            if self._channel.recv_ready():
                yield Source.OUT, self._channel.recv(PIECE)
                heard = True
            if self._channel.recv_stderr_ready():
                yield Source.ERR, self._channel.recv_stderr(PIECE)
                heard = True
            if heard:
                quiet_since = None
            elif self._channel.eof_received or self._channel.closed:
                return
            elif self._channel.exit_status_ready():
                quiet_since = quiet_since or time.monotonic()
                if time.monotonic() - quiet_since > QUIET:
                    return
                self._poll.poll(SLICE)
            else:
                self._poll.poll(SLICE)

    def status(self) -> int | None:
        """Wait for the exit status; None when the connection ended without one."""
        self._channel.status_event.wait()  # the deadline's cut closes the channel, which sets it
        status = self._channel.recv_exit_status()
        return None if status < 0 else status

    def end(self) -> None:
        """Let go of the channel, and of whoever was still writing to it."""
        self._channel.close()
        if self._writer is not None:
            self._writer.join()

    def _write(self, chunks: Iterable[bytes]) -> None:
        import paramiko

        try:
            for chunk in chunks:
                self._channel.sendall(chunk)
        except (OSError, EOFError, paramiko.SSHException):
            return  # the command or the connection ended; its status tells
        except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread that waits for the command
            self.could_not_read = error
            self._channel.close()
            return
        try:
            self._channel.shutdown_write()
        except (OSError, EOFError, paramiko.SSHException):
            return
