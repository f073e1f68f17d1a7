"""The rights of both database roles where every PostgreSQL action and backups are used: what the lab is made with."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.backup import needs as backups
from connectors.postgres import needs as servers
from connectors.rights.gathered import Role
from connectors.rights.sql import statements
from seawall.needs import Grant, Login, Need, Replicating

_DECLARED: tuple[Need, ...] = (
    *servers.STANDBY,
    *servers.REJOIN,
    *servers.REBUILD,
    *servers.CHECKPOINT,
    *servers.PROMOTE,
    *backups.TAKE,
)


def grants(*, of: type[Login | Replicating]) -> tuple[Grant, ...]:
    """Return every right of one of the two roles, each once."""
    return tuple(dict.fromkeys(grant for need in _DECLARED if isinstance(need, of) for grant in need.grants))


def to_install(database: str, seawall: str = "seawall", replicator: str = "replicator") -> Iterator[str]:
    """Yield the statements that make both roles with all of it, as `doctor --needs --as sql` prints them."""
    for name, of in ((seawall, Login), (replicator, Replicating)):
        for _, text in statements(Role(name, database, "", ""), grants(of=of)):
            yield text
