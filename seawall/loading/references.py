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
"""Stands in a tree for the keys themselves, where `*` stands for what is under each key or entry."""

Tree = Mapping[str, "Tree | str"]
"""Where names stand, and what kind of thing each must name."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Something written that names something else. `about_key` when the name is a key."""

    path: Loc
    name: str
    kind: str
    about_key: bool


_SITE_KEYS: Tree = {KEY: "site"}
_WHERE: Tree = {
    "hosts": {"*": {"site": "site"}},
    "stores": {"*": {"site": "site"}},
    "places": {"*": {"store": "store"}},
    "services": {
        "*": {
            "needs": {"*": "service"},
            "runs_at": {"active": "site", "standby": "site"},
            "machines": {KEY: "site", "*": {"*": "host"}},
            "database": {"at": {KEY: "site", "*": "server"}},
            "web_root": {"at": {KEY: "site", "*": "web root"}},
            "unit": {"at": {KEY: "site", "*": "unit"}},
            "reached_through": {
                "balancer": "balancer",
                "backends": _SITE_KEYS,
                "zone": "zone",
                "address": _SITE_KEYS,
            },
            "targets": {"approved_by": "person or role"},
        }
    },
    "backups": {
        "*": {"service": "service", "taken_at": "site", "stored_in": {"*": "store"}, "verified_on": "host"}
    },
    "people": {"*": {"deputies": {"*": "person"}}},
    "duties": {
        KEY: "role",
        "*": {
            "weekly": {"people": {"*": "person"}},
            "dated": {"*": {"person": "person"}},
            "swaps": {"*": {"person": "person"}},
            "deputies": {"*": "person"},
        },
    },
    "audiences": {"*": {"people": {"*": "person"}}},
}


def references(written: Mapping[str, Any]) -> Iterator[Reference]:
    """Find every reference in the sections of an inventory, whatever else is wrong with them."""
    yield from _walk(written, _WHERE, ())


def _walk(written: Any, tree: Tree | str, reached: Loc) -> Iterator[Reference]:
    if isinstance(tree, str):
        if isinstance(written, str):
            yield Reference(reached, written, tree, about_key=False)
        return
    for first, below in tree.items():
        if first == KEY and isinstance(below, str) and isinstance(written, dict):
            for name in written:
                yield Reference((*reached, name), name, below, about_key=True)
        elif first == "*":
            entries = (
                written.items()
                if isinstance(written, dict)
                else enumerate(written if isinstance(written, list) else ())
            )
            for part, value in entries:
                yield from _walk(value, below, (*reached, part))
        elif isinstance(written, dict) and first in written:
            yield from _walk(written[first], below, (*reached, first))


def places(written: Any, path: tuple[str, ...], reached: Loc = ()) -> Iterator[tuple[Loc, Any]]:
    """Find every place that `path` leads to, where `*` stands for every key or entry, and what stands there."""
    if not path:
        yield reached, written
    elif path[0] == "*":
        entries = (
            written.items()
            if isinstance(written, dict)
            else enumerate(written if isinstance(written, list) else ())
        )
        for part, value in entries:
            yield from places(value, path[1:], (*reached, part))
    elif isinstance(written, dict) and path[0] in written:
        yield from places(written[path[0]], path[1:], (*reached, path[0]))


def known_names(written: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """Return the names there are of each kind of thing, those of broken entries too."""
    people = _names(written, "people")
    roles = tuple(dict.fromkeys(str(role) for _, role in places(written, ("people", "*", "roles", "*"))))
    servers = _on_hosts(written, "postgres")
    return {
        "site": _names(written, "sites"),
        "host": _names(written, "hosts"),
        "server": servers,
        "web root": _on_hosts(written, "web_roots"),
        "unit": _on_hosts(written, "units"),
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


def _on_hosts(written: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    return tuple(f"{path[1]}/{path[3]}" for path, _ in places(written, ("hosts", "*", kind, "*")))
