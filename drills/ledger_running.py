"""A ledger being kept: starts the writers beside the drill, reads what they record, and ends them whatever happens."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from drills.ledger import LedgerFile, Tried
from seawall.errors import SeawallError
from seawall.targets import Endpoint

STOPS_WITHIN = timedelta(seconds=5)
STARTS_WITHIN = timedelta(seconds=10)
POLL = 0.01


class RunningLedger:
    """The writers on the users' side, in a program of their own. Use as a context manager, or call `stop`.

    Args:
        front: where users come in.
        name: the host name they ask for.
        path: the ledger to make.
        writes: how many a second, all writers together.
        at_most: after this the writers stop by themselves, also when nobody is left to tell them.

    Raises:
        SeawallError: there is a ledger already, or the writers cannot be started.
    """

    def __init__(
        self, front: Endpoint, path: Path, *, name: str, writers: int, writes: float, at_most: timedelta
    ) -> None:
        if path.exists():
            raise SeawallError(
                "there is a ledger already", where=str(path), remedy="Give each drill a folder of its own"
            )
        self.path = path
        self._errors = path.with_suffix(".stderr")
        self._file = LedgerFile(path)
        # Fresh numbers for each drill: a write of last week's, still in the database, must not pass for one of today's.
        first = secrets.randbelow(2**31 // 1000) * 1000
        asked = {
            "--front": front, "--name": name, "--ledger": path, "--writers": writers, "--first-writer": first,
            "--writes": writes, "--at-most": at_most.total_seconds(),
        }  # fmt: skip
        words = [str(word) for pair in asked.items() for word in pair]
        with self._errors.open("wb") as errors:
            self._program = subprocess.Popen(
                [sys.executable, "-m", "drills.ledger_writer", *words, "--stop-with-input"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,  # a Ctrl-C at the terminal is the drill's to answer
            )
        self._wait_for_file()

    @property
    def pid(self) -> int:
        """The writers' process id."""
        return self._program.pid

    def tail(self) -> tuple[Tried, ...]:
        """Return what was recorded since the last call.

        Raises:
            SeawallError: the writers have ended though nobody stopped them; what follows would look like silence.
        """
        fresh = self._file.tail()
        if not fresh and self._program.poll() is not None and self._program.stdin is not None:
            raise self._died()
        return fresh

    def stop(self) -> tuple[Tried, ...]:
        """End the writers and return what was recorded since the last call of `tail`. May be called twice."""
        if self._program.stdin is not None:
            self._program.stdin.close()
            self._program.stdin = None
        if self._program.poll() is None:
            self._program.terminate()
        try:
            self._program.wait(STOPS_WITHIN.total_seconds())
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()
        return self._file.tail()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_for_file(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN.total_seconds()
        while not self.path.exists():
            if self._program.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise self._died()
            time.sleep(POLL)

    def _died(self) -> SeawallError:
        said = self._errors.read_text(errors="replace").strip().splitlines()
        return SeawallError(
            f"the writers of the ledger have ended: {said[-1] if said else f'status {self._program.returncode}'}",
            where=str(self.path),
            remedy="Hold the drill again; nothing can be counted from a ledger with a gap",
        )
