"""Knock at many ports at once: which answer, which refuse, which are silent. Nothing is said at any of them."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import select
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from connectors.limit import CONNECT
from seawall.errors import Finding, no_connection
from seawall.targets import Endpoint

AT_ONCE = 400
"""Sockets open at a time; a process may have 1,024 files by default."""


def knock(doors: Iterable[Endpoint], *, within: float = CONNECT) -> Mapping[Endpoint, tuple[str, Finding]]:
    """Try to connect to each, and say of those that could not be: why not, and of what kind that is.

    Only addresses are knocked at: a name would need a resolver, which may hang. `within` is for 400 of them.
    """
    shut: dict[Endpoint, tuple[str, Finding]] = {}
    waiting = [one for one in dict.fromkeys(doors) if _family(one) is not None]
    for first in range(0, len(waiting), AT_ONCE):
        shut |= _round(waiting[first : first + AT_ONCE], within)
    return shut


def door_of(url: str) -> Iterator[Endpoint]:
    """Yield where a URL leads, when that can be told."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        if parts.hostname:
            yield Endpoint(
                address=parts.hostname, port=parts.port or (443 if parts.scheme == "https" else 80)
            )


def _round(doors: list[Endpoint], within: float) -> dict[Endpoint, tuple[str, Finding]]:
    shut: dict[Endpoint, tuple[str, Finding]] = {}
    poll, open_ones = select.poll(), dict[int, tuple[socket.socket, Endpoint]]()
    try:
        for door in doors:
            line = socket.socket(_family(door) or socket.AF_INET, socket.SOCK_STREAM)
            open_ones[line.fileno()] = (line, door)
            line.setblocking(False)
            code = line.connect_ex((door.address, door.port))
            if code not in {0, errno.EINPROGRESS}:
                shut[door] = _why(code)
                open_ones.pop(line.fileno())
                line.close()
            else:
                poll.register(line, select.POLLOUT)
        end = time.monotonic() + within
        while open_ones and (left := end - time.monotonic()) > 0:
            for number, _ in poll.poll(left * 1000):
                line, door = open_ones.pop(number)
                poll.unregister(number)
                code = line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                line.close()
                if code:
                    shut[door] = _why(code)
    finally:
        for line, door in open_ones.values():
            line.close()
            shut[door] = (f"silent for {within:.0f} s", Finding.SILENT)
    return shut


def _why(code: int) -> tuple[str, Finding]:
    return no_connection(OSError(code, os.strerror(code)))


def _family(door: Endpoint) -> socket.AddressFamily | None:
    try:
        version = ipaddress.ip_address(door.address).version
    except ValueError:
        return None
    return socket.AF_INET if version == 4 else socket.AF_INET6  # noqa: PLR2004 - IPv4
