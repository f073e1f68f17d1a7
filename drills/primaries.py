"""Two writable primaries at once: watched by really trying to write to each server, every 20 ms, past the balancer.

What the watch could not see is counted as unseen, never as well.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations

from seawall.errors import SeawallError

STEP = timedelta(milliseconds=20)
AGAIN = timedelta(milliseconds=2)
"""After a look that could tell nothing, such as one on a connection that broke."""
BLIND_AFTER = 25 * STEP
"""A longer silence between two looks at a server is a time in which anything may have been."""
STOPS_WITHIN = timedelta(seconds=5)

TryWrite = Callable[[], bool | None]
"""Try one write at one server, past everything in between, at most for a second or two.

True: it was committed. False: the server certainly took none (no listener, read-only). None, or an error of ours: it
cannot be told.
"""


@dataclass(frozen=True, slots=True)
class Look:
    """One try at one server."""

    began: datetime
    ended: datetime
    accepted: bool | None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time."""

    began: datetime
    ended: datetime

    @property
    def lasted(self) -> timedelta:
        """How long it is."""
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class Doubles:
    """What the watch found.

    Attributes:
        both: stretches in which two servers took writes.
        unseen: stretches in which one took writes and another could not be seen, or none could.
        looks: how many tries this rests on; a server nobody looked at makes everything unseen.
        apart: how fine this is: the longest time between two answers of a server that overlaps with another's taking
            writes. A double primary shorter than that could pass; one that could last longer is unseen.
    """

    both: tuple[Span, ...]
    unseen: tuple[Span, ...]
    looks: int
    apart: timedelta = timedelta()

    @property
    def both_for(self) -> timedelta:
        """How long two servers took writes."""
        return sum((span.lasted for span in self.both), timedelta())

    @property
    def unseen_for(self) -> timedelta:
        """How long that could not be told."""
        return sum((span.lasted for span in self.unseen), timedelta())


def doubles(looks: Mapping[str, Sequence[Look]], *, since: datetime, until: datetime) -> Doubles:
    """Find the stretches between `since` and `until` in which two servers took writes.

    A server took writes from the end of one accepted try to the beginning of a later one with no refused try between;
    a single accepted try counts for as long as it took. So a double primary is certain when it is reported.
    """
    taking = {name: _clipped(_taking(of), since, until) for name, of in looks.items()}
    between = {name: tuple(_between_answers(of, since, until)) for name, of in looks.items()}
    blind = {
        name: _clipped((span for span in of if span.lasted > BLIND_AFTER), since, until)
        for name, of in between.items()
    }
    both: list[Span] = []
    unseen: list[Span] = []
    apart = timedelta()
    for one, other in permutations(looks, 2):
        both += _overlaps(taking[one], taking[other])
        unseen += _overlaps(blind[one], taking[other]) + _overlaps(blind[one], blind[other])
        near = (span.lasted for span in between[one] if _overlaps([span], taking[other]))
        apart = max(apart, *near, timedelta())
    return Doubles(_merged(both), _merged(unseen), sum(len(of) for of in looks.values()), apart)


def _taking(looks: Sequence[Look]) -> list[Span]:
    runs: list[list[Look]] = []
    last: bool | None = None
    for look in looks:
        if look.accepted:
            if last:
                runs[-1].append(look)
            else:
                runs.append([look])
        last = look.accepted
    return [Span(min(run[0].ended, run[-1].began), max(run[0].ended, run[-1].began)) for run in runs]


def _between_answers(looks: Sequence[Look], since: datetime, until: datetime) -> Iterator[Span]:
    """Yield each stretch in which a server might have taken writes, or begun or ceased to, without being seen to.

    A try that could tell nothing is no answer. Between two accepted tries in a row the server is known to take writes.
    """
    edge_before, edge_after = Look(since, since, accepted=False), Look(until, until, accepted=False)
    known, hidden = edge_before, False
    for look in (*looks, edge_after):
        if look.accepted is None:
            hidden = True
            continue
        if hidden or not (known.accepted and look.accepted):
            yield Span(known.ended, look.ended)
        known, hidden = look, False


def _clipped(spans: Iterable[Span], since: datetime, until: datetime) -> list[Span]:
    cut = (Span(max(span.began, since), min(span.ended, until)) for span in spans)
    return [span for span in cut if span.began < span.ended]


def _overlaps(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    shared = (Span(max(a.began, b.began), min(a.ended, b.ended)) for a in some for b in others)
    return [span for span in shared if span.began < span.ended]


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda one: one.began):
        if merged and span.began <= merged[-1].ended:
            merged[-1] = Span(merged[-1].began, max(merged[-1].ended, span.ended))
        else:
            merged.append(span)
    return tuple(merged)


class PrimaryWatch:
    """Looks at every server on a thread of its own, so that one that hangs hides no other. Call `stop` when done.

    Args:
        servers: how to try each.
        step: between two looks at a server.
        show: told of each look at once, on the thread of its server.
    """

    def __init__(
        self,
        servers: Mapping[str, TryWrite],
        *,
        step: timedelta = STEP,
        show: Callable[[str, Look], None] = lambda _server, _look: None,
    ) -> None:
        self._looks: dict[str, list[Look]] = {name: [] for name in servers}
        self._stop = threading.Event()
        self._step = step.total_seconds()
        self._show = show
        self._wall, self._start = datetime.now(UTC), time.monotonic()
        self._threads = [
            threading.Thread(target=self._watch, args=(name, ask), name=f"watch {name}", daemon=True)
            for name, ask in servers.items()
        ]
        for thread in self._threads:
            thread.start()

    def looks(self) -> Mapping[str, Sequence[Look]]:
        """Return what was seen so far, by server."""
        return {name: tuple(of) for name, of in self._looks.items()}

    def stop(self) -> Mapping[str, Sequence[Look]]:
        """Stop looking, and return everything that was seen. May be called twice."""
        self._stop.set()
        deadline = time.monotonic() + STOPS_WITHIN.total_seconds()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return self.looks()

    def _watch(self, name: str, ask: TryWrite) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._step, time.monotonic())
            began = self._now()
            try:
                accepted = ask()
            except SeawallError:
                accepted = None
            look = Look(began, self._now(), accepted)
            self._looks[name].append(look)
            self._show(name, look)
            if accepted is None:
                # A planned move takes less than two steps: look again before the other side opens.
                due = time.monotonic() + AGAIN.total_seconds()

    def _now(self) -> datetime:
        return self._wall + timedelta(seconds=time.monotonic() - self._start)
