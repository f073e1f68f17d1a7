"""Warm connections, one a server and call, handed out only after the server behind was seen to be the right one."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connectors.postgres.identity import Found, Role, compare, who_answers
from connectors.postgres.session import Session
from seawall.actions import Deadline
from seawall.errors import Unreachable
from seawall.targets import Server

PROBE = 2.0
"""Seconds a warm connection has to answer, before a new one is made instead."""


@dataclass(frozen=True, slots=True)
class Identified:
    """A session, and who is at its other end."""

    session: Session
    found: Found


class Sessions:
    """Connections to the city's servers. `open_one` makes a new one, as Seawall's own role."""

    def __init__(self, open_one: Callable[[Server, Deadline], Session]) -> None:
        self._open_one = open_one
        self._idle: dict[Server, list[Session]] = defaultdict(list)
        self._closed = False
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def with_right(
        self, server: Server, deadline: Deadline, role: Role | None = None
    ) -> Iterator[Identified]:
        """Lend a session on `server`, whose identity was compared in it.

        Raises:
            Unreachable: no connection. WrongTarget: another server, or another role than expected.
        """
        identified = self._identified(server, deadline)
        try:
            compare(server, identified.found, role)
            yield identified
        finally:
            self._give_back(identified.session)

    @contextlib.contextmanager
    def with_whoever(self, server: Server, deadline: Deadline) -> Iterator[Identified]:
        """Lend a session on what answers there, to be told who it is. Raises: Unreachable, DidNothing."""
        identified = self._identified(server, deadline)
        try:
            yield identified
        finally:
            identified.session.close()

    def warm(self, server: Server, deadline: Deadline) -> None:
        """Have a checked connection ready. Raises: Unreachable, WrongTarget."""
        with self.with_right(server, deadline):
            pass

    def close(self) -> None:
        """Close every idle connection, and from now on each that is given back."""
        with self._lock:
            self._closed = True
            idle = [one for kept in self._idle.values() for one in kept]
            self._idle.clear()
        for session in idle:
            session.close()

    def _identified(self, server: Server, deadline: Deadline) -> Identified:
        while (warm := self._take(server)) is not None:
            try:
                return Identified(warm, who_answers(warm, deadline.at_most(PROBE)))
            except Unreachable:
                # It was only asked who it is, so a new connection may ask again.
                warm.close()
        fresh = self._open_one(server, deadline)
        try:
            return Identified(fresh, who_answers(fresh, deadline))
        except BaseException:
            fresh.close()
            raise

    def _take(self, server: Server) -> Session | None:
        with self._lock:
            idle = self._idle[server]
            return idle.pop() if idle else None

    def _give_back(self, session: Session) -> None:
        with self._lock:
            if session.usable and not self._closed:
                self._idle[session.server].append(session)
                return
        session.close()
