"""What can be asked of PostgreSQL: name, effect, arguments, what is seen, limit, undo and proof of each action."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from connectors.postgres import seen
from seawall.actions import Action, Effect, Occasion
from seawall.evidence import Fenced

READS, CHANGES = Effect.READS, Effect.CHANGES
SHORT, LONG = timedelta(seconds=10), timedelta(minutes=5)


class PostgresActions(ABC):
    """Every `postgres.*` action. The real connector and the one in memory both are one."""

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what can be asked."""
        return (*self._looks(), *self._changes())

    def _looks(self) -> Sequence[Action[Any, Any]]:
        return (
            Action(
                "postgres.state",
                READS,
                seen.ServerArgs,
                seen.StateSeen,
                self.state,
                does="Shows a server's role, timeline and position; one that does not answer is shown as such",
                limit=SHORT,
            ),
            Action(
                "postgres.standby-state",
                READS,
                seen.StandbyArgs,
                seen.StandbySeen,
                self.standby_state,
                does="Shows whether a standby receives, and how much it misses",
                limit=SHORT,
            ),
            Action(
                "postgres.accepts-writes",
                READS,
                seen.ServerArgs,
                seen.AcceptsWrites,
                self.accepts_writes,
                does="Proves that a server begins a writing transaction, which is taken back",
                limit=SHORT,
            ),
            Action(
                "postgres.is-fenced",
                READS,
                seen.FenceArgs,
                seen.IsFenced,
                self.is_fenced,
                does="Proves that a server cannot accept writes: stopped and marked as a standby, or without power",
                limit=SHORT,
            ),
            Action(
                "postgres.is-primary",
                READS,
                seen.IsPrimaryArgs,
                seen.IsPrimary,
                self.is_primary,
                does="Proves that a server is a primary that accepts writes",
                limit=SHORT,
            ),
            Action(
                "postgres.missing-wal",
                READS,
                seen.MissingWalArgs,
                seen.MissingWal,
                self.missing_wal,
                does="Shows whether a standby has replayed everything its stopped primary wrote",
                limit=SHORT,
            ),
            Action(
                "postgres.divergence",
                READS,
                seen.PairArgs,
                seen.Divergence,
                self.divergence,
                does="Lists what an old primary has that the new one does not: log, and committed rows by table",
                limit=LONG,
            ),
            Action(
                "postgres.is-standby-of",
                READS,
                seen.PairArgs,
                seen.IsStandbyOf,
                self.is_standby_of,
                does="Proves, asked at both ends, that a server receives from a primary",
                limit=SHORT,
            ),
        )

    def _changes(self) -> Sequence[Action[Any, Any]]:
        return (*self._failover(), *self._failback())

    def _failover(self) -> Sequence[Action[Any, Any]]:
        return (
            Action(
                "postgres.checkpoint",
                CHANGES,
                seen.ServerArgs,
                seen.Checkpointed,
                self.checkpoint,
                does="Lets a server write down what it holds in memory, so that it stops quickly",
                limit=LONG,
            ),
            Action(
                "postgres.write-probe",
                CHANGES,
                seen.ServerArgs,
                seen.ProbeWritten,
                self.write_probe,
                does="Writes one row into seawall.probe, always the same one",
                limit=SHORT,
                proof="postgres.accepts-writes",
            ),
            Action(
                "postgres.fence",
                CHANGES,
                seen.FenceArgs,
                Fenced,
                self.fence,
                does="Makes a server unable to accept writes, and shows the evidence that opens a promotion",
                limit=timedelta(seconds=20),
                proof="postgres.is-fenced",
            ),
            Action(
                "postgres.promote",
                CHANGES,
                seen.PromoteArgs,
                seen.Promoted,
                self.promote,
                does="Makes a standby the primary, given evidence that the old one is fenced",
                limit=timedelta(seconds=30),
                proof="postgres.is-primary",
            ),
        )

    def _failback(self) -> Sequence[Action[Any, Any]]:
        return (
            Action(
                "postgres.unfence",
                CHANGES,
                seen.UnfenceArgs,
                seen.Unfenced,
                self.unfence,
                does="Starts a fenced server as the primary it was, when its peer is seen to be its standby still",
                limit=timedelta(minutes=1),
                proof="postgres.is-primary",
            ),
            Action(
                "postgres.start",
                CHANGES,
                seen.ServerArgs,
                seen.Started,
                self.start,
                does="Starts a server that is marked as a standby, and no other",
                limit=timedelta(minutes=1),
            ),
            Action(
                "postgres.rejoin",
                CHANGES,
                seen.PairArgs,
                seen.Rejoined,
                self.rejoin,
                does="Makes an old primary a standby of the new one; what it alone had is kept aside first",
                limit=timedelta(minutes=10),
                proof="postgres.is-standby-of",
            ),
            Action(
                "postgres.rebuild",
                CHANGES,
                seen.PairArgs,
                seen.Rebuilt,
                self.rebuild,
                does="Copies a primary anew into a server that cannot be rewound; its old files are kept aside",
                limit=timedelta(hours=4),
                proof="postgres.is-standby-of",
            ),
        )

    @abstractmethod
    def state(self, args: seen.ServerArgs, occasion: Occasion) -> seen.StateSeen:
        """See how a server is."""

    @abstractmethod
    def standby_state(self, args: seen.StandbyArgs, occasion: Occasion) -> seen.StandbySeen:
        """See how a standby is."""

    @abstractmethod
    def accepts_writes(self, args: seen.ServerArgs, occasion: Occasion) -> seen.AcceptsWrites:
        """Tell whether a write would be accepted."""

    @abstractmethod
    def is_fenced(self, args: seen.FenceArgs, occasion: Occasion) -> seen.IsFenced:
        """Tell whether a server is fenced."""

    @abstractmethod
    def is_primary(self, args: seen.IsPrimaryArgs, occasion: Occasion) -> seen.IsPrimary:
        """Tell whether a server is a primary."""

    @abstractmethod
    def missing_wal(self, args: seen.MissingWalArgs, occasion: Occasion) -> seen.MissingWal:
        """See what a standby misses."""

    @abstractmethod
    def checkpoint(self, args: seen.ServerArgs, occasion: Occasion) -> seen.Checkpointed:
        """Let a server write down what it holds in memory."""

    @abstractmethod
    def write_probe(self, args: seen.ServerArgs, occasion: Occasion) -> seen.ProbeWritten:
        """Write one row."""

    @abstractmethod
    def fence(self, args: seen.FenceArgs, occasion: Occasion) -> Fenced:
        """Make a server unable to accept writes."""

    @abstractmethod
    def promote(self, args: seen.PromoteArgs, occasion: Occasion) -> seen.Promoted:
        """Make a standby the primary."""

    @abstractmethod
    def divergence(self, args: seen.PairArgs, occasion: Occasion) -> seen.Divergence:
        """Find what an old primary alone has."""

    @abstractmethod
    def is_standby_of(self, args: seen.PairArgs, occasion: Occasion) -> seen.IsStandbyOf:
        """Tell whether a server follows a primary."""

    @abstractmethod
    def unfence(self, args: seen.UnfenceArgs, occasion: Occasion) -> seen.Unfenced:
        """Start a fenced server as the primary it was."""

    @abstractmethod
    def start(self, args: seen.ServerArgs, occasion: Occasion) -> seen.Started:
        """Start a server that is marked as a standby."""

    @abstractmethod
    def rejoin(self, args: seen.PairArgs, occasion: Occasion) -> seen.Rejoined:
        """Make an old primary a standby of the new one."""

    @abstractmethod
    def rebuild(self, args: seen.PairArgs, occasion: Occasion) -> seen.Rebuilt:
        """Copy a primary anew into a server."""
