"""What `seawall serve` leaves for others to read: which programs run, since when, and since when it keeps schedules.

The kernel's lock on `serve/lock` tells whether it runs; `serve.json` tells how. Both stand in the city's folder, beside
its runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, ValidationError

from seawall.files import make_folder, write_whole
from seawall.locks import Holder, Lock, held_by, is_held
from seawall.model import Frozen, Name
from seawall.schedules import Schedule

SILENT_AFTER = timedelta(minutes=2)
"""A running `serve` writes its record at least every 10 s; one that has not for so long hangs."""


class Stand(StrEnum):
    """How one of the programs stands."""

    WAITING = "waiting"
    STARTING = "starting"
    UP = "up"
    DONE = "done"
    RED = "red"
    STOPPED = "stopped"


class ServedProgram(Frozen):
    """One program that `seawall serve` keeps running.

    Attributes:
        pid: of what keeps it; ending that ends the program and everything it started. None while it does not run.
        since: since when it runs, or does not.
        restarts: how often it was started again.
        last_end: how it ended the last time, in words.
        address: where a browser finds it.
        log: its log's file.
    """

    name: Name
    stand: Stand
    pid: int | None = None
    since: AwareDatetime
    restarts: int = 0
    last_end: str | None = None
    address: str | None = None
    log: str


class ServeRecord(Frozen):
    """`serve.json`.

    Attributes:
        state: `red` when a program has died too often and is tried only now and then.
        seen_at: when this was written; while it runs, never long ago.
        prefect_api: what PREFECT_API_URL must be to see runs there.
        stops_within: seconds in which it and everything it started have ended, once asked to.
    """

    format: Literal["seawall-serve/1"] = "seawall-serve/1"
    city: str
    pid: int
    since: AwareDatetime
    seen_at: AwareDatetime
    state: Literal["starting", "running", "red", "stopping", "stopped"]
    prefect_api: str
    stops_within: float
    programs: tuple[ServedProgram, ...] = ()


class _Keeping(Frozen):
    """Since when a schedule is kept, and what it was then; one that was changed is kept anew."""

    since: AwareDatetime
    schedule: Schedule


class _KeptSchedules(Frozen):
    format: Literal["seawall-schedules/1"] = "seawall-schedules/1"
    schedules: dict[Name, _Keeping] = {}


@dataclass(frozen=True, slots=True)
class ServeFolder:
    """The folder `serve` of a city."""

    path: Path

    @classmethod
    def of(cls, city: Path) -> Self:
        """Return the folder of the city in `city`."""
        return cls(city / "serve")

    @property
    def logs(self) -> Path:
        """Where the programs' logs are."""
        return self.path / "logs"

    @property
    def prefect(self) -> Path:
        """Where Prefect's server keeps its records."""
        return self.path / "prefect"

    def make(self) -> None:
        """Make it, and what belongs in it. Raises: JournalError."""
        for folder in (self.path, self.logs, self.prefect, self.path / "turns"):
            make_folder(folder)

    def take(self, by: str) -> Lock:
        """Be the one `serve` of this city. Raises: Busy, naming the one that is; JournalError."""
        self.make()
        what = "this city's `seawall serve`"
        remedy = "One is enough: see `seawall serve --check`, or end that one first"
        return Lock.take(self.path / "lock", by, what=what, remedy=remedy)

    def holder(self) -> Holder | None:
        """Return who is this city's `serve`; None when nobody is."""
        path = self.path / "lock"
        return held_by(path) if is_held(path) else None

    def record(self) -> ServeRecord | None:
        """Return what the last `serve` wrote; None when none ever did, or it cannot be read."""
        try:
            return ServeRecord.model_validate_json((self.path / "serve.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def write(self, record: ServeRecord) -> None:
        """Keep the record. Raises: JournalError."""
        write_whole(self.path / "serve.json", record.model_dump_json(indent=1).encode())

    def kept_since(self) -> dict[str, datetime]:
        """Return since when each schedule is kept; without those that nothing ever kept."""
        return {name: one.since for name, one in self._kept().schedules.items()}

    def keep(self, schedules: tuple[Schedule, ...], now: datetime) -> None:
        """Write down that these schedules are kept from now on. Raises: JournalError."""
        before = self._kept().schedules
        kept = {
            one.name: before[one.name]
            if one.name in before and before[one.name].schedule == one
            else _Keeping(since=now, schedule=one)
            for one in schedules
        }
        content = _KeptSchedules(schedules=kept).model_dump_json(indent=1)
        write_whole(self.path / "schedules.json", content.encode())

    def take_turn(self, flow: str, by: str) -> Lock:
        """Take the turn of a scheduled flow, of which one runs at a time. Raises: Busy, JournalError."""
        self.make()
        remedy = "Nothing to do: the schedule comes again"
        return Lock.take(self.path / "turns" / flow, by, what=f"the turn of {flow}", remedy=remedy)

    def turn_since(self, flow: str) -> datetime | None:
        """Return since when a scheduled flow is under way; None when it is not."""
        path = self.path / "turns" / flow
        holder = held_by(path) if is_held(path) else None
        return holder.since if holder else None

    def _kept(self) -> _KeptSchedules:
        try:
            return _KeptSchedules.model_validate_json((self.path / "schedules.json").read_bytes())
        except (OSError, ValidationError):
            return _KeptSchedules()
