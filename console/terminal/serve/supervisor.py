"""The loop of `serve`: starts what should run, sees what died, and ends everything within a stated limit.

It restarts programs, never runs: a run whose process died is interrupted, and a person resumes it.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from console.terminal.serve.keeper import below
from console.terminal.serve.looks import Looks
from console.terminal.serve.notify import Systemd
from console.terminal.serve.program import Kept
from seawall.errors import JournalError
from seawall.serve_folder import ServeFolder, ServeRecord, Stand

PAUSE = timedelta(milliseconds=300)
STRAYS_EVERY = timedelta(seconds=5)
WRITES_EVERY = timedelta(seconds=10)
READY_WITHIN = timedelta(minutes=2)
"""After this, systemd is told that we are ready although something is not up: it is told what, and we go on trying."""
KILLED_WITHIN = timedelta(seconds=6)
"""After the programs' own limits, for their keepers to kill what would not end."""
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def boot_clock() -> timedelta:
    """Return a time that never jumps."""
    return timedelta(seconds=time.monotonic())


class Supervisor:
    """Keeps programs running until it is asked to stop."""

    def __init__(
        self,
        kept: Sequence[Kept],
        folder: ServeFolder,
        *,
        city: Path,
        prefect_api: str,
        systemd: Systemd,
        first_up: Callable[[], None],
    ) -> None:
        self._kept = {one.program.name: one for one in kept}
        self._folder, self._city, self._prefect_api = folder, city, prefect_api
        self._systemd, self._first_up = systemd, first_up
        self._looks = Looks({one.program.name: one.program.health for one in kept if one.program.health})
        self._since = datetime.now(UTC)
        self._began = boot_clock()
        self._told_at: timedelta | None = None
        self._alive_at: timedelta | None = None
        self._strays_at = self._began
        self._was_up = self._ready = False
        self._seen: tuple[object, ...] = ()

    @property
    def stops_within(self) -> timedelta:
        """How long everything takes to end, at most, once asked to."""
        first, last = self._stages()
        return sum(
            (
                max((one.program.ends_within for one in each), default=timedelta()) + KILLED_WITHIN
                for each in (first, last)
            ),
            timedelta(),
        )

    def run(self, stopped: Callable[[], bool], wake: int, stopping: Callable[[], None]) -> None:
        """Keep everything running until `stopped`, then end it.

        Args:
            stopped: whether somebody asked for the end.
            wake: becomes readable when a signal came.
            stopping: told once, when the end begins.

        Raises:
            JournalError: the record cannot be written; nothing was started.
        """
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._write("starting")
        self._looks.start()
        try:
            while not stopped():
                self._turn()
                self._wait(wake)
            stopping()
        finally:
            self._end_all(wake)

    def _turn(self) -> None:
        now, at = boot_clock(), datetime.now(UTC)
        for one in self._kept.values():
            one.read()
            one.look(now, at, answers=self._looks.answered(one.program.name, since=one.began, now=now))
            if one.waits(now) and all(self._kept[name].there for name in one.program.needs):
                one.start(now, at)
        if now >= self._strays_at:
            self._strays_at = now + STRAYS_EVERY
            self._end_strays()
        if not self._was_up and all(one.there for one in self._kept.values()):
            self._was_up = True
            self._first_up()
        self._tell(now)

    def _state(self) -> str:
        if any(one.stand is Stand.RED for one in self._kept.values()):
            return "red"
        return "running" if self._was_up else "starting"

    def _tell(self, now: timedelta) -> None:
        """Keep the record and systemd up to date."""
        state = self._state()
        seen = (state, *((one.stand, one.child and one.child.pid) for one in self._kept.values()))
        if seen != self._seen or self._told_at is None or now - self._told_at >= WRITES_EVERY:
            changed, self._seen, self._told_at = seen != self._seen, seen, now
            with suppress(JournalError):  # a full disk stops no schedule
                self._write(state)
            if changed:
                down = [f"{name} {one.stand}" for name, one in self._kept.items() if not one.there]
                self._systemd.tell(STATUS=f"{state}: {', '.join(down)}" if down else state)
        if not self._ready and (self._was_up or now - self._began > READY_WITHIN):
            self._ready = True
            self._systemd.tell(READY="1")
        every = self._systemd.watchdog
        if every is not None and (self._alive_at is None or now - self._alive_at >= every):
            self._alive_at = now
            self._systemd.tell(WATCHDOG="1")

    def _wait(self, wake: int) -> None:
        """Wait for a signal or for something that a program says, and no longer than PAUSE."""
        ends = [
            end for one in self._kept.values() if (child := one.child) for end in (child.output, child.report)
        ]
        select.select([wake, *ends], [], [], PAUSE.total_seconds())
        with suppress(BlockingIOError):
            os.read(wake, 512)

    def _stages(self) -> tuple[list[Kept], list[Kept]]:
        """Return what is ended first, and what others need, which is ended last."""
        needed = {name for one in self._kept.values() for name in one.program.needs}
        first = [one for name, one in self._kept.items() if name not in needed]
        return first, [one for name, one in self._kept.items() if name in needed]

    def _end_all(self, wake: int) -> None:
        self._looks.stop()
        self._systemd.tell(STOPPING="1", STATUS="stopping")
        with suppress(JournalError):
            self._write("stopping")
        for stage in self._stages():
            for one in stage:
                one.end()
            limit = max((one.program.ends_within for one in stage), default=timedelta()) + KILLED_WITHIN
            end = boot_clock() + limit
            while boot_clock() < end and not all(one.over() for one in stage):
                self._alive(wake)
        for one in self._kept.values():
            one.let_go(datetime.now(UTC))
        self._end_strays()
        with suppress(JournalError):
            self._write("stopped")

    def _alive(self, wake: int) -> None:
        if self._systemd.watchdog is not None:
            self._systemd.tell(WATCHDOG="1")
        self._wait(wake)

    def _end_strays(self) -> None:
        """End what lost its keeper and so became our own child: nobody looks after it any more."""
        keepers = {child.pid for one in self._kept.values() for child in one.children}
        for pid in below(os.getpid(), deep=False):
            if pid not in keepers:
                for each in (*below(pid), pid):
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(each, signal.SIGKILL)
        for pid in below(os.getpid(), deep=False, dead=True):
            if pid not in keepers:
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)

    def _write(self, state: str) -> None:
        at = datetime.now(UTC)
        self._folder.write(
            ServeRecord.model_validate(
                {
                    "city": str(self._city),
                    "pid": os.getpid(),
                    "since": self._since,
                    "seen_at": at,
                    "state": state,
                    "prefect_api": self._prefect_api,
                    "stops_within": self.stops_within.total_seconds(),
                    "programs": tuple(one.record(at) for one in self._kept.values()),
                }
            )
        )
