"""How servers are, asked over SQL; nothing here changes a server but the probe's one row."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.postgres import statements
from connectors.postgres.lsn import bytes_at
from connectors.postgres.seen import (
    AcceptsWrites,
    Checkpointed,
    MissingWal,
    MissingWalArgs,
    ProbeWritten,
    ServerArgs,
    StandbyArgs,
    StandbySeen,
    StateSeen,
)
from connectors.postgres.session import Row, Session
from connectors.postgres.sessions import Sessions
from seawall.actions import Deadline, Occasion
from seawall.errors import CallError, DidNothing, Unreachable
from seawall.evidence import Stopped
from seawall.targets import Server

PROMPT = timedelta(seconds=1)
"""With a longer wal_retrieve_retry_interval, one promotion in three takes seconds more (measured, reference: lab)."""
PRIMARY_ANSWERS = 1.0
"""Seconds that a primary, which may be gone, has to say how far it is."""
REPLAYED_WITHIN = 2.0
RECENT = 10.0
"""Seconds for which the primary's last word about how far it is counts: a link that was cut is silent, too."""
PAUSE = 0.005

NO_TABLE, NO_SCHEMA, READ_ONLY, EXISTS = "42P01", "3F000", "25006", ("42P06", "42P07", "23505")


@dataclass(frozen=True, slots=True)
class States:
    """Looks at servers."""

    sessions: Sessions
    clock: Callable[[], datetime]

    def state(self, args: ServerArgs, occasion: Occasion) -> StateSeen:
        """See how a server is; one that does not accept connections is seen too. Raises: WrongTarget."""
        server, deadline = args.server, occasion.deadline
        try:
            with self.sessions.with_right(server, deadline) as right:
                (row,) = right.session.rows(statements.STATE, deadline)
        except Unreachable:
            return StateSeen(server=server.name, accepts_connections=False)
        in_recovery, lsn, timeline, version, retry = row
        interval = timedelta(milliseconds=int(retry or 0))
        return StateSeen(
            server=server.name,
            accepts_connections=True,
            role=right.found.role,
            in_recovery=in_recovery == "t",
            lsn=lsn,
            system_identifier=right.found.system_identifier,
            cluster_name=right.found.cluster_name,
            timeline=int(timeline) if timeline else None,
            version=version,
            wal_retrieve_retry_interval=interval,
            promotes_promptly=interval <= PROMPT,
        )

    def standby_state(self, args: StandbyArgs, occasion: Occasion) -> StandbySeen:
        """See how a standby is. Raises: Unreachable, WrongTarget."""
        written = self._written(args.primary, occasion.deadline) if args.primary else None
        with self.sessions.with_right(args.server, occasion.deadline) as right:
            (row,) = right.session.rows(statements.STANDBY, occasion.deadline)
        return _standby(args.server, row, written)

    def accepts_writes(self, args: ServerArgs, occasion: Occasion) -> AcceptsWrites:
        """Tell whether a write would be accepted, by beginning one and taking it back. Raises: WrongTarget."""
        server, deadline = args.server, occasion.deadline
        try:
            with self.sessions.with_right(server, deadline) as right:
                if right.found.role == "standby":
                    return AcceptsWrites(holds=False, because=f"{server} is a standby")
                ((read_only,),) = right.session.rows(statements.READ_ONLY, deadline)
                answer = right.session.ask(statements.BEGIN_WRITING, deadline)
                right.session.ask(statements.ROLLBACK, deadline)
        except Unreachable as error:
            return AcceptsWrites(holds=None, because=error.problem)
        if read_only == "on" or answer.sqlstate is not None:
            return AcceptsWrites(holds=False, because=answer.message or f"{server} is set to read only")
        return AcceptsWrites(holds=True, because=f"{server} begins a writing transaction")

    def write_probe(self, args: ServerArgs, occasion: Occasion) -> ProbeWritten:
        """Write one row. Raises: Unreachable, WrongTarget, DidNothing when it is refused, MayHaveActed."""
        with self.sessions.with_right(args.server, occasion.deadline, "primary") as right:
            written = try_to_write(right.session, occasion.deadline)
        if written is None:
            raise DidNothing(
                "the server only reads", where=str(args.server), remedy="See whether it is a standby"
            )
        return ProbeWritten(server=args.server.name, at=self.clock())

    def checkpoint(self, args: ServerArgs, occasion: Occasion) -> Checkpointed:
        """Let a server write down what it holds in memory. Raises: Unreachable, WrongTarget, DidNothing."""
        began = time.monotonic()
        with self.sessions.with_right(args.server, occasion.deadline) as right:
            right.session.rows(statements.CHECKPOINT, occasion.deadline)
        return Checkpointed(server=args.server.name, took=timedelta(seconds=time.monotonic() - began))

    def missing_wal(self, args: MissingWalArgs, occasion: Occasion) -> MissingWal:
        """Wait shortly for a standby to replay all that its stopped primary wrote. Raises: as `standby_state`."""
        stopped = args.evidence.evidence
        last = stopped.last_lsn if isinstance(stopped, Stopped) else None
        wait = occasion.deadline.at_most(min(REPLAYED_WITHIN, occasion.deadline.left / 2))
        with self.sessions.with_right(args.server, occasion.deadline, "standby") as right:
            while True:
                (row,) = right.session.rows(statements.STANDBY, occasion.deadline)
                if last is None:
                    return MissingWal(
                        server=args.server.name, missing=None, replayed=row[3], has_everything=None
                    )
                received, replayed = bytes_at(row[2] or "0/0"), bytes_at(row[3] or "0/0")
                # The last record begins there, so whoever has it is beyond.
                everything = replayed > bytes_at(last)
                if everything or wait.passed:
                    missing = 0 if everything else max(0, bytes_at(last) - received)
                    return MissingWal(
                        server=args.server.name, missing=missing, replayed=row[3], has_everything=everything
                    )
                time.sleep(PAUSE)

    def _written(self, primary: Server, deadline: Deadline) -> int | None:
        share = deadline.at_most(min(PRIMARY_ANSWERS, deadline.left / 3))
        try:
            with self.sessions.with_right(primary, share, "primary") as right:
                ((lsn,),) = right.session.rows(statements.WRITTEN, share)
        except CallError:
            return None  # unknown is an answer here: the primary may be what was lost
        return bytes_at(lsn or "0/0")


def try_to_write(session: Session, deadline: Deadline) -> float | None:
    """Write the probe's row and return when, by the server's clock; None while the server only reads.

    Raises:
        DidNothing: refused for another reason. MayHaveActed: no answer.
    """
    answer = session.ask(statements.PROBE, deadline, changes=True)
    if answer.sqlstate in {NO_TABLE, NO_SCHEMA}:
        both = (statements.MAKE_SCHEMA, statements.MAKE_PROBE)
        for statement in both if answer.sqlstate == NO_SCHEMA else both[1:]:
            made = session.ask(statement, deadline, changes=True)
            if made.sqlstate == READ_ONLY:
                return None
            if made.sqlstate is not None and made.sqlstate not in EXISTS:
                raise session.refused(made, changes=True)
        answer = session.ask(statements.PROBE, deadline, changes=True)
    if answer.sqlstate == READ_ONLY:
        return None
    if answer.sqlstate is not None:
        raise session.refused(answer, changes=True)
    return float(answer.rows[0][0] or 0)


def _standby(server: Server, row: Row, written: int | None) -> StandbySeen:
    in_recovery, receiving, received, replayed, told, age, retry = row
    if in_recovery != "t":
        return StandbySeen(
            server=server.name,
            in_recovery=False,
            receiving=None,
            missing=None,
            replay_lag=None,
            last_received_lsn=None,
            last_message_age=None,
            promotes_promptly=timedelta(milliseconds=int(retry or 0)) <= PROMPT,
        )
    has = bytes_at(received or "0/0")
    if written is None and receiving == "t" and told and float(age or RECENT) < RECENT:
        written = bytes_at(told)  # what the primary itself last said
    return StandbySeen(
        server=server.name,
        in_recovery=True,
        receiving=receiving == "t",
        missing=None if written is None else max(0, written - has),
        replay_lag=max(0, has - bytes_at(replayed)) if replayed else None,
        last_received_lsn=received,
        last_message_age=timedelta(seconds=float(age)) if age else None,
        promotes_promptly=timedelta(milliseconds=int(retry or 0)) <= PROMPT,
    )
