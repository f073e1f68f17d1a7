"""Balancers: point a backend at one of its servers, never at two.

Every old server is out and its sessions ended before the new one is let in; a crash half-way leaves the backend closed,
not split. The real wire is `connectors.haproxy`; the one in memory is `connectors.memory.balancer`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Protocol, Self

from pydantic import Field, StringConstraints, model_validator

from connectors.limit import LOOKS
from seawall.actions import Action, CheckUp, Deadline, Effect, Occasion, Proof, Seen
from seawall.errors import CallError, DidNothing, Finding, MayHaveActed, WrongTarget
from seawall.model import Frozen
from seawall.needs import AtBalancer
from seawall.targets import Balancer

ProxyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
"""What HAProxy allows as a name (its manual, 2.8, section 4); nothing in it can end or join a runtime command."""


class BackendArgs(Frozen):
    """Which backend of which balancer."""

    balancer: Balancer
    backend: ProxyName


class PointArgs(BackendArgs):
    """Which server of a backend takes its traffic from now on.

    Attributes:
        to: the server that takes it. To undo, point back with `to` and `away_from` exchanged.
        away_from: the servers that no longer do; their sessions are ended.
    """

    to: ProxyName
    away_from: Annotated[tuple[ProxyName, ...], Field(max_length=50)]

    @model_validator(mode="after")
    def _two_sides(self) -> Self:
        if self.to in self.away_from:
            message = f"{self.to} is in both to and away_from"
            raise ValueError(message)
        return self


class ServerState(Frozen):
    """One server of a backend: let in or not, answering its health check or not, and its sessions."""

    name: str
    ready: bool
    up: bool
    sessions: int


class BackendState(Seen):
    """The servers of a backend.

    Attributes:
        pointed_at: the one server that is let in; None when there is none, or more than one.
        sessions: over all servers.
    """

    backend: str
    pointed_at: str | None
    sessions: int
    servers: tuple[ServerState, ...]

    def __str__(self) -> str:
        return f"{self.backend} leads to {self.pointed_at or 'no one server'}; {self.sessions} connections"


class Pointed(Seen):
    """That a backend is pointed at one server. `was` names those that were let in before, `up` is its health check."""

    backend: str
    to: str
    up: bool
    was: tuple[str, ...] | None = None
    sessions_ended: int | None = None

    def __str__(self) -> str:
        before = f", before to {' and '.join(self.was) or 'nowhere'}" if self.was is not None else ""
        down = "" if self.up else "; its health check says it is down"
        return f"{self.backend} leads to {self.to}{before}{down}"


class IsPointed(Proof):
    """Whether one server is let in and no other."""

    pointed: Pointed | None = None

    def stand_in(self) -> Pointed | None:
        """Return what the step that pointed would have seen."""
        return self.pointed


class Closed(Seen):
    """That a backend lets nobody in. `was` names the servers that were let in before."""

    backend: str
    was: tuple[str, ...] | None = None
    sessions_ended: int | None = None

    def __str__(self) -> str:
        return f"{self.backend} lets nobody in"


class IsClosed(Proof):
    """Whether no server is let in."""

    closed: Closed | None = None

    def stand_in(self) -> Closed | None:
        """Return what the step that closed would have seen."""
        return self.closed


class Runtime(Protocol):
    """The wire: what a balancer must be able to do while it runs."""

    def look(self, balancer: Balancer, backend: str, deadline: Deadline) -> tuple[ServerState, ...]:
        """Tell the servers of `backend`. Raises: Unreachable, DidNothing; WrongTarget when there is no such backend."""

    def turn(
        self, balancer: Balancer, backend: str, out: Sequence[str], into: str | None, deadline: Deadline
    ) -> tuple[str, tuple[ServerState, ...]]:
        """Take servers out and end their sessions, then let one in; tell what was complained of, and all states after.

        Raises: Unreachable, MayHaveActed.
        """

    def level(self, balancer: Balancer, deadline: Deadline) -> str:
        """Tell with which rights it listens to us; `admin` are all. Raises: Unreachable, DidNothing, WrongTarget."""


class Balancers:
    """HAProxy balancers, through their runtime socket."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what a balancer can be asked to do."""
        return (
            Action(
                "balancer.state",
                Effect.READS,
                BackendArgs,
                BackendState,
                self._state,
                "Tells which servers of a backend are let in, are up, and have sessions",
                needs=(AtBalancer("balancer"),),
            ),
            Action(
                "balancer.point",
                Effect.CHANGES,
                PointArgs,
                Pointed,
                self._point,
                "Points a backend at one server: the others out first, their sessions ended",
                proof="balancer.is-pointed",
                needs=(AtBalancer("balancer", "admin"),),
            ),
            Action(
                "balancer.is-pointed",
                Effect.READS,
                PointArgs,
                IsPointed,
                self._is_pointed,
                "Tells whether a backend lets in this server and no other",
                needs=(AtBalancer("balancer"),),
            ),
            Action(
                "balancer.close",
                Effect.CHANGES,
                BackendArgs,
                Closed,
                self._close,
                "Lets nobody in through a backend and ends its sessions; balancer.point opens it again",
                proof="balancer.is-closed",
                needs=(AtBalancer("balancer", "admin"),),
            ),
            Action(
                "balancer.is-closed",
                Effect.READS,
                BackendArgs,
                IsClosed,
                self._is_closed,
                "Tells whether a backend lets nobody in",
                needs=(AtBalancer("balancer"),),
            ),
        )

    def close(self) -> None:
        """There is nothing to let go of: a connection lives for one call."""

    def check(self, balancers: Iterable[Balancer], deadline: Deadline) -> Iterator[CheckUp]:
        """Look at each balancer without changing it."""
        for balancer in balancers:
            what = f"balancer {balancer.name}"
            try:
                level = self._runtime.level(balancer, deadline.at_most(LOOKS))
            except CallError as error:
                yield CheckUp.failed(what, error)
            else:
                remedy = "" if level == "admin" else "Add `level admin` to its `stats socket` line"
                saw = f"answers, with {level} rights"
                yield CheckUp(what, level == "admin", saw, remedy, Finding.RIGHTS)

    def _state(self, args: BackendArgs, occasion: Occasion) -> BackendState:
        servers = self._runtime.look(args.balancer, args.backend, occasion.deadline)
        let_in = _let_in(servers)
        return BackendState(
            backend=args.backend,
            pointed_at=let_in[0] if len(let_in) == 1 else None,
            sessions=sum(one.sessions for one in servers),
            servers=servers,
        )

    def _point(self, args: PointArgs, occasion: Occasion) -> Pointed:
        before = self._runtime.look(args.balancer, args.backend, occasion.deadline)
        _expect_servers(args, before)
        after = self._turn(args, before, args.away_from, args.to, occasion.deadline)
        return Pointed(
            backend=args.backend,
            to=args.to,
            up=_up(after, args.to),
            was=_let_in(before),
            sessions_ended=sum(one.sessions for one in before if one.name in args.away_from),
        )

    def _is_pointed(self, args: PointArgs, occasion: Occasion) -> IsPointed:
        servers = self._runtime.look(args.balancer, args.backend, occasion.deadline)
        let_in = _let_in(servers)
        because = f"{args.backend} lets in {', '.join(let_in) or 'nobody'}"
        if let_in != (args.to,):
            return IsPointed(holds=False, because=because)
        pointed = Pointed(backend=args.backend, to=args.to, up=_up(servers, args.to))
        return IsPointed(holds=True, because=because, pointed=pointed)

    def _close(self, args: BackendArgs, occasion: Occasion) -> Closed:
        before = self._runtime.look(args.balancer, args.backend, occasion.deadline)
        self._turn(args, before, [one.name for one in before], None, occasion.deadline)
        sessions = sum(one.sessions for one in before)
        return Closed(backend=args.backend, was=_let_in(before), sessions_ended=sessions)

    def _is_closed(self, args: BackendArgs, occasion: Occasion) -> IsClosed:
        let_in = _let_in(self._runtime.look(args.balancer, args.backend, occasion.deadline))
        because = f"{args.backend} lets in {', '.join(let_in) or 'nobody'}"
        return IsClosed(
            holds=not let_in, because=because, closed=None if let_in else Closed(backend=args.backend)
        )

    def _turn(
        self,
        args: BackendArgs,
        before: tuple[ServerState, ...],
        out: Sequence[str],
        into: str | None,
        deadline: Deadline,
    ) -> tuple[ServerState, ...]:
        complaint, after = self._runtime.turn(args.balancer, args.backend, out, into, deadline)
        wanted = () if into is None else (into,)
        if _let_in(after) == wanted:
            return after
        where = f"{args.balancer}, backend {args.backend}"
        if _let_in(after) == _let_in(before):
            problem = f"the balancer did not do it: {complaint or 'it gave no reason'}"
            raise DidNothing(
                problem, where=where, remedy="Check its `stats socket` line: it needs `level admin`"
            )
        problem = f"the balancer did only a part, and now lets in {', '.join(_let_in(after)) or 'nobody'}: {complaint}"
        raise MayHaveActed(problem, where=where, remedy="Look at its state, then point it again")


def _expect_servers(args: PointArgs, servers: Sequence[ServerState]) -> None:
    where = f"{args.balancer}, backend {args.backend}"
    known = {one.name for one in servers}
    missing = [name for name in (args.to, *args.away_from) if name not in known]
    if missing:
        problem = f"it has no server {', '.join(missing)}; it has {', '.join(sorted(known))}"
        raise WrongTarget(problem, where=where, remedy="Check the server names in the inventory")
    others = [name for name in _let_in(servers) if name not in {args.to, *args.away_from}]
    if others:
        problem = f"it also lets in {', '.join(others)}, which nobody said to take out"
        raise WrongTarget(
            problem, where=where, remedy=f"Add {', '.join(others)} to away_from, or take it out first"
        )


def _let_in(servers: Iterable[ServerState]) -> tuple[str, ...]:
    return tuple(one.name for one in servers if one.ready)


def _up(servers: Iterable[ServerState], name: str) -> bool:
    return any(one.up for one in servers if one.name == name)
