"""What opens a promotion: evidence about that very server, young, and not from before somebody started it again.

The evidence is compared with what the step says of the old primary, and then the world is looked at once more, as late
as can be: a machine whose power is back, or a server that was started since, makes the evidence say nothing about now.

What cannot be looked at any more: a *stopped* server's machine may be gone by now. That is safe. The mark was on its
disk before it was told to stop, so that whoever starts it starts a standby. A controller that does not answer any more
is not: nothing on that machine's disk keeps its server from coming up as a primary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from connectors.postgres.fence import stopped
from connectors.postgres.host import HostSide
from connectors.postgres.seen import PromoteArgs
from seawall.actions import Deadline, Power
from seawall.errors import CallError, DidNothing, Unreachable
from seawall.evidence import GOOD_FOR, Fenced, LeaseExpired, Override, PoweredOff, Stopped
from seawall.expiring import Leases
from seawall.model import duration_text
from seawall.targets import Server

LOOKS = 2.0
"""Seconds that looking again may take: a machine that was there a moment ago answers in 0.1 s (measured)."""
SHARE = 0.3
"""Of the time left, the most that looking again may take of what the promotion itself needs."""


@dataclass(frozen=True, slots=True)
class Openings:
    """Judges evidence where a promotion is about to be made."""

    host: HostSide
    power: Power
    leases: Leases

    def check(self, args: PromoteArgs, deadline: Deadline, now: datetime) -> None:
        """Judge the evidence, by itself and by what can be seen now.

        Raises:
            DidNothing: it opens nothing: it is about something else, too old, or no longer so; says which and what to
                do. Nothing was promoted.
        """
        check_evidence(args, now)
        look = deadline.at_most(min(LOOKS, deadline.left * SHARE))
        match args.evidence.evidence:
            case Stopped() as seen:
                self._not_started_since(args, seen, look)
            case PoweredOff():
                self._still_without_power(args, look)
            case LeaseExpired() as expired:
                self._still_revoked(args, expired)
            case Override():
                pass  # two people said that nothing can be seen

    def _not_started_since(self, args: PromoteArgs, seen: Stopped, deadline: Deadline) -> None:
        try:
            told = self.host.run(args.old, ("look",), deadline, changes=False)
        except Unreachable:
            return  # marked before it was stopped: it cannot come back but as a standby
        except CallError as error:
            raise _refused(args.server, f"what was fenced is not there any more: {error.problem}") from error
        if told["running"] == "yes":
            raise _refused(args.server, f"{args.old} was started again since (its state is {told['state']})")
        if told["signal"] != "yes":
            raise _refused(
                args.server, f"somebody took the mark away, and {args.old} would start as a primary"
            )
        now = stopped(args.old, told).control
        if seen.control is not None and now != seen.control:
            raise _refused(
                args.server,
                f"the evidence is from before {args.old} was started again: it was {seen.control}, and is {now}",
            )

    def _still_revoked(self, args: PromoteArgs, evidence: LeaseExpired) -> None:
        lease = args.old.lease
        if lease is None:
            raise _refused(args.server, f"the evidence is that a lease ran out, and {args.old} has none")
        # The guard may go by a longer term than the inventory says, and then that was waited for.
        runs = max(lease.term, evidence.term) + max(lease.drift, evidence.drift)
        if evidence.waited < runs:
            waited = f"{duration_text(evidence.waited)} of {duration_text(runs)}"
            raise _refused(args.server, f"the lease of {args.old} was waited out for {waited} only")
        try:
            self.leases.seal(args.old, evidence, by=f"the promotion of {args.server}")
        except CallError as error:
            raise _refused(args.server, error.problem) from error

    def _still_without_power(self, args: PromoteArgs, deadline: Deadline) -> None:
        socket = args.old.host.power
        assert socket is not None, "evidence by power is about the socket that the step knows"
        try:
            off = self.power.is_off(socket, deadline)
        except CallError as error:
            raise _refused(
                args.server, f"it cannot be seen that {args.old.host} is still without power: {error.problem}"
            ) from error
        if not off:
            raise _refused(args.server, f"{args.old.host} has power again")


def check_evidence(args: PromoteArgs, now: datetime) -> None:
    """Raises: DidNothing when the evidence is not about `old`, is too old, or `old` is not this server's primary."""
    old, evidence = args.old, args.evidence
    if args.server.name == old.name or args.server.cluster_name == old.cluster_name:
        raise _refused(args.server, "the server to promote and the one that was fenced are the same")
    if args.server.system_identifier != old.system_identifier:
        raise _refused(args.server, f"it is no copy of {old}: their system identifiers differ")
    differing = [
        f"its {what} is {seen}, and that of {old} is {expected or 'not in the inventory'}"
        for what, seen, expected in _pairs(old, evidence)
        if seen != expected
    ]
    if differing:
        raise _refused(args.server, f"the evidence is not about {old}: {'; '.join(differing)}")
    if not evidence.good_at(now):
        age = "lies in the future" if evidence.at > now else f"is older than {duration_text(GOOD_FOR)}"
        raise _refused(args.server, f"the evidence that {old} is fenced {age}")


def _pairs(old: Server, fenced: Fenced) -> Iterator[tuple[str, object, object]]:
    yield "server", fenced.server, old.name
    yield "host", fenced.host, old.host.name
    yield "system identifier", fenced.system_identifier, old.system_identifier
    match fenced.evidence:
        case Override():
            pass  # the words of two people, who named that server; it is checked that there are two
        case Stopped() as seen:
            yield "host key", seen.host_key, old.host.host_key
            yield "data directory", seen.data_directory, old.data_directory
        case PoweredOff() as off:
            socket = old.host.power
            yield "controller", off.controller, socket and socket.url
            yield "UUID", off.uuid, socket and socket.uuid


def _refused(server: Server, why: str) -> DidNothing:
    return DidNothing(
        f"it was not promoted: {why}",
        where=str(server),
        remedy="Fence the old primary, and promote with that evidence",
    )
