"""Looks taken side by side, each within its limit and all within one: a look that hangs is one not known, not a wait.

First every port is knocked at, hundreds at once: a city in which half of the machines are dead is told so in seconds.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from connectors.doors import knock
from console.terminal.looks import Look
from seawall.actions import CheckUp, Deadline
from seawall.errors import Finding
from seawall.targets import Endpoint

SIDE_BY_SIDE = 24
"""Looks at once: two cores of SSH crypto level off at about ten, and many looks only wait."""
GRACE = 2.0
"""Seconds a look may take to come back after its limit, before it is given up."""
SLICE = 0.2
"""Seconds between two looks at whether everything still under way is overdue."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was looked at. What only warns does not make a city unwell."""

    what: str
    well: bool | None
    saw: str
    remedy: str
    only_warns: bool = False
    about: str = ""
    found: Finding = Finding.OTHER


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one look may take, and all of them together, in seconds."""

    each: int
    whole: int


def take_all(
    looks: Sequence[Look], limits: Limits, tell: Callable[[int, int], None] = lambda _done, _bad: None
) -> Iterator[Examined]:
    """Take every look and yield what was seen, as it comes. `tell` hears how many are over and how many not well."""
    end = time.monotonic() + limits.whole
    doors = [door for look in looks for door in look.doors]
    shut = knock(doors, within=min(3.0, limits.each))
    taking = _Taking(end, limits.each)
    over = bad = 0
    for look in looks:
        if look.doors and all(door in shut for door in look.doors):
            yield _behind_shut_doors(look, shut)
            over, bad = over + 1, bad + (not look.only_warns)
            tell(over, bad)
        else:
            taking.waiting.append(look)
    taking.begin()
    for look, seen in taking.come():
        over += 1
        bad += sum(one.well is not True and not look.only_warns for one in seen)
        tell(over, bad)
        yield from (_examined(one, look) for one in seen)
    for look in taking.missing():
        yield _examined(_not_known(look, limits, began=taking.began(look)), look)


@dataclass(slots=True)
class _Taking:
    """Threads that take looks one after another, until there are none or the time is up."""

    end: float
    each: int
    waiting: list[Look] = field(default_factory=list)
    _began: dict[int, float] = field(default_factory=dict)
    _came: queue.SimpleQueue[tuple[int, list[CheckUp]]] = field(default_factory=queue.SimpleQueue)
    _open: dict[int, Look] = field(default_factory=dict)
    _next: queue.SimpleQueue[int] = field(default_factory=queue.SimpleQueue)

    def begin(self) -> None:
        """Start taking them."""
        self._open = dict(enumerate(self.waiting))
        for number in self._open:
            self._next.put(number)
        for _ in range(min(SIDE_BY_SIDE, len(self.waiting))):
            # Daemon threads: a look that hangs must not keep the process from ending.
            threading.Thread(target=self._take, name="doctor", daemon=True).start()

    def come(self) -> Iterator[tuple[Look, list[CheckUp]]]:
        """Yield what comes back in time."""
        while self._open and (left := self.end - time.monotonic()) > 0 and not self._all_overdue():
            try:
                number, seen = self._came.get(timeout=min(left, SLICE))
            except queue.Empty:
                continue
            yield self._open.pop(number), seen

    def missing(self) -> Sequence[Look]:
        """Return what never came back, or was never taken."""
        return tuple(self._open.values())

    def began(self, look: Look) -> bool:
        """Tell whether somebody began to take it."""
        return any(self.waiting[number] is look for number in self._began)

    def _all_overdue(self) -> bool:
        late = time.monotonic() - self.each - GRACE
        return all(self._began.get(number, late + 1) < late for number in self._open)

    def _take(self) -> None:
        while (left := self.end - time.monotonic()) > 0:
            try:
                number = self._next.get_nowait()
            except queue.Empty:
                return
            look = self.waiting[number]
            self._began[number] = time.monotonic()
            try:
                seen = list(look.take(Deadline.within(timedelta(seconds=min(self.each, left)))))
            except Exception as error:  # noqa: BLE001 - the rim: one look's bug must not hide what the others saw
                words = f"Seawall itself failed here: {type(error).__name__}"
                seen = [CheckUp(look.what, None, words, "Report this", Finding.UNKNOWN)]
            self._came.put((number, seen))


def _examined(one: CheckUp, look: Look) -> Examined:
    found = Finding.UNKNOWN if one.well is None else one.found
    return Examined(one.what, one.well, one.saw, one.remedy, look.only_warns, look.about, found)


def _behind_shut_doors(look: Look, shut: Mapping[Endpoint, tuple[str, Finding]]) -> Examined:
    door = look.doors[0]
    words, found = shut[door]
    remedy = {
        Finding.REFUSED: f"The machine is there and nothing listens on port {door.port}: start it, or correct the port",
        Finding.SILENT: "See whether it has power and network, and whether a firewall drops what comes from here"
        " (seawall doctor --needs --as ports)",
    }.get(found, "Check its address, and the network between")
    return Examined(look.what, False, f"{door}: {words}", remedy, look.only_warns, look.about, found)


def _not_known(look: Look, limits: Limits, *, began: bool) -> CheckUp:
    if began:
        remedy = f"Look at it by hand, or give it longer: seawall doctor --within {min(300, limits.each * 3)}"
        return CheckUp(look.what, None, "no answer within its limit", remedy, Finding.UNKNOWN)
    remedy = f"Give all of it longer: seawall doctor --total {limits.whole * 3}, or look at fewer with --host"
    return CheckUp(look.what, None, f"there was no time left after {limits.whole} s", remedy, Finding.UNKNOWN)
