"""Leases: what lets users' programs into a database. Looked at, revoked and waited out, and granted again.

What they are and promise: docs/lease.md. The words themselves: `seawall.lease`. This stands on the city's three places,
and on somebody who can tell whether a server is a standby.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from connectors.limit import in_time
from seawall.actions import Action, CheckUp, Deadline, Effect, Occasion, Proof, Ready, Seen
from seawall.errors import CallError, DidNothing, MayHaveActed
from seawall.evidence import Fenced
from seawall.expiring import Leases
from seawall.leasing import Decided
from seawall.model import Duration, Frozen
from seawall.needs import AtThePlaces, Login
from seawall.targets import Server

LOOKS = timedelta(seconds=10)
_READS = AtThePlaces(prefix="lease/")
_WRITES = AtThePlaces(prefix="lease/", writes=True)


class Roles(Protocol):
    """Somebody who can ask a server what it is."""

    def is_standby(self, server: Server, deadline: Deadline) -> bool:
        """Tell whether a server is a standby, by asking it. Raises: Unreachable, WrongTarget."""


class LeaseArgs(Frozen):
    """Whose lease."""

    server: Server


class GrantArgs(Frozen):
    """Whose lease, and which server must be seen not to have taken its place.

    Attributes:
        evidence: what opened the server's promotion, when it was promoted just now: then its peer may be gone, and
            nobody can be seen to be a standby.
    """

    server: Server
    peer: Server
    evidence: Fenced | None = None


class RevokeArgs(Frozen):
    """Whose users are to be kept out, and which server must be seen to have taken its place."""

    server: Server
    peer: Server


class LeaseSeen(Seen):
    """How a lease stands.

    Attributes:
        says: `held` by a guard, `revoked`, or `granted`, to be held again; None when nobody ever said anything.
        may_be_held: whether its guard may let users in.
        slot: the number of the slot that says so.
        by: whose word it is.
        why: what they gave as the reason.
        boot: the boot of the machine of the guard that held it last.
        term, drift: the longest that a guard of this server may be going by.
    """

    server: str
    says: str | None
    may_be_held: bool
    slot: int
    by: str | None = None
    why: str | None = None
    boot: str | None = None
    term: Duration | None = None
    drift: Duration | None = None

    def __str__(self) -> str:
        if self.says is None:
            return f"no guard has ever held the lease of {self.server}"
        return f"the lease of {self.server} is {self.says} by {self.by}"


class IsExpired(Proof):
    """Whether nothing lets users in any more, with the evidence when that is so."""

    fenced: Fenced | None = None

    def stand_in(self) -> Fenced | None:
        """Return the evidence, in place of what `lease.expire` would have shown."""
        return self.fenced


class Lease:
    """The leases of a city's servers.

    Args:
        leases: where they stand.
        roles: who tells standbys from primaries.
    """

    def __init__(self, leases: Leases, roles: Roles) -> None:
        self._leases = leases
        self._roles = roles

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what can be done with a lease."""
        return (
            Action(
                "lease.state",
                Effect.READS,
                LeaseArgs,
                LeaseSeen,
                self._state,
                does="Shows who holds a server's lease, or who revoked it",
                limit=LOOKS,
                ready=self._to_read,
                needs=(_READS,),
            ),
            Action(
                "lease.is-expired",
                Effect.READS,
                LeaseArgs,
                IsExpired,
                self._is_expired,
                does="Proves that a lease is revoked and its term over, which it waits for",
                limit=timedelta(seconds=30),
                needs=(_READS,),
            ),
            Action(
                "lease.expire",
                Effect.CHANGES,
                LeaseArgs,
                Fenced,
                self._expire,
                does="Revokes a server's lease and waits its term out, and shows the evidence that opens a promotion",
                limit=timedelta(minutes=1),
                proof="lease.is-expired",
                # What is on its way to a place may be decided when nobody waits for it any more.
                after_limit_it_cannot_act=False,
                needs=(_WRITES,),
            ),
            Action(
                "lease.is-revoked",
                Effect.READS,
                RevokeArgs,
                Proof,
                self._is_revoked,
                does="Proves that no guard may renew what lets users in to a server",
                limit=LOOKS,
                needs=(_READS,),
            ),
            Action(
                "lease.revoke",
                Effect.CHANGES,
                RevokeArgs,
                LeaseSeen,
                self._revoke,
                does="Keeps users out of a server whose peer is seen to be the primary, whoever starts it by hand",
                limit=timedelta(seconds=20),
                proof="lease.is-revoked",
                after_limit_it_cannot_act=False,
                needs=(_WRITES, Login("peer")),
            ),
            Action(
                "lease.may-be-held",
                Effect.READS,
                GrantArgs,
                Proof,
                self._may_be_held,
                does="Proves that a server's guard may let users in",
                limit=LOOKS,
                needs=(_READS,),
            ),
            Action(
                "lease.grant",
                Effect.CHANGES,
                GrantArgs,
                LeaseSeen,
                self._grant,
                does="Lets a server's guard let users in again, when the server or its peer is seen to be a standby",
                limit=timedelta(seconds=20),
                proof="lease.may-be-held",
                after_limit_it_cannot_act=False,
                ready=self._to_read,
                needs=(_WRITES, Login("server"), Login("peer")),
            ),
        )

    def check(self, servers: Iterable[Server], deadline: Deadline) -> Iterator[CheckUp]:
        """Look at each server's lease: its guard has said that it holds it."""
        for server in servers:
            if server.lease is None:
                continue
            what = f"lease {server.name}"
            try:
                in_time(deadline, what)
                seen = self._seen(server)
            except CallError as error:
                yield CheckUp.failed(what, error)
                continue
            well = seen.says == "held" and seen.term is not None and seen.term <= server.lease.term
            remedy = "Start its guard, and see its log (docs/lease.md)"
            if seen.says == "revoked":
                remedy = (
                    "Bring the server back as a standby, then let lease.grant follow (postgres-failback does)"
                )
            elif seen.says == "held" and not well:
                remedy = "Give its guard the inventory's term, or the inventory the guard's"
            yield CheckUp(what, well=well, saw=str(seen), remedy="" if well else remedy)

    def close(self) -> None:
        """Nothing of its own to let go of."""

    def _to_read(self, args: LeaseArgs | GrantArgs) -> Iterable[Ready]:
        return () if args.server.lease is None else (Ready(self._leases.warm, args.server),)

    def _state(self, args: LeaseArgs, _occasion: Occasion) -> LeaseSeen:
        return self._seen(args.server)

    def _expire(self, args: LeaseArgs, occasion: Occasion) -> Fenced:
        return self._leases.expire(
            args.server, occasion.deadline, by=f"run {occasion.run}", why=f"step {occasion.step}"
        )

    def _is_expired(self, args: LeaseArgs, occasion: Occasion) -> IsExpired:
        found = self._leases.is_expired(args.server, occasion.deadline)
        if isinstance(found, Fenced):
            return IsExpired(holds=True, because=str(found), fenced=found)
        if found is None:
            return IsExpired(holds=None, because="it is revoked, and its term may not be over yet")
        return IsExpired(holds=False, because=found)

    def _is_revoked(self, args: RevokeArgs, _occasion: Occasion) -> Proof:
        seen = self._seen(args.server)
        return Proof(holds=not seen.may_be_held, because=str(seen))

    def _revoke(self, args: RevokeArgs, occasion: Occasion) -> LeaseSeen:
        """Nobody waits for its term: this keeps out who comes later, and is no evidence of anything."""
        server, peer = args.server, args.peer
        if not _are_peers(server, peer):
            raise _not_revoked(server, f"{peer} is not its peer")
        if self._roles.is_standby(peer, occasion.deadline.at_most(occasion.deadline.left / 2)):
            raise _not_revoked(server, f"{peer} is a standby, and its users would be kept out of the primary")
        revoked = self._leases.keep_out(
            server, occasion.deadline, by=f"run {occasion.run}", why=f"step {occasion.step}"
        )
        return _told(server, revoked.decided)

    def _may_be_held(self, args: GrantArgs, _occasion: Occasion) -> Proof:
        seen = self._seen(args.server)
        return Proof(holds=seen.may_be_held, because=str(seen))

    def _grant(self, args: GrantArgs, occasion: Occasion) -> LeaseSeen:
        server, peer, deadline = args.server, args.peer, occasion.deadline
        if not _are_peers(server, peer):
            raise _not_granted(server, f"{peer} is not its peer")
        self._expect_no_two(args, deadline)
        by, why = f"run {occasion.run}", f"step {occasion.step}"
        granted, new = self._leases.grant(server, deadline, by=by, why=why)
        try:
            self._expect_no_two(args, deadline)
        except CallError as error:
            if new:
                self._leases.revoke(server, deadline, by=by, why=why)
            raise MayHaveActed(
                f"it was granted, and then {error.problem}, so it was revoked again",
                where=str(server),
                remedy="See which of the two is the primary before anything else (postgres.state)",
            ) from error
        return _told(server, granted)

    def _expect_no_two(self, args: GrantArgs, deadline: Deadline) -> None:
        """One that is a standby takes no writes, whoever is let in to it; one that was fenced neither.

        Raises: DidNothing.
        """
        server, peer = args.server, args.peer
        if (
            args.evidence is not None
            and _is_about(args.evidence, peer)
            and args.evidence.good_at(datetime.now(UTC))
        ):
            return
        problems = []
        for one in (server, peer):
            try:
                if self._roles.is_standby(one, deadline.at_most(deadline.left / 2)):
                    return
                problems.append(f"{one} is no standby")
            except CallError as error:
                problems.append(error.problem)
        raise _not_granted(server, "; ".join(problems))

    def _seen(self, server: Server) -> LeaseSeen:
        return _told(server, self._leases.read(server))


def _told(server: Server, found: Decided) -> LeaseSeen:
    word = found.word
    if word is None:
        return LeaseSeen(server=server.name, says=None, may_be_held=True, slot=found.number)
    return LeaseSeen(
        server=server.name,
        says=word.says,
        may_be_held=word.says != "revoked",
        slot=found.number,
        by=word.by,
        why=word.why or None,
        boot=word.boot or None,
        term=timedelta(seconds=word.term),
        drift=timedelta(seconds=word.drift),
    )


def _are_peers(server: Server, peer: Server) -> bool:
    return server.system_identifier == peer.system_identifier and server.name != peer.name


def _is_about(evidence: Fenced, server: Server) -> bool:
    seen = (evidence.server, evidence.host, evidence.system_identifier)
    return seen == (server.name, server.host.name, server.system_identifier)


def _not_revoked(server: Server, why: str) -> DidNothing:
    return DidNothing(
        f"its lease is not revoked: {why}",
        where=str(server),
        remedy="See which of the two is the primary before anything else (postgres.state)",
    )


def _not_granted(server: Server, why: str) -> DidNothing:
    return DidNothing(
        f"its lease is not granted: {why}",
        where=str(server),
        remedy="Make sure that no other server takes writes: bring one of the two up as a standby first",
    )
