"""Copies of a run's journal at the three places, so that losing the machine that drives it loses nothing that matters.

    open/<run>                                     the run has not ended
    plans/<digest>                                 the plan, as it is on the disk; here before any line is
    runs/<run>/journal/<first line>/<round>        lines of the journal from there on, as they are on the disk

A round is a driver's: the number of the slot with which it took the run up, so that nobody else writes in it. Lines
count as kept when they and all before them are at a majority of the places. Whoever takes the run up makes the rounds
of the drivers before void after the last line that is known (`seawall.catching_up`), so that these stop.

A plan's key is the digest that the first line names: it can be sent before there is a run, and is checked by its key.

No change begins before the plan and the first line are kept. So a run of which two places hold no line, and in whose
rounds none can come any more, has changed nothing: whoever takes it up says so in its place (`NOTHING_BEGUN`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from seawall.places import Answer, Place, Places

LINGERS = 0.02
"""Seconds that lines nobody waits for wait for others, to go out together."""
A_MOMENT = 0.1
"""Seconds that a place which answers may take over the last lines when two have them."""
AGAIN_AFTER, LONGEST_PAUSE = 0.25, 1.0
"""Seconds before what a silent place did not take is sent to it again, at first and at last."""
INDEX = "open/"
"""What the keys begin with that name the runs that have not ended, so that nobody must list every line of all."""
NOTHING_BEGUN = b"seawall: nothing was begun\n"
"""What stands in place of the first line of a run that was lost before it could change anything, and never will."""
THE_PLAN, OPENED = 0, 1
"""As the last line that is to be kept: the plan, before any line; and how the run was opened."""
LARGEST = 1_000_000
"""Bytes of lines that go out together."""


def journal_row(run: str) -> str:
    """Return what the keys of a run's copied lines begin with."""
    return f"runs/{run}/journal"


def lines_key(run: str, first: int, round_: int) -> str:
    """Return the key of the lines from `first` on that the driver of this round copied."""
    return f"{journal_row(run)}/{first:010d}/{round_:010d}"


def plan_key(digest: str) -> str:
    """Return the key of a plan, by the SHA-256 of its bytes."""
    return f"plans/{digest}"


def foresee_plan(places: Places, digest: str, content: bytes) -> None:
    """Send a plan out while a person reads it; return at once. Nobody may ever run it: it is kept all the same."""
    key = plan_key(digest)
    kept_by: set[str] = places.foreseen.setdefault(key, set())

    def put(place: Place) -> bytes | None:
        return place.put_if_absent(key, content, places.within)

    def answered(answer: Answer[bytes | None]) -> None:
        if answer.silent is None and answer.said is None:
            kept_by.add(answer.place)

    for name in places.names:
        places.send(name, put, answered)


def forget_open(places: Places, run: str) -> None:
    """Take the run off the list of those that have not ended, at a majority of the places."""
    for count, _ in enumerate(places.ask(lambda place: place.remove(f"{INDEX}{run}", places.within)), 1):
        if count >= places.majority:
            return


@dataclass(slots=True)
class _Parcel:
    """One object on its way to every place: up to which line of the journal it reaches, and who has it."""

    key: str
    content: bytes
    last: int
    kept_by: set[str] = field(default_factory=set)
    missed_by: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Behind:
    """What one place was sent in vain, to be sent again, and after how long."""

    parcels: deque[_Parcel] = field(default_factory=deque)
    pause: float = AGAIN_AFTER


class Copies:
    """The copies that one driver sends out, in order, beside the run.

    Attributes:
        spoilt: places where something else stands under a key of this run's; such a place will never have the copy.
    """

    def __init__(self, places: Places, run: str, lost: Callable[[str], object]) -> None:
        """Begin. `lost` is told, from another thread, when somebody else has written where only this driver may."""
        self._places, self._run, self._round, self._lost = places, run, 0, lost
        self._changed = threading.Condition()
        self._waiting: list[tuple[int, bytes]] = []
        self._parcels: deque[_Parcel] = deque()
        self._behind = {name: _Behind() for name in places.names}
        self._kept, self._on_the_way = THE_PLAN - 1, 0
        self._hurry = self._over = self._parted = False
        self.spoilt: set[str] = set()
        threading.Thread(target=self._send_what_waits, name=f"copies of {run}", daemon=True).start()

    def keep_plan(self, digest: str, content: bytes) -> None:
        """Send the plan out, before any line; for that nobody need have the term yet. Not when it was foreseen."""
        key = plan_key(digest)
        if len(self._places.foreseen.get(key, ())) < self._places.majority:
            self._send(_Parcel(key, content, last=THE_PLAN))
            return
        with self._changed:
            self._kept = max(self._kept, THE_PLAN)

    def drive(self, round_: int, kept: int) -> None:
        """Begin to copy lines, in this driver's round; so many are `kept` already, and the plan where any is.

        A run that is refused its claims is not among those to be taken up, and so it stands there from here on only.
        """
        with self._changed:
            self._round = round_
            self._kept = max(self._kept, kept) if kept else self._kept
        if not kept:
            self._send(_Parcel(f"{INDEX}{self._run}", b"open", last=THE_PLAN))

    def add(self, first: int, lines: bytes, *, at_once: bool = False) -> None:
        """Send lines out, from line `first` of the journal on; in the order of the journal, and soon."""
        with self._changed:
            self._waiting.append((first, lines))
            self._hurry = self._hurry or at_once
            self._changed.notify_all()

    def are_kept(self, last: int, within: timedelta) -> bool:
        """Wait until line `last` and all before it are at a majority; False when they are not in time, or cannot be."""
        end = time.monotonic() + within.total_seconds()
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            while self._kept < last:
                left = end - time.monotonic()
                if left <= 0 or self._parted or self._is_hopeless():
                    return False
                self._changed.wait(left)
            return True

    @property
    def silent(self) -> tuple[str, ...]:
        """Places that are behind, and those that have not taken in the first lines that too few have."""
        with self._changed:
            kept_by = self._parcels[0].kept_by if self._parcels else set(self._places.names)
            return tuple(
                name for name, behind in self._behind.items() if behind.parcels or name not in kept_by
            )

    def close(self, within: timedelta) -> None:
        """Let what waits go out to a majority, for so long, and stop. A place that is just slow gets a moment more."""
        end = time.monotonic() + within.total_seconds()
        with self._changed:
            if self._over:
                return
            self._hurry = True
            self._changed.notify_all()
            while (self._waiting or self._parcels) and time.monotonic() < end:
                if self._parted or self._is_hopeless():
                    break
                self._changed.wait(end - time.monotonic())
            end = min(end, time.monotonic() + A_MOMENT)
            while self._on_the_way and time.monotonic() < end:
                self._changed.wait(end - time.monotonic())
            self._over = True
            self._changed.notify_all()

    def _is_hopeless(self) -> bool:
        """Tell whether the first lines that are not kept cannot be just now: too many places were silent."""
        first = next(iter(self._parcels), None)
        return first is not None and len(first.missed_by) > len(self._places.names) - self._places.majority

    def _send_what_waits(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._over:
                    self._changed.wait()
                if not self._waiting:
                    return
                if not self._hurry:
                    self._changed.wait(LINGERS)
                first, lines = self._waiting.pop(0)
                together = [lines]
                while self._waiting and sum(map(len, together)) < LARGEST:
                    together.append(self._waiting.pop(0)[1])
                self._hurry = False
            content = b"".join(together)
            last = first + content.count(b"\n") - 1
            self._send(_Parcel(lines_key(self._run, first, self._round), content, last))

    def _send(self, parcel: _Parcel) -> None:
        with self._changed:
            self._parcels.append(parcel)
        for name in self._places.names:
            with self._changed:
                if self._behind[name].parcels:  # it is silent; it gets everything when it answers again
                    self._behind[name].parcels.append(parcel)
                    parcel.missed_by.add(name)
                    continue
            self._send_to(name, parcel)

    def _send_to(self, name: str, parcel: _Parcel) -> None:
        def put(place: Place) -> bytes | None:
            return place.put_if_absent(parcel.key, parcel.content, self._places.within)

        with self._changed:
            self._on_the_way += 1
        self._places.send(name, put, partial(self._answered, parcel))

    def _answered(self, parcel: _Parcel, answer: Answer[bytes | None]) -> None:
        if other := answer.silent is None and answer.said is not None and parcel.last > THE_PLAN:
            self._lost(f"somebody else has written the next lines of its journal at {answer.place}")
        with self._changed:
            self._parted = self._parted or other
            self._on_the_way -= 1
            behind = self._behind[answer.place]
            if answer.silent is not None:
                parcel.missed_by.add(answer.place)
                behind.parcels.append(parcel)
                if len(behind.parcels) == 1:
                    self._try_later(answer.place, behind)
            elif answer.said is not None:
                parcel.missed_by.add(answer.place)
                self.spoilt.add(answer.place)
            else:
                parcel.missed_by.discard(answer.place)
                parcel.kept_by.add(answer.place)
                behind.pause = AGAIN_AFTER
                self._count()
            self._changed.notify_all()

    def _try_later(self, name: str, behind: _Behind) -> None:
        later = threading.Timer(behind.pause, self._try_again, (name, behind))
        later.daemon = True
        later.start()
        behind.pause = min(2 * behind.pause, LONGEST_PAUSE)

    def _try_again(self, name: str, behind: _Behind) -> None:
        with self._changed:
            waiting, behind.parcels = behind.parcels, deque()
        if not self._over:
            for parcel in waiting:
                self._send_to(name, parcel)

    def _count(self) -> None:
        """Count what is kept from the beginning on."""
        while self._parcels and len(self._parcels[0].kept_by) >= self._places.majority:
            self._kept = max(self._kept, self._parcels.popleft().last)
