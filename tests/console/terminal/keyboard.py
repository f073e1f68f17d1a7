"""A person at a real terminal: a program on a pseudo-terminal, read until something appears, and typed to."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

APPEARS_WITHIN = 20.0
ROOT = Path(__file__).parents[3]


class Keyboard:
    """One program at a terminal."""

    def __init__(self, pid: int, handle: int) -> None:
        self.pid, self._handle = pid, handle
        self.seen = ""
        self._code: int | None = None
        self._upto = 0

    def until(self, words: str) -> str:
        """Read until `words` appear after what was read last; return what was new, up to them."""
        deadline = time.monotonic() + APPEARS_WITHIN
        while (found := plain(self.seen).find(words, self._upto)) < 0:
            new = plain(self.seen)[self._upto :]
            assert time.monotonic() < deadline, f"{words!r} did not appear:\n{new}"
            if not self._read(0.1):
                assert self._code is None, f"it ended with {self._code} before {words!r} appeared:\n{new}"
        begin, self._upto = self._upto, found + len(words)
        return plain(self.seen)[begin : self._upto]

    def type(self, words: str) -> None:
        os.write(self._handle, f"{words}\n".encode())

    def press_tab(self, words: str = "", times: int = 1) -> None:
        """Type the beginning of something and let it be completed; twice to see all there is."""
        os.write(self._handle, words.encode() + b"\t" * times)

    def press_ctrl_c(self) -> None:
        os.write(self._handle, b"\x03")

    def close_the_terminal(self) -> None:
        """Take the terminal away, as a phone that loses its connection does."""
        os.kill(self.pid, signal.SIGHUP)
        os.close(self._handle)
        self._handle = -1

    def ended(self) -> int:
        """Wait for its end and return the exit code."""
        deadline = time.monotonic() + APPEARS_WITHIN
        while self._code is None:
            assert time.monotonic() < deadline, f"it did not end:\n{plain(self.seen)}"
            self._read(0.05)
            self._look_for_the_end()
        while self._read(0.05):
            pass
        return self._code

    def kill(self) -> None:
        """End it and its terminal."""
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
        if self._handle >= 0:
            os.close(self._handle)

    def _read(self, within: float) -> bool:
        if self._handle < 0:
            time.sleep(within)
            return False
        if not select.select([self._handle], [], [], within)[0]:
            self._look_for_the_end()
            return False
        try:
            chunk = os.read(self._handle, 65536)
        except OSError:
            chunk = b""
        self.seen += chunk.decode(errors="replace")
        if not chunk:
            self._look_for_the_end()
        return bool(chunk)

    def _look_for_the_end(self) -> None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None


def plain(text: str) -> str:
    """Return what a terminal showed, without its control sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")


@contextmanager
def at_a_terminal(
    arguments: Sequence[str], *, environ: Mapping[str, str], columns: int = 70, program: str | None = None
) -> Iterator[Keyboard]:
    """Start the stage's `seawall`, or another program, at a terminal; end it whatever happens."""
    pid, handle = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        if program is not None:
            os.execve(program, [program, *arguments], dict(environ))
        os.execve(
            sys.executable, [sys.executable, "-m", "tests.console.terminal.stage", *arguments], dict(environ)
        )
    fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    keyboard = Keyboard(pid, handle)
    try:
        yield keyboard
    finally:
        keyboard.kill()
