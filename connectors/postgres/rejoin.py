"""An old primary comes back as a standby, and nothing it alone had is thrown away.

First what its log holds after the two parted is copied aside, with the rows it alone had; then it is rewound; then it
follows. It is marked as a standby from the first moment to the last, so that it never starts as a second primary.
pg_rewind copies the other server's configuration too: this one's own is kept and put back.

Source: PostgreSQL 18 documentation, pg_rewind ("How It Works", "Warnings").
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.postgres import statements
from connectors.postgres.divergence import Divergences
from connectors.postgres.host import HostSide
from connectors.postgres.lsn import bytes_at
from connectors.postgres.program import PARTS
from connectors.postgres.seen import IsStandbyOf, PairArgs, Rebuilt, Rejoined
from connectors.postgres.sessions import Sessions
from seawall.actions import Deadline, Occasion, Vault
from seawall.errors import CallError, MayHaveActed, Unreachable, WrongTarget
from seawall.targets import Server

PAUSE = 0.02
RECEIVES_WITHIN = 15.0
"""Seconds a standby that was just started has to be seen receiving; what it still misses is another question."""
LOOKS_EVERY = 0.2
"""Seconds between looks beside a server that is being worked on: each is a command on its machine."""

_KEEP, _REWIND, _FOLLOW, _REBUILD = (PARTS[word] for word in ("keep", "rewind", "start-following", "rebuild"))


@dataclass(frozen=True, slots=True)
class Rejoins:
    """Makes servers standbys of the present primary."""

    sessions: Sessions
    host: HostSide
    divergences: Divergences
    vault: Vault
    clock: Callable[[], datetime]

    def rejoin(self, args: PairArgs, occasion: Occasion) -> Rejoined:
        """Make an old primary a standby of the new one, keeping what it alone had.

        Raises:
            WrongTarget: other servers, or it still runs as a primary.
            DidNothing: it has no common past with the primary. Unreachable: one of the two.
            MayHaveActed: it was begun and did not end well; it stays marked as a standby.
        """
        server, primary, deadline = args.server, args.primary, occasion.deadline
        if self._asked_at_both_ends(args, deadline).holds:
            return Rejoined(
                server=server.name,
                primary=primary.name,
                diverged=False,
                kept=None,
                wal_kept=0,
                rows_kept=0,
                receiving=True,
            )
        history = self.divergences.history(primary, deadline)
        told = self.host.run(
            server,
            _KEEP,
            deadline,
            changes=True,
            HISTORY=history.lines,
            TIMELINE=str(history.timeline),
            STAMP=self._stamp(),
            ROLE=server.user,
            DATABASE=server.database,
            WITHIN=_seconds(deadline),
        )
        if "kept" in told:
            self._checkpoint(primary, deadline)
            self._run(args, _REWIND, deadline)
        self._run(args, _FOLLOW, deadline)
        return _rejoined(args, told, receiving=self._receives(args, occasion))

    def rebuild(self, args: PairArgs, occasion: Occasion) -> Rebuilt:
        """Copy a primary anew into a server that cannot be rewound, and let it follow. Its old files are kept.

        Raises:
            WrongTarget: other servers. DidNothing: it runs. Unreachable: one of the two.
            MayHaveActed: it was begun and did not end well.
        """
        with self.sessions.with_right(args.primary, occasion.deadline, "primary"):
            pass  # before anything is moved aside: the primary is there, and is the right one
        told = self._run(args, _REBUILD, occasion.deadline, stamp=self._stamp(), may_be_empty=True)
        return Rebuilt(
            server=args.server.name,
            primary=args.primary.name,
            kept=told["kept"] or None,
            receiving=self._receives(args, occasion),
        )

    def is_standby_of(self, args: PairArgs, occasion: Occasion) -> IsStandbyOf:
        """Tell whether a server follows a primary, asked at both ends; of one that does not answer, how it lies there.

        What is stopped follows nobody. Somebody who had it started, and is gone, may have left a command at work there:
        that is waited for, up to half of the time.

        Raises: WrongTarget.
        """
        waits = occasion.deadline.at_most(occasion.deadline.left / 2)
        while True:
            seen = self._asked_at_both_ends(args, occasion.deadline)
            if not isinstance(seen, _Silent):
                return seen
            # First whether anything can still act there, then how it lies: so nothing can have changed it since.
            try:
                quiet = self.host.shell.is_quiet(args.server.host, occasion.deadline)
                told = self.host.run(args.server, ("look",), occasion.deadline, changes=False)
            except WrongTarget:
                raise
            except CallError as error:
                return IsStandbyOf(holds=None, because=f"{seen.because}; {error.problem}")
            found = _as_it_lies(args.server, told, seen.because)
            if waits.passed or (quiet and told["running"] == "no"):
                return found.model_copy(update={"spent": quiet and found.holds is False})
            time.sleep(LOOKS_EVERY)

    def _asked_at_both_ends(self, args: PairArgs, deadline: Deadline) -> IsStandbyOf:
        server, primary = args.server, args.primary
        try:
            with self.sessions.with_right(server, deadline) as right:
                if right.found.role == "primary":
                    return IsStandbyOf(holds=False, because=f"{server} is a primary")
                rows = right.session.rows(statements.RECEIVING, deadline)
        except Unreachable as error:
            return _Silent(holds=None, because=error.problem)
        try:
            with self.sessions.with_right(primary, deadline, "primary") as right:
                there = right.session.rows(statements.SENDING_TO, deadline, server.cluster_name)
        except Unreachable as error:
            return IsStandbyOf(holds=None, because=error.problem)
        holds = bool(rows) and rows[0][0] == "streaming" and bool(there)
        words = "receives from" if holds else "does not receive from"
        return IsStandbyOf(holds=holds, because=f"{server} {words} {primary}")

    def _receives(self, args: PairArgs, occasion: Occasion) -> bool:
        until = occasion.deadline.at_most(min(RECEIVES_WITHIN, occasion.deadline.left * 0.8))
        while True:
            try:
                if self._asked_at_both_ends(args, occasion.deadline).holds:
                    return True
            except CallError as error:
                raise MayHaveActed(
                    f"it was started as a standby, and then: {error.problem}",
                    where=error.where,
                    remedy=error.remedy,
                ) from error
            if until.passed:
                return False
            time.sleep(PAUSE)

    def _stamp(self) -> str:
        return f"{self.clock().astimezone(UTC):%Y%m%dT%H%M%SZ}"

    def _run(
        self,
        args: PairArgs,
        parts: Sequence[str],
        deadline: Deadline,
        *,
        stamp: str = "",
        may_be_empty: bool = False,
    ) -> Mapping[str, str]:
        server, source = args.server, args.primary.for_peers
        password = self.vault.secret(args.primary.replicator_password)
        return self.host.run(
            server,
            parts,
            deadline,
            changes=True,
            may_be_empty=may_be_empty,
            STAMP=stamp,
            stdin=f"{password}\n".encode(),
            PEER=args.primary.name,
            HOST=source.address,
            PORT=str(source.port),
            REPLICATOR=args.primary.replicator,
            DATABASE=args.primary.database,
            SLOT=args.primary.slot or "",
            WITHIN=_seconds(deadline),
        )

    def _checkpoint(self, primary: Server, deadline: Deadline) -> None:
        # Before 16, pg_rewind reads the source's timeline out of its last checkpoint.
        with self.sessions.with_right(primary, deadline, "primary") as right:
            right.session.rows(statements.CHECKPOINT, deadline)


class _Silent(IsStandbyOf):
    """What is known of a server that does not answer."""


def _as_it_lies(server: Server, told: Mapping[str, str], silent: str) -> IsStandbyOf:
    """Tell of a server that does not answer, by what lies there, whether it follows."""
    if told["running"] == "yes":
        return IsStandbyOf(holds=None, because=f"{server} runs, and lets nobody in: {silent}")
    if told["rewinding"] == "yes":
        # Half of its files are the other server's: beginning anew would not do.
        return IsStandbyOf(holds=None, because=f"{server} is stopped, and a rewind of it broke off")
    return IsStandbyOf(holds=False, because=f"{server} is stopped")


def _seconds(deadline: Deadline) -> str:
    return str(max(1, int(deadline.left)))


def _rejoined(args: PairArgs, told: Mapping[str, str], *, receiving: bool) -> Rejoined:
    kept = told.get("kept") or told.get("kept-before")
    ends = bytes_at(told["last"]) + int(told["size"]) if "last" in told else None
    return Rejoined(
        server=args.server.name,
        primary=args.primary.name,
        diverged=kept is not None,
        kept=kept,
        wal_kept=0 if kept is None else None if ends is None else ends - bytes_at(told["fork"]),
        rows_kept=int(told.get("rows", 0)),
        receiving=receiving,
    )
