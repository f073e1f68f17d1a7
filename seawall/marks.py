"""How a place is recognised: a mark that is laid down once, when it is set up, and never by itself.

A store that was wiped answers like one in which nothing was ever decided, and a majority with it could decide anew what
has been decided. So a place without its mark counts as silent, until people who have looked
set it up again (docs/places.md).
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from seawall.errors import BadInput, Mistake
from seawall.places import Place, Places, PlaceSilent

T = TypeVar("T")

MARK = "this-place"
TRIAL = "trial/"
FRESH = timedelta(seconds=10)
"""How long a look at the mark holds. Whoever holds a term looks more often than that, beside the run."""


def mark_of(name: str) -> bytes:
    """Return what stands at `MARK` in the place of this name."""
    return json.dumps({"format": 1, "place": name}).encode()


class MarkedPlace:
    """A place that is silent while its mark is not there. See `seawall.places.Place`."""

    def __init__(self, place: Place) -> None:
        self._place, self._looked = place, float("-inf")
        self._looking = threading.Lock()

    @property
    def name(self) -> str:
        """What the inventory calls it."""
        return self._place.name

    @property
    def bare(self) -> Place:
        """The place itself, whether or not its mark is there."""
        return self._place

    def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        """Store what is not there yet. See `seawall.places.Place`."""
        return self._recognised(within, lambda: self._place.put_if_absent(key, content, within))

    def get(self, key: str, within: timedelta) -> bytes | None:
        """Return what stands there. See `seawall.places.Place`."""
        return self._recognised(within, lambda: self._place.get(key, within))

    def names(self, prefix: str, within: timedelta) -> tuple[str, ...]:
        """List what is there. See `seawall.places.Place`."""
        return self._recognised(within, lambda: self._place.names(prefix, within))

    def remove(self, key: str, within: timedelta) -> None:
        """Remove what stands there. See `seawall.places.Place`."""
        self._recognised(within, lambda: self._place.remove(key, within))

    def close(self) -> None:
        """Let go of connections. See `seawall.places.Place`."""
        self._place.close()

    def look(self, within: timedelta) -> None:
        """Look at the mark now. Raises: PlaceSilent, when it is not there either."""
        began = time.monotonic()
        self._looked = float("-inf")
        found = self._place.get(MARK, within)
        if found != mark_of(self.name):
            raise _unrecognised(self.name, found)
        self._looked = began

    def _recognised(self, within: timedelta, call: Callable[[], T]) -> T:
        with self._looking:
            if time.monotonic() - self._looked > FRESH.total_seconds():
                self.look(within)
        try:
            return call()
        except PlaceSilent:
            self._looked = float("-inf")  # whoever comes back may have been put back from an old copy
            raise


def look_at(places: Places) -> dict[str, PlaceSilent | None]:
    """Look at every place's mark, side by side; return by place why it does not count, None when it does."""
    found = {one.place: one.silent for one in places.ask(lambda place: _look(place, places.within))}
    return {name: found[name] for name in places.names}


def look_beside(places: Places) -> None:
    """Begin to look at every place's mark, and wait for none: a silent one would hold up whoever looks."""
    for name in places.names:
        places.send(name, lambda place: _look(place, places.within), lambda _answer: None)


def unmarked(places: Places) -> Places:
    """Return the same places, whether or not their marks are there: for setting them up."""
    return places.each(lambda place: place.bare if isinstance(place, MarkedPlace) else place)


def set_up(places: Places, only: Sequence[str] = ()) -> None:
    """Lay down the marks of new places, or of `only` some, and try that each refuses to write a second time.

    Raises:
        BadInput: one does not answer, is not empty, or writes over what is there. No other has got its mark then.
    """
    _raise(places, only, lambda place: _is_empty(place, places.within))
    _raise(places, only, lambda place: _refuses_a_second(place, places.within))
    _raise(places, only, lambda place: _laid_down(place, places.within))


def _look(place: Place, within: timedelta) -> None:
    place.look(within) if isinstance(place, MarkedPlace) else place.get(MARK, within)


def _raise(places: Places, only: Sequence[str], call: Callable[[Place], str | None]) -> None:
    """Ask side by side; `call` returns what is wrong. Raises: BadInput."""
    mistakes = []
    for answer in places.ask(call, only):
        if answer.silent is not None:
            mistakes.append(Mistake(f"place {answer.place}", answer.silent.problem, answer.silent.remedy))
        elif answer.said is not None:
            remedy = (
                "Name an empty bucket without versions, in a store that honours If-None-Match; docs/places.md"
            )
            mistakes.append(Mistake(f"place {answer.place}", answer.said, remedy))
    if mistakes:
        raise BadInput(mistakes)


def _is_empty(place: Place, within: timedelta) -> str | None:
    there = [name for name in place.names("", within) if not name.startswith(TRIAL)]
    if there == [MARK] and place.get(MARK, within) == mark_of(place.name):
        return None
    return f"it is not empty: {there[0]} stands there" if there else None


def _refuses_a_second(place: Place, within: timedelta) -> str | None:
    key = f"{TRIAL}{secrets.token_hex(8)}"
    first = place.put_if_absent(key, b"first", within)
    second = place.put_if_absent(key, b"second", within)
    place.remove(key, within)
    return None if first is None and second == b"first" else "its store wrote over what was there"


def _laid_down(place: Place, within: timedelta) -> str | None:
    there = place.put_if_absent(MARK, mark_of(place.name), within)
    return None if there is None else "another mark stands there"


def _unrecognised(name: str, found: bytes | None) -> PlaceSilent:
    if found is None:
        remedy = "Find out whether it was wiped, before anybody sets it up again: docs/places.md"
        return PlaceSilent(
            "it answers, but is empty: its mark is not there", where=f"place {name}", remedy=remedy
        )
    remedy = "Compare the places in the inventory with their buckets"
    return PlaceSilent("it answers, but carries the mark of another", where=f"place {name}", remedy=remedy)
