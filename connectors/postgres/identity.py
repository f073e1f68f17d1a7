"""The right server or no command: what answers is compared with what the step expects, in the session that acts.

A standby and a scratch restore share their primary's system identifier, so it alone proves nothing: cluster name, data
directory, port and role are compared too.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from connectors.postgres.session import Session
from connectors.postgres.statements import WHO
from seawall.actions import Deadline
from seawall.errors import WrongTarget
from seawall.targets import Server

Role = Literal["primary", "standby"]


@dataclass(frozen=True, slots=True)
class Found:
    """Who answers. `now` is the server's own clock, in seconds, not earlier than when it was asked."""

    system_identifier: str
    cluster_name: str
    data_directory: str
    port: int
    role: Role
    now: float


def who_answers(session: Session, deadline: Deadline) -> Found:
    """Ask. Raises: Unreachable, DidNothing."""
    ((identifier, name, directory, port, in_recovery, now),) = session.rows(WHO, deadline)
    return Found(
        system_identifier=identifier or "",
        cluster_name=name or "",
        data_directory=directory or "",
        port=int(port or 0),
        role="standby" if in_recovery == "t" else "primary",
        now=float(now or 0),
    )


def compare(server: Server, found: Found, role: Role | None = None) -> None:
    """Raises: WrongTarget, naming everything that differs."""
    pairs = (
        ("system identifier", found.system_identifier, server.system_identifier),
        ("cluster name", found.cluster_name, server.cluster_name),
        (
            "data directory",
            posixpath.normpath(found.data_directory),
            posixpath.normpath(server.data_directory),
        ),
        ("port", found.port, server.port),
        ("role", found.role, role or found.role),
    )
    differing = [(what, seen, expected) for what, seen, expected in pairs if seen != expected]
    if differing:
        raise differs(server, differing)


def differs(server: Server, differing: Sequence[tuple[str, object, object]]) -> WrongTarget:
    """Say that another server answers than the one expected, and in what."""
    parts = "; ".join(
        f"its {what} is {seen or 'empty'}, expected {expected}" for what, seen, expected in differing
    )
    return WrongTarget(
        f"another server answers than the one meant: {parts}",
        where=f"{server} ({server.host.address}:{server.port})",
        remedy="See what stands there now; correct the inventory, or choose the other server",
    )
