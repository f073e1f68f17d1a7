"""A fenced server cannot accept writes, and that was seen; "it does not answer" is no fence.

Stopped: standby.signal is on disk before the server is told to stop, so that whoever starts it again starts a standby;
then a fast stop, and no process of it is left. Powered off: its machine has no power, says the controller for that
very machine. What cannot be seen is not believed: the next kind of evidence is tried, or the step fails.

Lease expired: nothing lets users in any more. That takes a term to wait out, so the lease is revoked at once, beside
the other tries; and it stays revoked when one of them comes first: a machine whose power returns lets nobody in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from connectors.postgres.gone import begin, came, first_of, has_no_power
from connectors.postgres.host import HostSide
from connectors.postgres.program import PARTS
from connectors.postgres.seen import FenceArgs, FenceKind, IsFenced
from seawall.actions import Deadline, Occasion, Power
from seawall.errors import CallError, DidNothing, MayHaveActed, Unreachable, WrongTarget
from seawall.evidence import Fenced, PoweredOff, Stopped
from seawall.expiring import Leases, Revoked
from seawall.leasing import Decided
from seawall.targets import Server

if TYPE_CHECKING:
    from concurrent.futures import Future

SETTLES = 0.25
"""Seconds that a fence, which is there, waits for its lease to be revoked too: it took 15 ms (measured)."""
FIRST_LOOK = 0.1
"""Seconds in which a machine that is there tells that it is another one, before the right one's lease is touched."""
SHARE = 0.6
"""Of the time left, what one kind of evidence may take when another one is still to be tried."""
NOT_FENCED = "it is not fenced; "

CLEAN = ("shut down", "shut down in recovery")


@dataclass(frozen=True, slots=True)
class Fences:
    """Makes servers unable to accept writes, and tells whether they are."""

    host: HostSide
    power: Power
    clock: Callable[[], datetime]
    leases: Leases

    def fence(self, args: FenceArgs, occasion: Occasion) -> Fenced:
        """Fence a server by the first kind of evidence that can be had.

        Raises:
            WrongTarget: something else stands there, and nothing was done to it.
            DidNothing: no kind could be had and nothing was changed.
            MayHaveActed: a stop was begun whose ending was not seen, or the lease was revoked, and nothing else could
                be had.
        """
        if "lease-expired" in args.by:
            return self._beside_the_lease(args, occasion)
        return self._by_first(args, occasion)

    def _beside_the_lease(self, args: FenceArgs, occasion: Occasion) -> Fenced:
        """Revoke the lease and wait its term out, while everything else is tried; return what comes first."""
        server, deadline = args.server, occasion.deadline
        others = tuple(kind for kind in args.by if kind != "lease-expired")
        words = {"by": f"run {occasion.run}", "why": f"step {occasion.step} fences it"}
        if not others:
            return self.leases.expire(server, deadline, **words)
        trying = begin(lambda: self._by_first(FenceArgs(server=server, by=others), occasion))
        reading = begin(lambda: self.leases.read(server))  # that changes nothing, so it need not wait
        came(trying, deadline.at_most(FIRST_LOOK).left)
        if trying.done() and isinstance(wrong := trying.exception(), WrongTarget):
            raise wrong
        revoking = begin(lambda: self.leases.revoke(server, deadline, read=_known(reading), **words))
        expiring = begin(lambda: self.leases.expired(server, revoking.result(), deadline))
        first_of((trying, expiring), deadline)
        if trying.done() and isinstance(wrong := trying.exception(), WrongTarget):
            self._take_back(server, revoking, wrong, deadline)
            raise wrong
        if came(trying, 0):
            # What is on its way to the places would reach them after this step otherwise, and after what undoes it.
            came(revoking, deadline.at_most(SETTLES).left)
            return trying.result()
        if came(expiring, 0):
            return expiring.result()
        raise _neither(server, trying, expiring, revoked=not (revoking.done() and revoking.exception()))

    def _take_back(
        self, server: Server, revoking: Future[Revoked], wrong: WrongTarget, deadline: Deadline
    ) -> None:
        """Grant a lease again that was revoked here for a server that is not the one meant: nothing is to be changed.

        A guard that looked in between closes the way, and opens it again at its next look.

        Raises: MayHaveActed when it cannot be.
        """
        try:
            before = revoking.result(deadline.left).before.word
            if before is None or before.says != "revoked":
                self.leases.grant(server, deadline, by="whoever revoked it", why="the target was another one")
        except DidNothing:
            pass  # it was not revoked
        except (CallError, TimeoutError) as error:
            raise MayHaveActed(
                f"{wrong.problem}; and its lease may be revoked: {error}",
                where=wrong.where,
                remedy="Correct the inventory; then see its lease, and grant it again (lease.grant)",
            ) from error

    def _by_first(self, args: FenceArgs, occasion: Occasion) -> Fenced:
        if {"stopped", "powered-off"} <= set(args.by) and self._is_gone(args.server, occasion.deadline):
            return self._fenced(args.server, _power_cut(args.server))
        problems: list[CallError] = []
        for number, kind in enumerate(args.by, start=1):
            deadline = occasion.deadline
            if number < len(args.by):
                deadline = deadline.at_most(deadline.left * SHARE)
            try:
                return self._by(kind, args.server, deadline)
            except WrongTarget:
                raise
            except CallError as error:
                problems.append(error)
        doubt = next((one for one in problems if isinstance(one, MayHaveActed)), None)
        nobody = all(isinstance(one, Unreachable) for one in problems)
        kind_of_error = MayHaveActed if doubt else Unreachable if nobody else DidNothing
        tried = "; ".join(f"{kind}: {error.problem}" for kind, error in zip(args.by, problems, strict=True))
        raise kind_of_error(
            f"{NOT_FENCED}{tried}",
            where=str(args.server),
            remedy="Promote nothing; fence it by hand, or by another kind of evidence, and look again",
        )

    def is_fenced(self, args: FenceArgs, occasion: Occasion) -> IsFenced:
        """Tell whether a server is fenced, by what can be seen now. Raises: WrongTarget."""
        if "lease-expired" not in args.by:
            return self._is_fenced(args, occasion)
        expired = begin(lambda: self.leases.is_expired(args.server, occasion.deadline))
        otherwise = self._is_fenced(args, occasion)
        if otherwise.holds:
            return otherwise
        found = expired.result() if came(expired, occasion.deadline.left) else None
        if isinstance(found, Fenced):
            return IsFenced(holds=True, because=str(found), fenced=found)
        said = found or "nobody can tell whether its lease has run out"
        holds = otherwise.holds if found else None
        return IsFenced(holds=holds, because=f"{otherwise.because}; {said}")

    def _is_fenced(self, args: FenceArgs, occasion: Occasion) -> IsFenced:
        server, socket = args.server, args.server.host.power
        try:
            told = self.host.run(
                server, ("look",), occasion.deadline.at_most(occasion.deadline.left * SHARE), changes=False
            )
        except Unreachable as error:
            if socket is None or "powered-off" not in args.by:
                return IsFenced(holds=None, because=error.problem)
            try:
                off = self.power.is_off(socket, occasion.deadline)
            except Unreachable as other:
                return IsFenced(holds=None, because=f"{error.problem}; {other.problem}")
            if not off:
                return IsFenced(holds=None, because=f"{server.host} has power, and {error.problem}")
            return IsFenced(
                holds=True,
                because=f"{server.host} has no power",
                fenced=self._fenced(server, _power_cut(server)),
            )
        return self._judged(server, told)

    def _is_gone(self, server: Server, deadline: Deadline) -> bool:
        return has_no_power(server.host, self.host.shell, self.power, deadline)

    def _by(self, kind: FenceKind, server: Server, deadline: Deadline) -> Fenced:
        if kind == "stopped":
            told = self.host.run(server, PARTS["fence"], deadline, changes=True)
            return self._fenced(server, stopped(server, told))
        if server.host.power is None:
            raise DidNothing(
                "no power controller is known for its machine",
                where=str(server),
                remedy="Add `power` to the host in the inventory",
            )
        if not self.power.is_off(server.host.power, deadline):
            self.power.turn_off(server.host.power, deadline)
        if not self._is_gone(server, deadline):
            raise MayHaveActed(
                "its power controller says that it has no power, and the machine still answers",
                where=f"{server.host.power.url} ({server.host.power.system})",
                remedy="See which machine that controller means; correct the inventory, and believe the machine",
            )
        return self._fenced(server, _power_cut(server))

    def _fenced(self, server: Server, evidence: Stopped | PoweredOff) -> Fenced:
        return Fenced(
            server=server.name,
            host=server.host.name,
            system_identifier=server.system_identifier,
            at=self.clock(),
            evidence=evidence,
        )

    def _judged(self, server: Server, told: Mapping[str, str]) -> IsFenced:
        if told["running"] == "yes" and told["signal"] == "yes" and "recovery" not in told["state"]:
            # The script that fences leaves this mark first: it may have asked for the stop that is not over yet.
            return IsFenced(holds=None, because=f"{server} was told to stop, and still runs")
        if told["running"] == "yes":
            role = "standby" if "recovery" in told["state"] else "primary"
            return IsFenced(holds=False, because=f"{server} runs as a {role}")
        if told["signal"] == "no":
            return IsFenced(holds=False, because=f"{server} is stopped, and would start as a primary")
        return IsFenced(
            holds=True,
            because=f"{server} is stopped, and would start as a standby",
            fenced=self._fenced(server, stopped(server, told)),
        )


def _known(reading: Future[Decided]) -> Decided | None:
    """Return what was read beforehand; None when nobody could tell: whoever revokes asks again, and settles it."""
    try:
        return reading.result()
    except Unreachable:
        return None


def _neither(server: Server, trying: Future[Fenced], expiring: Future[Fenced], *, revoked: bool) -> CallError:
    """Make the error for a server that could be fenced neither by its lease nor otherwise."""
    problems = [_problem(one) for one in (trying, expiring)]
    failed = [one.exception() for one in (trying, expiring) if one.done()]
    nothing = not revoked and len(failed) == len(problems)
    kind: type[CallError] = MayHaveActed
    if nothing and all(isinstance(one, DidNothing) for one in failed):
        kind = WrongTarget if isinstance(failed[0], WrongTarget) else DidNothing
        kind = Unreachable if all(isinstance(one, Unreachable) for one in failed) else kind
    return kind(
        f"{NOT_FENCED}{problems[0].removeprefix(NOT_FENCED)}; lease-expired: {problems[1]}",
        where=str(server),
        remedy="Promote nothing; fence it by hand, or by another kind of evidence, and look again"
        + ("; lease.grant lets users in again" if revoked else ""),
    )


def _problem(one: Future[Fenced]) -> str:
    error = one.exception() if one.done() else None
    if isinstance(error, CallError):
        return error.problem
    if error is not None:
        raise error
    return "not over when it was given up"


def stopped(server: Server, told: Mapping[str, str]) -> Stopped:
    """Return what the script beside a stopped server saw, as evidence."""
    return Stopped(
        host_key=server.host.host_key,
        data_directory=server.data_directory,
        last_lsn=told["checkpoint"] if told["state"] in CLEAN else None,
        control=f"{told['state']} since {told['modified']}, checkpoint at {told['checkpoint']}",
    )


def _power_cut(server: Server) -> PoweredOff:
    assert server.host.power is not None
    return PoweredOff(controller=server.host.power.url, uuid=server.host.power.uuid)
