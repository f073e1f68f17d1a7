"""The outside record: every write a service acknowledged to its users, and every one it refused.

A line is in the ledger only after the answer was seen. Lines are fsynced in batches of at most 20 ms, so losing the
power on the users' side could lose that much of the record, and never invent any of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from seawall.errors import SeawallError

WriteId = tuple[int, int]
"""Which write: the writer and its running number."""

FORMAT = "seawall-ledger/1"


@dataclass(frozen=True, slots=True)
class Tried:
    """One write, tried once, as the users' side saw it. A refused write is tried again under the same number.

    Attributes:
        began: when it was sent.
        ended: when the answer came, or the waiting was given up.
        site: the site that said it did the work, when the service says so.
        refused: why it was refused; None when it was acknowledged.
    """

    writer: int
    seq: int
    began: datetime
    ended: datetime
    site: str | None = None
    refused: str | None = None

    @property
    def write(self) -> WriteId:
        """Which write this was a try of."""
        return (self.writer, self.seq)

    @property
    def accepted(self) -> bool:
        """Whether the service acknowledged it."""
        return self.refused is None


@dataclass(frozen=True, slots=True)
class Opening:
    """The first line: what the writer's two clocks said at the same instant.

    Instants are kept as CLOCK_MONOTONIC seconds, which no correction of the wall clock can bend, and are read as wall
    time by counting from here.
    """

    wall: datetime
    monotonic: float

    @classmethod
    def line(cls, *, wall: float, monotonic: float) -> str:
        """Write the line. `wall` is seconds since the epoch."""
        at = datetime.fromtimestamp(wall, UTC).isoformat()
        return json.dumps({"ledger": FORMAT, "wall": at, "monotonic": monotonic}) + "\n"

    def instant(self, monotonic: float) -> datetime:
        """Return the wall time of a CLOCK_MONOTONIC reading."""
        return self.wall + timedelta(seconds=monotonic - self.monotonic)


def line_of(
    write: WriteId, began: float, ended: float, wall: float, *, accepted: bool, note: str | None
) -> str:
    """Write the line of one try.

    Args:
        write: which one.
        began: CLOCK_MONOTONIC seconds.
        ended: CLOCK_MONOTONIC seconds.
        wall: seconds since the epoch when it ended, for a person who reads the file.
        accepted: whether it was acknowledged.
        note: the site that answered, or why it was refused.
    """
    kind = "accepted" if accepted else "refused"
    return json.dumps([kind, *write, round(began, 6), round(ended, 6), round(wall, 6), note]) + "\n"


class LedgerFile:
    """A ledger on disk, read as it grows. Every call of `tail` returns what came since the last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._line = 0
        self._opening: Opening | None = None

    def tail(self) -> tuple[Tried, ...]:
        """Return the tries recorded since the last call; nothing when there is no file yet.

        A last line without its end is left for the next call.

        Raises:
            SeawallError: a whole line is not a ledger's line.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                fresh = file.read()
        except FileNotFoundError:
            return ()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._offset += len(whole)
        return tuple(tried for tried in map(self._read, whole.splitlines()) if tried is not None)

    def _read(self, raw: bytes) -> Tried | None:
        self._line += 1
        try:
            line = json.loads(raw)
            if self._opening is None:
                self._opening = _opening(line)
                return None
            return _tried(line, self._opening)
        except (ValueError, KeyError, TypeError) as error:
            raise SeawallError(
                f"this is not a line of a ledger ({error})",
                where=f"{self.path}:{self._line}",
                remedy="Keep the file as evidence and hold the drill again; nothing can be counted from it",
            ) from error


def _opening(line: Any) -> Opening:
    if line["ledger"] != FORMAT:
        message = f"its format is {line['ledger']!r}, and this version reads {FORMAT!r}"
        raise ValueError(message)
    return Opening(datetime.fromisoformat(line["wall"]), float(line["monotonic"]))


def _tried(line: Any, opening: Opening) -> Tried:
    kind, writer, seq, began, ended, _, note = line
    if kind not in {"accepted", "refused"}:
        message = f"{kind!r} is neither accepted nor refused"
        raise ValueError(message)
    return Tried(
        writer=int(writer),
        seq=int(seq),
        began=opening.instant(float(began)),
        ended=opening.instant(float(ended)),
        site=note if kind == "accepted" else None,
        refused=(note or "refused") if kind == "refused" else None,
    )
