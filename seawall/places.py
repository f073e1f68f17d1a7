"""The three configured places where what must be true everywhere is written down once: two sites and a witness.

A place is a small store of objects that are written once. It says what it knows or is silent; a silent place is
unknown, never empty. The places are asked side by side, each with a limit of its own, so that the store of a dead site
delays nothing. What a majority of the *configured* places holds is so; a majority of those that answer says nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

from seawall.errors import ExitCode, SeawallError

AnswerT = TypeVar("AnswerT")

LIMIT = timedelta(seconds=2)
"""How long one place may take over one answer: a lost SYN is sent again after 1 s (RFC 6298)."""
SIDE_BY_SIDE = 4
"""Calls to one place at once: what a run writes, what it holds, and a look at how the place is."""
IDLE = 15.0
"""Seconds after which a thread that has nothing to do ends; the next call begins another."""
HOW_MANY = 3
"""Places there are: one may be lost, and the other two are a majority still."""


class PlaceSilent(SeawallError):
    """A place did not answer in its limit, or not as a place does: what it holds, and what it took in, is unknown."""

    exit_code = ExitCode.UNREACHABLE


class Place(Protocol):
    """A store of objects that are written once. May be used by several threads at once.

    Every method raises PlaceSilent when it cannot tell within its limit.
    """

    @property
    def name(self) -> str:
        """What the inventory calls it."""

    def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        """Store `content` unless something stands at `key`.

        After a lost answer what stands there is read back, so that the same bytes count as ours.

        Returns:
            None when ours is stored, else what stands there.
        """

    def get(self, key: str, within: timedelta) -> bytes | None:
        """Return what stands at `key`, None when nothing does.

        Where a put broke off and left an object without content, it is `slots.VOID`: nobody can win there any more.
        """

    def names(self, prefix: str, within: timedelta) -> tuple[str, ...]:
        """Return every key that begins with `prefix`, in order. May miss what was stored just now."""

    def remove(self, key: str, within: timedelta) -> None:
        """Remove what stands at `key`, if anything does: only for slots far behind the head of their row."""

    def close(self) -> None:
        """Let go of connections. Raises nothing."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[AnswerT]):
    """What one place said, or that it said nothing: then `silent` says why and `said` is None."""

    place: str
    said: AnswerT | None
    silent: PlaceSilent | None = None


class Places:
    """The three places, asked side by side. Nobody waits for the third when two have said enough.

    Attributes:
        names: what they are called, in the order of the inventory, which is the order they are asked to begin in.
        majority: how many of them decide.
        within: the limit of one answer.
        foreseen: what was read there beforehand, by row (`claims_at_places`, `leasing`), and who has a plan (`copies`).
    """

    def __init__(self, places: Sequence[Place], *, within: timedelta = LIMIT) -> None:
        if len(places) != HOW_MANY or len({one.name for one in places}) != HOW_MANY:
            message = "there are three places, each with a name of its own"
            raise ValueError(message)
        self.names = tuple(one.name for one in places)
        self.majority = HOW_MANY // 2 + 1
        self.within = within
        self.foreseen: dict[str, Any] = {}
        self._keepers = {one.name: _Keeper(one) for one in places}

    def each(self, other: Callable[[Place], Place]) -> Places:
        """Return places in which each stands for another way to it."""
        return Places([other(one.place) for one in self._keepers.values()], within=self.within)

    @property
    def quiet(self) -> frozenset[str]:
        """Places that have given no answer, while another has: nobody waits for them where that can be helped."""
        found = frozenset(name for name, keeper in self._keepers.items() if not keeper.answered)
        return found if len(found) < HOW_MANY else frozenset()

    def send(
        self, place: str, call: Callable[[Place], AnswerT], to: Callable[[Answer[AnswerT]], object]
    ) -> None:
        """Have `call` made to one place in a thread of its own, and its answer given to `to` there."""
        self._keepers[place].send(call, to)

    def ask(
        self, call: Callable[[Place], AnswerT], only: Sequence[str] = (), *, patience: timedelta | None = None
    ) -> Iterator[Answer[AnswerT]]:
        """Ask every place, or `only` some, side by side, and yield their answers as they come.

        Whoever has heard enough stops listening. A place that does not even keep its limit counts as silent; `patience`
        is for a call that is more than one question, and otherwise twice the limit.
        """
        came: SimpleQueue[Answer[AnswerT]] = SimpleQueue()
        left = dict.fromkeys(only or self.names)
        for name in left:
            self.send(name, call, came.put)
        end = time.monotonic() + (patience or self.within * 2).total_seconds()
        while left:
            try:
                answer = came.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                yield from (Answer(name, None, silent(name, "it kept no limit")) for name in left)
                return
            del left[answer.place]
            yield answer

    def close(self) -> None:
        """Let their threads end and their connections go; calls under way are not waited for."""
        for keeper in self._keepers.values():
            keeper.close()
            keeper.place.close()


def silent(place: str, why: str) -> PlaceSilent:
    """Make the error for a place that did not tell, and why."""
    remedy = "See that its store is up and that the way there is open; the other two places go on without it"
    return PlaceSilent(why, where=f"place {place}", remedy=remedy)


class _Keeper:
    """One place's threads, begun as they are needed. They are daemons: a silent place holds up no ending."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._turn = threading.Lock()
        self._threads = self._busy = 0
        self.answered = False

    def send(self, call: Callable[[Place], AnswerT], to: Callable[[Answer[AnswerT]], object]) -> None:
        def carry_out() -> None:
            try:
                answer = Answer(self.place.name, call(self.place))
            except PlaceSilent as error:
                answer = Answer(self.place.name, None, error)
            self.answered = answer.silent is None
            to(answer)

        with self._turn:
            self._busy += 1
            if self._busy > self._threads and self._threads < SIDE_BY_SIDE:
                self._threads += 1
                threading.Thread(target=self._work, name=f"place {self.place.name}", daemon=True).start()
        self._waiting.put(carry_out)

    def close(self) -> None:
        with self._turn:
            for _ in range(self._threads):
                self._waiting.put(None)
            self._threads = 0

    def _work(self) -> None:
        while True:
            try:
                carry_out = self._waiting.get(timeout=IDLE)
            except Empty:
                if self._is_one_too_many():
                    return
                continue
            if carry_out is None:
                return
            try:
                carry_out()
            finally:
                with self._turn:
                    self._busy -= 1

    def _is_one_too_many(self) -> bool:
        """Count a thread out that had nothing to do, when there are more than calls under way."""
        with self._turn:
            idle = self._busy < self._threads
            self._threads -= idle
        return idle
