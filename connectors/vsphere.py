"""The wire to a vCenter: the power of one virtual machine, known by its UUIDs, so that its neighbours live.

A machine is found by its name and told by its instance UUID, which no two machines of a vCenter share; a clone may have
its original's BIOS UUID, so that one is compared besides, where the inventory has it. What vCenter says of a machine on
a hypervisor that it has lost sight of is what it last knew, and is not believed. A suspended machine is not off: it
goes on where it was, as the primary that it was.

Tried against a stand-in only (`drills/lab/vsphere.py`), which speaks the format below; never against VMware's own.

Source: vSphere Automation API 8.0, developer.broadcom.com/xapis/vsphere-automation-api (read 2026-11): POST
/api/session; GET /api/vcenter/host, /api/vcenter/vm and /api/vcenter/vm/{vm}; POST /api/vcenter/vm/{vm}/power.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from connectors.controllers import ControllerWire, answered, no_controller, where_is
from connectors.power import ResetKind, System
from seawall.actions import Deadline, Vault
from seawall.errors import DidNothing, WrongTarget
from seawall.targets import PowerSocket

if TYPE_CHECKING:
    import httpx

KIND = "vSphere"
TOKEN = "vmware-api-session-id"  # noqa: S105 - the name of a header
LET_IN_NO_MORE = 401
_POWER = {"POWERED_ON": "On", "POWERED_OFF": "Off", "SUSPENDED": "Suspended"}
_ACTIONS: dict[ResetKind, str] = {"ForceOff": "stop", "On": "start"}


class VsphereController:
    """The wire over HTTP. One session a vCenter is kept; vCenter ends it when it has been idle for long."""

    def __init__(self, vault: Vault, wire: ControllerWire | None = None) -> None:
        self._vault = vault
        self._wire = wire or ControllerWire()
        self._tokens: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def system(self, socket: PowerSocket, deadline: Deadline) -> System:
        """See `connectors.power.Controller`."""
        found = self._read(socket, self._path(self._identifier(socket, deadline)), deadline)
        try:
            identity, power = found["identity"], str(found["power_state"])
            name, instance, bios = (
                str(identity[one] or "") for one in ("name", "instance_uuid", "bios_uuid")
            )
        except (KeyError, TypeError) as error:
            raise no_controller(socket, KIND) from error
        expected = socket.bios_uuid
        if expected is not None and bios.lower() != expected.lower():
            raise WrongTarget(
                f"the controller means another machine: its BIOS UUID is {bios or 'empty'}, expected {expected}",
                where=where_is(socket),
                remedy="Correct the machine's power socket in the inventory; nothing was asked of the controller",
            )
        return System(name, name, instance, _POWER.get(power, power))

    def reset(self, socket: PowerSocket, kind: ResetKind, deadline: Deadline) -> None:
        """See `connectors.power.Controller`. Sent once: a session that has ended since is refused, not opened again."""
        path = f"{self._path(self._identifier(socket, deadline))}/power?action={_ACTIONS[kind]}"
        response = self._wire.ask(
            "POST", socket, path, deadline, changes=True, headers={TOKEN: self._token(socket, deadline)}
        )
        answered(response, socket, KIND)

    def close(self) -> None:
        """Let go of every connection; vCenter ends the sessions by itself."""
        self._wire.close()

    def _identifier(self, socket: PowerSocket, deadline: Deadline) -> str:
        """Return what vCenter calls the machine, which changes whenever it is registered anew."""
        hosts = self._listed(socket, "host", [("connection_states", "CONNECTED")], deadline)
        seen = [("names", socket.system), *(("hosts", str(one.get("host"))) for one in hosts)]
        found = self._listed(socket, "vm", seen, deadline) if hosts else []
        if len(found) != 1:
            several = f"{len(found)} machines are" if found else "no machine on a hypervisor that it sees is"
            raise DidNothing(
                f"{several} called {socket.system} in vCenter",
                where=where_is(socket),
                remedy="See in vCenter whether the machine's hypervisor is connected, and what the machine is called",
            )
        return str(found[0].get("vm"))

    def _listed(
        self, socket: PowerSocket, what: str, only: list[tuple[str, str]], deadline: Deadline
    ) -> list[dict[str, Any]]:
        found = self._read(socket, f"/api/vcenter/{what}?{urlencode(only)}", deadline)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise no_controller(socket, KIND)
        return found

    def _read(self, socket: PowerSocket, path: str, deadline: Deadline) -> Any:
        response = self._get(socket, path, deadline)
        if (
            response.status_code == LET_IN_NO_MORE
        ):  # the session has ended: it is only read, so again with a new one
            with self._lock:
                self._tokens.pop((socket.url, socket.username), None)
            response = self._get(socket, path, deadline)
        return answered(response, socket, KIND)

    def _get(self, socket: PowerSocket, path: str, deadline: Deadline) -> httpx.Response:
        return self._wire.ask("GET", socket, path, deadline, headers={TOKEN: self._token(socket, deadline)})

    def _token(self, socket: PowerSocket, deadline: Deadline) -> str:
        key = (socket.url, socket.username)
        with self._lock:
            if key in self._tokens:
                return self._tokens[key]
        login = (socket.username, self._vault.secret(socket.password))
        token = answered(self._wire.ask("POST", socket, "/api/session", deadline, auth=login), socket, KIND)
        if not isinstance(token, str) or not token.isprintable():
            raise no_controller(socket, KIND)
        with self._lock:
            self._tokens[key] = token
        return token

    def _path(self, identifier: str) -> str:
        return f"/api/vcenter/vm/{quote(identifier, safe='')}"
