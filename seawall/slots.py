"""Slots: written once, for everybody, at a majority of the three configured places. Slots in a row have numbers.

A slot is decided when two of the three places hold the same content in one round, and then for good. ADR 19 has the
argument. In short: places keep objects that are written once, so a slot is taken in rounds. Each round begins at one
place, at another one each time; content may stand elsewhere in a round only when it stands where the round began, so
that a round has one content. Whoever cannot reach that place makes the round void at the other two, and begins the next
one with whatever content the void round may have decided. So two contenders never both win, a split vote ends, and a
silent place neither decides anything nor holds anything up.

    <row>/<number, ten digits>/<round>      e.g. claims/service:login/0000000001/1

`Taking` is all of it without a network or a clock; `take_slot` makes its puts side by side.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

from seawall.places import Answer, Place, Places

VOID = b"seawall: void"
"""What stands in a round that nobody may win any more at that place."""
MOST_ROUNDS = 12
"""Each round more means that contenders saw different places silent; after these, nobody can tell just now."""
KEPT = 512
"""Slots behind the head that are never removed. A row grows by one a second at most, and nobody takes a slot on the
strength of a head read longer ago than a minute, so that a removed slot cannot look free to anyone."""


@dataclass(frozen=True, slots=True)
class Mine:
    """A majority of the configured places holds our content."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """A majority of the configured places holds another's content."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nobody can tell: too few places answered. Ours may have been taken in, or may be yet; ask again with the same."""

    silent: tuple[str, ...]


Taken = Mine | Theirs | Unclear
Row = str
"""What the keys of a row's slots begin with, e.g. `claims/service:login`."""


@dataclass(frozen=True, slots=True)
class Head:
    """The highest slot of a row.

    Attributes:
        n: its number; 0 when the row has none.
        content: what it holds, as far as is known.
        settled: True when a majority was seen to hold it; False when none did, and every place answered: somebody may
            be taking it just now. None when nobody can tell, since a silent place may hold it too. Unless it is True,
            take this very slot to find out, not the next one.
    """

    n: int
    content: bytes | None
    settled: bool | None

    @property
    def next(self) -> int:
        """The slot to take after this look."""
        return self.n + 1 if self.settled else self.n


@dataclass(frozen=True, slots=True)
class Put:
    """One put-if-absent to make at one place."""

    place: str
    round: int
    content: bytes


class Taking:
    """One contender's taking of one slot, step by step. Every put that `puts` gives must be answered in the end.

    Attributes:
        outcome: how it went; None while answers are awaited.
    """

    def __init__(self, places: Sequence[str], content: bytes, *, quiet: Collection[str] = ()) -> None:
        """Begin.

        Args:
            places: the configured places; everybody must name them in the same order.
            content: ours; nobody else may ever take a slot with the same bytes, so it carries a nonce.
            quiet: places that are not waited for where that can be helped.
        """
        if content == VOID or not content:
            message = "a slot holds some content of its own"
            raise ValueError(message)
        self._places, self._content, self._quiet = tuple(places), content, set(quiet)
        self._majority = len(self._places) // 2 + 1
        self._round, self._carried = 1, content
        self._stands: dict[tuple[str, int], bytes] = {}
        self._sent: set[tuple[str, int]] = set()
        self._awaited: set[tuple[str, int]] = set()
        self._silent: set[str] = set()
        self.outcome: Taken | None = None

    def puts(self) -> tuple[Put, ...]:
        """Return what is to be sent now; nothing when answers are awaited, or it is over."""
        puts: list[Put] = []
        while self.outcome is None and self._go_on(puts):
            pass
        return tuple(puts)

    def heard(self, put: Put, stands: bytes | None) -> None:
        """Take in what a place answered: None when it stored what we sent, else what stands there."""
        self._awaited.discard((put.place, put.round))
        self._quiet.discard(put.place)
        self._stands[put.place, put.round] = put.content if stands is None else stands

    def not_heard(self, put: Put) -> None:
        """Take in that a place was silent: whether it stored what we sent is unknown."""
        self._awaited.discard((put.place, put.round))
        self._silent.add(put.place)

    def _go_on(self, puts: list[Put]) -> bool:
        """Do what the round asks for; tell whether there is more to do at once."""
        begins, others = self._turn()
        here = {name: self._stands.get((name, self._round)) for name in self._places}
        found = next((one for one in here.values() if one is not None and one != VOID), None)
        if found is not None:
            return self._spread(found, here, puts)
        if here[begins] == VOID:
            return self._next_round()
        if begins not in self._silent and begins not in self._quiet:
            self._send(begins, self._carried, puts)
            return False
        return self._close(begins, others, here, puts)

    def _spread(self, found: bytes, here: Mapping[str, bytes | None], puts: list[Put]) -> bool:
        """See the one content of this round to a majority, whoever's it is."""
        self._carried = found
        if sum(one == found for one in here.values()) >= self._majority:
            self.outcome = Mine() if found == self._content else Theirs(found)
            return False
        for name, one in here.items():
            if one is None and name not in self._silent:
                self._send(name, found, puts)
        if self._awaits_answers:
            return False
        if sum(one is not None for one in here.values()) >= self._majority:
            return self._next_round()
        return self._give_up()

    def _close(
        self, begins: str, others: Sequence[str], here: Mapping[str, bytes | None], puts: list[Put]
    ) -> bool:
        """Make the round void at all the other places, as the one it begins at does not tell."""
        for name in others:
            if here[name] is None and name not in self._silent:
                self._send(name, VOID, puts)
        if self._awaits_answers:
            return False
        if all(here[name] == VOID for name in others):
            return self._next_round()
        if begins not in self._silent:
            self._quiet.discard(begins)  # another is silent too, so it must be waited for after all
            return True
        return self._give_up()

    def _turn(self) -> tuple[str, tuple[str, ...]]:
        at = (self._round - 1) % len(self._places)
        return self._places[at], self._places[:at] + self._places[at + 1 :]

    @property
    def _awaits_answers(self) -> bool:
        return any(at == self._round for _, at in self._awaited)

    def _send(self, place: str, content: bytes, puts: list[Put]) -> None:
        if (place, self._round) not in self._sent:
            self._sent.add((place, self._round))
            self._awaited.add((place, self._round))
            puts.append(Put(place, self._round, content))

    def _next_round(self) -> bool:
        if self._round == MOST_ROUNDS:
            return self._give_up()
        self._round += 1
        return True

    def _give_up(self) -> bool:
        self.outcome = Unclear(tuple(name for name in self._places if name in self._silent))
        return False


def slot_key(row: Row, n: int) -> str:
    """Return the key of slot `n` of a row."""
    return f"{row}/{n:010d}"


def take_slot(places: Places, key: str, content: bytes) -> Taken:
    """Try to take the slot at `key` with `content`, which nobody else may ever use.

    Take slot n of a row only when n-1 is known to be decided, and not on a look at the row older than a minute. After
    Unclear, ask again with the same content.
    """
    taking = Taking(places.names, content, quiet=places.quiet)
    came: SimpleQueue[tuple[Put, Answer[bytes | None]]] = SimpleQueue()
    while True:
        for put in taking.puts():
            make = partial(_put, key=f"{key}/{put.round}", put=put, places=places)
            places.send(put.place, make, partial(_hand_over, came, put))
        if taking.outcome is not None:
            return taking.outcome
        try:
            put, answer = came.get(timeout=2 * places.within.total_seconds())
        except Empty:  # a place that does not even keep its limit
            return Unclear(tuple(places.quiet))
        if answer.silent is None:
            taking.heard(put, answer.said)
        else:
            taking.not_heard(put)


def take_next(places: Places, row: Row, content: bytes) -> tuple[int, Taken]:
    """Try to take the slot after the head of `row`; return its number, 0 when not even the head can be read."""
    head = read_row(places, row)
    if isinstance(head, Unclear):
        return 0, head
    return head.next, take_slot(places, slot_key(row, head.next), content)


def read_row(places: Places, row: Row) -> Head | Unclear:
    """Read the highest slot of `row` as a majority of the configured places knows it, changing nothing.

    A listing that is stale shows a lower head; whoever takes the slot after it finds it taken.
    """
    prefix, seen, answered = f"{row}/", set[tuple[int, int]](), 0
    silent: list[str] = []
    for answer in places.ask(lambda place: place.names(prefix, places.within)):
        if answer.said is None:
            silent.append(answer.place)
            continue
        answered += 1
        seen |= set(_numbers(prefix, answer.said))
        if answered >= places.majority:
            break
    if answered < places.majority:
        return Unclear(tuple(silent))
    if not seen:
        return Head(0, None, settled=True)
    n = max(number for number, _ in seen)
    return read_slot(places, row, n, max(one for number, one in seen if number == n))


def tidy_row(places: Places, row: Row, head: int) -> None:
    """Remove slots far behind `head`, the oldest first, wherever a place answers. For whoever holds the head."""
    prefix = f"{row}/"

    def remove_old(place: Place) -> None:
        for key in place.names(prefix, places.within):
            if any(n < head - KEPT for n, _ in _numbers(prefix, (key,))):
                place.remove(key, places.within)

    for _ in places.ask(remove_old):
        pass


def read_slot(places: Places, row: Row, n: int, rounds: int = MOST_ROUNDS) -> Head | Unclear:
    """Read one slot as a majority of the configured places knows it, as far as so many rounds, changing nothing."""
    keys = [f"{slot_key(row, n)}/{one}" for one in range(1, rounds + 1)]
    stands: list[list[bytes | None]] = []
    silent: list[str] = []
    for answer in places.ask(lambda place: [place.get(key, places.within) for key in keys]):
        if answer.said is None:
            silent.append(answer.place)
            continue
        stands.append(answer.said)
        if (content := _decided(stands, places.majority)) is not None:
            return Head(n, content, settled=True)
    if len(stands) < places.majority:
        return Unclear(tuple(silent))
    found = [one for at in zip(*stands, strict=True) for one in at if one is not None and one != VOID]
    return Head(n, found[-1] if found else None, settled=None if found and silent else False)


def _decided(stands: Sequence[Sequence[bytes | None]], majority: int) -> bytes | None:
    rounds: list[tuple[bytes | None, ...]] = list(zip(*stands, strict=True))
    for at in rounds:
        for one in at:
            if one is not None and one != VOID and at.count(one) >= majority:
                return one
    return None


def _numbers(prefix: str, keys: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield slot and round of the keys that are slots of the row; what else stands beneath a slot is none."""
    for key in keys:
        n, _, at = key.removeprefix(prefix).partition("/")
        with suppress(ValueError):
            yield int(n), int(at)


def _put(place: Place, *, key: str, put: Put, places: Places) -> bytes | None:
    return place.put_if_absent(key, put.content, places.within)


def _hand_over(
    came: SimpleQueue[tuple[Put, Answer[bytes | None]]], put: Put, answer: Answer[bytes | None]
) -> None:
    came.put((put, answer))
