"""Names in the inventory that must lead somewhere, found in what was written and not in what was understood.

A service with a mistyped key still has its references checked, so that one reading shows everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seawall.loading.nearest import as_name
from seawall.yaml_source import Loc

KEY = "{key}"
"""Stands at the end of a path for the key itself, where `*` stands for every key or entry."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Something written that names something else. `about_key` when the name is a key."""

    path: Loc
    name: str
    kind: str
    about_key: bool


_WHERE: Mapping[str, str] = {
    "hosts.*.site": "site",
    "stores.*.site": "site",
    "services.*.needs.*": "service",
    "services.*.runs_at.active": "site",
    "services.*.runs_at.standby": "site",
    "services.*.database.at.{key}": "site",
    "services.*.database.at.*": "server",
    "services.*.reached_through.balancer": "balancer",
    "services.*.reached_through.backends.{key}": "site",
    "services.*.reached_through.zone": "zone",
    "services.*.reached_through.address.{key}": "site",
    "services.*.targets.approved_by": "person or role",
    "backups.*.service": "service",
    "backups.*.taken_at": "site",
    "backups.*.stored_in.*": "store",
    "backups.*.verified_on": "host",
    "audiences.*.people.*": "person",
}
_PATHS = {tuple(path.split(".")): kind for path, kind in _WHERE.items()}


def references(written: Mapping[str, Any]) -> Iterator[Reference]:
    """Find every reference in the sections of an inventory, whatever else is wrong with them."""
    for path, kind in _PATHS.items():
        about_key = path[-1] == KEY
        for found, value in places(written, path):
            name = found[-1] if about_key else value
            if isinstance(name, str):
                yield Reference(found, name, kind, about_key)


def places(written: Any, path: tuple[str, ...], reached: Loc = ()) -> Iterator[tuple[Loc, Any]]:
    """Find every place that `path` leads to, and what stands there."""
    if not path:
        yield reached, written
        return
    first, rest = path[0], path[1:]
    if first in {"*", KEY}:
        entries: Iterator[tuple[str | int, Any]] = iter(())
        if isinstance(written, dict):
            entries = iter(written.items())
        elif isinstance(written, list) and first == "*":
            entries = iter(enumerate(written))
        for part, value in entries:
            yield from places(value, rest, (*reached, part))
    elif isinstance(written, dict) and first in written:
        yield from places(written[first], rest, (*reached, first))


def known_names(written: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """Return the names there are of each kind of thing, those of broken entries too."""
    people = _names(written, "people")
    roles = tuple(dict.fromkeys(str(role) for _, role in places(written, ("people", "*", "roles", "*"))))
    servers = tuple(f"{path[1]}/{path[3]}" for path, _ in places(written, ("hosts", "*", "postgres", "*")))
    return {
        "site": _names(written, "sites"),
        "host": _names(written, "hosts"),
        "server": servers,
        "service": _names(written, "services"),
        "store": _names(written, "stores"),
        "balancer": _names(written, "balancers"),
        "zone": tuple(zones) if isinstance(zones := written.get("zones"), dict) else (),
        "person": people,
        "role": roles,
        "person or role": tuple(dict.fromkeys((*people, *roles))),
    }


def needs(written: Mapping[str, Any]) -> Mapping[str, tuple[tuple[str, Loc], ...]]:
    """Return for each service the services it needs that exist, and where it says so."""
    services = written.get("services")
    graph: dict[str, list[tuple[str, Loc]]] = (
        {name: [] for name in services} if isinstance(services, dict) else {}
    )
    for path, name in places(written, ("services", "*", "needs", "*")):
        if isinstance(name, str) and name in graph:
            graph[str(path[1])].append((name, path))
    return {name: tuple(wanted) for name, wanted in graph.items()}


def _names(written: Mapping[str, Any], section: str) -> tuple[str, ...]:
    """Return a section's names; a badly written one as it will read when its own mistake is corrected."""
    entries = written.get(section)
    return (
        tuple(dict.fromkeys(as_name(name) or name for name in entries)) if isinstance(entries, dict) else ()
    )
