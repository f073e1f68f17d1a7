"""What each `postgres.*` action takes and shows. A field that could not be read is None, which means unknown."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from connectors.postgres.identity import Role
from seawall.actions import Proof, Seen
from seawall.evidence import Fenced
from seawall.model import Bytes, Duration, Frozen
from seawall.targets import Server

FenceKind = Literal["stopped", "powered-off", "lease-expired"]


class ServerArgs(Frozen):
    """Which server."""

    server: Server


class StandbyArgs(Frozen):
    """Which standby.

    Attributes:
        primary: asked how far it is, so that what is missing can be told exactly; it may be gone.
    """

    server: Server
    primary: Server | None = None


class FenceArgs(Frozen):
    """Which server must not write any more, and by what means, tried in this order."""

    server: Server
    by: Annotated[tuple[FenceKind, ...], Field(min_length=1)] = ("stopped", "powered-off")


class UnfenceArgs(Frozen):
    """Which server was fenced, and which one must be seen not to have taken its place."""

    server: Server
    peer: Server


class PromoteArgs(Frozen):
    """Which standby becomes the primary, and why that is safe.

    Attributes:
        old: the primary it takes over from.
        evidence: that `old` cannot accept writes, from `postgres.fence`.
    """

    server: Server
    old: Server
    evidence: Fenced


class IsPrimaryArgs(Frozen):
    """Which server; the rest is what the action took that is proven by this, and is not looked at."""

    server: Server
    peer: Server | None = None
    old: Server | None = None
    evidence: Fenced | None = None


class MissingWalArgs(Frozen):
    """Which standby, and the evidence that says how far its stopped primary had written."""

    server: Server
    evidence: Fenced


class PairArgs(Frozen):
    """A server, and the primary it is to follow, or does."""

    server: Server
    primary: Server


class StateSeen(Seen):
    """How a server is.

    Attributes:
        accepts_connections: whether it let Seawall in.
        lsn: how far it has written, or, a standby, replayed.
        promotes_promptly: false when a promotion may take five seconds more (wal_retrieve_retry_interval over 1 s).
    """

    server: str
    accepts_connections: bool
    role: Role | None = None
    in_recovery: bool | None = None
    lsn: str | None = None
    system_identifier: str | None = None
    cluster_name: str | None = None
    timeline: int | None = None
    version: str | None = None
    wal_retrieve_retry_interval: Duration | None = None
    promotes_promptly: bool | None = None

    def __str__(self) -> str:
        if not self.accepts_connections:
            return f"{self.server} does not accept connections"
        return f"{self.server} is a {self.role} on timeline {self.timeline}, at {self.lsn}"


class StandbySeen(Seen):
    """How a standby is.

    Attributes:
        receiving: whether its WAL receiver is connected.
        missing: bytes of log that the primary has and it has not received.
        replay_lag: bytes of log it has received and not replayed.
        last_message_age: since the primary was heard of.
    """

    server: str
    in_recovery: bool
    receiving: bool | None
    missing: Bytes | None
    replay_lag: Bytes | None
    last_received_lsn: str | None
    last_message_age: Duration | None
    promotes_promptly: bool

    def __str__(self) -> str:
        if not self.in_recovery:
            return f"{self.server} is no standby"
        missing = "an unknown part of the log" if self.missing is None else f"{self.missing} bytes"
        return f"{self.server} {'receives' if self.receiving else 'does not receive'} and misses {missing}"


class ProbeWritten(Seen):
    """That a server accepted a write."""

    server: str
    at: AwareDatetime

    def __str__(self) -> str:
        return f"{self.server} accepted a write"


class Checkpointed(Seen):
    """That a server wrote down what it held in memory."""

    server: str
    took: Duration

    def __str__(self) -> str:
        return f"{self.server} wrote down what it held in memory"


class AcceptsWrites(Proof):
    """Whether a server would accept a write."""


class IsFenced(Proof):
    """Whether a server cannot accept writes, with the evidence when that is so."""

    fenced: Fenced | None = None

    def stand_in(self) -> Fenced | None:
        """Return the evidence, in place of what `postgres.fence` would have shown."""
        return self.fenced


class Unfenced(Seen):
    """That a fenced server is the primary again. `started` is False when it never was stopped."""

    server: str
    started: bool

    def __str__(self) -> str:
        return f"{self.server} is the primary {'again' if self.started else 'still'}"


class Started(Seen):
    """That a server runs, as a standby."""

    server: str
    already: bool

    def __str__(self) -> str:
        return f"{self.server} {'ran already' if self.already else 'runs'} as a standby"


class Promoted(Seen):
    """That a standby is the primary now.

    Attributes:
        lsn: how far it has written, at its first accepted write.
        forked_at: where its timeline left the old one.
        took: from the request to the first accepted write.
    """

    server: str
    lsn: str
    forked_at: str | None
    timeline: int
    took: Duration

    def __str__(self) -> str:
        return f"{self.server} is the primary, on timeline {self.timeline}"


class IsPrimary(Proof):
    """Whether a server is a primary that accepts writes."""

    promoted: Promoted | None = None

    def stand_in(self) -> Promoted | None:
        """Return what `postgres.promote` would have shown."""
        return self.promoted


class MissingWal(Seen):
    """What a standby misses of what its stopped primary had written.

    Attributes:
        missing: bytes; None when the primary crashed, and nobody knows how far it had written.
        has_everything: received and replayed to the end.
    """

    server: str
    missing: Bytes | None
    replayed: str | None
    has_everything: bool | None

    def __str__(self) -> str:
        if self.has_everything is None:
            return f"what {self.server} misses is unknown"
        return f"{self.server} {'has everything' if self.has_everything else f'misses {self.missing} bytes'}"


class DivergedTable(Seen):
    """What was committed in one table after two servers parted."""

    name: str
    inserted: int = 0
    updated: int = 0
    deleted: int = 0


class Divergence(Seen):
    """What a server that was a primary has that the present one does not.

    Attributes:
        diverged: None when it cannot be told.
        parted_at: where the present primary's timeline left the old one.
        wal: bytes of log after that.
        rows: inserted, updated and deleted, in all tables of the service's database.
    """

    server: str
    primary: str
    diverged: bool | None
    parted_at: str | None
    ends_at: str | None
    wal: Bytes | None
    rows: int | None
    tables: tuple[DivergedTable, ...]
    because: str

    def __str__(self) -> str:
        if not self.diverged:
            verdict = "has nothing of its own" if self.diverged is False else "may have something of its own"
            return f"{self.server} {verdict}: {self.because}"
        tables = ", ".join(f"{one.name} {one.inserted + one.updated + one.deleted}" for one in self.tables)
        return f"{self.server} alone has {self.rows} committed changes to rows" + (
            f" ({tables})" if tables else ""
        )


class Rejoined(Seen):
    """That a server follows a primary as its standby.

    Attributes:
        diverged: whether it had a log of its own, which was rewound.
        kept: the folder on its machine that holds that log, and the rows it alone had; None when it had none.
        wal_kept: bytes of log after the two parted; None when it could not be read, and was kept whole.
        rows_kept: rows written there, as they last were on this server.
        receiving: whether it was seen to receive from the primary.
    """

    server: str
    primary: str
    diverged: bool
    kept: str | None
    wal_kept: Bytes | None
    rows_kept: int
    receiving: bool

    def __str__(self) -> str:
        kept = f"; what it alone had is kept in {self.kept}" if self.kept else ""
        return f"{self.server} follows {self.primary}{kept}"


class Rebuilt(Seen):
    """That a server was copied anew from a primary, and follows it. `kept` is where its old files lie."""

    server: str
    primary: str
    kept: str | None
    receiving: bool

    def __str__(self) -> str:
        return f"{self.server} is a new copy of {self.primary} and follows it"


class IsStandbyOf(Proof):
    """Whether a server follows a primary."""
