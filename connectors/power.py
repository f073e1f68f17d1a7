"""Power taken from one machine and no other, and seen to be gone.

The machine's UUID and name are compared with what the step expects before anything is asked of the controller. What
opens a promotion is never that a command was accepted: it is that the controller, asked afterwards, says Off.

The real wires are `connectors.redfish` and `connectors.vsphere`; the one in memory is `connectors.memory.power`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Protocol

from seawall.actions import Action, CheckUp, Deadline, Effect, Occasion, Proof, Ready, Seen
from seawall.errors import CallError, DidNothing, MayHaveActed, WrongTarget
from seawall.model import Frozen
from seawall.needs import AtController
from seawall.targets import Host, PowerSocket

PAUSE = 0.02
"""Seconds between two looks whether the power has gone."""
LOOKS = 5.0
"""Seconds for one look in `doctor`."""
ResetKind = Literal["ForceOff", "On"]


@dataclass(frozen=True, slots=True)
class System:
    """What a controller says about one machine.

    `power` is as Redfish's PowerState has it: On, Off, PoweringOn, PoweringOff; or Suspended, which is not off.
    """

    identifier: str
    name: str
    uuid: str
    power: str


class Controller(Protocol):
    """The wire to out-of-band controllers."""

    def system(self, socket: PowerSocket, deadline: Deadline) -> System:
        """Ask about the machine. Raises: Unreachable, DidNothing."""

    def reset(self, socket: PowerSocket, kind: ResetKind, deadline: Deadline) -> None:
        """Press the switch. Raises: Unreachable, DidNothing when refused, MayHaveActed."""

    def close(self) -> None:
        """Let go of every connection."""


class MachineArgs(Frozen):
    """Which machine."""

    host: Host


class PowerSeen(Seen):
    """Whether a machine has power; None while it is neither on nor off."""

    host: str
    on: bool | None
    controller: str
    uuid: str

    def __str__(self) -> str:
        power = {True: "has power", False: "has no power", None: "is between on and off"}[self.on]
        return f"{self.host} {power}"


class PowerIsOff(Proof):
    """Whether a machine has no power."""


class MachinePower:
    """The power of the city's machines; the core's `Power`."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what can be done with a machine's power."""
        return (
            Action(
                "power.state",
                Effect.READS,
                MachineArgs,
                PowerSeen,
                self._state,
                does="Tells whether a machine has power",
                limit=timedelta(seconds=10),
                ready=self._ready_for,
                needs=(AtController("host"),),
            ),
            Action(
                "power.is-off",
                Effect.READS,
                MachineArgs,
                PowerIsOff,
                self._proved_off,
                does="Proves that a machine has no power",
                limit=timedelta(seconds=10),
                ready=self._ready_for,
                needs=(AtController("host"),),
            ),
            # The controller carries on with what it was told, whatever became of the connection.
            Action(
                "power.off",
                Effect.CHANGES,
                MachineArgs,
                PowerSeen,
                self._off,
                does="Takes the power from a machine, at once and without shutting it down",
                limit=timedelta(seconds=30),
                undone_by="power.on",
                proof="power.is-off",
                after_limit_it_cannot_act=False,
                ready=self._ready_for,
                needs=(AtController("host", resets=True),),
            ),
            Action(
                "power.on",
                Effect.CHANGES,
                MachineArgs,
                PowerSeen,
                self._on,
                does="Gives a machine its power back",
                limit=timedelta(minutes=1),
                undone_by="power.off",
                after_limit_it_cannot_act=False,
                ready=self._ready_for,
                needs=(AtController("host", resets=True),),
            ),
        )

    def is_off(self, socket: PowerSocket, deadline: Deadline) -> bool:
        """Tell whether that very machine has no power. Raises: Unreachable, WrongTarget, DidNothing."""
        return self._right(socket, deadline).power == "Off"

    def turn_off(self, socket: PowerSocket, deadline: Deadline) -> None:
        """Take the power away and wait until it is off. Raises: Unreachable, WrongTarget, DidNothing, MayHaveActed."""
        self._press("ForceOff", "Off", socket, deadline)

    def turn_on(self, socket: PowerSocket, deadline: Deadline) -> None:
        """Give the power back and wait until it is on. Raises: as `turn_off`."""
        self._press("On", "On", socket, deadline)

    def warm(self, socket: PowerSocket, deadline: Deadline) -> None:
        """Have a connection ready. Raises: as `is_off`."""
        self._right(socket, deadline)

    def check(self, sockets: Iterable[PowerSocket], deadline: Deadline) -> Iterator[CheckUp]:
        """Look at each machine's controller: it answers, lets us in, and means the right machine."""
        for socket in sockets:
            what = f"power {socket.system}"
            try:
                system = self._right(socket, deadline.at_most(LOOKS))
            except CallError as error:
                yield CheckUp.failed(what, error)
            else:
                yield CheckUp(what, well=True, saw=f"the controller answers; the machine is {system.power}")

    def close(self) -> None:
        """Let go of every connection."""
        self._controller.close()

    def _ready_for(self, args: MachineArgs) -> Iterable[Ready]:
        return () if args.host.power is None else (Ready(self.warm, args.host.power),)

    def _state(self, args: MachineArgs, occasion: Occasion) -> PowerSeen:
        return _seen(args.host, self._right(_socket(args.host), occasion.deadline))

    def _proved_off(self, args: MachineArgs, occasion: Occasion) -> PowerIsOff:
        seen = self._state(args, occasion)
        return PowerIsOff(holds=seen.on is False if seen.on is not None else None, because=str(seen))

    def _off(self, args: MachineArgs, occasion: Occasion) -> PowerSeen:
        self.turn_off(_socket(args.host), occasion.deadline)
        return self._state(args, occasion)

    def _on(self, args: MachineArgs, occasion: Occasion) -> PowerSeen:
        self.turn_on(_socket(args.host), occasion.deadline)
        return self._state(args, occasion)

    def _right(self, socket: PowerSocket, deadline: Deadline) -> System:
        system = self._controller.system(socket, deadline)
        found = {"UUID": system.uuid.lower(), "system": system.identifier}
        expected = {"UUID": socket.uuid.lower(), "system": socket.system}
        for what, name in expected.items():
            if found[what] != name:
                raise WrongTarget(
                    f"the controller means another machine: its {what} is {found[what] or 'empty'}, expected {name}",
                    where=f"{socket.url} ({socket.system})",
                    remedy="Correct the machine's power socket in the inventory; nothing was asked of the controller",
                )
        return system

    def _press(self, kind: ResetKind, wanted: str, socket: PowerSocket, deadline: Deadline) -> None:
        if self._right(socket, deadline).power == wanted:
            return
        unsure: CallError | None = None
        try:
            self._controller.reset(socket, kind, deadline)
        except MayHaveActed as error:
            unsure = error  # what the machine is like decides, not what became of the answer
        while not deadline.passed:
            try:
                if self._right(socket, deadline).power == wanted:
                    return
            except CallError as error:
                unsure = error
            time.sleep(min(PAUSE, deadline.left))
        raise MayHaveActed(
            f"{kind} was asked for, and the machine was not seen to be {wanted} within the limit"
            + (f" ({unsure.problem})" if unsure else ""),
            where=f"{socket.url} ({socket.system})",
            remedy="Look at the controller, or at the machine itself, before deciding",
        ) from unsure


class Controllers:
    """Wires by the kind of controller that a machine's power socket names; one is made when it is first needed."""

    def __init__(self, makers: Mapping[str, Callable[[], Controller]]) -> None:
        self._makers = makers
        self._made: dict[str, Controller] = {}
        self._lock = threading.Lock()

    def system(self, socket: PowerSocket, deadline: Deadline) -> System:
        """See `Controller.system`."""
        return self._of(socket).system(socket, deadline)

    def reset(self, socket: PowerSocket, kind: ResetKind, deadline: Deadline) -> None:
        """See `Controller.reset`."""
        self._of(socket).reset(socket, kind, deadline)

    def close(self) -> None:
        """Let go of every connection."""
        with self._lock:
            for one in self._made.values():
                one.close()

    def _of(self, socket: PowerSocket) -> Controller:
        with self._lock:
            if socket.kind not in self._made:
                self._made[socket.kind] = self._makers[socket.kind]()
            return self._made[socket.kind]


def _seen(host: Host, system: System) -> PowerSeen:
    return PowerSeen(
        host=host.name,
        on={"On": True, "Off": False}.get(system.power),
        controller=_socket(host).url,
        uuid=system.uuid,
    )


def _socket(host: Host) -> PowerSocket:
    if host.power is None:
        raise DidNothing(
            "no power controller is known for this machine",
            where=host.name,
            remedy="Add `power` to it in the inventory",
        )
    return host.power
