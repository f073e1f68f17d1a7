"""Servers as they lie and run in memory: files, logs, who follows whom.

A log is a list of rows, and a position in it how many there are. That is enough for standbys that lag, for timelines
that part, and for what is lost when they do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from connectors.postgres.lsn import lsn_at
from seawall.targets import Server

START, STEP = 0x3000000, 0x100
"""Where a log begins, and how much of it one row takes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One committed row, on the timeline it was written on."""

    timeline: int
    table: str
    text: str


@dataclass(slots=True)
class ServerInMemory:
    """One server.

    Attributes:
        marked: standby.signal is there.
        in_recovery: it was started as a standby, and not promoted since.
        held: its processes are there and do nothing.
        clean: it was stopped in good order.
        reached_at: where other servers reach it.
        follows: where it receives from.
        left: where each earlier timeline was left, as a count of rows.
        kept: what was put aside of it, by folder.
        empty: nothing lies in its data directory.
        rewinding: a rewind was begun, and is not over.
        note: what was told of what was kept, until it follows.
        starts: how often it was started.
    """

    name: str
    system_identifier: str
    cluster_name: str
    data_directory: str
    port: int
    reached_at: str
    running: bool = True
    marked: bool = False
    in_recovery: bool = False
    held: bool = False
    clean: bool = True
    empty: bool = False
    timeline: int = 1
    follows: str | None = None
    retry_interval: timedelta = timedelta(milliseconds=100)
    left: dict[int, int] = field(default_factory=dict)
    log: list[Row] = field(default_factory=list)
    kept: dict[str, list[Row]] = field(default_factory=dict)
    rewinding: bool = False
    note: dict[str, str] = field(default_factory=dict)
    starts: int = 0

    @classmethod
    def of(cls, server: Server, *, follows: Server | None = None) -> ServerInMemory:
        """Make the server that the inventory describes: a primary, or a standby of another."""
        return cls(
            name=server.name,
            system_identifier=server.system_identifier,
            cluster_name=server.cluster_name,
            data_directory=server.data_directory,
            port=server.port,
            reached_at=str(server.for_peers),
            marked=follows is not None,
            in_recovery=follows is not None,
            follows=str(follows.for_peers) if follows else None,
        )

    @property
    def lsn(self) -> str:
        """How far it has come."""
        return position(len(self.log))

    @property
    def state(self) -> str:
        """What its control file says."""
        if self.running:
            return "in archive recovery" if self.in_recovery else "in production"
        recovery = " in recovery" if self.in_recovery else ""
        return f"shut down{recovery}" if self.clean else "in production"

    def start(self) -> None:
        """Start as it lies there."""
        if not self.running:
            self.running, self.in_recovery, self.clean = True, self.marked, True
            self.starts += 1


@dataclass(slots=True)
class ServersInMemory:
    """Every server there is, by name, and whether the link between the sites is cut."""

    servers: dict[str, ServerInMemory] = field(default_factory=dict)
    link_cut: bool = False

    def catch_up(self) -> None:
        """Let every standby receive what its primary has."""
        for one in self.servers.values():
            if one.in_recovery and (source := self._received_from(one)) is not None:
                one.log, one.timeline, one.left = list(source.log), source.timeline, dict(source.left)

    def source(self, one: ServerInMemory) -> ServerInMemory | None:
        """Return the server that another one follows."""
        for other in self.servers.values():  # no generator: a simulation asks this a hundred times a story
            if other.reached_at == one.follows:
                return other
        return None

    def receives(self, one: ServerInMemory) -> bool:
        """Tell whether a standby receives: the link is whole, and it has nothing of its own."""
        return self._received_from(one) is not None

    def _received_from(self, one: ServerInMemory) -> ServerInMemory | None:
        if self.link_cut or one.held or not (one.running and one.in_recovery):
            return None
        source = self.source(one)
        if source is None or not source.running or source.held:
            return None
        return source if one.log == source.log[: len(one.log)] else None

    def stop(self, one: ServerInMemory) -> None:
        """Stop a server in good order; its standbys receive everything first."""
        if one.running:
            self.catch_up()
            one.running, one.clean = False, True


def position(rows: int) -> str:
    """Return the position after so many rows."""
    return lsn_at(START + STEP * rows)
