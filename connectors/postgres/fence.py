"""A fenced server cannot accept writes, and that was seen; "it does not answer" is no fence.

Stopped: standby.signal is on disk before the server is told to stop, so that whoever starts it again starts a standby;
then a fast stop, and no process of it is left. Powered off: its machine has no power, says the controller for that
very machine. What cannot be seen is not believed: the next kind of evidence is tried, or the step fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.postgres.gone import has_no_power
from connectors.postgres.host import HostSide
from connectors.postgres.seen import FenceArgs, FenceKind, IsFenced
from seawall.actions import Deadline, Occasion, Power
from seawall.errors import CallError, DidNothing, MayHaveActed, Unreachable, WrongTarget
from seawall.evidence import Fenced, PoweredOff, Stopped
from seawall.targets import Server

SHARE = 0.6
"""Of the time left, what one kind of evidence may take when another one is still to be tried."""

CLEAN = ("shut down", "shut down in recovery")


@dataclass(frozen=True, slots=True)
class Fences:
    """Makes servers unable to accept writes, and tells whether they are."""

    host: HostSide
    power: Power
    clock: Callable[[], datetime]

    def fence(self, args: FenceArgs, occasion: Occasion) -> Fenced:
        """Fence a server by the first kind of evidence that can be had.

        Raises:
            WrongTarget: something else stands there, and nothing was done to it.
            DidNothing: no kind could be had and nothing was changed.
            MayHaveActed: a stop was begun whose ending was not seen, and nothing else could be had.
        """
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
            f"it is not fenced; {tried}",
            where=str(args.server),
            remedy="Promote nothing; fence it by hand, or by another kind of evidence, and look again",
        )

    def is_fenced(self, args: FenceArgs, occasion: Occasion) -> IsFenced:
        """Tell whether a server is fenced, by what can be seen now. Raises: WrongTarget."""
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
            told = self.host.run(server, ("stop", "fence"), deadline, changes=True)
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
