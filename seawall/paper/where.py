"""What a step points at, out of its arguments: address, port, and by what the right one is told from the wrong one."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """One thing to go to.

    Attributes:
        kind: a key of `words.TARGETS`.
        known_by: keys of `words.LABELS`, each with what must be seen there.
    """

    kind: str
    name: str
    address: str
    known_by: tuple[tuple[str, str], ...] = ()


def fingerprint(host_key: str) -> str:
    """Return a public key's fingerprint as OpenSSH shows it; the key itself when it cannot be read.

    >>> fingerprint("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f")[:16]
    'SHA256:ZkAslGjFi'
    """
    parts = host_key.split()
    try:
        raw = base64.b64decode(parts[1], validate=True)
    except (IndexError, binascii.Error, ValueError):
        return host_key
    return f"SHA256:{base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip('=')}"


def places(args: Mapping[str, Any]) -> tuple[Place, ...]:
    """Return every place that arguments name, each once."""
    return tuple(dict.fromkeys(_places(args)))


def _places(value: Any, key: str = "") -> Iterator[Place]:
    match value:
        case {"system_identifier": system, "host": host, "port": port, "data_directory": data}:
            known = (
                ("database", str(value.get("database", ""))),
                ("data", data),
                ("cluster", str(value.get("cluster_name", ""))),
                ("system", system),
                *((("sudo", value["sudo_as"]),) if value.get("sudo_as") else ()),
            )
            yield Place("postgres", value["name"], f"{host['address']}:{port}", known)
            yield from _places(host)
        case {"host_key": host_key, "hostname": hostname, "address": address, "port": port, "user": user}:
            known_by = (("hostname", hostname), ("fingerprint", fingerprint(host_key)))
            yield Place("host", value["name"], f"{user}@{address}:{port}", known_by)
            yield from _places(value.get("power"))
        case dict() if (shared := _shared(value)) is not None:
            yield shared
        case dict():
            for name, one in value.items():
                yield from _places(one, name)
        case list():
            for one in value:
                yield from _places(one, key)
        case str() if key == "url":
            yield Place("web", "", value)


def _shared(value: Mapping[str, Any]) -> Place | None:
    """Return what many steps share: a controller, a store, a balancer, a DNS server; else None."""
    match value:
        case {"url": url, "system": system, "uuid": uuid}:
            return Place("power", system, url, (("uuid", uuid),))
        case {"bucket": bucket, "url": url}:
            return Place("store", value["name"], url, (("bucket", bucket),))
        case {"runtime": {"address": address, "port": port}}:
            return Place("balancer", value["name"], f"{address}:{port}")
        case {"key_name": _, "server": {"address": address, "port": port}}:
            return Place("zone", value["name"], f"{address}:{port}")
    return None
