"""What a supplier runs is watched by reading only: no plan holds a change that reaches what is theirs.

Names and addresses decide, wherever in an argument they stand: in an address, a command, a host. What only tells people
(a message by mail or on Slack) may name anything.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from seawall.actions import Action, Effect
from seawall.ground import Path, Wrong
from seawall.inventory import Inventory
from seawall.messages import Message
from seawall.model import Frozen
from seawall.predicates import without_none


@dataclass(frozen=True, slots=True)
class Theirs:
    """A service that a supplier runs, and the host names and addresses that are theirs."""

    service: str
    supplier: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """What all suppliers of one city run, by its name and by its places: a plan may have ten thousand steps.

    Attributes:
        short: whether a place of theirs has neither a full stop nor a colon in it.
    """

    inventory: Inventory
    named: Mapping[str, Theirs]
    placed: Mapping[str, Theirs]
    short: bool

    def meant_by(self, text: str) -> tuple[Theirs, ...]:
        """Return what a text means: a service's name and nothing else, or any place of theirs, or inside it."""
        plain = (unquote(text) if "%" in text else text).lower()
        found = [self.named[plain]] if plain in self.named else []
        if not self.placed or ("." not in plain and ":" not in plain and not self.short):
            return tuple(found)
        for word in _WORDS.findall(plain):
            # A port stands behind a name, and colons stand in an IPv6 address.
            for part in (word, *word.split(":")) if ":" in word else (word,):
                found += self._around(part.strip("-."))
        return tuple(dict.fromkeys(found))

    def _around(self, name: str) -> Iterator[Theirs]:
        """Yield whose place `name` is, or lies in."""
        while name:
            if name in self.placed:
                yield self.placed[name]
            name = name.partition(".")[2]


_WORDS = re.compile(r"[\w.:-]+")
"""What may be a host name or an address in a text, with a port or without."""
_last: list[_Known] = []


def services_of_suppliers(inventory: Inventory) -> tuple[Theirs, ...]:
    """Return every service that somebody else runs."""
    found = []
    for name, service in inventory.services.items():
        if service.run_by is not None:
            read = service.probe.read if service.probe is not None else None
            watched = () if read is None else (_host(read),)
            places = {place.lower().strip(".") for place in (*watched, *service.run_by.places) if place}
            found.append(Theirs(name, service.run_by.supplier, tuple(sorted(places))))
    return tuple(found)


def changes_at_theirs(
    inventory: Inventory, action: Action[Any, Any], args: Mapping[str, Any]
) -> Iterator[Wrong]:
    """Find the arguments by which a change would reach what a supplier runs."""
    known = _known(inventory)
    if not known.named or action.effect is Effect.READS or _only_tells(cast("Hashable", action.args)):
        return
    if not any(known.meant_by(text) for text in _leaves(args)):
        return
    for path, text in _texts(args, ()):
        for theirs in known.meant_by(text):
            problem = (
                f"{action.name} changes things, and {theirs.service} is run by {theirs.supplier}: "
                "nothing of ours is written there"
            )
            remedy = f"Only read there; when it is down: seawall run supplier-outage service={theirs.service}"
            yield Wrong(path, problem, remedy)


def _known(inventory: Inventory) -> _Known:
    """Return what is known of an inventory, worked out once for all the steps of its plans."""
    last = _last[0] if _last else None
    if last is None or last.inventory is not inventory:
        theirs = services_of_suppliers(inventory)
        named = {one.service: one for one in theirs}
        placed = {place: one for one in theirs for place in one.places}
        short = any("." not in place and ":" not in place for place in placed)
        last = _Known(inventory, named, placed, short)
        _last[:] = [last]
    return last


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


@lru_cache(maxsize=256)
def _only_tells(args: Hashable) -> bool:
    fields = cast("type[Frozen]", args).model_fields
    return any(without_none(one.annotation) is Message for one in fields.values())


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(one, (*path, key))
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from _texts(one, (*path, index))
