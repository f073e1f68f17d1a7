"""What can be asked of PostgreSQL servers: each action's effect, arguments, what it shows, its limit and proof."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.postgres import needs, seen
from connectors.postgres.checkup import granted, looked_at
from connectors.postgres.divergence import Divergences
from connectors.postgres.fence import Fences
from connectors.postgres.host import HostSide
from connectors.postgres.introduced import introduced
from connectors.postgres.opening import Openings
from connectors.postgres.promote import Promotions
from connectors.postgres.rejoin import Rejoins
from connectors.postgres.session import Session
from connectors.postgres.sessions import Sessions
from connectors.postgres.start import Starts
from connectors.postgres.state import States
from seawall.actions import Action, CheckUp, Deadline, Effect, Power, Ready, Shell, Vault
from seawall.evidence import Fenced
from seawall.expiring import Leases
from seawall.needs import Grant
from seawall.targets import Server

READS, CHANGES = Effect.READS, Effect.CHANGES
SHORT, LONG = timedelta(seconds=10), timedelta(minutes=5)


class PostgresServers:
    """Servers behind two wires, SQL and a shell on their machine; the twin in memory has other wires.

    Args:
        sessions: the way to ask over SQL.
        host: the way to a server's files and processes.
        power: how a machine's power is taken.
        vault: where the replicator's password is kept.
        clock: what time it is, with a time zone; evidence is dated by it.
        leases: those of servers that have one; no server has any when absent.
    """

    def __init__(
        self,
        sessions: Sessions,
        host: HostSide,
        power: Power,
        vault: Vault,
        clock: Callable[[], datetime],
        *,
        leases: Leases | None = None,
    ) -> None:
        self._leases = leases = leases or Leases(lambda: None, clock)
        self._sessions = sessions
        self._host = host
        self._power = power
        self._states = States(sessions, clock)
        self._fences = Fences(host, power, clock, leases)
        self._promotions = Promotions(sessions, Openings(host, power, leases), clock)
        self._divergences = Divergences(sessions, host)
        self._rejoins = Rejoins(sessions, host, self._divergences, vault, clock)
        self._starts = Starts(sessions, host, self._fences)

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what can be asked."""
        return (*self._looks(), *self._proofs(), *self._failover(), *self._failback())

    def warm(self, server: Server, deadline: Deadline) -> None:
        """Have a checked connection to a server ready. Raises: Unreachable, WrongTarget."""
        self._sessions.warm(server, deadline)

    def is_standby(self, server: Server, deadline: Deadline) -> bool:
        """Tell whether a server is a standby, by asking it. Raises: Unreachable, WrongTarget."""
        with self._sessions.with_right(server, deadline) as right:
            return right.found.role == "standby"

    def check(self, servers: Iterable[Server], deadline: Deadline) -> Iterator[CheckUp]:
        """Look at each server without changing anything: the right one, rights, settings, how far behind."""
        for server in servers:
            yield from looked_at(server, self._sessions, self._host, deadline)

    def granted(
        self, server: Server, wanted: tuple[Grant, ...], role: str, deadline: Deadline
    ) -> Mapping[str, bool]:
        """Tell which rights a role has on a server, by reading its catalogue. Raises: Unreachable, WrongTarget."""
        with self._sessions.with_right(server, deadline) as right:
            return granted(right.session, wanted, role, deadline)

    def introduced(self, server: Server, deadline: Deadline) -> Mapping[str, str]:
        """Ask whatever answers there for what the inventory lacks of it; nothing is compared. Raises: Unreachable."""
        return introduced(server, self._sessions, self._host.shell, deadline)

    def close(self) -> None:
        """Close every connection. The shell and the power are closed by who made them."""
        self._sessions.close()

    def _looks(self) -> Sequence[Action[Any, Any]]:
        return (
            Action(
                "postgres.state",
                READS,
                seen.ServerArgs,
                seen.StateSeen,
                self._states.state,
                does="Shows a server's role, timeline and position; one that does not answer is shown as such",
                limit=SHORT,
                ready=self._to_ask,
                needs=needs.ASK,
            ),
            Action(
                "postgres.standby-state",
                READS,
                seen.StandbyArgs,
                seen.StandbySeen,
                self._states.standby_state,
                does="Shows whether a standby receives, and how much it misses",
                limit=SHORT,
                ready=self._to_ask,
                needs=needs.STANDBY,
            ),
            Action(
                "postgres.missing-wal",
                READS,
                seen.MissingWalArgs,
                seen.MissingWal,
                self._states.missing_wal,
                does="Shows whether a standby has replayed everything its stopped primary wrote",
                limit=SHORT,
                needs=needs.ASK,
            ),
            Action(
                "postgres.divergence",
                READS,
                seen.PairArgs,
                seen.Divergence,
                self._divergences.divergence,
                does="Lists what an old primary has that the new one does not: log, and committed rows by table",
                limit=LONG,
                ready=self._to_pair,
                needs=needs.DIVERGENCE,
            ),
        )

    def _proofs(self) -> Sequence[Action[Any, Any]]:
        return (
            Action(
                "postgres.accepts-writes",
                READS,
                seen.ServerArgs,
                seen.AcceptsWrites,
                self._states.accepts_writes,
                does="Proves that a server begins a writing transaction, which is taken back",
                limit=SHORT,
                needs=needs.ASK,
            ),
            Action(
                "postgres.is-fenced",
                READS,
                seen.FenceArgs,
                seen.IsFenced,
                self._fences.is_fenced,
                does="Proves that a server cannot accept writes: stopped and marked as a standby, or without power",
                limit=SHORT,
                needs=needs.IS_FENCED,
            ),
            Action(
                "postgres.is-primary",
                READS,
                seen.IsPrimaryArgs,
                seen.IsPrimary,
                self._promotions.is_primary,
                does="Proves that a server is a primary that accepts writes",
                limit=SHORT,
                needs=needs.ASK,
            ),
            Action(
                "postgres.is-standby-of",
                READS,
                seen.PairArgs,
                seen.IsStandbyOf,
                self._rejoins.is_standby_of,
                does="Proves, asked at both ends, that a server receives from a primary",
                limit=SHORT,
                needs=needs.STANDBY_OF,
            ),
        )

    def _failover(self) -> Sequence[Action[Any, Any]]:
        return (
            # It alters nothing that anybody can find: it may be made again after a crash, and is nothing to take back.
            Action(
                "postgres.checkpoint",
                READS,
                seen.ServerArgs,
                seen.Checkpointed,
                self._states.checkpoint,
                does="Lets a server write down what it holds in memory, so that it stops quickly",
                limit=LONG,
                ready=self._to_ask,
                needs=needs.CHECKPOINT,
            ),
            Action(
                "postgres.write-probe",
                CHANGES,
                seen.ServerArgs,
                seen.ProbeWritten,
                self._states.write_probe,
                does="Writes one row into seawall.probe, always the same one",
                limit=SHORT,
                proof="postgres.accepts-writes",
                ready=self._to_ask,
                needs=needs.PROBE,
            ),
            Action(
                "postgres.fence",
                CHANGES,
                seen.FenceArgs,
                Fenced,
                self._fences.fence,
                does="Makes a server unable to accept writes, and shows the evidence that opens a promotion",
                limit=timedelta(seconds=20),
                proof="postgres.is-fenced",
                ready=self._to_fence,
                needs=needs.FENCE,
            ),
            Action(
                "postgres.promote",
                CHANGES,
                seen.PromoteArgs,
                seen.Promoted,
                self._promotions.promote,
                does="Makes a standby the primary, given evidence that the old one is fenced",
                limit=timedelta(seconds=30),
                proof="postgres.is-primary",
                needs=needs.PROMOTE,
            ),
        )

    def _failback(self) -> Sequence[Action[Any, Any]]:
        return (
            Action(
                "postgres.unfence",
                CHANGES,
                seen.UnfenceArgs,
                seen.Unfenced,
                self._starts.unfence,
                does="Starts a fenced server as the primary it was, when its peer is seen to be its standby still",
                limit=timedelta(minutes=1),
                proof="postgres.is-primary",
                needs=needs.UNFENCE,
            ),
            Action(
                "postgres.start",
                CHANGES,
                seen.ServerArgs,
                seen.Started,
                self._starts.start,
                does="Starts a server that is marked as a standby, and no other",
                limit=timedelta(minutes=1),
                ready=self._to_start,
                needs=needs.START,
            ),
            Action(
                "postgres.rejoin",
                CHANGES,
                seen.PairArgs,
                seen.Rejoined,
                self._rejoins.rejoin,
                does="Makes an old primary a standby of the new one; what it alone had is kept aside first",
                limit=timedelta(minutes=10),
                proof="postgres.is-standby-of",
                ready=self._to_pair,
                needs=needs.REJOIN,
            ),
            Action(
                "postgres.rebuild",
                CHANGES,
                seen.PairArgs,
                seen.Rebuilt,
                self._rejoins.rebuild,
                does="Copies a primary anew into a server that cannot be rewound; its old files are kept aside",
                limit=timedelta(hours=4),
                proof="postgres.is-standby-of",
                ready=self._to_pair,
                needs=needs.REBUILD,
            ),
        )

    def _to_ask(self, args: seen.ServerArgs | seen.StandbyArgs) -> Iterable[Ready]:
        return (Ready(self.warm, args.server),)

    def _to_start(self, args: seen.ServerArgs) -> Iterable[Ready]:
        return (Ready(self._host.shell.warm, args.server.host),)

    def _to_pair(self, args: seen.PairArgs) -> Iterable[Ready]:
        return Ready(self._host.shell.warm, args.server.host), Ready(self.warm, args.primary)

    def _to_fence(self, args: seen.FenceArgs) -> Iterable[Ready]:
        host = args.server.host
        if "stopped" in args.by:
            yield Ready(self._host.shell.warm, host)
        if "powered-off" in args.by and host.power is not None:
            yield Ready(self._power.warm, host.power)
        if "lease-expired" in args.by:
            yield Ready(self._leases.warm, args.server)


class Postgres(PostgresServers):
    """The city's PostgreSQL servers.

    Args:
        shell: how their machines are reached, as the account that they run as.
        power: how their machines' power is taken.
        vault: where passwords are kept.
        clock: what time it is, with a time zone.
        leases: those of servers that have one; no server has any when absent.
    """

    def __init__(
        self,
        shell: Shell,
        power: Power,
        vault: Vault,
        clock: Callable[[], datetime],
        *,
        leases: Leases | None = None,
    ) -> None:
        def open_one(server: Server, deadline: Deadline) -> Session:
            return Session.open(server, vault.secret(server.password), deadline)

        super().__init__(Sessions(open_one), HostSide(shell), power, vault, clock, leases=leases)
