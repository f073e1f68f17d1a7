"""PostgreSQL itself, over SQL and over a shell on its machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from connectors.postgres import seen
from connectors.postgres.checkup import looked_at
from connectors.postgres.declared import PostgresActions
from connectors.postgres.divergence import Divergences
from connectors.postgres.fence import Fences
from connectors.postgres.host import HostSide
from connectors.postgres.promote import Promotions
from connectors.postgres.rejoin import Rejoins
from connectors.postgres.sessions import Sessions
from connectors.postgres.start import Starts
from connectors.postgres.state import States
from seawall.actions import CheckUp, Deadline, Occasion, Power, Shell, Vault
from seawall.evidence import Fenced
from seawall.targets import Server


class Postgres(PostgresActions):
    """The city's PostgreSQL servers.

    Args:
        shell: how their machines are reached, as the account they run as.
        power: how their machines' power is taken.
        clock: what time it is, with a time zone; evidence is dated by it.
    """

    def __init__(self, shell: Shell, power: Power, vault: Vault, clock: Callable[[], datetime]) -> None:
        self._sessions = Sessions(vault)
        self._host = HostSide(shell)
        self._states = States(self._sessions, clock)
        self._fences = Fences(self._host, power, clock)
        self._promotions = Promotions(self._sessions, clock)
        self._divergences = Divergences(self._sessions, self._host)
        self._rejoins = Rejoins(self._sessions, self._host, self._divergences, vault, clock)
        self._starts = Starts(self._sessions, self._host, self._fences)

    def warm(self, server: Server, deadline: Deadline) -> None:
        """Have a checked connection to a server ready. Raises: Unreachable, WrongTarget."""
        self._sessions.warm(server, deadline)

    def check(self, servers: Iterable[Server], deadline: Deadline) -> Iterator[CheckUp]:
        """Look at each server without changing anything: the right one, rights, settings, how far behind."""
        for server in servers:
            yield from looked_at(server, self._sessions, self._host, deadline)

    def close(self) -> None:
        """Close every connection. The shell and the power are closed by who made them."""
        self._sessions.close()

    def state(self, args: seen.ServerArgs, occasion: Occasion) -> seen.StateSeen:
        """See how a server is."""
        return self._states.state(args, occasion)

    def standby_state(self, args: seen.StandbyArgs, occasion: Occasion) -> seen.StandbySeen:
        """See how a standby is."""
        return self._states.standby_state(args, occasion)

    def accepts_writes(self, args: seen.ServerArgs, occasion: Occasion) -> seen.AcceptsWrites:
        """Tell whether a write would be accepted."""
        return self._states.accepts_writes(args, occasion)

    def write_probe(self, args: seen.ServerArgs, occasion: Occasion) -> seen.ProbeWritten:
        """Write one row."""
        return self._states.write_probe(args, occasion)

    def checkpoint(self, args: seen.ServerArgs, occasion: Occasion) -> seen.Checkpointed:
        """Let a server write down what it holds in memory."""
        return self._states.checkpoint(args, occasion)

    def missing_wal(self, args: seen.MissingWalArgs, occasion: Occasion) -> seen.MissingWal:
        """See what a standby misses."""
        return self._states.missing_wal(args, occasion)

    def fence(self, args: seen.FenceArgs, occasion: Occasion) -> Fenced:
        """Make a server unable to accept writes."""
        return self._fences.fence(args, occasion)

    def is_fenced(self, args: seen.FenceArgs, occasion: Occasion) -> seen.IsFenced:
        """Tell whether a server is fenced."""
        return self._fences.is_fenced(args, occasion)

    def promote(self, args: seen.PromoteArgs, occasion: Occasion) -> seen.Promoted:
        """Make a standby the primary."""
        return self._promotions.promote(args, occasion)

    def is_primary(self, args: seen.IsPrimaryArgs, occasion: Occasion) -> seen.IsPrimary:
        """Tell whether a server is a primary."""
        return self._promotions.is_primary(args, occasion)

    def divergence(self, args: seen.PairArgs, occasion: Occasion) -> seen.Divergence:
        """Find what an old primary alone has."""
        return self._divergences.divergence(args, occasion)

    def is_standby_of(self, args: seen.PairArgs, occasion: Occasion) -> seen.IsStandbyOf:
        """Tell whether a server follows a primary."""
        return self._rejoins.is_standby_of(args, occasion)

    def unfence(self, args: seen.UnfenceArgs, occasion: Occasion) -> seen.Unfenced:
        """Start a fenced server as the primary it was."""
        return self._starts.unfence(args, occasion)

    def start(self, args: seen.ServerArgs, occasion: Occasion) -> seen.Started:
        """Start a server that is marked as a standby."""
        return self._starts.start(args, occasion)

    def rejoin(self, args: seen.PairArgs, occasion: Occasion) -> seen.Rejoined:
        """Make an old primary a standby of the new one."""
        return self._rejoins.rejoin(args, occasion)

    def rebuild(self, args: seen.PairArgs, occasion: Occasion) -> seen.Rebuilt:
        """Copy a primary anew into a server."""
        return self._rejoins.rebuild(args, occasion)
