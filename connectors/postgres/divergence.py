"""What a lost primary has that the one promoted in its place does not: found in its log, before anything is rewound.

The new primary's history says where its timeline left the old one's. What the old server's log holds after that is
read with pg_waldump; only what was committed is counted, table by table. Nothing is changed.

Source: PostgreSQL 18 documentation, pg_waldump; src/backend/access/rmgrdesc/heapdesc.c (the words it prints).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connectors.postgres import statements
from connectors.postgres.host import HostSide
from connectors.postgres.lsn import bytes_at, lsn_at
from connectors.postgres.program import PARTS
from connectors.postgres.seen import DivergedTable, Divergence, PairArgs
from connectors.postgres.session import Session
from connectors.postgres.sessions import Sessions
from seawall.actions import Deadline, Occasion
from seawall.targets import Server


@dataclass(frozen=True, slots=True)
class History:
    """A primary's timeline, and where it and its forebears left each earlier one."""

    timeline: int
    parted: Mapping[int, str]

    @property
    def lines(self) -> str:
        """Write it as a script takes it: `timeline position`, one a line."""
        return "\n".join(f"{timeline} {at}" for timeline, at in self.parted.items())


@dataclass(frozen=True, slots=True)
class Divergences:
    """Compares a server that was a primary with the one that is."""

    sessions: Sessions
    host: HostSide

    def divergence(self, args: PairArgs, occasion: Occasion) -> Divergence:
        """Find what the old primary alone has. Raises: Unreachable, WrongTarget, DidNothing while it still writes."""
        history = self.history(args.primary, occasion.deadline)
        told = self.host.run(
            args.server, PARTS["divergence"], occasion.deadline, changes=False, HISTORY=history.lines
        )
        if told.get("standby") == "yes":
            return _seen(args, diverged=False, because=f"{args.server} runs as a standby")
        if int(told["own"]) == history.timeline:
            return _seen(args, diverged=False, because="both are on the same timeline")
        if not told["fork"]:
            because = f"{args.primary}'s history does not know timeline {told['own']}"
            return _seen(args, diverged=None, because=because)
        with self.sessions.with_right(args.primary, occasion.deadline, "primary") as right:
            return _judged(args, told, _named(right.session, counted(told), occasion.deadline))

    def history(self, primary: Server, deadline: Deadline) -> History:
        """Read the primary's history. Raises: Unreachable, WrongTarget, DidNothing when it has none."""
        with self.sessions.with_right(primary, deadline, "primary") as right:
            ((timeline,),) = right.session.rows(statements.TIMELINE, deadline)
        told = self.host.run(primary, ("history",), deadline, changes=False, TIMELINE=timeline or "1")
        parted = {int(key.split()[1]): at for key, at in told.items() if key.startswith("parted ")}
        return History(int(timeline or 1), parted)


def counted(told: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Return, for each `space/database/node`, how many rows were inserted, updated and deleted."""
    counts: dict[str, dict[str, int]] = {}
    for key, count in told.items():
        if key.startswith("rows "):
            _, relation, kind = key.split(" ")
            counts.setdefault(relation, {})[kind] = int(count)
    return counts


def _named(
    session: Session, counts: Mapping[str, Mapping[str, int]], deadline: Deadline
) -> tuple[DivergedTable, ...]:
    found = session.rows(statements.NAMES, deadline, " ".join(counts)) if counts else ()
    names = {node: name for node, name in found if name is not None}

    def tables() -> Iterator[DivergedTable]:
        for relation, kinds in counts.items():
            name = names.get(relation.rpartition("/")[2])
            if name is not None:
                yield DivergedTable(name=name, **kinds)

    return tuple(sorted(tables(), key=lambda one: one.name))


def _judged(args: PairArgs, told: Mapping[str, str], tables: tuple[DivergedTable, ...]) -> Divergence:
    fork, records = told["fork"], int(told["records"])
    if not records:
        nothing = re.search("could not find a valid record|invalid record length", told["words"])
        never = told["state"].startswith("shut down") and bytes_at(told["checkpoint"]) < bytes_at(fork)
        if nothing or never:
            return _seen(
                args, diverged=False, because=f"its log ends where they parted, at {fork}", parted_at=fork
            )
        return _seen(args, diverged=None, because=f"its log cannot be read: {told['words']}", parted_at=fork)
    end = bytes_at(told["last"]) + int(told["size"])
    return Divergence(
        server=args.server.name,
        primary=args.primary.name,
        diverged=True,
        parted_at=fork,
        ends_at=lsn_at(end),
        wal=end - bytes_at(fork),
        rows=sum(one.inserted + one.updated + one.deleted for one in tables),
        tables=tables,
        because=f"its log goes on after {fork}, where they parted",
    )


def _seen(args: PairArgs, *, diverged: bool | None, because: str, parted_at: str | None = None) -> Divergence:
    return Divergence(
        server=args.server.name,
        primary=args.primary.name,
        diverged=diverged,
        parted_at=parted_at,
        ends_at=None,
        wal=0 if diverged is False else None,
        rows=0 if diverged is False else None,
        tables=(),
        because=because,
    )
