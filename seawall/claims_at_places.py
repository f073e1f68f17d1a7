"""Claims at the three places: which run holds `service:login`, for everybody who works with Seawall on this city.

A thing's claims are a row of slots. What a run has claimed is its own until it has ended, which is then written beneath
the slot; a run whose driver crashed is resumed, and nothing gives its claims away before its end can be shown.

    claims/<thing>/<n>/<round>       the slot (`seawall.slots`)
    claims/<thing>/<n>/released      the run has ended
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from seawall.drivers import ClaimWord, Driver, nonce, utc_now
from seawall.errors import Busy
from seawall.model import duration_text
from seawall.places import Places, PlaceSilent
from seawall.slots import Head, Mine, Unclear, read_row, slot_key, take_slot
from seawall.terms import too_few

AT_ONCE = 8
"""Things claimed side by side; a plan over a whole site claims a thousand."""
RELEASED = b"released"
CLAIMS = "claims/"


@dataclass(frozen=True, slots=True)
class _Foreseen:
    """What was read of a thing beforehand. `released` is the number of its slot, when that is free again; else 0."""

    head: Head
    released: int


Ended = Callable[[str], bool]
"""Tells whether a run has ended, as far as can be shown from here."""


def claim_at(places: Places, things: Iterable[str], run: str, driver: Driver, ended: Ended) -> None:
    """Claim `things` for `run` at the places, all or none.

    Raises:
        Busy: another run holds one of them; names it, its operator, the machine, and for how long.
        PlaceSilent: too few places answer; nobody can tell.
    """
    first, *rest = sorted(set(things)) or [""]
    if not first:
        return
    taken: list[str] = []
    try:
        # Of two runs that want the same things, the one that gets the first of them gets them all.
        _claim(places, first, run, driver, ended)
        taken.append(first)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="claims") as at_once:
            for thing, claimed in [
                (one, at_once.submit(_claim, places, one, run, driver, ended)) for one in rest
            ]:
                claimed.result()
                taken.append(thing)
    except Busy:
        release_at(places, taken, run)
        raise


def is_claimed_by(places: Places, run: str) -> bool:
    """Tell whether a run has claimed anything, also where no majority shows it yet. Asks for every claim there is.

    Raises: PlaceSilent: too few places answer.
    """
    rows, answered, silent = set[str](), 0, list[str]()
    for answer in places.ask(lambda place: place.names(CLAIMS, places.within)):
        if answer.said is None:
            silent.append(answer.place)
            continue
        rows |= {key.rsplit("/", 2)[0] for key in answer.said}
        answered += 1
    if answered < places.majority:
        raise too_few(Unclear(tuple(silent)), "the claims")
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="claims") as at_once:
        for one in [at_once.submit(read_row, places, row) for row in sorted(rows)]:
            head = one.result()
            held = None if isinstance(head, Unclear) or not head.content else ClaimWord.read(head.content)
            if held is not None and held.run == run:
                return True
    return False


def foresee(places: Places, things: Iterable[str]) -> None:
    """Read in a thread of its own who holds `things`, while a person reads the plan: what was decided stays so.

    So does what was released. What was not may be by now, and is looked at again.
    """
    rows = [f"{CLAIMS}{thing}" for thing in things]

    def read() -> None:
        for row in rows:
            head = read_row(places, row)
            if isinstance(head, Unclear):
                continue
            released = False
            with contextlib.suppress(PlaceSilent):
                released = bool(head.n) and _is_released(places, row, head.n)
            places.foreseen[row] = _Foreseen(head, head.n if released else 0)

    if rows:
        threading.Thread(target=read, name="claims foreseen", daemon=True).start()


def release_at(places: Places, things: Collection[str], run: str) -> bool:
    """Write down that `run` has ended, wherever it holds one of `things`; tell whether a majority took that in."""
    released = [_release(places, thing, run) for thing in things]
    return all(released)


def _claim(places: Places, thing: str, run: str, driver: Driver, ended: Ended) -> None:
    mine = ClaimWord(nonce=nonce(), run=run, driver=driver, at=utc_now()).model_dump_json().encode()
    row = f"{CLAIMS}{thing}"
    foreseen = places.foreseen.pop(row, None)
    head = foreseen.head if foreseen else read_row(places, row)
    if isinstance(head, Unclear):
        raise too_few(head, thing)
    n, content = head.n, head.content if head.settled else None
    while True:
        if n and content is not None:
            held = ClaimWord.read(content)
            if held is None:
                raise _busy(thing, held)
            released = (foreseen and foreseen.released == n) or _is_released(places, row, n)
            if held.run == run and not released:
                return
            if not (released or ended(held.run)):
                raise _busy(thing, held)
        n = n + 1 if head.settled or content is not None else n
        outcome = take_slot(places, slot_key(row, n), mine)
        if isinstance(outcome, Mine):
            return
        if isinstance(outcome, Unclear):
            raise too_few(outcome, thing)
        content = outcome.content


def _release(places: Places, thing: str, run: str) -> bool:
    row = f"{CLAIMS}{thing}"
    head = read_row(places, row)
    if isinstance(head, Unclear) or not head.content:
        return False
    held = ClaimWord.read(head.content)
    if held is None or held.run != run:
        return True
    key = f"{slot_key(row, head.n)}/released"
    put = places.ask(lambda place: place.put_if_absent(key, RELEASED, places.within))
    return _enough(places, (one.silent is None for one in put))


def _enough(places: Places, answers: Iterable[bool]) -> bool:
    count = 0
    for one in answers:
        count += one
        if count >= places.majority:
            return True
    return False


def _is_released(places: Places, row: str, n: int) -> bool:
    """Tell whether the run that holds slot `n` has said that it ended. Raises: PlaceSilent: too few answer."""
    key, answered, silent = f"{slot_key(row, n)}/released", 0, list[str]()
    for answer in places.ask(lambda place: place.get(key, places.within)):
        if answer.silent is not None:
            silent.append(answer.place)
            continue
        if answer.said is not None:
            return True
        answered += 1
        if answered >= places.majority:
            return False
    raise too_few(Unclear(tuple(silent)), row.removeprefix(CLAIMS))


def _busy(thing: str, held: ClaimWord | None) -> Busy:
    if held is None:
        remedy = "Use the version of Seawall that the other run uses"
        return Busy("another run holds it, of another version of Seawall", where=thing, remedy=remedy)
    age = timedelta(seconds=max(0, round((utc_now() - held.at).total_seconds())))
    who = f"{held.driver.by} on {held.driver.machine}"
    problem = f"run {held.run} of {who} holds {thing}, since {duration_text(age)} ago"
    remedy = f"Watch it there; if that machine is lost: `seawall recover {held.run}`, then `seawall resume {held.run}`"
    return Busy(problem, where=thing, remedy=remedy)
