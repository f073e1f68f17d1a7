"""Servers started again: as a standby only, or, to take a planned fence back, as the primary it was.

Taking a fence back could make two primaries. So the peer is asked first, in a session that stays open: it must be a
standby on this server's own timeline. It is asked again afterwards; if it was promoted meanwhile, this server stops.
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.postgres import statements
from connectors.postgres.fence import Fences
from connectors.postgres.host import HostSide
from connectors.postgres.program import PARTS
from connectors.postgres.seen import FenceArgs, ServerArgs, Started, UnfenceArgs, Unfenced
from connectors.postgres.sessions import Sessions
from seawall.actions import Deadline, Occasion
from seawall.errors import CallError, DidNothing, MayHaveActed
from seawall.targets import Server


@dataclass(frozen=True, slots=True)
class Starts:
    """Starts servers."""

    sessions: Sessions
    host: HostSide
    fences: Fences

    def start(self, args: ServerArgs, occasion: Occasion) -> Started:
        """Start a server that is marked as a standby. Raises: as a host's script, DidNothing without the mark."""
        told = self.host.run(
            args.server,
            PARTS["start-standby"],
            occasion.deadline,
            changes=True,
            WITHIN=_seconds(occasion.deadline),
        )
        return Started(server=args.server.name, already=told.get("already") == "yes")

    def unfence(self, args: UnfenceArgs, occasion: Occasion) -> Unfenced:
        """Start a fenced server as the primary it was, and let its guard let users in.

        Raises:
            DidNothing: its peer is not provably a standby of its own timeline, or it is not fenced.
            WrongTarget: other servers. MayHaveActed: it was begun and did not end well.
        """
        server, peer, deadline = args.server, args.peer, occasion.deadline
        if server.system_identifier != peer.system_identifier or server.name == peer.name:
            raise _not_safe(server, f"{peer} is not its peer")
        try:
            with self.sessions.with_right(peer, deadline, "standby") as right:
                ((_, timeline),) = right.session.rows(statements.PEER, deadline)
                told = self.host.run(
                    server,
                    PARTS["unfence"],
                    deadline,
                    changes=True,
                    TIMELINE=timeline or "",
                    WITHIN=_seconds(deadline),
                )
                if server.lease is not None:
                    words = {"by": f"run {occasion.run}", "why": f"step {occasion.step} takes its fence back"}
                    self.fences.leases.grant(server, deadline, **words)
                self._look_again(server, right.session.ask(statements.PEER, deadline).rows, occasion)
        except CallError as error:
            if error.where.startswith(str(peer)) and isinstance(error, DidNothing):
                raise _not_safe(server, f"{peer} is not seen to be a standby: {error.problem}") from error
            raise
        return Unfenced(server=server.name, started=told.get("already") != "yes")

    def _look_again(self, server: Server, rows: object, occasion: Occasion) -> None:
        if isinstance(rows, list) and rows and rows[0][0] == "t":
            return
        self.fences.fence(FenceArgs(server=server, by=("stopped",)), occasion)
        raise MayHaveActed(
            "its peer was promoted while it started, so it was stopped again",
            where=str(server),
            remedy="Treat its peer as the primary, and bring this one back with postgres.rejoin",
        )


def _not_safe(server: Server, why: str) -> DidNothing:
    return DidNothing(
        f"it stays fenced: {why}",
        where=str(server),
        remedy="Make sure that no other server accepts writes; then start it by hand, or go on with the failover",
    )


def _seconds(deadline: Deadline) -> str:
    return str(max(1, int(deadline.left)))
