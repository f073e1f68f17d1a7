"""Fence before promote: without evidence that the old primary cannot accept writes, nothing is promoted.

The server is asked to promote itself and not waited for: the wait polls every 100 ms. Instead a write is tried every
2 ms, and the first one accepted is the end. The request carries identity, role and limit in the same statement, so it
does nothing at another server, or when it arrives late.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.postgres import statements
from connectors.postgres.identity import Found, compare
from connectors.postgres.lsn import bytes_at
from connectors.postgres.opening import Openings
from connectors.postgres.seen import IsPrimary, IsPrimaryArgs, PromoteArgs, Promoted
from connectors.postgres.session import Session
from connectors.postgres.sessions import Sessions
from connectors.postgres.state import try_to_write
from seawall.actions import Deadline, Occasion
from seawall.errors import DidNothing, MayHaveActed, Unreachable
from seawall.targets import Server

PAUSE = 0.002
"""Seconds between two writes that are tried (measured, reference: lab: 32 ms in all, against 203 for waiting)."""


@dataclass(frozen=True, slots=True)
class Promotions:
    """Makes standbys primaries."""

    sessions: Sessions
    openings: Openings
    clock: Callable[[], datetime]

    def promote(self, args: PromoteArgs, occasion: Occasion) -> Promoted:
        """Make a standby the primary, and see it accept a write.

        Raises:
            DidNothing: the evidence does not open this, or what it says is no longer so, or the server refused.
            WrongTarget: another server, or no standby. Unreachable: no connection.
            MayHaveActed: it was asked, and no write was accepted within the limit.
        """
        self.openings.check(args, occasion.deadline, self.clock())
        with self.sessions.with_right(args.server, occasion.deadline, "standby") as right:
            began = time.monotonic()
            _ask(right.session, right.found, occasion.deadline)
            try:
                _write(right.session, args.server, occasion.deadline)
                return _promoted(args.server, right.session, time.monotonic() - began, occasion.deadline)
            except DidNothing as error:
                raise MayHaveActed(
                    f"it was told to promote itself, and then: {error.problem}",
                    where=error.where,
                    remedy="Look whether it is a primary now; postgres.is-primary tells",
                ) from error

    def is_primary(self, args: IsPrimaryArgs, occasion: Occasion) -> IsPrimary:
        """Tell whether a server is a primary that accepts writes.

        "No" is said only when a promotion that was asked for before would be over by now. Raises: WrongTarget.
        """
        try:
            return self._is_primary(args.server, occasion.deadline)
        except Unreachable as error:
            return IsPrimary(holds=None, because=error.problem)

    def _is_primary(self, server: Server, deadline: Deadline) -> IsPrimary:
        with self.sessions.with_right(server, deadline) as right:
            ((others,),) = right.session.rows(statements.OTHERS, deadline)
            ((retry, received, _),) = right.session.rows(statements.SETTLES, deadline)
            settles = deadline.at_most(int(retry or 0) / 1000 + 1)
            while right.session.rows(statements.IN_RECOVERY, deadline)[0][0] == "t":
                if not settles.passed:
                    time.sleep(PAUSE)
                    continue
                ((_, _, replayed),) = right.session.rows(statements.SETTLES, deadline)
                if deadline.left <= PAUSE or bytes_at(replayed or "0/0") < bytes_at(received or "0/0"):
                    return IsPrimary(holds=None, because=f"{server} is a standby, and may still be changing")
                return IsPrimary(holds=False, because=f"{server} is a standby", spent=others == "0")
            promoted = _promoted(server, right.session, 0, deadline)
            begun = right.session.ask(statements.BEGIN_WRITING, deadline)
            right.session.ask(statements.ROLLBACK, deadline)
        if begun.sqlstate is not None:
            return IsPrimary(holds=None, because=f"{server} is no standby, and says {begun.message}")
        return IsPrimary(holds=True, because=str(promoted), promoted=promoted)


def _ask(session: Session, found: Found, deadline: Deadline) -> None:
    server = session.server
    ((asked,),) = session.rows(
        statements.PROMOTE,
        deadline,
        *(found.system_identifier, found.cluster_name, found.data_directory, str(found.port)),
        str(found.now + deadline.left),
        changes=True,
    )
    if asked is None:
        compare(server, found, "standby")
        raise DidNothing(
            "it changed while it was looked at", where=str(server), remedy="Look at it, then try again"
        )
    if asked != "t":
        raise DidNothing("the server would not promote itself", where=str(server), remedy="Read its log")


def _write(session: Session, server: Server, deadline: Deadline) -> None:
    while try_to_write(session, deadline) is None:
        if deadline.left <= PAUSE:
            raise MayHaveActed(
                "it was told to promote itself, and accepted no write within the limit",
                where=str(server),
                remedy="Look whether it is still in recovery, and whether synchronous_standby_names waits for nobody",
            )
        time.sleep(PAUSE)


def _promoted(server: Server, session: Session, took: float, deadline: Deadline) -> Promoted:
    ((lsn, forked_at, timeline),) = session.rows(statements.FORK, deadline)
    return Promoted(
        server=server.name,
        lsn=lsn or "",
        forked_at=forked_at,
        timeline=int(timeline or 0),
        took=timedelta(seconds=took),
    )
