"""Ports that nobody listens on, below those the kernel hands out by itself.

A port is used once in a lab, though its machines have addresses of their own: SeaweedFS tells its sockets in /tmp apart
by port alone, and also listens on 127.0.0.1.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from drills.lab.errors import LabError

LOWEST, HIGHEST = 20_000, 31_999
"""Linux hands out 32768 and above to clients (ip_local_port_range)."""


def free_ports() -> Iterator[int]:
    """Yield ports in no order that can be guessed, each once.

    Raises:
        LabError: there are no more.
    """
    candidates = list(range(LOWEST, HIGHEST + 1))
    random.SystemRandom().shuffle(candidates)
    for port in candidates:
        if _is_free(port):
            yield port
    raise LabError(
        f"no port between {LOWEST} and {HIGHEST} is free",
        where="this computer",
        remedy="End what listens there",
    )


def ports_from(first: int) -> Iterator[int]:
    """Yield ports one after another, so that a lab that comes up again is where it was.

    Raises:
        LabError: somebody listens on one of them.
    """
    for port in range(first, 65_536):
        if not _is_free(port):
            raise LabError(
                f"port {port} is taken, and the lab was to have the ports from {first} on",
                where="this computer",
                remedy="End it (a lab: seawall lab down), or name another first port",
            )
        yield port


def _is_free(port: int) -> bool:
    if any(Path("/tmp").glob(f"seaweedfs-*-{port}.sock")):  # noqa: S108 - theirs
        return False
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        # Every address at once, so that a listener on any of them is in the way.
        with closing(socket.socket(type=kind)) as probe:
            if kind == socket.SOCK_STREAM:
                # What a lab that went down a minute ago left (TIME_WAIT) is in nobody's way: servers bind so, too.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True
