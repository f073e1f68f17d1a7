"""The wire to Redfish controllers.

Source: DMTF DSP0266 1.20 (Redfish), DSP2046 (ComputerSystem.Reset, PowerState).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from connectors.controllers import ControllerWire, answered, no_controller
from connectors.power import ResetKind, System
from seawall.actions import Deadline, Vault
from seawall.targets import PowerSocket


class RedfishController:
    """The wire over HTTP."""

    def __init__(self, vault: Vault, wire: ControllerWire | None = None) -> None:
        self._vault = vault
        self._wire = wire or ControllerWire()

    def system(self, socket: PowerSocket, deadline: Deadline) -> System:
        """See `connectors.power.Controller`."""
        answer = self._exchange("GET", socket, "", None, deadline)
        return System(*(str(answer.get(key, "")) for key in ("Id", "Name", "UUID", "PowerState")))

    def reset(self, socket: PowerSocket, kind: ResetKind, deadline: Deadline) -> None:
        """See `connectors.power.Controller`."""
        self._exchange("POST", socket, "/Actions/ComputerSystem.Reset", {"ResetType": kind}, deadline)

    def close(self) -> None:
        """Let go of every connection."""
        self._wire.close()

    def _exchange(
        self, method: str, socket: PowerSocket, tail: str, body: object, deadline: Deadline
    ) -> dict[str, Any]:
        path = f"/redfish/v1/Systems/{quote(socket.system, safe='')}{tail}"
        login = (socket.username, self._vault.secret(socket.password))
        response = self._wire.ask(
            method, socket, path, deadline, changes=method == "POST", json=body, auth=login
        )
        said = answered(response, socket, "Redfish")
        if said is None:
            return {}
        if not isinstance(said, dict):
            raise no_controller(socket, "Redfish")
        return said
