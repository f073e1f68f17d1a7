"""Who drives a run, for how long: the term, taken at the three places and renewed beside the run, never in its way.

A term counts from before it was sent, by CLOCK_BOOTTIME, which goes on while a machine sleeps. Before each change what
remains of it exceeds the call's limit, so that a call that was begun under a term is over, there, before the term is.
Whoever takes the run up elsewhere first sees no newer slot for a full term and the clocks' drift.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

from seawall.drivers import Driver, TermWord, nonce, utc_now
from seawall.errors import ExitCode, SeawallError
from seawall.marks import look_beside
from seawall.model import duration_text
from seawall.places import Places, PlaceSilent
from seawall.slots import KEPT, Mine, Row, Theirs, Unclear, read_row, slot_key, take_slot, tidy_row

SHORTEST = timedelta(seconds=20)
"""A term at least, so that an interrupted renewal or two do not cost it."""
LONGEST_AT_ONCE = timedelta(seconds=30)
"""Calls with limits up to this are covered from the beginning, and longer ones when they come: whoever takes the run up
elsewhere waits as long as the term that was the last."""
MORE = timedelta(seconds=8)
"""By how much a term exceeds the longest limit that it is to cover."""
RENEWED_EVERY = timedelta(seconds=4)
AGAIN_AFTER = timedelta(seconds=1)
"""After a try that nobody could tell the outcome of."""
MARGIN = timedelta(seconds=1)
"""What is left of a term after a call's limit, for the far side's own ending of what it runs (`timeout -k`)."""
DRIFT, LEAST_DRIFT = 0.01, timedelta(seconds=1)
"""How far two machines' clocks may part in a term: 1 % is far more than NTP allows (500 ppm) or a crystal does."""
LOOKS_EVERY, TOLD_EVERY = 1.0, 10.0
"""Seconds between two looks at a term that is waited for, and between two words about it."""

Tell = Callable[[str], None]


def untold(_line: str) -> None:
    """Tell nobody."""


class TermLost(SeawallError):
    """Another process drives this run now, from elsewhere. This one stops at once; what it began may be in doubt."""

    exit_code = ExitCode.IN_DOUBT


def row_of_term(run: str) -> Row:
    """Return the row that a run's terms stand in."""
    return f"runs/{run}/term"


@dataclass(frozen=True, slots=True)
class Running:
    """A term as others see it. `left` is how long it can last yet, counted from now, at most."""

    n: int
    word: TermWord
    left: timedelta


def boottime() -> float:
    """Return seconds on a clock that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Term:
    """The right to drive one run. Use as a context manager; leaving it lets go.

    Attributes:
        driver: who takes it.
        waited: whether another's was waited out, so that nothing that was begun under it can act any more.
        began: the slot that this driver took the run up with; the round of its copies.
        begun: that of every driver before it.
    """

    def __init__(
        self, places: Places, run: str, driver: Driver, longest: timedelta, tell: Tell = untold
    ) -> None:
        """Prepare to drive `run`, whose changes have limits up to `longest`. Nothing is asked yet."""
        self._places, self._row, self._run, self.driver = places, row_of_term(run), run, driver
        self._lasts = max(SHORTEST, min(longest, LONGEST_AT_ONCE) + MORE)
        self._tell = tell
        self._n = 0
        self._ends = self._covered = float("-inf")
        self._wanted, self._told = timedelta(), float("-inf")
        self._pending: tuple[int, bytes, float, timedelta] | None = None
        self._lost: TermLost | None = None
        self._wake, self._over = threading.Event(), threading.Event()
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None
        self.waited = False
        self.began = 0
        self.begun: tuple[int, ...] = ()

    def take(self, *, new: bool = False) -> None:
        """Take the term; when another's runs still, wait until it is over, saying how long.

        A `new` run most likely has none, and so the first slot is tried without a look.

        Raises:
            PlaceSilent: too few places answer; nobody can tell who drives it.
        """
        if not new:
            self._wait_for_the_old_one()
        while True:
            outcome = self._try(self._n + 1)
            if isinstance(outcome, Mine):
                break
            if isinstance(outcome, Unclear):
                raise too_few(outcome, f"run {self._run}")
            self._pending = None
            self._wait_for_the_old_one()  # somebody else was quicker
        self._thread = threading.Thread(target=self._renew, name=f"term of {self._run}", daemon=True)
        self._thread.start()

    @property
    def left(self) -> timedelta:
        """How much of the term is left."""
        return timedelta(seconds=max(0.0, self._ends - boottime()))

    def covers(self, limit: timedelta) -> bool:
        """Tell whether a call with this limit may be made now. If not, a term that is long enough is asked for.

        Raises:
            TermLost: another drives the run.
        """
        self.check()
        with self._turn:
            now = boottime()
            if self._ends - now > (limit + MARGIN).total_seconds():
                self._covered = max(self._covered, now + limit.total_seconds())
                return True
            self._wanted = max(self._wanted, limit)
        self._wake.set()
        return False

    def nothing_is_under_way(self) -> None:
        """Let the next renewal be as short as it may be: no call is under way that it must outlast."""
        with self._turn:
            self._covered = float("-inf")

    def check(self) -> None:
        """Raise TermLost when it was seen that another drives the run."""
        if self._lost is not None:
            raise self._lost

    def lose(self, why: str) -> None:
        """Take note that another drives the run, however that was seen."""
        self._lost = self._lost or _lost(self._run, why)

    def stop(self) -> None:
        """Stop renewing; the term runs out by itself."""
        self._over.set()
        self._wake.set()

    def let_go(self) -> None:
        """Stop renewing, and let whoever comes next take the run up at once, if the places can be told in time."""
        self.stop()
        if self._thread is None or self._lost is not None:
            return
        self._thread.join(timeout=2 * self._places.within.total_seconds())
        if not self._thread.is_alive() and self._pending is None:
            self._try(self._n + 1, lasts=timedelta())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.let_go()

    def _wait_for_the_old_one(self) -> None:
        seen: Running | None = None
        since, told = boottime(), float("-inf")
        while True:
            head = read_row(self._places, self._row)
            if isinstance(head, Unclear):
                raise too_few(head, f"run {self._run}")
            word = TermWord.read(head.content) if head.content else None
            self._n = head.next - 1
            if word is None:
                return
            self.begun = word.begun
            if not word.lasts or word.driver.folder == self.driver.folder:
                return  # let go; or its process is gone, since this one holds the run's lock in the same folder
            # Only a newer slot says that somebody still drives it. One that its driver died over stands at one place:
            # it is seen or not, whichever two answer first, and going back and forth would mean waiting for ever.
            if seen is None or head.n > seen.n:
                seen, since = Running(head.n, word, waited_for(word)), boottime()
            left = seen.left.total_seconds() - (boottime() - since)
            if left <= 0:
                self.waited = True
                return
            if boottime() - told >= TOLD_EVERY:
                who, whole = (
                    f"{word.driver.by} on {word.driver.machine}",
                    timedelta(seconds=max(1, round(left))),
                )
                self._tell(
                    f"{who} may drive this run for {duration_text(whole)} yet; waiting until that is over"
                )
                told = boottime()
            time.sleep(min(left, LOOKS_EVERY))

    def _try(self, n: int, lasts: timedelta | None = None) -> Mine | Theirs | Unclear:
        """Try to take slot `n`. After an unclear answer the same word is tried again; it counts from its first time."""
        if self._pending is None or lasts is not None:
            sent, span = boottime(), self._span() if lasts is None else lasts
            began = self.began or n
            word = TermWord(
                nonce=nonce(),
                driver=self.driver,
                at=utc_now(),
                lasts=span.total_seconds(),
                began=began,
                begun=self.begun if began in self.begun else (*self.begun, began),
            )
            self._pending = n, word.model_dump_json().encode(), sent, span
        n, content, sent, span = self._pending
        outcome = take_slot(self._places, slot_key(self._row, n), content)
        if isinstance(outcome, Mine):
            with self._turn:
                if not self.began:
                    self.began = n
                    self.begun = (*self.begun, n)
                self._n, self._ends, self._pending = n, sent + span.total_seconds(), None
                if span >= self._wanted + MARGIN:
                    self._wanted = timedelta()
        return outcome

    def _span(self) -> timedelta:
        with self._turn:
            under_way = timedelta(seconds=max(0.0, self._covered - boottime()))
            return max(self._lasts, self._wanted + MORE, under_way + MORE)

    def _say_that_it_is_over(self, outcome: Unclear) -> None:
        """Say, now and then, why nothing that changes is begun any more."""
        if self._ends < boottime() and boottime() - self._told >= TOLD_EVERY:
            self._told = boottime()
            silent = ", ".join(outcome.silent) or "two of the places"
            self._tell(
                f"{silent} do not answer, and the term is over: no change is begun until two places answer. Two people "
                f"may go on without: stop this, then seawall resume {self._run} --only-one-place NAME NAME"
            )

    def _renew(self) -> None:
        unclear = False
        while not self._over.is_set():
            if unclear:
                self._over.wait(AGAIN_AFTER.total_seconds())
            else:
                self._wake.wait(RENEWED_EVERY.total_seconds())
            self._wake.clear()
            if self._over.is_set():
                return
            outcome = self._try(self._n + 1)
            unclear = isinstance(outcome, Unclear)
            if isinstance(outcome, Unclear):
                self._say_that_it_is_over(outcome)
            if isinstance(outcome, Theirs):
                word = TermWord.read(outcome.content)
                who = f"{word.driver.by} on {word.driver.machine}" if word else "a newer Seawall"
                self.lose(f"{who} has taken it up")
                return
            look_beside(self._places)
            if self._n % KEPT == 0:
                tidy_row(self._places, self._row, self._n)


def waited_for(word: TermWord) -> timedelta:
    """Return how long after it was seen a term is over for certain, on any clock."""
    lasts = timedelta(seconds=word.lasts)
    return lasts + max(LEAST_DRIFT, lasts * DRIFT)


def too_few(unclear: Unclear, where: str) -> PlaceSilent:
    """Make the error for too few places answering, so that nobody can tell who holds what."""
    silent = ", ".join(unclear.silent) or "the places"
    return PlaceSilent(
        f"{silent} did not answer, and two of the three places must: nobody can tell whether another is at it",
        where=where,
        remedy="See `seawall doctor`; with one place left, two people may go on: --only-one-place NAME NAME",
    )


def _lost(run: str, why: str) -> TermLost:
    remedy = f"Nothing more is done from here. Look there, or see `seawall recover {run}`"
    return TermLost(f"this process does not drive the run any more: {why}", where=f"run {run}", remedy=remedy)
