"""What `serve` keeps running, and how one of these programs stands at the moment."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from console.terminal.serve.child import Child
from console.terminal.serve.logs import ProgramLog
from console.terminal.serve.patience import Life, seen_dead, seen_up
from seawall.serve_folder import ServedProgram, Stand

STARTS_WITHIN = timedelta(minutes=3)
"""Until it is up; Prefect's server makes its database the first time, and the machine may be busy."""
SILENT_FOR = timedelta(minutes=1)
"""A program that was up and does not answer for so long hangs, and is ended: a busy machine is slow, too."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to keep running.

    Attributes:
        needs: what must be up, or done, before it is started.
        once: it has one thing to do and ends; whoever needs it waits for that.
        leaves: what it began goes on when it dies: a worker's runs.
        health: the address that answers 200 when it is up; None when to live is to be up.
        address: where a person looks.
        ends_within: how long it and everything it started have to end.
        silent_for: how long it may not answer, once it was up, before it is taken to hang.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    needs: tuple[str, ...] = ()
    once: bool = False
    leaves: bool = False
    health: str | None = None
    address: str | None = None
    ends_within: timedelta = timedelta(seconds=10)
    silent_for: timedelta = SILENT_FOR


Tell = Callable[[str, str, str], None]
"""Told of every change: which program, what (`started`, `up`, `done`, `ended`, `red`), and more about it in words."""


class Kept:
    """One program, its child while there is one, and how it has fared."""

    def __init__(self, program: Program, log: ProgramLog, cwd: Path, tell: Tell) -> None:
        self.program, self.log = program, log
        self.life = Life()
        self.stand = Stand.WAITING
        self.child: Child | None = None
        self.left: list[Child] = []
        """Keepers of what an earlier one left behind."""
        self._cwd, self._tell = cwd, tell
        self._since: datetime | None = None
        self.began = self._heard_of = timedelta()
        self._last_end: str | None = None
        self._report = b""

    @property
    def children(self) -> list[Child]:
        """Every keeper there is of it."""
        return [*self.left, *([self.child] if self.child is not None else [])]

    @property
    def there(self) -> bool:
        """Whether those who need it may start."""
        return self.stand in (Stand.UP, Stand.DONE)

    def waits(self, now: timedelta) -> bool:
        """Tell whether it is time to start it, if what it needs is there."""
        return self.child is None and self.stand in (Stand.WAITING, Stand.RED) and self.life.may_start(now)

    def start(self, now: timedelta, at: datetime) -> None:
        """Start it."""
        one = self.program
        self.log.note(f"{at:%Y-%m-%d %H:%M:%S} UTC: {one.name} is started")
        self._report = b""
        try:
            self.child = Child(
                one.argv, one.environment, cwd=self._cwd, within=one.ends_within, leaves=one.leaves
            )
        except OSError as error:
            self._dead(now, at, f"could not be started: {error.strerror}")
            return
        self.stand, self._since = Stand.STARTING, at
        self.began = self._heard_of = now
        self._tell(one.name, "started", f"process {self.child.pid}")

    def read(self) -> None:
        """Keep what it has said."""
        for child in self.children:
            while said := child.read(child.output):
                self.log.write(said)

    def look(self, now: timedelta, at: datetime, *, answers: bool) -> None:
        """See how it stands. `answers` is whether its health address did, lately."""
        self._let_go_of_left()
        if self.child is None:
            return
        self._report += self.child.read(self.child.report) or b""
        if b"\n" in self._report or self.child.ended():
            self._ended(now, at)
        elif self.program.once:
            if now - self.began > STARTS_WITHIN:
                self.child.kill_program()
        elif answers or self.program.health is None:
            self._up(now, at)
        elif now - self._heard_of > (self.program.silent_for if self.stand is Stand.UP else STARTS_WITHIN):
            self.log.note(f"{at:%Y-%m-%d %H:%M:%S} UTC: it does not answer, and is ended")
            self._heard_of = now
            self.child.kill_program()

    def end(self) -> None:
        """Ask it, and whatever earlier ones left behind, to end."""
        for child in self.children:
            child.end()

    def over(self) -> bool:
        """Tell whether nothing of it is left."""
        self.read()
        return all(child.ended() for child in self.children)

    def let_go(self, at: datetime) -> None:
        """Close what is open, at the very end."""
        for child in self.children:
            if not child.ended():
                child.kill_keeper()
            child.close()
        self.child, self.left = None, []
        self.stand, self._since = Stand.STOPPED, at
        self.log.close()

    def record(self, at: datetime) -> ServedProgram:
        """Return what `serve.json` says of it."""
        return ServedProgram(
            name=self.program.name,
            stand=self.stand,
            pid=self.child.pid if self.child else None,
            since=self._since or at,
            restarts=self.life.restarts,
            last_end=self._last_end,
            address=self.program.address,
            log=str(self.log.path),
        )

    def _up(self, now: timedelta, at: datetime) -> None:
        self._heard_of = now
        self.life = seen_up(self.life, now)
        if self.stand is not Stand.UP:
            self.stand, self._since = Stand.UP, at
            self._tell(self.program.name, "up", self.program.address or "")

    def _ended(self, now: timedelta, at: datetime) -> None:
        self.read()
        assert self.child is not None
        self._report += self.child.read(self.child.report) or b""  # it may have come since we looked
        code = _code(self._report)
        if self.child.ended() or not self.program.leaves:
            self.child.end()
        self.left.append(self.child)
        self.child = None
        if self.program.once and code == 0:
            self.stand, self._since = Stand.DONE, at
            self._tell(self.program.name, "done", "")
        else:
            self._dead(now, at, _how(code))

    def _dead(self, now: timedelta, at: datetime, how: str) -> None:
        self.life = seen_dead(self.life, now)
        self.stand = Stand.RED if self.life.red else Stand.WAITING
        self._since, self._last_end, self._heard_of = at, how, now
        again = (self.life.not_before - now).total_seconds()
        self.log.note(f"{at:%Y-%m-%d %H:%M:%S} UTC: it {how}; again in {again:.0f} s")
        self._tell(self.program.name, "red" if self.life.red else "ended", f"{how}; again in {again:.0f} s")

    def _let_go_of_left(self) -> None:
        for child in [one for one in self.left if one.ended()]:
            while said := child.read(child.output):
                self.log.write(said)
            child.close()
            self.left.remove(child)


def _code(report: bytes) -> int | None:
    with contextlib.suppress(ValueError):
        return int(report.split(b"\n")[0])
    return None


def _how(code: int | None) -> str:
    if code is None:
        return "was lost with its keeper"
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
