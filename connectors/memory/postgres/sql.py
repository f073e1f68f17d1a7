"""Answers to the statements of `connectors.postgres`, as the servers in memory would give them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.memory.postgres.servers import Row, ServerInMemory, ServersInMemory, position
from connectors.postgres import statements
from connectors.postgres.session import Answer, Session
from seawall.actions import Deadline
from seawall.targets import Server


@dataclass(slots=True)
class _Line:
    """What a session in memory is connected to: nothing that could be open or closed."""

    status: object = None

    def finish(self) -> None:
        """Let go of nothing."""


class SessionInMemory(Session):
    """A connection to a server in memory, which knows the statements of `connectors.postgres.statements`."""

    def __init__(self, server: Server, one: ServerInMemory, outside: ServersInMemory) -> None:
        super().__init__(server, _Line())  # type: ignore[arg-type]
        self._one, self._outside = one, outside

    @property
    def usable(self) -> bool:
        """Whether the server would still answer."""
        return self._one.running and not self._one.held and not self._broken

    def ask(self, statement: str, deadline: Deadline, *args: str, changes: bool = False) -> Answer:
        """Answer as a server would. See `Session.ask`."""
        if deadline.passed or not self.usable:
            raise self._unanswered("server closed the connection unexpectedly", changes=changes)
        self._outside.catch_up()
        answer = self._answers()[statement]
        found = answer(*args)
        return found if isinstance(found, Answer) else Answer(rows=found)

    def _answers(self) -> Mapping[str, Callable[..., Answer | Sequence[tuple[str | None, ...]]]]:
        one = self._one
        recovery, retry = (
            "t" if one.in_recovery else "f",
            str(round(one.retry_interval.total_seconds() * 1000)),
        )
        read_only = Answer(sqlstate="25006", message="cannot execute INSERT in a read-only transaction")
        receives = self._outside.receives(one)
        directory, timeline = one.data_directory, str(one.timeline)
        fork = position(one.left.get(one.timeline - 1, 0)) if one.left else None
        now = str(time.time())
        who = (one.system_identifier, one.cluster_name, directory, str(one.port), recovery, now)
        told = one.lsn if receives else None
        age = "0" if receives else None
        return {
            statements.WHO: lambda: [who],
            statements.STATE: lambda: [(recovery, one.lsn, timeline, "18.0", retry)],
            statements.STANDBY: lambda: [
                (recovery, "t" if receives else "f", one.lsn, one.lsn, told, age, retry)
            ],
            statements.PROBE: lambda: read_only if one.in_recovery else self._probed(),
            statements.READ_ONLY: lambda: [("off",)],
            statements.BEGIN_WRITING: lambda: read_only if one.in_recovery else [("1",)],
            statements.ROLLBACK: list,
            statements.CHECKPOINT: list,
            statements.WRITTEN: lambda: [(one.lsn,)],
            statements.IN_RECOVERY: lambda: [(recovery,)],
            statements.TIMELINE: lambda: [(timeline,)],
            statements.PEER: lambda: [(recovery, timeline)],
            statements.SETTLES: lambda: [("0", one.lsn, one.lsn)],
            statements.OTHERS: lambda: [("0",)],
            statements.FORK: lambda: [(one.lsn, fork, timeline)],
            statements.PROMOTE: self._promoted,
            statements.RECEIVING: lambda: [("streaming",)] if receives else [],
            statements.SENDING_TO: self._sending_to,
            statements.NAMES: lambda wanted: [
                (name, name) for name in _nodes(wanted) if not name.startswith("seawall.")
            ],
            statements.SETTINGS: lambda: [(retry, "t", "", "on")],
            statements.STANDBYS: lambda: [
                (other.cluster_name, "streaming", "0") for other in self._followers()
            ],
        }

    def _probed(self) -> Sequence[tuple[str | None, ...]]:
        self._one.log.append(Row(self._one.timeline, "seawall.probe", "probe"))
        return [(str(time.time()),)]

    def _promoted(
        self, identifier: str, name: str, directory: str, port: str, until: str
    ) -> Sequence[tuple[str | None, ...]]:
        one = self._one
        given = (identifier, name, directory, port)
        if given != (one.system_identifier, one.cluster_name, one.data_directory, str(one.port)):
            return [(None,)]
        if not one.in_recovery or time.time() >= float(until):
            return [(None,)]
        one.left[one.timeline] = len(one.log)
        one.timeline, one.follows = one.timeline + 1, None
        one.marked = one.in_recovery = False
        return [("t",)]

    def _followers(self) -> list[ServerInMemory]:
        ours = [other for other in self._outside.servers.values() if other.follows == self._one.reached_at]
        return [other for other in ours if self._outside.receives(other)]

    def _sending_to(self, cluster_name: str) -> Sequence[tuple[str | None, ...]]:
        return [("1",) for other in self._followers() if other.cluster_name == cluster_name]


def _nodes(wanted: str) -> list[str]:
    return [name.rpartition("/")[2] for name in wanted.split(" ")]
