"""What a supplier runs is watched by reading only: no plan holds a change that reaches what is theirs.

Names and addresses decide, wherever in an argument they stand: in an address, a command, a host. What only tells people
(a message by mail or on Slack) may name anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from seawall.actions import Action, Effect
from seawall.ground import Path, Wrong
from seawall.inventory import Inventory
from seawall.messages import Message
from seawall.predicates import without_none


@dataclass(frozen=True, slots=True)
class Theirs:
    """A service that a supplier runs, and by what it is recognised."""

    service: str
    supplier: str
    places: tuple[str, ...]

    def is_meant_by(self, text: str) -> bool:
        """Tell whether a text is this service's name, or names a place that is theirs or inside it."""
        plain = unquote(text).lower()
        return plain == self.service or any(
            re.search(rf"(?<![\w-]){re.escape(place)}(?![\w-]|\.[\w-])", plain) for place in self.places
        )


def services_of_suppliers(inventory: Inventory) -> tuple[Theirs, ...]:
    """Return every service that somebody else runs."""
    found = []
    for name, service in inventory.services.items():
        if service.run_by is not None:
            read = service.probe.read if service.probe is not None else None
            watched = () if read is None else (_host(read),)
            places = {place.lower().rstrip(".") for place in (*watched, *service.run_by.places) if place}
            found.append(Theirs(name, service.run_by.supplier, tuple(sorted(places))))
    return tuple(found)


def changes_at_theirs(
    inventory: Inventory, action: Action[Any, Any], args: Mapping[str, Any]
) -> Iterator[Wrong]:
    """Find the arguments by which a change would reach what a supplier runs."""
    if action.effect is Effect.READS or _only_tells(action):
        return
    for theirs in services_of_suppliers(inventory):
        for path, text in _texts(args, ()):
            if theirs.is_meant_by(text):
                problem = (
                    f"{action.name} changes things, and {theirs.service} is run by {theirs.supplier}: "
                    "nothing of ours is written there"
                )
                remedy = (
                    f"Only read there; when it is down: seawall run supplier-outage service={theirs.service}"
                )
                yield Wrong(path, problem, remedy)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _only_tells(action: Action[Any, Any]) -> bool:
    return any(without_none(one.annotation) is Message for one in action.args.model_fields.values())


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(one, (*path, key))
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from _texts(one, (*path, index))
