"""A server's lease revoked and its term waited out, which is the evidence *lease-expired*; and granted again.

Handed to whoever fences. `docs/lease.md` says what it promises.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from seawall.actions import Deadline
from seawall.errors import CallError, DidNothing, MayHaveActed, Unreachable
from seawall.evidence import Fenced, LeaseExpired
from seawall.lease import boottime, safe_from
from seawall.leasing import Decided, grant, held_by, read_lease, revoke, seal
from seawall.model import duration_text
from seawall.places import Places
from seawall.targets import Lease, Server

PAUSE = 0.2
"""Seconds between two tries where nobody could tell."""
SLICE = 1.0
"""Seconds that are slept at once: a machine that sleeps itself looks at the clock when it wakes."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """A lease that was revoked, and what was newest before. `at` is when that was seen."""

    before: Decided
    decided: Decided
    at: datetime

    @property
    def until(self) -> float:
        """The first instant, by this machine's clock, at which nothing is let in any more."""
        assert self.decided.word is not None
        return safe_from(self.decided.word, self.decided.at)


@dataclass(frozen=True, slots=True)
class Leases:
    """The leases of a city's servers.

    Args:
        places: the city's three places; None when it has none.
        now: what time it is, with a time zone; evidence is dated by it.
        clock: CLOCK_BOOTTIME; what is waited for is counted by it.
    """

    places: Callable[[], Places | None]
    now: Callable[[], datetime]
    clock: Callable[[], float] = boottime
    sleep: Callable[[float], object] = time.sleep

    def read(self, server: Server, *, settles: bool = False) -> Decided:
        """Return a lease's newest word; `settles`: see `read_lease`.

        Raises: DidNothing without a lease or places, Unreachable.
        """
        found = read_lease(self._at(server), server.name, self.clock, settles=settles)
        if found is None:
            raise _no_majority(server)
        return found

    def warm(self, server: Server, _deadline: Deadline) -> None:
        """Read a lease beforehand, so that one question is enough when it counts. Raises: as `read`."""
        self.read(server)

    def revoke(
        self, server: Server, deadline: Deadline, *, by: str, why: str, read: Decided | None = None
    ) -> Revoked:
        """Make it impossible to renew a lease, whose newest word may have been `read` a moment ago.

        Raises:
            DidNothing: there is no lease, or no guard ever held it. Unreachable: no majority of the places answers.
            MayHaveActed: nobody can tell whether it is revoked.
        """
        _lease(server)
        read = read or self.read(server, settles=True)
        if read.word is None or not read.word.was_held:
            raise _never_held(server)
        return self.keep_out(server, deadline, by=by, why=why, read=read)

    def keep_out(
        self, server: Server, deadline: Deadline, *, by: str, why: str, read: Decided | None = None
    ) -> Revoked:
        """The same, also where no guard ever held it: that is no evidence, and keeps out whoever begins to.

        Raises: as `revoke`.
        """
        lease, places = _lease(server), self._at(server)
        while True:
            told = revoke(places, server.name, lease.terms, by=by, why=why, read=read, clock=self.clock)
            read = None
            if told is not None:
                return Revoked(*told, self.now())
            if deadline.left <= PAUSE:
                raise MayHaveActed(
                    "no majority of the places could tell whether its lease is revoked",
                    where=str(server),
                    remedy="See that two of the three places answer (seawall doctor), and try again",
                )
            self.sleep(PAUSE)

    def expired(self, server: Server, revoked: Revoked, deadline: Deadline) -> Fenced:
        """Wait until nothing is let in any more, and return the evidence.

        Raises:
            DidNothing: no guard ever held it. That it is revoked shows nothing then: users may come by another way.
            MayHaveActed: the limit is shorter than the wait: it is revoked, and users may still be let in.
        """
        if revoked.decided.word is None or not revoked.decided.word.was_held:
            raise _never_held(server)
        # While it waits anyway: a silent place takes its time to say nothing.
        holding = self.held_by(server, revoked.decided)
        while (left := revoked.until - self.clock()) > 0:
            if deadline.left < left:
                raise _too_short(server, left)
            self.sleep(min(left, SLICE))
        return self._evidence(server, revoked, holding)

    def expire(self, server: Server, deadline: Deadline, *, by: str, why: str) -> Fenced:
        """Revoke a lease and wait its term out. Raises: as `revoke` and `expired`; DidNothing for too short a limit."""
        lease = _lease(server)
        if deadline.left < (lease.term + lease.drift).total_seconds():
            raise DidNothing(
                f"its lease runs {duration_text(lease.term + lease.drift)}, and less than that was left to wait it out",
                where=str(server),
                remedy=f"Let the step take longer: `within: {duration_text(lease.takes)}`",
            )
        return self.expired(server, self.revoke(server, deadline, by=by, why=why), deadline)

    def seal(self, server: Server, evidence: LeaseExpired, *, by: str) -> None:
        """Make sure, just before a promotion, that a lease is still revoked, and that no grant is under way.

        Raises: DidNothing, when it is not, or cannot be told.
        """
        places = self._at(server)
        found = self.read(server, settles=True)
        word = found.word
        if found.number < evidence.slot or word is None or word.says != "revoked":
            said = f"{word.says} by {word.by}" if word else "as if nobody had ever said anything"
            raise DidNothing(
                f"its lease is not revoked any more: slot {found.number} says {said}",
                where=str(server),
                remedy="Fence it again, and promote with that evidence",
            )
        if found.number == evidence.slot and word.nonce != evidence.word:
            raise DidNothing(
                f"slot {evidence.slot} of its lease holds another word than the evidence says",
                where=str(server),
                remedy="Fence it again, and promote with that evidence",
            )
        if seal(places, server.name, found, by=by) is not True:
            raise DidNothing(
                "it cannot be told whether its lease is being granted again just now",
                where=str(server),
                remedy="Fence it again, and promote with that evidence",
            )

    def grant(self, server: Server, deadline: Deadline, *, by: str, why: str) -> tuple[Decided, bool]:
        """Let a guard hold a lease again; return its newest word, and whether that is new.

        Raises: as `revoke`.
        """
        places = self._at(server)
        while True:
            found = self.read(server, settles=True)
            if found.word is None or found.word.says != "revoked":
                return found, False
            told = grant(places, server.name, found, by=by, why=why, clock=self.clock)
            if told is not None and told.ours:
                return told.decided, True
            if deadline.left <= PAUSE:
                raise MayHaveActed(
                    "no majority of the places could tell whether its lease is granted",
                    where=str(server),
                    remedy="See that two of the three places answer (seawall doctor), and try again",
                )
            self.sleep(PAUSE)

    def is_expired(self, server: Server, deadline: Deadline) -> Fenced | str | None:
        """Return the evidence, or why there is none: it is not revoked. None when nobody can tell, or not in time.

        Nobody knows when somebody else's `revoked` was decided: its term is waited out from now.
        """
        found = self.read(server)
        if found.word is None or found.word.says != "revoked":
            return f"its lease is {found.word.says}" if found.word else "nobody ever held its lease"
        if not found.word.was_held:
            return "its lease is revoked, and no guard has ever held it"
        try:
            return self.expired(server, Revoked(found, found, self.now()), deadline)
        except CallError:
            return None

    def held_by(self, server: Server, decided: Decided) -> tuple[str, ...]:
        """Return the places that are seen to hold a lease's newest word."""
        return () if decided.word is None else held_by(self._at(server), server.name, decided)

    def _evidence(self, server: Server, revoked: Revoked, holding: tuple[str, ...]) -> Fenced:
        word, held = revoked.decided.word, revoked.before.word
        assert word is not None
        if len(holding) < self._at(server).majority:
            raise MayHaveActed(
                f"its lease is revoked, and only {', '.join(holding) or 'no place'} was seen to hold that",
                where=str(server),
                remedy="See that two of the three places answer (seawall doctor), and try again",
            )
        return Fenced(
            server=server.name,
            host=server.host.name,
            system_identifier=server.system_identifier,
            at=self.now(),
            evidence=LeaseExpired(
                slot=revoked.decided.number,
                word=word.nonce,
                revoked_at=revoked.at,
                places=holding,
                guard=held.by if held else "",
                boot=word.boot,
                term=timedelta(seconds=word.term),
                drift=timedelta(seconds=word.drift),
                waited=timedelta(seconds=self.clock() - revoked.decided.at),
            ),
        )

    def _at(self, server: Server) -> Places:
        places = self.places()
        if places is None:
            raise DidNothing(
                "the city has no three places that its lease could stand at",
                where=str(server),
                remedy="Add `places` to the inventory (docs/places.md), or fence it by another kind of evidence",
            )
        return places


def _lease(server: Server) -> Lease:
    if server.lease is None:
        raise DidNothing(
            "it has no lease: nothing stands between its users and it",
            where=str(server),
            remedy="Give it one (docs/lease.md), or fence it by another kind of evidence",
        )
    return server.lease


def _never_held(server: Server) -> DidNothing:
    return DidNothing(
        "no guard has ever held its lease, so nothing says that its users come through one",
        where=str(server),
        remedy="Start its guard (docs/lease.md), or fence it by another kind of evidence",
    )


def _no_majority(server: Server) -> Unreachable:
    return Unreachable(
        "no majority of the three places tells how its lease stands",
        where=str(server),
        remedy="See that two of them answer (seawall doctor); with one place left, only two people go on",
    )


def _too_short(server: Server, left: float) -> MayHaveActed:
    return MayHaveActed(
        f"its lease is revoked, and its users may be let in for another {left:.0f} s, longer than the step's limit",
        where=str(server),
        remedy="Look again when that is over: lease.is-expired tells",
    )
