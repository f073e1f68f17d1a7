"""Power controllers in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.limit import in_time, unreachable
from connectors.power import ResetKind, System
from seawall.actions import Deadline
from seawall.errors import DidNothing
from seawall.targets import PowerSocket


def _nothing(_on: bool) -> None:  # noqa: FBT001 - a callback's one argument
    """Let nothing follow from a change of power."""


@dataclass(slots=True)
class PoweredInMemory:
    """A machine as its controller knows it. `changed` is called with whether it has power, whenever that changes."""

    identifier: str
    uuid: str
    on: bool = True
    changed: Callable[[bool], None] = _nothing


@dataclass(slots=True)
class ControllerInMemory:
    """Controllers by URL, each with its machines; nobody answers anywhere else. `pressed` keeps every reset."""

    machines: dict[str, list[PoweredInMemory]] = field(default_factory=dict)
    pressed: list[tuple[str, ResetKind]] = field(default_factory=list)
    password: str | None = None

    def system(self, socket: PowerSocket, deadline: Deadline) -> System:
        """See `connectors.power.Controller`."""
        one = self._find(socket, deadline)
        return System(one.identifier, one.identifier, one.uuid, "On" if one.on else "Off")

    def reset(self, socket: PowerSocket, kind: ResetKind, deadline: Deadline) -> None:
        """See `connectors.power.Controller`."""
        one = self._find(socket, deadline)
        self.pressed.append((one.identifier, kind))
        one.on = kind == "On"
        one.changed(one.on)

    def close(self) -> None:
        """There is nothing to let go of."""

    def _find(self, socket: PowerSocket, deadline: Deadline) -> PoweredInMemory:
        where = f"{socket.url} ({socket.system})"
        in_time(deadline, where)
        if socket.url not in self.machines:
            raise unreachable(where, "nobody answers at its address")
        if self.password is not None and socket.password != self.password:
            raise DidNothing("the controller refused with 401", where=where, remedy="Check the password")
        found = [one for one in self.machines[socket.url] if one.identifier == socket.system]
        if not found:
            raise DidNothing("the controller refused with 404", where=where, remedy="Check the system's name")
        return found[0]
