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

Rows = Sequence[tuple[str | None, ...]]


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
        found = _ANSWERS[statement](self._one, self._outside, *args)
        return found if isinstance(found, Answer) else Answer(rows=found)


def _recovery(one: ServerInMemory) -> str:
    return "t" if one.in_recovery else "f"


def _retry(one: ServerInMemory) -> str:
    return str(round(one.retry_interval.total_seconds() * 1000))


def _who(one: ServerInMemory, _: ServersInMemory) -> Rows:
    names = (one.system_identifier, one.cluster_name, one.data_directory, str(one.port))
    return [(*names, _recovery(one), str(time.time()))]


def _state(one: ServerInMemory, _: ServersInMemory) -> Rows:
    return [(_recovery(one), one.lsn, str(one.timeline), "18.0", _retry(one))]


def _standby(one: ServerInMemory, outside: ServersInMemory) -> Rows:
    receives, lsn = outside.receives(one), one.lsn
    told, age = (lsn, "0") if receives else (None, None)
    return [(_recovery(one), "t" if receives else "f", lsn, lsn, told, age, _retry(one))]


def _fork(one: ServerInMemory, _: ServersInMemory) -> Rows:
    fork = position(one.left.get(one.timeline - 1, 0)) if one.left else None
    return [(one.lsn, fork, str(one.timeline))]


def _begin_writing(one: ServerInMemory, _: ServersInMemory) -> Answer | Rows:
    return _READ_ONLY if one.in_recovery else [("1",)]


def _probed(one: ServerInMemory, _: ServersInMemory) -> Answer | Rows:
    if one.in_recovery:
        return _READ_ONLY
    one.log.append(Row(one.timeline, "seawall.probe", "probe"))
    return [(str(time.time()),)]


def _promoted(  # noqa: PLR0917 - as the statement has them
    one: ServerInMemory, _: ServersInMemory, identifier: str, name: str, directory: str, port: str, until: str
) -> Rows:
    given = (identifier, name, directory, port)
    if given != (one.system_identifier, one.cluster_name, one.data_directory, str(one.port)):
        return [(None,)]
    if not one.in_recovery or time.time() >= float(until):
        return [(None,)]
    one.left[one.timeline] = len(one.log)
    one.timeline, one.follows = one.timeline + 1, None
    one.marked = one.in_recovery = False
    return [("t",)]


def _followers(one: ServerInMemory, outside: ServersInMemory) -> list[ServerInMemory]:
    ours = [other for other in outside.servers.values() if other.follows == one.reached_at]
    return [other for other in ours if outside.receives(other)]


def _sending_to(one: ServerInMemory, outside: ServersInMemory, cluster_name: str) -> Rows:
    return [("1",) for other in _followers(one, outside) if other.cluster_name == cluster_name]


def _named(_one: ServerInMemory, _: ServersInMemory, wanted: str) -> Rows:
    names = [name.rpartition("/")[2] for name in wanted.split(" ")]
    return [(name, name) for name in names if not name.startswith("seawall.")]


_READ_ONLY = Answer(sqlstate="25006", message="cannot execute INSERT in a read-only transaction")
_ANSWERS: Mapping[str, Callable[..., Answer | Rows]] = {
    statements.WHO: _who,
    statements.STATE: _state,
    statements.STANDBY: _standby,
    statements.PROBE: _probed,
    statements.READ_ONLY: lambda _one, _: [("off",)],
    statements.BEGIN_WRITING: _begin_writing,
    statements.ROLLBACK: lambda _one, _: [],
    statements.CHECKPOINT: lambda _one, _: [],
    statements.WRITTEN: lambda one, _: [(one.lsn,)],
    statements.IN_RECOVERY: lambda one, _: [(_recovery(one),)],
    statements.TIMELINE: lambda one, _: [(str(one.timeline),)],
    statements.PEER: lambda one, _: [(_recovery(one), str(one.timeline))],
    statements.SETTLES: lambda one, _: [("0", one.lsn, one.lsn)],
    statements.OTHERS: lambda _one, _: [("0",)],
    statements.FORK: _fork,
    statements.PROMOTE: _promoted,
    statements.RECEIVING: lambda one, outside: [("streaming",)] if outside.receives(one) else [],
    statements.SENDING_TO: _sending_to,
    statements.NAMES: _named,
    statements.SETTINGS: lambda one, _: [(_retry(one), "t", "", "on")],
    statements.STANDBYS: lambda one, outside: [
        (other.cluster_name, "streaming", "0") for other in _followers(one, outside)
    ],
}
