"""The out-of-band power controller at the witness, speaking Redfish: it ends a machine's every program.

`PowerState` is read off the processes each time it is asked for and never remembered: a machine is Off when not one
program of it is left, whoever killed them. Over plain HTTP on loopback, where a real one has TLS.

Run as `python -m drills.lab.power --address ... `, started by the machine's supervisor.

Source: DMTF DSP0266 1.20 (Redfish protocol: service root without a login, errors) and DSP2046 (ComputerSystem.Reset).
"""

from __future__ import annotations

import argparse
import base64
import hmac
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from drills.lab.errors import LabError
from drills.lab.folders import LabFolder
from drills.lab.machine import GRACE, Boot, turn_on
from drills.lab.processes import end, is_on, started_at
from drills.lab.small_http import Answer, Asked, serve

ROOT = "/redfish/v1"
SYSTEMS = f"{ROOT}/Systems"
RESET = "Actions/ComputerSystem.Reset"
KINDS = ("On", "ForceOff", "ForceOn", "GracefulShutdown", "ForceRestart")


class Controller:
    """The power of every machine of a lab but its own."""

    def __init__(self, folder: LabFolder, machines: Sequence[str], username: str, password: str) -> None:
        self._folder = folder
        self._boots = {machine: Boot.load(folder, machine) for machine in machines}
        self._expected = b"Basic " + base64.b64encode(f"{username}:{password}".encode())
        self._locks = {machine: threading.Lock() for machine in machines}

    def answer(self, asked: Asked) -> Answer:
        """Answer one request."""
        path = asked.path.rstrip("/") or "/"
        if path in _OPEN:
            return Answer(json=_OPEN[path])
        if not hmac.compare_digest(asked.headers.get("Authorization", "").encode(), self._expected):
            challenge = {"WWW-Authenticate": 'Basic realm="Redfish"'}
            return _error(HTTPStatus.UNAUTHORIZED, "NoValidSession", "Log in with HTTP Basic", challenge)
        return self._answer(path, asked)

    def _answer(self, path: str, asked: Asked) -> Answer:
        if path == SYSTEMS:
            return self._only("GET", asked) or Answer(json=self._systems())
        machine, _, rest = path.removeprefix(f"{SYSTEMS}/").partition("/")
        if path.startswith(f"{SYSTEMS}/") and machine in self._boots:
            if rest == RESET:
                return self._only("POST", asked) or self._reset(machine, asked)
            if not rest:
                return self._only("GET", asked) or Answer(json=self._system(machine))
        return _error(HTTPStatus.NOT_FOUND, "ResourceMissingAtURI", f"There is nothing at {path}")

    def _only(self, method: str, asked: Asked) -> Answer | None:
        if asked.method == method:
            return None
        return _error(HTTPStatus.METHOD_NOT_ALLOWED, "ActionNotSupported", f"Use {method}", {"Allow": method})

    def _systems(self) -> dict[str, Any]:
        members = [{"@odata.id": f"{SYSTEMS}/{machine}"} for machine in self._boots]
        kind = "#ComputerSystemCollection.ComputerSystemCollection"
        return _resource(SYSTEMS, kind, "Systems") | {"Members@odata.count": len(members), "Members": members}

    def _system(self, machine: str) -> dict[str, Any]:
        place = f"{SYSTEMS}/{machine}"
        on = is_on(self._folder, machine)
        reset = {"target": f"{place}/{RESET}", "ResetType@Redfish.AllowableValues": list(KINDS)}
        return _resource(place, "#ComputerSystem.v1_20_0.ComputerSystem", machine) | {
            "Id": machine,
            "HostName": machine,
            "UUID": self._boots[machine].uuid,
            "SystemType": "Physical",
            "PowerState": "On" if on else "Off",
            "Status": {"State": "Enabled" if on else "Disabled", "Health": "OK"},
            "Actions": {"#ComputerSystem.Reset": reset},
        }

    def _reset(self, machine: str, asked: Asked) -> Answer:
        try:
            kind = json.loads(asked.body or b"{}").get("ResetType")
        except (ValueError, AttributeError):
            return _error(HTTPStatus.BAD_REQUEST, "MalformedJSON", "The body is no JSON object")
        if kind not in KINDS:
            known = ", ".join(KINDS)
            return _error(
                HTTPStatus.BAD_REQUEST, "ActionParameterNotSupported", f"ResetType is one of {known}"
            )
        with self._locks[machine]:
            try:
                self._carry_out(machine, kind)
            except LabError as error:
                return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", str(error))
        return Answer(HTTPStatus.NO_CONTENT)

    def _carry_out(self, machine: str, kind: str) -> None:
        if kind == "GracefulShutdown":
            self._ask_to_shut_down(machine)
        if kind not in {"On", "ForceOn"} and not end(self._folder, {machine}):
            raise LabError("a program cannot be ended", where=machine, remedy="Look at what is left with ps")
        if kind in {"On", "ForceOn", "ForceRestart"}:
            turn_on(self._folder, machine)

    def _ask_to_shut_down(self, machine: str) -> None:
        supervisor = self._folder.supervisor(machine)
        if supervisor is None or started_at(supervisor.pid) != supervisor.started:
            return
        os.kill(supervisor.pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE + 2
        while is_on(self._folder, machine) and time.monotonic() < deadline:
            time.sleep(0.01)


def _resource(place: str, kind: str, name: str) -> dict[str, Any]:
    return {"@odata.id": place, "@odata.type": kind, "Name": name}


_SERVICE = _resource(f"{ROOT}/", "#ServiceRoot.v1_16_0.ServiceRoot", "Power controller") | {
    "Id": "RootService",
    "RedfishVersion": "1.20.0",
    "Systems": {"@odata.id": SYSTEMS},
}
_OPEN = {"/redfish": {"v1": f"{ROOT}/"}, ROOT: _SERVICE}
"""What is told to those who have not logged in."""


def _error(status: HTTPStatus, name: str, message: str, headers: dict[str, str] | None = None) -> Answer:
    code = f"Base.1.18.{name}"
    said = {
        "@Message.ExtendedInfo": [{"MessageId": code, "Message": message}],
        "code": code,
        "message": message,
    }
    return Answer(status, {"error": said}, headers or {})


def main(argv: Sequence[str]) -> None:
    """Answer until the machine is turned off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--lab", type=Path, required=True)
    parser.add_argument("--machines", nargs="+", required=True)
    parser.add_argument("--username", required=True)
    parser.add_argument("--password-file", type=Path, required=True)
    given = parser.parse_args(argv)
    password = given.password_file.read_text().strip()
    controller = Controller(LabFolder(given.lab), given.machines, given.username, password)
    serve(given.address, given.port, controller.answer)


if __name__ == "__main__":
    main(sys.argv[1:])
