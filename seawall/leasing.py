"""A lease, read and written at the three places: what `seawall.lease` says, done with `seawall.slots`.

Standard library and the core only: the guard beside the database works with it, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from seawall.lease import Hold, Terms, Word, beginning, boottime, granting, revoking, row_of
from seawall.places import Answer, Place, Places
from seawall.slots import MOST_ROUNDS, Head, Mine, Theirs, Unclear, read_row, read_slot, slot_key, take_slot

Clock = Callable[[], float]
"""CLOCK_BOOTTIME, by which it is told when something was seen to be decided."""
FIRST_ROUND = 1
KNOWN_FOR = 30.0
"""Seconds after a row was read in which its next slot alone says whether there is more: much longer, and that slot
could have been taken and tidied away (`seawall.slots.KEPT`)."""
TRIES = 8
"""Words that others may have said between a look at a row and the end of it; a guard says one at each start."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One word of a lease that is decided. Number 0 and no word: nobody ever said anything.

    Attributes:
        at: when that was seen, by this machine's CLOCK_BOOTTIME.
    """

    number: int
    word: Word | None
    at: float


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an attempt to say something: the word it was to be, and what is decided in its slot now.

    Attributes:
        ours: whether that is our word.
    """

    ours: bool
    decided: Decided


def read_lease(
    places: Places, server: str, clock: Clock = boottime, *, settles: bool = False
) -> Decided | None:
    """Return a lease's newest decided word, after which the next one may be said; None when nobody can tell.

    Where somebody is saying something just now, or died over it, that is the word before theirs. What was read a moment
    ago is looked at again by its next slot alone: one question in place of two.

    A word that one place shows, and that a silent one may hold too, is not known. With `settles`, for whoever goes on
    to say something, it is first seen to a majority, whoever's it is (ADR 19).
    """
    row = row_of(server)
    known: Decided | None = places.foreseen.get(row)
    # How long ago that was is asked last: this process may have been held up meanwhile.
    if (
        known is not None
        and next_is_empty(places, server, known.number)
        and 0 <= clock() - known.at < KNOWN_FOR
    ):
        return known  # seen then, and still so
    head = read_row(places, row)
    if settles and not isinstance(head, Unclear) and head.settled is None:
        head = _settled(places, row, head)
    if not isinstance(head, Unclear) and head.settled is False:
        head = read_slot(places, row, head.n - 1) if head.n > 1 else Head(0, None, settled=True)
    if isinstance(head, Unclear) or not head.settled:
        return None
    decided = Decided(head.n, None if head.content is None else Word.read(head.content), clock())
    places.foreseen[row] = decided
    return decided


def _settled(places: Places, row: str, head: Head) -> Head | Unclear:
    """See to it that the slot of a head is decided, by what stands there."""
    assert head.content is not None, "where nothing stands, a silent place decided nothing"
    match take_slot(places, slot_key(row, head.n), head.content):
        case Mine():
            return Head(head.n, head.content, settled=True)
        case Theirs(content):
            return Head(head.n, content, settled=True)
        case unclear:
            return unclear


def next_is_empty(places: Places, server: str, number: int) -> bool | None:
    """Tell whether nobody has begun on the slot after `number`; None when no majority of the places answers.

    A slot is decided only after something stands in its first round at a majority, and the next one is begun only when
    it is decided. So where a majority shows that round empty, nobody had said anything when they were asked.
    """
    key = f"{slot_key(row_of(server), number + 1)}/{FIRST_ROUND}"
    empty = heard = 0
    for answer in places.ask(lambda place: (place.get(key, places.within),)):
        if answer.said is None:
            continue
        heard += 1
        empty += answer.said == (None,)
        if empty >= places.majority:
            return True
    return False if heard >= places.majority else None


def say(places: Places, server: str, number: int, word: Word, clock: Clock = boottime) -> Told | None:
    """Try to have `word` decided in a slot after a decided one. None: nobody can tell; ask again with the same word."""
    taken = take_slot(places, slot_key(row_of(server), number), word.content())
    match taken:
        case Mine():
            return Told(ours=True, decided=Decided(number, word, clock()))
        case Theirs():
            return Told(ours=False, decided=Decided(number, Word.read(taken.content), clock()))
    return None


def revoke(
    places: Places,
    server: str,
    terms: Terms,
    *,
    by: str,
    why: str,
    read: Decided | None = None,
    clock: Clock = boottime,
) -> tuple[Decided, Decided] | None:
    """Take the next slot with `revoked`; after `read`, where its newest word was read already.

    A word that is not the newest any more costs a try more, and nothing else.

    Returns:
        What was the newest word before, and ours; the wait counts from when ours was seen to be decided. None when no
        majority of the places can tell: it may or may not be revoked.
    """
    before = read or read_lease(places, server, clock, settles=True)
    for _ in range(TRIES):
        if before is None:
            return None
        word = revoking(before.word, by=by, why=why, terms=terms)
        told = say(places, server, before.number + 1, word, clock)
        if told is None:
            return None
        if told.ours:
            return before, told.decided
        before = told.decided
    return None


def grant(
    places: Places, server: str, revoked: Decided, *, by: str, why: str, clock: Clock = boottime
) -> Told | None:
    """Let a guard hold a lease again, if `revoked` is its newest word still. None: nobody can tell."""
    assert revoked.word is not None, "what is granted was revoked"
    return say(places, server, revoked.number + 1, granting(revoked.word, by=by, why=why), clock)


def take_up(
    places: Places, server: str, terms: Terms, *, guard: str, boot: str, clock: Clock = boottime
) -> Hold | str:
    """Take a lease up for a guard that has closed its path, or say why that cannot be now."""
    before = read_lease(places, server, clock, settles=True)
    if before is None:
        return "no majority of the places tells how it stands"
    word = beginning(before.word, guard=guard, boot=boot, terms=terms)
    if word is None:
        assert before.word is not None, "only a word closes"
        return f"revoked by {before.word.by}" + (f": {before.word.why}" if before.word.why else "")
    told = say(places, server, before.number + 1, word, clock)
    if told is None:
        return "no majority of the places could tell whether it was taken up"
    if not told.ours:
        return "somebody else said something meanwhile"
    return Hold.begun(word, terms, told.decided.number, told.decided.at)


def held_by(places: Places, server: str, decided: Decided) -> tuple[str, ...]:
    """Return the places that are seen to hold a word of this lease, which is decided."""
    assert decided.word is not None
    content, key = decided.word.content(), slot_key(row_of(server), decided.number)
    rounds = [f"{key}/{one}" for one in range(FIRST_ROUND, MOST_ROUNDS + 1)]

    def holds(place: Place) -> bool:
        return any(place.get(one, places.within) == content for one in rounds)

    return tuple(sorted(answer.place for answer in places.ask(holds) if answer.said))


def put_where_missing(places: Places, server: str, number: int, word: Word, there: set[str]) -> None:
    """Begin to put a decided word at every place that has missed it, and wait for none.

    Every place where it stands, or can never stand since its round is void there, is added to `there`.

    It counts when two places hold it. Should one of these fall silent, whoever reads it would not know it. Where
    content stands, it is anybody's to spread (ADR 19).
    """
    content, key = word.content(), slot_key(row_of(server), number)
    found: dict[str, Mapping[int, bytes]] = {}
    sent: set[tuple[str, int]] = set()
    turn = threading.Lock()

    def look(place: Place) -> Mapping[int, bytes]:
        rounds = (int(one.removeprefix(f"{key}/")) for one in place.names(f"{key}/", places.within))
        return {one: place.get(f"{key}/{one}", places.within) or b"" for one in rounds}

    def put(place: Place, round_: int) -> None:
        place.put_if_absent(f"{key}/{round_}", content, places.within)
        there.add(place.name)

    def heard(answer: Answer[Mapping[int, bytes]]) -> None:
        if answer.said is None:
            return
        with turn:
            found[answer.place] = answer.said
            stands = {one for seen in found.values() for one, what in seen.items() if what == content}
            at = max(stands, default=0)
            there.update(name for name, seen in found.items() if at in seen)
            missing = [
                name for name, seen in found.items() if at and at not in seen and (name, at) not in sent
            ]
            sent.update((name, at) for name in missing)
        for name in missing:
            places.send(name, partial(put, round_=at), lambda _answer: None)

    for name in places.names:
        places.send(name, look, heard)


def seal(places: Places, server: str, revoked: Decided, *, by: str) -> bool | None:
    """Say `revoked` once more after our own, just before a promotion, and tell whether the lease is revoked still.

    Looking would not do: a grant may be under way that is decided after the look. After this it finds its slot taken.
    None: nobody can tell.
    """
    assert revoked.word is not None, "what is sealed was revoked"
    word = revoking(revoked.word, by=by, why=revoked.word.why)
    told = say(places, server, revoked.number + 1, word)
    return None if told is None else told.decided.word is not None and told.decided.word.says == "revoked"
