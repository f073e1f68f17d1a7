"""One connection to a server, where every wait ends at a deadline, also when the server has stopped in its tracks.

A stopped postmaster still accepts connections, and `statement_timeout` is the server's own to keep. So libpq is driven
without blocking and each wait is a poll that ends.
"""

from __future__ import annotations

import os
import re
import secrets
import select
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seawall.actions import Deadline
from seawall.errors import CallError, DidNothing, Finding, MayHaveActed, Unreachable
from seawall.targets import Server

if TYPE_CHECKING:
    from psycopg import pq

CONNECT = 5.0
"""Seconds at most for a connection: one lost SYN is sent again after 1 s (RFC 6298), a second one after 2 s more."""
CANCELS_AT = 0.9
"""The server itself ends a statement at this share of what is left, so that we see it end."""
OURS = f"seawall {os.getpid()} {secrets.token_hex(4)}"
"""What this process's sessions are called at the server; those of another one are told apart by it."""
Row = tuple[str | None, ...]

LACKS_RIGHT = "42501"
ENDED = ("57P01", "57P02", "57P03", "08")
"""SQLSTATEs of a server that ends the connection: shutdown, crash, starting up, connection exceptions."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one statement brought: rows as text, or the server's error with its SQLSTATE."""

    rows: Sequence[Row] = ()
    sqlstate: str | None = None
    message: str = ""


class Session:
    """An open connection. Not for two threads at once."""

    def __init__(self, server: Server, connection: pq.abc.PGconn) -> None:
        self.server = server
        self._connection = connection
        self._limit_ms = 0
        self._broken = False

    @classmethod
    def open(cls, server: Server, password: str, deadline: Deadline) -> Session:
        """Connect to `server` directly.

        Raises:
            Unreachable: nobody, silence, a server that starts or stops, or not let in. Nothing was sent.
        """
        from psycopg import OperationalError, conninfo, pq

        deadline = deadline.at_most(CONNECT)
        if deadline.passed:
            raise unreachable(server, "the time was up before it was tried")
        text = conninfo.make_conninfo(
            host=server.host.address,
            port=server.port,
            user=server.user,
            dbname=server.database,
            password=password,
            application_name=OURS,
            # What is in flight when the link dies is forgotten by the kernel within the limit (tcp(7)).
            tcp_user_timeout=max(1000, int(deadline.left * 1000)),
            keepalives_idle=10,
            options="-c search_path=pg_catalog -c client_min_messages=error",
        )
        session = cls(server, pq.PGconn.connect_start(text.encode()))
        try:
            session._connect(deadline)
        except (OperationalError, TimeoutError) as error:
            session.close()
            why = _first_line(str(error))
            raise unreachable(server, why or "silence until the limit", _kind(why)) from error
        except BaseException:
            session.close()
            raise
        return session

    @property
    def usable(self) -> bool:
        """Whether nothing is known against the connection."""
        from psycopg import pq

        return not self._broken and self._connection.status == pq.ConnStatus.OK

    def rows(self, statement: str, deadline: Deadline, *args: str, changes: bool = False) -> Sequence[Row]:
        """Return the rows of one statement.

        Raises:
            DidNothing: the server refused it, or its answer was not seen and it only reads.
            MayHaveActed: it changes something and its answer was not seen.
        """
        answer = self.ask(statement, deadline, *args, changes=changes)
        if answer.sqlstate is not None:
            raise self.refused(answer, changes=changes)
        return answer.rows

    def ask(self, statement: str, deadline: Deadline, *args: str, changes: bool = False) -> Answer:
        """Return what the server said to one statement, also when that is no. Raises: as `rows`, for no answer."""
        from psycopg import OperationalError

        try:
            self._hold_to(deadline)
            return self._exchange(statement, args, deadline)
        except (OperationalError, TimeoutError) as error:
            self._broken = True
            raise self._unanswered(
                _first_line(str(error)) or "silence until the limit", changes=changes
            ) from error

    def refused(self, answer: Answer, *, changes: bool) -> CallError:
        """Turn the server's error into ours."""
        ended = answer.sqlstate is not None and answer.sqlstate.startswith(ENDED)
        if ended:
            self._broken = True
            return self._unanswered(answer.message, changes=changes)
        return DidNothing(
            f"the server refused ({answer.sqlstate}): {answer.message}",
            where=str(self.server),
            remedy=_REMEDIES.get(answer.sqlstate or "", "Read its words; its log may say more"),
            finding=Finding.RIGHTS if answer.sqlstate == LACKS_RIGHT else None,
        )

    def close(self) -> None:
        """Close the connection."""
        self._broken = True
        self._connection.finish()

    def _connect(self, deadline: Deadline) -> None:
        from psycopg import OperationalError, pq

        while True:
            match self._connection.connect_poll():
                case pq.PollingStatus.OK:
                    break
                case pq.PollingStatus.READING:
                    self._wait(select.POLLIN, deadline)
                case pq.PollingStatus.WRITING:
                    self._wait(select.POLLOUT, deadline)
                case _:
                    raise OperationalError(self._connection.get_error_message())
        self._connection.nonblocking = 1

    def _hold_to(self, deadline: Deadline) -> None:
        """Tell the server the limit, unless what it was told last is near enough."""
        if deadline.passed:
            raise TimeoutError
        left = deadline.left * 1000
        if not left / 2 <= self._limit_ms <= left:
            limit = max(1, int(left * CANCELS_AT))
            self._exchange(f"SET statement_timeout = {limit}", (), deadline)
            self._limit_ms = limit

    def _exchange(self, statement: str, args: Sequence[str], deadline: Deadline) -> Answer:
        from psycopg import pq

        connection = self._connection
        if args:
            connection.send_query_params(statement.encode(), [one.encode() for one in args])
        else:
            connection.send_query(statement.encode())
        while connection.flush():
            self._wait(select.POLLIN | select.POLLOUT, deadline)
            connection.consume_input()
        answer = Answer()
        while True:
            while connection.is_busy():
                self._wait(select.POLLIN, deadline)
                connection.consume_input()
            result = connection.get_result()
            if result is None:
                return answer
            if result.status == pq.ExecStatus.TUPLES_OK:
                answer = Answer(rows=_rows(result))
            elif result.status != pq.ExecStatus.COMMAND_OK:
                state = result.error_field(pq.DiagnosticField.SQLSTATE)
                words = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY)
                message = (words or result.error_message).decode(errors="replace").strip()
                answer = Answer(sqlstate=(state or b"08000").decode(), message=message)

    def _wait(self, events: int, deadline: Deadline) -> None:
        poll = select.poll()
        poll.register(self._connection.socket, events)
        if not poll.poll(deadline.left * 1000):
            raise TimeoutError

    def _unanswered(self, why: str, *, changes: bool) -> CallError:
        if changes:
            return MayHaveActed(
                f"the statement was sent and its answer was not seen: {why}",
                where=str(self.server),
                remedy="Look at the server before deciding",
            )
        return Unreachable(
            f"the server did not answer: {why}",
            where=str(self.server),
            remedy="See whether it is up, then try again",
        )


def _kind(why: str) -> Finding | None:
    """Tell a server that is not there from one that does not let us in, by libpq's words."""
    if not why or "timeout expired" in why:
        return Finding.SILENT
    if "Connection refused" in why:
        return Finding.REFUSED
    if "starting up" in why or "shutting down" in why:
        return None
    return Finding.NOT_LET_IN if re.search(r"connection to server .* failed: [A-Z]+: ", why) else None


def unreachable(server: Server, why: str, finding: Finding | None = None) -> Unreachable:
    """Say that nobody could be spoken to there, and that nothing was sent."""
    return Unreachable(
        f"PostgreSQL cannot be reached: {why}",
        where=f"{server} ({server.host.address}:{server.port})",
        remedy="Check that it is up, the network to it, and who may log in there (pg_hba.conf)",
        finding=finding,
    )


_REMEDIES = {
    "42501": "Grant Seawall's role what it lacks; seawall doctor names it",
    "57014": "It ran into the limit; give the step more time, or see what the server is busy with",
    "53100": "Make room on the server's disk",
    "25006": "The server only reads; see whether it is a standby",
}


def _rows(result: pq.abc.PGresult) -> Sequence[Row]:
    def cell(row: int, column: int) -> str | None:
        found = result.get_value(row, column)
        return None if found is None else found.decode()

    return [tuple(cell(row, column) for column in range(result.nfields)) for row in range(result.ntuples)]


def _first_line(message: str) -> str:
    return next((line.strip() for line in message.splitlines() if line.strip()), "")
