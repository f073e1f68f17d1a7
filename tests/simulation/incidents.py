"""What befalls the site that the service runs at: the disaster that the runbook is for, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from connectors.memory.power import PoweredInMemory
from connectors.memory.world import OutsideInMemory
from seawall.targets import PowerSocket
from tests.simulation.city import OLD, inventory
from tests.simulation.dice import Dice
from tests.simulation.network import Machine, Network

Kind = Literal[
    "nothing",
    "power lost",
    "power returns",
    "machine dead",
    "machine restarts",
    "database crashes",
    "machine held",
    "cut off",
]
KINDS: tuple[Kind, ...] = (
    "nothing",
    "power lost",
    "power returns",
    "machine dead",
    "machine restarts",
    "database crashes",
    "machine held",
    "cut off",
)
WITH_EVIDENCE: tuple[Kind, ...] = ("nothing", "power lost", "machine dead", "database crashes")
"""Those after which a failover goes well where nothing else strikes, so that there is a way home."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What happens to the old primary, when, and for how long.

    Attributes:
        without_power_controller: the controllers of the machines' power do not answer meanwhile.
    """

    kind: Kind
    at: float
    lasts: float
    without_power_controller: bool = False

    @classmethod
    def drawn(cls, dice: Dice, mode: str, kinds: Sequence[Kind] = KINDS) -> Incident:
        """Draw one; a planned move has none."""
        kind = "nothing" if mode == "planned" else dice.one_of(kinds, "incident")
        at = 0.0 if dice.chance(0.6, "incident") else round(dice.between(4, 40, "incident"), 2)
        lasts = round(1 + 300 * dice.throw("incident") ** 2, 2)
        return cls(kind, at, lasts, kind in ("machine held", "cut off") and dice.chance(0.5, "incident"))

    def __str__(self) -> str:
        return (
            f"{self.kind} at {self.at} s"
            + (f", for {self.lasts} s" if self.kind in LASTING else "")
            + (", and the power controllers are silent" if self.without_power_controller else "")
        )


LASTING = ("power returns", "machine restarts", "machine held", "cut off")


def strike(incident: Incident, network: Network, twin: OutsideInMemory, decided: Callable[[], bool]) -> None:
    """Let it happen when its time has come.

    `decided` tells whether a promotion was begun. After that, no power returns by itself and nobody starts the old
    primary by hand: no rule of the engine's could help then, and those who run the site are told.
    """
    kernel, one = network.kernel, twin.servers.servers[OLD]
    machine = network.machines[OLD.partition("/")[0]]
    socket = inventory(has_places=True).server(OLD).host.power
    assert socket is not None

    def now() -> None:
        network.happened(incident)
        network.tell(machine.name, str(incident))
        match incident.kind:
            case "power lost":
                _power(twin, socket).on = network.machines["store-north"].up = False
                _goes_down(machine, twin, network)
            case "power returns":
                _power(twin, socket).on = network.machines["store-north"].up = False
                _goes_down(machine, twin, network)
                kernel.after(incident.lasts, lambda: _power_returns(machine, socket, twin, network, decided))
            case "machine dead":
                _goes_down(machine, twin, network)
            case "machine restarts":
                _goes_down(machine, twin, network)
                kernel.after(incident.lasts, lambda: _comes_up(machine, socket, twin, network))
            case "database crashes":
                one.running = one.clean = False
            case "machine held":
                hold(machine, twin, network, incident.lasts)
            case "cut off":
                for place in ("south", "witness"):
                    network.cut[frozenset(("north", place))] = kernel.now + incident.lasts
        if incident.without_power_controller:
            controller = network.machines["power"]
            controller.up = False
            kernel.after(incident.lasts, lambda: setattr(controller, "up", True))
        network.changed()

    kernel.at(incident.at, now)


def hold(machine: Machine, twin: OutsideInMemory, network: Network, lasts: float) -> None:
    """Let a machine stand still, and go on as if nothing had been."""
    machine.held_until = max(machine.held_until, network.kernel.now + lasts)
    network.held(machine, lasts)
    on_it = [one for name, one in twin.servers.servers.items() if name.startswith(machine.name + "/")]
    for one in on_it:
        one.held = True

    def go_on() -> None:
        if network.kernel.now >= machine.held_until:
            for one in on_it:
                one.held = False
            network.changed()

    network.kernel.after(lasts, go_on)


def _power(twin: OutsideInMemory, socket: PowerSocket) -> PoweredInMemory:
    return next(one for one in twin.controllers.machines[socket.url] if one.identifier == socket.system)


def _goes_down(machine: Machine, twin: OutsideInMemory, network: Network) -> None:
    machine.up = False
    network.stopped(machine)
    for name, one in twin.servers.servers.items():
        if name.startswith(machine.name + "/"):
            one.running, one.clean = False, one.clean and not one.running
    for answering in twin.machines.values():
        if answering.hostname == machine.name:
            answering.up = False


def _power_returns(
    machine: Machine,
    socket: PowerSocket,
    twin: OutsideInMemory,
    network: Network,
    decided: Callable[[], bool],
) -> None:
    if not decided():
        _power(twin, socket).on = network.machines["store-north"].up = True
        _comes_up(machine, socket, twin, network)


def stands_again(network: Network, twin: OutsideInMemory) -> None:
    """Give the old primary's site all that it lost. Its database starts only where it lies marked as a standby."""
    one, machine = twin.servers.servers[OLD], network.machines[OLD.partition("/")[0]]
    socket = inventory(has_places=True).server(OLD).host.power
    assert socket is not None
    _power(twin, socket).on = network.machines["store-north"].up = True
    _answers(machine, twin)
    if one.marked:
        one.start()
    network.tell(machine.name, "stands again")
    network.started(machine)
    network.changed()


def start_by_hand(network: Network, twin: OutsideInMemory, old: str, decided: Callable[[], bool]) -> bool:
    """Let somebody start the old primary as a primary, whatever marks lie there; tell whether they did."""
    one, machine = twin.servers.servers[old], network.machines[old.partition("/")[0]]
    if decided() or one.running or not machine.up:
        return False
    one.marked = False
    one.start()
    network.tell(machine.name, "somebody has taken the mark away and started its database")
    network.changed()
    return True


def _answers(machine: Machine, twin: OutsideInMemory) -> None:
    machine.up = True
    for answering in twin.machines.values():
        if answering.hostname == machine.name:
            answering.up = True


def _comes_up(machine: Machine, socket: PowerSocket, twin: OutsideInMemory, network: Network) -> None:
    """Start again by itself, with its database as it lies there; unless its power was taken meanwhile."""
    if not _power(twin, socket).on:
        return
    _answers(machine, twin)
    for name, one in twin.servers.servers.items():
        if name.startswith(machine.name + "/"):
            one.start()
    network.tell(machine.name, "is up again, and has started its database")
    network.started(machine)
    network.changed()
