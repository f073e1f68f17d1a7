"""A user who writes again and again, in a program of its own, so that nothing else of a measurement delays them.

`python -m bench.users http FRONT NAME WRITER` writes to the ledger through the front; `python -m bench.users libpq
CONNINFO` writes into a table `written` over libpq, which looks for the primary among several hosts. Both alike: a next
write 5 ms after an acknowledged one, another try 20 ms after a refused one. Each acknowledgement is one line, its
number and when it came (CLOCK_MONOTONIC, the same in every process). It ends when its standard input closes.
"""

from __future__ import annotations

import http.client
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

EVERY, AGAIN = 0.005, 0.02
ANSWERS_WITHIN = 1.0
STARTS_WITHIN = STOPS_WITHIN = 30.0
STEADY = 20
"""So many acknowledged writes show that the user is served."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One acknowledged write: its number, and when the answer came."""

    seq: int
    at: float


class RunningUser:
    """The program while it writes. Use as a context manager.

    Args:
        words: its arguments.
        path: the file its acknowledgements are written to.
        environment: beside this process's own.
    """

    def __init__(
        self, words: Sequence[str], path: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._path = path
        with path.open("wb") as said:
            self._program = subprocess.Popen(
                [sys.executable, "-m", "bench.users", *words],
                env={**os.environ, **(environment or {})},
                stdin=subprocess.PIPE,
                stdout=said,
                start_new_session=True,  # a Ctrl-C at the terminal is the measurement's to answer
            )

    def acknowledged(self) -> tuple[Acknowledged, ...]:
        """Return what was acknowledged until now."""
        found = []
        for line in self._path.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                seq, at = line.split()
                found.append(Acknowledged(int(seq), float(at)))
        return tuple(found)

    def wait(self, since: float, within: float) -> None:
        """Wait until enough writes were acknowledged after an instant. Raises: TimeoutError."""
        end = time.monotonic() + within
        while sum(one.at > since for one in self.acknowledged()) < STEADY:
            if time.monotonic() > end or self._program.poll() is not None:
                message = f"no {STEADY} writes were acknowledged in {within:g} s"
                raise TimeoutError(message)
            time.sleep(0.02)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._program.stdin is not None
        self._program.stdin.close()
        try:
            self._program.wait(STOPS_WITHIN)
        finally:
            self._program.kill()
            self._program.wait()


def pause_after(struck: float, acknowledged: Sequence[Acknowledged]) -> float:
    """Return the longest time between two acknowledgements, of which the later came after the fault.

    An answer that was on its way may still arrive just after the fault: the last one before the pause counts.
    """
    return max(later.at - earlier.at for earlier, later in pairwise(acknowledged) if later.at > struck)


@dataclass(slots=True)
class ByHttp:
    """Writes through the front, on a connection that is kept."""

    front: str
    name: str
    writer: int
    _line: http.client.HTTPConnection | None = None

    def __call__(self, seq: int) -> bool:
        """Try one write. Returns: whether it was acknowledged."""
        if self._line is None:
            self._line = http.client.HTTPConnection(self.front, timeout=ANSWERS_WITHIN)
        body = json.dumps({"writer": self.writer, "seq": seq, "at": datetime.now(UTC).isoformat()})
        try:
            self._line.request(
                "POST", "/ledger", body, {"Host": self.name, "Content-Type": "application/json"}
            )
            answer = self._line.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._line.close()  # the next request opens another
            return False
        return answer.status in range(200, 300)


@dataclass(slots=True)
class ByLibpq:
    """Writes into the primary that libpq finds, on a connection that is kept."""

    conninfo: str
    _connection: Any = None

    def __call__(self, seq: int) -> bool:
        """Try one write. Returns: whether it was acknowledged."""
        import psycopg

        try:
            if self._connection is None:
                self._connection = psycopg.connect(self.conninfo, autocommit=True)
            self._connection.execute("INSERT INTO written VALUES (%s) ON CONFLICT DO NOTHING", [seq])
        except psycopg.Error:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            return False
        return True


def write_on(attempt: Callable[[int], bool]) -> None:
    """Write until standard input closes."""
    seq, pause = 0, 0.0
    while not select.select([sys.stdin], [], [], pause)[0]:
        taken = attempt(seq)
        if taken:
            print(seq, time.monotonic(), flush=True)
            seq += 1
        pause = EVERY if taken else AGAIN


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["http", front, name, writer]:
            write_on(ByHttp(front, name, int(writer)))
        case ["libpq", conninfo]:
            write_on(ByLibpq(conninfo))
        case _:
            sys.exit(__doc__)
