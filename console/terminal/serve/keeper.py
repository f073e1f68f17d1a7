"""Keeps one program for `seawall serve`, and everything it starts: none of it outlives who asked for it.

A process of its own, run from this file: what is kept dies with it (PR_SET_PDEATHSIG), whatever is orphaned below
becomes its child (a child subreaper, prctl(2)), and when its standard input ends, because `serve` wants it to or was
killed, it ends all of that. Standard library only: it is there in 20 ms, and stays for months.

Run as `keeper.py REPORT-FD WITHIN LEAVES PROGRAM ...`. Anything on standard input is an order to kill the program
itself. It writes one line to REPORT-FD when the program ends: its exit code, negative for a signal. WITHIN is how many
seconds everything has to end when it is asked to. LEAVES is 1 for a program whose end does not end what it began: a
worker's runs go on to their own end.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_KILLED_WITHIN = 5.0
_POLL = 0.05
_IDLE_FOR = 3.0
"""Seconds that a worker has to report the end of its last run. Prefect 3.8.8's does not end by itself when asked to."""
_LOOKS_EVERY = 1.0
_LIBC = ctypes.CDLL(None)


class Keeper:
    """One program, and what it started."""

    def __init__(self, argv: Sequence[str], *, report: int, within: float, leaves: bool) -> None:
        self._report, self._within, self._leaves = report, within, leaves
        self._wake, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, self._heard)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self._asked_to_end = False
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._born = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_the_keeper,  # noqa: PLW1509 - there is one thread
        )
        self._program: int | None = self._born.pid

    def keep(self) -> None:
        """Return when nothing of the program is left."""
        while True:
            self._reap()
            if self._asked_to_end or (self._program is None and not self._leaves):
                return self._end_all()
            if self._program is None and not any(below(os.getpid())):
                return None
            ready, _, _ = select.select([0, self._wake], [], [], None if self._program else _LOOKS_EVERY)
            if 0 in ready:
                self._obey(os.read(0, 1))
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 512)

    def _heard(self, number: int, _frame: object) -> None:
        self._asked_to_end = self._asked_to_end or number == signal.SIGTERM

    def _obey(self, order: bytes) -> None:
        if not order:
            self._asked_to_end = True
        elif self._program is not None:
            _send(self._program, signal.SIGKILL)

    def _reap(self) -> None:
        """Wait for what has ended, ours by birth or by adoption, and report the program's own end."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._program:
                    self._program = None
                    with contextlib.suppress(OSError):  # nobody listens any more
                        os.write(self._report, b"%d\n" % os.waitstatus_to_exitcode(ended[1]))

    def _end_all(self) -> None:
        """Ask everything to end, and kill what has not within the limit."""
        end = time.monotonic() + (self._within if self._asked_to_end else _KILLED_WITHIN)
        asked: set[int] = set()
        busy = time.monotonic()
        while left := list(below(os.getpid())):
            late = time.monotonic() - end
            if late > _KILLED_WITHIN:
                return
            if left != [self._program]:
                busy = time.monotonic()
            idle = self._leaves and time.monotonic() - busy > _IDLE_FOR
            for pid in left:
                if late > 0 or idle:
                    _send(pid, signal.SIGKILL)
                elif pid not in asked:
                    _send(pid, signal.SIGTERM)
                    asked.add(pid)
            time.sleep(_POLL)
            self._reap()


def _die_with_the_keeper() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def below(top: int, *, deep: bool = True, dead: bool = False) -> Iterator[int]:
    """Yield every process below `top`, or its children alone; those that have not ended, or those that have."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name in parentheses may itself hold parentheses and spaces.
            state, parent = stat.read_bytes().rpartition(b")")[2].split()[:2]
            if (state in (b"Z", b"X")) is dead:
                children.setdefault(int(parent), []).append(int(stat.parent.name))
    waiting = [top]
    while waiting:
        found = children.get(waiting.pop(), [])
        yield from found
        waiting += found if deep else []


def main(report: str, within: str, leaves: str, *argv: str) -> None:
    """Keep a program."""
    os.set_inheritable(int(report), False)
    Keeper(argv, report=int(report), within=float(within), leaves=leaves == "1").keep()


if __name__ == "__main__":
    main(*sys.argv[1:])
