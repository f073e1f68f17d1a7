"""What of a city goes into a go-bag, and what has changed in the city since one was made."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seawall.errors import BadInput
from seawall.files import read_named
from seawall.go_bag.manifest import CITY, PRODUCT_FOLDER, Manifest, digest_of
from seawall.inventory import Inventory
from seawall.loading import PRODUCT
from seawall.loading.city_files import yaml_files
from seawall.runbook import Runbook

FOLDERS = ("inventory", "runbooks", "templates", "actions", "scenarios")
"""The parts of a city's folder that go-bags carry: what people wrote, and no runs, drills or keys."""
SETTINGS = "seawall.yaml"
LARGEST_FILE = 16 * 2**20
"""Bytes of one file; an inventory of a thousand services has 2 million."""
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+|keyring:[^/]+/.+|vault:.+#.+")


def files_of(city: Path) -> Mapping[str, bytes]:
    """Return the city's files, and those that come with Seawall, by the names that go-bags give them.

    Raises:
        BadInput: one cannot be read, or is too large.
    """
    found = {f"{CITY}{folder}/{path.name}": path for folder in FOLDERS for path in yaml_files(city / folder)}
    if (city / SETTINGS).exists():
        found[f"{CITY}{SETTINGS}"] = city / SETTINGS
    for folder in ("", "messages/"):
        found |= {f"{PRODUCT_FOLDER}{folder}{path.name}": path for path in yaml_files(PRODUCT / folder)}
    return {name: _content(path) for name, path in sorted(found.items())}


def changed_since(manifest: Manifest, city: Path) -> tuple[str, ...]:
    """Return which of the city's files are not what they were when a go-bag was made. Raises: BadInput."""
    now = {name: digest_of(content) for name, content in files_of(city).items()}
    then = {
        name: digest for name, digest in manifest.members.items() if name.startswith((CITY, PRODUCT_FOLDER))
    }
    return tuple(sorted(_shown(name) for name in {*now, *then} if now.get(name) != then.get(name)))


def references_in(inventory: Inventory, runbooks: Iterable[Runbook]) -> tuple[str, ...]:
    """Return everything in a city that refers to a secret, each once, in order."""
    written = [inventory.model_dump(mode="json"), *(one.model_dump(mode="json") for one in runbooks)]
    return tuple(sorted({text for text in _texts(written) if _REFERENCE.fullmatch(text)}))


def names_in(inventory: Inventory) -> tuple[str, ...]:
    """Return the addresses of machines and systems that are names: without DNS they lead nowhere."""
    said = [host.address for host in inventory.hosts.values()]
    said += [
        urlsplit(host.power.url).hostname or "" for host in inventory.hosts.values() if host.power is not None
    ]
    said += [urlsplit(store.url).hostname or "" for store in inventory.stores.values()]
    said += [balancer.runtime.address for balancer in inventory.balancers.values()]
    said += [zone.server.address for zone in inventory.zones.values()]
    said += [inventory.mail.address] if inventory.mail is not None else []
    return tuple(sorted({one for one in said if one and one != "localhost" and not _is_address(one)}))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from _texts(one)
        case list() | tuple():
            for one in value:
                yield from _texts(one)


def _content(path: Path) -> bytes:
    if path.is_symlink() and not path.exists():
        raise BadInput.one(
            "leads to a file that is not there", where=str(path), remedy="Mend the link or remove it"
        )
    return read_named(
        path,
        str(path),
        at_most=LARGEST_FILE,
        name_what="Keep ordinary files there",
        when_larger="Take what is no part of the city out of its folder",
    )


def _shown(name: str) -> str:
    return (
        name.removeprefix(CITY) if name.startswith(CITY) else f"{name.removeprefix(PRODUCT_FOLDER)} (Seawall)"
    )
