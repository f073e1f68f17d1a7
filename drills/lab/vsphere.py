"""A stand-in for a vCenter: what of its REST API takes one virtual machine's power and no other's, in its own format.

It is no vCenter, and no VMware software was seen by it: it was written from the published reference. Behind it are the
lab's machines, whose power state is read off their processes each time. Those on a hypervisor that is not connected are
told as vCenter does: as they were when it last saw them.

Run as `python -m drills.lab.vsphere --address ... --port ...`.

Source: vSphere Automation API 8.0, developer.broadcom.com/xapis/vsphere-automation-api (read 2026-11): sessions, VM and
Host list filters, VM info (identity, power_state), Power get, start and stop, and the errors' `error_type`.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import secrets
import sys
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from drills.lab.errors import LabError
from drills.lab.folders import LabFolder
from drills.lab.machine import Boot, turn_on
from drills.lab.processes import end, is_on
from drills.lab.small_http import Answer, Asked, serve

SEEN, LOST = "host-11", "host-12"
"""The hypervisor that vCenter sees, and the one that it has lost sight of."""
HOSTS = {SEEN: "CONNECTED", LOST: "NOT_RESPONDING"}
TOKEN = "vmware-api-session-id"  # noqa: S105 - the name of a header


def bios_uuid(instance_uuid: str) -> str:
    """Return the BIOS UUID of the machine with that instance UUID."""
    return str(uuid.uuid5(uuid.UUID(instance_uuid), "bios"))


@dataclass(frozen=True, slots=True)
class Machine:
    """A virtual machine as vCenter has it registered."""

    identifier: str
    name: str
    instance_uuid: str
    host: str


class VCenter:
    """The power of some machines of a lab.

    Args:
        folder: the lab's.
        machines: those it has registered.
        lost: those of them on the hypervisor it has lost sight of.
        login: what HTTP Basic brings for the one user there is.
    """

    def __init__(self, folder: LabFolder, machines: Sequence[str], lost: Sequence[str], login: bytes) -> None:
        self._folder = folder
        self._login = b"Basic " + base64.b64encode(login)
        self._machines = [
            Machine(f"vm-{number}", name, Boot.load(folder, name).uuid, LOST if name in lost else SEEN)
            for number, name in enumerate(machines, start=1001)
        ]
        self._tokens: set[str] = set()
        self._turn = threading.Lock()

    def answer(self, asked: Asked) -> Answer:
        """Answer one request."""
        if asked.path == "/api/session" and asked.method == "POST":
            return self._log_in(asked)
        if asked.headers.get(TOKEN, "") not in self._tokens:
            return _error(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", "Authentication required.")
        query = parse_qs(asked.query)
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["api", "vcenter", "host"]:
                return Answer(json=self._hosts(query))
            case "GET", ["api", "vcenter", "vm"]:
                return Answer(json=self._list(query))
            case method, ["api", "vcenter", "vm", identifier, *rest]:
                one = next((one for one in self._machines if one.identifier == identifier), None)
                if one is not None:
                    return self._about(one, method, rest, query)
        return _error(HTTPStatus.NOT_FOUND, "NOT_FOUND", f"There is nothing at {asked.path}.")

    def _log_in(self, asked: Asked) -> Answer:
        if not hmac.compare_digest(asked.headers.get("Authorization", "").encode(), self._login):
            return _error(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", "Authentication required.")
        token = secrets.token_hex(16)
        self._tokens.add(token)
        return Answer(HTTPStatus.CREATED, token)

    def _hosts(self, only: dict[str, list[str]]) -> list[dict[str, Any]]:
        return [
            {"host": host, "name": f"{host}.lab", "connection_state": state, "power_state": "POWERED_ON"}
            for host, state in HOSTS.items()
            if state in only.get("connection_states", HOSTS.values())
        ]

    def _list(self, only: dict[str, list[str]]) -> list[dict[str, Any]]:
        return [
            {
                "vm": one.identifier,
                "name": one.name,
                "power_state": self._state(one),
                "cpu_count": 2,
                "memory_size_MiB": 4096,
            }
            for one in self._machines
            if one.name in only.get("names", [one.name]) and one.host in only.get("hosts", [one.host])
        ]

    def _about(self, one: Machine, method: str, rest: list[str], query: dict[str, list[str]]) -> Answer:
        if method == "GET" and not rest:
            identity = {
                "name": one.name,
                "instance_uuid": one.instance_uuid,
                "bios_uuid": bios_uuid(one.instance_uuid),
            }
            return Answer(
                json={
                    "name": one.name,
                    "identity": identity,
                    "power_state": self._state(one),
                }
            )
        if method == "GET" and rest == ["power"]:
            return Answer(json={"state": self._state(one)})
        if method == "POST" and rest == ["power"]:
            return self._switch(one, query.get("action", [""])[0])
        return _error(HTTPStatus.NOT_FOUND, "NOT_FOUND", "There is no such operation.")

    def _switch(self, one: Machine, action: str) -> Answer:
        if action not in {"start", "stop"}:
            return _error(HTTPStatus.BAD_REQUEST, "INVALID_ARGUMENT", f"No action {action!r} is known here.")
        if one.host == LOST:
            return _error(
                HTTPStatus.SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", "The host is not responding."
            )
        with self._turn:
            if is_on(self._folder, one.name) is (action == "start"):
                return _error(
                    HTTPStatus.BAD_REQUEST,
                    "ALREADY_IN_DESIRED_STATE",
                    "Virtual machine is already in that power state.",
                )
            try:
                turn_on(self._folder, one.name) if action == "start" else end(self._folder, {one.name})
            except LabError as error:
                return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "ERROR", str(error))
        return Answer(HTTPStatus.NO_CONTENT)

    def _state(self, one: Machine) -> str:
        return "POWERED_ON" if is_on(self._folder, one.name) else "POWERED_OFF"


def _error(status: HTTPStatus, kind: str, message: str) -> Answer:
    said = {"id": f"com.vmware.lab.{kind.lower()}", "default_message": message, "args": []}
    return Answer(status, {"error_type": kind, "messages": [said]})


def main(argv: Sequence[str]) -> None:
    """Answer until the machine is turned off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--lab", type=Path, required=True)
    parser.add_argument("--machines", nargs="+", required=True)
    parser.add_argument("--lost", nargs="*", default=[])
    parser.add_argument("--username", required=True)
    parser.add_argument("--password-file", type=Path, required=True)
    parser.add_argument("--certificate", type=Path)
    given = parser.parse_args(argv)
    login = f"{given.username}:{given.password_file.read_text().strip()}".encode()
    vcenter = VCenter(LabFolder(given.lab), given.machines, given.lost, login)
    serve(given.address, given.port, vcenter.answer, given.certificate)


if __name__ == "__main__":
    main(sys.argv[1:])
