"""What every power controller must do, on the lab's real one and in memory."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.memory.power import ControllerInMemory, PoweredInMemory
from connectors.memory.secrets import SecretsInMemory
from connectors.power import Redfish, RedfishController
from drills.lab.folders import LabFolder
from drills.lab.machine import Boot, turn_on
from drills.lab.processes import end, is_on
from seawall.actions import World
from seawall.errors import DidNothing, MayHaveActed, Unreachable, WrongTarget
from seawall.targets import Host, PowerSocket
from tests.connectors.servers import (
    answers,
    free_port,
    hanging_up,
    lab_module,
    misbehaving,
    occasion,
    program,
    saying,
    silent,
)

UUID = "0b6ef1c4-5c41-4f4f-8f0e-6f3d6b1f2a10"
VAULT = SecretsInMemory({"env:POWER": "a-power-password", "env:WRONG": "another-password"})


@dataclass
class Place:
    """A machine with a power controller."""

    host: Host
    power: Redfish
    has_power: Any

    def but(self, **changes) -> Host:
        assert self.host.power is not None
        return self.host.model_copy(update={"power": self.host.power.model_copy(update=changes)})


def a_host(url: str) -> Host:
    socket = PowerSocket(
        url=url, system="north-db", uuid=UUID.upper(), username="seawall", password="env:POWER"
    )
    return Host(
        name="north-db",
        site="north",
        address="127.0.0.1",
        user="seawall",
        key="env:KEY",
        host_key="ssh-ed25519 AAAA",
        hostname="north-db",
        power=socket,
    )


class PowerContract:
    @pytest.fixture
    def place(self):
        raise NotImplementedError

    @pytest.fixture
    def perform(self, place):
        with World(place.power, vault=VAULT) as world:
            yield lambda name, host=None, seconds=20: world.perform(
                name, {"host": host or place.host}, occasion(seconds)
            )

    def test_power_is_taken_and_seen_to_be_gone(self, place, perform):
        assert perform("power.state").on is True
        assert perform("power.is-off").holds is False
        assert perform("power.off").on is False
        assert perform("power.is-off").holds is True
        assert not place.has_power()

    def test_taking_power_that_is_not_there_is_done_already(self, perform):
        perform("power.off")
        assert perform("power.off").on is False

    def test_power_comes_back(self, place, perform):
        perform("power.off")
        assert perform("power.on").on is True
        assert place.has_power()

    @pytest.mark.parametrize("name", ["power.off", "power.on", "power.state"])
    def test_another_machine_behind_the_name_is_refused_with_both_uuids(self, place, perform, name):
        other = place.but(uuid="ffffffff-5c41-4f4f-8f0e-6f3d6b1f2a10")
        with pytest.raises(WrongTarget, match=rf"UUID is {UUID}, expected ffffffff"):
            perform(name, other)
        assert place.has_power()

    def test_a_machine_the_controller_does_not_know_changes_nothing(self, place, perform):
        with pytest.raises(DidNothing, match="404"):
            perform("power.off", place.but(system="east-db"))
        assert place.has_power()

    def test_a_wrong_password_changes_nothing(self, place, perform):
        with pytest.raises(DidNothing, match="401"):
            perform("power.off", place.but(password="env:WRONG"))
        assert place.has_power()

    def test_a_controller_that_is_gone_is_unreachable(self, place, perform):
        with pytest.raises(Unreachable, match="cannot connect"):
            perform("power.off", place.but(url="http://127.0.0.1:1"))

    def test_a_machine_without_a_controller_is_said_plainly(self, place, perform):
        with pytest.raises(DidNothing, match="no power controller is known"):
            perform("power.off", place.host.model_copy(update={"power": None}))

    def test_doctor_names_what_is_wrong_with_each_controller(self, place):
        sockets = [
            place.host.power,
            place.but(url="http://127.0.0.1:1").power,
            place.but(uuid="f" * 36).power,
        ]
        found = list(place.power.check(sockets, occasion().deadline))
        assert [one.well for one in found] == [True, False, False]
        assert all(one.remedy for one in found[1:])
        assert place.has_power()


class TestMemory(PowerContract):
    @pytest.fixture
    def place(self):
        machine = PoweredInMemory("north-db", UUID)
        controller = ControllerInMemory({"http://127.0.3.1:8443": [machine]}, password="env:POWER")
        return Place(a_host("http://127.0.3.1:8443"), Redfish(controller), lambda: machine.on)


@pytest.fixture(scope="module")
def controller(tmp_path_factory):
    folder = LabFolder(tmp_path_factory.mktemp("lab"))
    for machine in ("north-db", "control"):
        for place in (
            folder.home(machine),
            folder.logs / machine,
            folder.root / "boot",
            folder.root / "state",
        ):
            place.mkdir(parents=True, exist_ok=True)
    Boot("north-db", UUID, None, None, ()).save(folder)
    password, port = folder.root / "password", free_port("127.0.0.1")
    password.write_text("a-power-password\n")
    options = ["--lab", folder.root, "--machines", "north-db", "--username", "seawall"]
    argv = lab_module("power", "127.0.0.1", port, *options, "--password-file", password)
    with program(argv, lambda: answers("127.0.0.1", port), folder.log("control", "power")):
        yield folder, f"http://127.0.0.1:{port}"
    assert end(folder)


@pytest.mark.lab
class TestReal(PowerContract):
    @pytest.fixture
    def place(self, controller):
        folder, url = controller
        turn_on(folder, "north-db")
        with contextlib.closing(Redfish(RedfishController(VAULT))) as power:
            yield Place(a_host(url), power, lambda: is_on(folder, "north-db"))


@pytest.fixture
def power():
    with contextlib.closing(Redfish(RedfishController(VAULT))) as power:
        yield power


@pytest.mark.slow
def test_a_silent_controller_ends_at_the_limit(power):
    with misbehaving(silent) as port:
        socket = a_host(f"http://127.0.0.1:{port}").power
        with pytest.raises(DidNothing, match="no answer"):
            power.turn_off(socket, occasion(0.5).deadline)


def test_what_is_no_controller_is_said_plainly(power):
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    with misbehaving(saying(page)) as port, pytest.raises(DidNothing, match="no Redfish controller"):
        power.is_off(a_host(f"http://127.0.0.1:{port}").power, occasion().deadline)


def _answer(status: str, body: object) -> bytes:
    text = json.dumps(body).encode()
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(text), text)


@pytest.mark.slow
@pytest.mark.parametrize("conduct", ["fails", "hangs up"])
def test_a_switch_that_was_pressed_and_not_seen_to_work_is_in_doubt(power, conduct):
    on = _answer("200 OK", {"Id": "north-db", "UUID": UUID, "PowerState": "On"})

    def controller(line):
        while asked := line.recv(1 << 16):
            if asked.startswith(b"GET"):
                line.sendall(on)
            elif conduct == "fails":
                line.sendall(_answer("500 Internal Server Error", {}))
            else:
                hanging_up(line)
                return

    with misbehaving(controller) as port, pytest.raises(MayHaveActed, match="not seen to be Off"):
        power.turn_off(a_host(f"http://127.0.0.1:{port}").power, occasion(1).deadline)
