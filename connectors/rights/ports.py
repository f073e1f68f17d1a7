"""Firewall rules: from where to where, one file a machine that is reached, for nftables.

Source: nft(8), `insert rule` puts a rule before those that drop; a rule in a table of its own could not undo a drop.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Iterable, Iterator

from connectors.rights.gathered import HERE, Rights, Way

_HEAD = """\
# {to}: what must be let in for Seawall. Written for Debian's own /etc/nftables.conf (table inet filter, chain input):
#   nft -f {file}
# and the same lines at the top of that chain in the file, so that they are there after a restart. Elsewhere, the words
# after each rule say what to let through.
"""


def address_towards(address: str) -> str | None:
    """Return the address this machine would speak to `address` from. Nothing is sent."""
    with contextlib.suppress(ValueError, OSError):
        family = socket.AF_INET if ipaddress.ip_address(address).version == 4 else socket.AF_INET6  # noqa: PLR2004 - IPv4
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            line.connect((address, 9))
            return str(line.getsockname()[0])
    return None


def rule(way: Way, from_: Iterable[str]) -> str:
    """Return the rule that lets one way through."""
    sources = [one for one in from_ if one] or ["0.0.0.0/0"]
    version = "ip6" if ":" in sources[0] else "ip"
    named = sources[0] if len(sources) == 1 else f"{{ {', '.join(sources)} }}"
    return (
        f"insert rule inet filter input {version} saddr {named} {version} daddr {way.endpoint.address}"
        f' tcp dport {way.endpoint.port} accept comment "{way.what} from {way.from_}"'
    )


def files(rights: Rights, mine: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield one file a place that is reached. `mine` are the addresses Seawall comes from; else this machine's."""
    given = tuple(mine)
    places: dict[str, list[Way]] = {}
    for way in rights.ways:
        places.setdefault(way.to, []).append(way)
    for to, ways in sorted(places.items()):
        name = f"{to.replace(' ', '-')}.nft"
        rules = [line for way in ways if (line := _line(way, given))]
        if rules:
            yield name, "\n".join((_HEAD.format(to=to, file=name), *dict.fromkeys(rules), ""))


def line_of(way: Way) -> str:
    """Return the rule for one way, or, where a name stands for an address, what to let through in words."""
    return (
        _line(way, ())
        or f"from {way.from_} to {way.endpoint.address}, tcp port {way.endpoint.port} ({way.what})"
    )


def _line(way: Way, mine: tuple[str, ...]) -> str | None:
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(way.endpoint.address)
        if way.from_ != HERE:
            return rule(way, [way.from_address or ""])
        return rule(way, mine or [address_towards(way.endpoint.address) or ""])
    return None
