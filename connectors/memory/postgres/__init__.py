"""PostgreSQL in memory: servers, and the two wires of `connectors.postgres` leading to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from connectors.memory.postgres.host import HostInMemory
from connectors.memory.postgres.servers import Row, ServerInMemory, ServersInMemory
from connectors.memory.postgres.sql import SessionInMemory
from connectors.postgres.connector import PostgresServers
from connectors.postgres.session import Session, unreachable
from connectors.postgres.sessions import Sessions
from seawall.actions import Deadline, Power, Shell, Vault
from seawall.errors import Finding
from seawall.expiring import Leases
from seawall.targets import Server

__all__ = ["PostgresInMemory", "Row", "ServerInMemory", "ServersInMemory"]


class PostgresInMemory(PostgresServers):
    """`postgres.*` on servers in memory."""

    def __init__(
        self,
        outside: ServersInMemory,
        shell: Shell,
        power: Power,
        vault: Vault,
        clock: Callable[[], datetime],
        *,
        leases: Leases | None = None,
    ) -> None:
        def open_one(server: Server, deadline: Deadline) -> Session:
            one = outside.servers.get(server.name)
            if deadline.passed:
                raise unreachable(server, "the time was up before it was tried")
            if one is None or not one.running:
                raise unreachable(server, "Connection refused", Finding.REFUSED)
            if one.held:
                raise unreachable(server, "silence until the limit", Finding.SILENT)
            return SessionInMemory(server, one, outside)

        super().__init__(Sessions(open_one), HostInMemory(shell, outside), power, vault, clock, leases=leases)
