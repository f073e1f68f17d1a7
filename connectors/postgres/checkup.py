"""What `seawall doctor` says about a server: whether a failover would work, and how fast, before one is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from connectors.grants import seen
from connectors.postgres import statements
from connectors.postgres.host import HostSide
from connectors.postgres.identity import Role
from connectors.postgres.session import Session
from connectors.postgres.sessions import Sessions
from connectors.postgres.state import PROMPT
from seawall.actions import CheckUp, Deadline
from seawall.errors import CallError
from seawall.model import duration_text
from seawall.needs import Grant
from seawall.targets import Server

LOOKS = 5.0
"""Seconds for one look at one server."""
FAR_BEHIND = 16_000_000
"""Bytes a standby may miss before it is a finding."""


def looked_at(server: Server, sessions: Sessions, host: HostSide, deadline: Deadline) -> Iterator[CheckUp]:
    """Look at one server, over SQL and on its machine."""
    what = f"postgres {server.name}"
    looks = deadline.at_most(LOOKS)
    try:
        with sessions.with_right(server, looks) as right:
            role = right.found.role
            lines = [
                CheckUp(what, well=True, saw=f"answers, and is the right one; a {role} now"),
                *_settings(what, role, right.session, looks),
                *(_standbys(what, right.session, looks) if role == "primary" else ()),
            ]
    except CallError as error:
        yield CheckUp.failed(what, error)
    else:
        yield from lines
    yield _files(what, server, host, deadline.at_most(LOOKS))


def granted(session: Session, wanted: tuple[Grant, ...], role: str, deadline: Deadline) -> Mapping[str, bool]:
    """Tell which of these rights `role` has; none when there is no such role."""
    if not session.rows(statements.ROLE, deadline, role):
        return {grant.right: False for grant in wanted}
    rows = session.rows(seen(wanted, role), deadline)
    return {right: found == "t" for right, found in rows if right is not None}


def _settings(what: str, role: Role, session: Session, deadline: Deadline) -> Iterator[CheckUp]:
    ((retry, rewinds, synchronous, full_pages),) = session.rows(statements.SETTINGS, deadline)
    interval = timedelta(milliseconds=int(retry or 0))
    prompt = interval <= PROMPT
    yield CheckUp(
        f"{what} promotes promptly",
        well=prompt,
        saw=f"wal_retrieve_retry_interval is {duration_text(interval)}"
        + ("" if prompt else ", so that a promotion may take that much longer"),
        remedy="" if prompt else "Set wal_retrieve_retry_interval = 100ms and reload",
    )
    can = rewinds == "t" and full_pages == "on"
    yield CheckUp(
        f"{what} can be rewound",
        well=can,
        saw="wal_log_hints or data checksums are on"
        if can
        else "wal_log_hints, data checksums or full_page_writes are off",
        remedy=""
        if can
        else "Set wal_log_hints = on and full_page_writes = on and restart, or it must be rebuilt each time",
    )
    if synchronous and role == "standby":
        yield CheckUp(
            f"{what} waits for nobody",
            well=False,
            saw=f"synchronous_standby_names is {synchronous}: promoted alone, it would accept no write",
            remedy="Leave it empty on the standby, or let the runbook set it after the failover",
        )


def _standbys(what: str, session: Session, deadline: Deadline) -> Iterator[CheckUp]:
    rows = session.rows(statements.STANDBYS, deadline)
    if not rows:
        yield CheckUp(
            f"{what} standbys",
            well=False,
            saw="no standby is connected",
            remedy="Start the standby; see its log",
        )
    for name, state, behind in rows:
        near = state == "streaming" and int(behind or 0) <= FAR_BEHIND
        yield CheckUp(
            f"{what} standby {name}",
            well=near,
            saw=f"{state}, {int(behind or 0)} bytes behind",
            remedy="" if near else "See what holds it up: its machine, its log, the link",
        )


def _files(what: str, server: Server, host: HostSide, deadline: Deadline) -> CheckUp:
    try:
        told = host.run(server, ("look",), deadline, changes=False)
    except CallError as error:
        return CheckUp.failed(f"{what} files", error)
    return CheckUp(f"{what} files", well=True, saw=f"are the right ones, {told['state']}")
