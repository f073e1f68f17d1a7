"""Writes to one database server, past balancer and service, and says whether it took the write: what a watch asks with.

Bounded in every state a server can be in. One that is held (SIGSTOP) takes the connection and the query and answers
nothing; psycopg's own calls would wait for it without end, so the answer is waited for on the socket.
"""

from __future__ import annotations

import select
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seawall.targets import Endpoint, Server

if TYPE_CHECKING:
    import psycopg

CONNECTS_WITHIN = 2
"""Seconds; libpq takes no less."""
ANSWERS_WITHIN = 1.0
SAID_NOTHING = "said nothing in time, or hung up without a word"
_SILENCE = ("timeout expired", "closed the connection unexpectedly", "Connection reset by peer")
_WRITE = (
    b"INSERT INTO watched (server, at) VALUES (current_setting('cluster_name'), clock_timestamp())"
    b" ON CONFLICT (server) DO UPDATE SET at = EXCLUDED.at"
)
_TAKES_NONE = ("25006", "57P01", "57P02", "57P03")
"""Read-only; told to stop, crashing, not up yet: it certainly took none. All else is about us."""
_NOT_UP = (
    "database system is starting up",
    "database system is shutting down",
    "database system is in recovery mode",
    "database system is not accepting connections",
    "database system is not yet accepting connections",
    "Connection refused",
)
"""What libpq says when nobody is there, or who is there lets nobody in yet (SQLSTATE 57P03, which it keeps to itself).

Source: PostgreSQL 18, backend_startup.c.
"""


def _in_short(said: str) -> str:
    return SAID_NOTHING if any(one in said for one in _SILENCE) else said


@dataclass(slots=True)
class DirectWrites:
    """Tries one write each time it is called, on a connection that is kept while it works."""

    server: Server
    password: str = field(repr=False)
    unclear: str = ""
    """What the last try that nobody can tell came to: the server's words, or that it said nothing in time."""
    _connection: psycopg.Connection[Any] | None = None

    def __call__(self) -> bool | None:
        """Try once. True: committed. False: certainly not. None: nobody can tell."""
        import psycopg

        try:
            if self._connection is None:
                self._connection = self._connect()
            return self._answer(self._connection)
        except psycopg.Error as error:
            was_connected = self._connection is not None
            self.close()
            self.unclear = _in_short(str(error))
            return None if was_connected else self._not_listening(str(error))

    def close(self) -> None:
        """Let go of the connection, without a word: the server may not answer to one."""
        if self._connection is not None:
            self._connection.pgconn.finish()
            self._connection = None

    def _connect(self) -> psycopg.Connection[Any]:
        import psycopg

        door = self._door
        return psycopg.connect(
            host=door.address,
            port=door.port,
            dbname=self.server.database,
            user=self.server.user,
            password=self.password,
            connect_timeout=CONNECTS_WITHIN,
            application_name="watch",
            # Whether the other site has it is another question; this one is whether the server takes writes.
            options="-c synchronous_commit=off",
            autocommit=True,
        )

    @property
    def _door(self) -> Endpoint:
        """Where users' programs come in: a server that takes writes and lets nobody in takes nobody's."""
        clients = self.server.lease.clients if self.server.lease else None
        return clients or Endpoint(address=self.server.host.address, port=self.server.port)

    def _answer(self, connection: psycopg.Connection[Any]) -> bool | None:
        from psycopg import pq

        line = connection.pgconn
        line.send_query(_WRITE)
        deadline = time.monotonic() + ANSWERS_WITHIN
        taken: bool | None = None
        while True:
            while line.is_busy():
                ready, _, _ = select.select([line.socket], [], [], max(0.0, deadline - time.monotonic()))
                if not ready:
                    self.unclear = SAID_NOTHING
                    self.close()
                    return None
                line.consume_input()
            result = line.get_result()
            if result is None:
                return taken
            if result.status == pq.ExecStatus.COMMAND_OK:
                taken = True
            else:
                # Without a code the connection broke in between, and nobody can tell.
                state = result.error_field(pq.DiagnosticField.SQLSTATE) or b""
                self.unclear = _in_short(line.get_error_message())
                taken = False if state.decode() in _TAKES_NONE else None

    def _not_listening(self, said: str) -> bool | None:
        if any(one in said for one in _NOT_UP):
            return False
        own = Endpoint(address=self.server.host.address, port=self.server.port)
        try:
            for door in dict.fromkeys((self._door, own)):
                with socket.create_connection((door.address, door.port), CONNECTS_WITHIN):
                    pass
        except ConnectionRefusedError:
            return False
        except OSError:
            return None
        return None
