"""Ports that nobody listens on, below those the kernel hands out by itself.

A port is used once in a lab, though its machines have addresses of their own: SeaweedFS tells its sockets in /tmp apart
by port alone, and also listens on 127.0.0.1.

Two labs that are made at the same moment must not choose the same: what is chosen is reserved until the choosing is
closed, which whoever makes a lab does when every server of it listens.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Generator
from contextlib import ExitStack, closing
from pathlib import Path

from drills.lab.errors import LabError

LOWEST, HIGHEST = 20_000, 31_999
"""Linux hands out 32768 and above to clients (ip_local_port_range)."""


def free_ports() -> Generator[int]:
    """Yield ports in no order that can be guessed, each once, and reserve them until this is closed.

    Raises:
        LabError: there are no more.
    """
    candidates = list(range(LOWEST, HIGHEST + 1))
    random.SystemRandom().shuffle(candidates)
    with ExitStack() as reserved:
        for port in candidates:
            if _reserve(port, reserved):
                yield port
    raise LabError(
        f"no port between {LOWEST} and {HIGHEST} is free",
        where="this computer",
        remedy="End what listens there",
    )


def ports_from(first: int) -> Generator[int]:
    """Yield ports one after another, so that a lab that comes up again is where it was; reserve them as above.

    Raises:
        LabError: somebody listens on one of them, or makes a lab that will.
    """
    with ExitStack() as reserved:
        for port in range(first, 65_536):
            if not _reserve(port, reserved):
                raise LabError(
                    f"port {port} is taken, and the lab was to have the ports from {first} on",
                    where="this computer",
                    remedy="End it (a lab: seawall lab down), or name another first port",
                )
            yield port


def _reserve(port: int, reserved: ExitStack) -> bool:
    """Reserve a port that is free, by a name that goes with the process that has it, however it ends."""
    with ExitStack() as unless_kept:
        name = unless_kept.enter_context(socket.socket(socket.AF_UNIX))
        try:
            name.bind(f"\0seawall-lab-port-{port}")
        except OSError:
            return False
        if _is_free(port):
            reserved.enter_context(unless_kept.pop_all())
            return True
    return False


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
