"""What every power controller must do, on the lab's real one and in memory."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.memory.power import ControllerInMemory, PoweredInMemory
from connectors.memory.secrets import SecretsInMemory
from connectors.power import MachinePower
from connectors.redfish import RedfishController
from connectors.vsphere import VsphereController
from drills.lab.folders import LabFolder
from drills.lab.machine import Boot, turn_on
from drills.lab.processes import end, is_on
from drills.lab.vsphere import bios_uuid
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
    self_signed,
    silent,
)

UUID = "0b6ef1c4-5c41-4f4f-8f0e-6f3d6b1f2a10"
NEIGHBOUR, LOST = f"{UUID[:-2]}11", f"{UUID[:-2]}12"
BIOS = bios_uuid(UUID)
VAULT = SecretsInMemory({"env:POWER": "a-power-password", "env:WRONG": "another-password"})


@dataclass
class Place:
    """A machine with a power controller."""

    host: Host
    power: MachinePower
    has_power: Any
    neighbour_has_power: Any

    def but(self, **changes) -> Host:
        assert self.host.power is not None
        return self.host.model_copy(update={"power": self.host.power.model_copy(update=changes)})


def a_host(url: str, **more: Any) -> Host:
    socket = PowerSocket(
        url=url, system="north-db", uuid=UUID.upper(), username="seawall", password="env:POWER", **more
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
        with pytest.raises(
            DidNothing, match=r"404|no machine on a hypervisor that it sees is called east-db"
        ):
            perform("power.off", place.but(system="east-db"))
        assert place.has_power()

    def test_a_wrong_password_changes_nothing(self, place, perform):
        with pytest.raises(DidNothing, match="401"):
            perform("power.off", place.but(password="env:WRONG"))
        assert place.has_power()

    def test_a_controller_that_is_gone_is_unreachable(self, place, perform):
        with pytest.raises(Unreachable, match="cannot connect"):
            perform("power.off", place.but(url="http://127.0.0.1:1"))

    def test_a_neighbour_keeps_its_power(self, place, perform):
        perform("power.off")
        assert not place.has_power()
        assert place.neighbour_has_power()

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
    @pytest.fixture(params=[{}, {"kind": "vsphere", "bios_uuid": BIOS}], ids=["redfish", "vsphere"])
    def place(self, request):
        url = "http://127.0.3.1:8443"
        machine, neighbour = PoweredInMemory("north-db", UUID), PoweredInMemory("north-web", NEIGHBOUR)
        controller = ControllerInMemory({url: [machine, neighbour]}, password="env:POWER")
        host = a_host(url, **request.param)
        return Place(host, MachinePower(controller), lambda: machine.on, lambda: neighbour.on)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a lab with two machines that a controller can turn off, and one that it has lost sight of."""
    folder = LabFolder(tmp_path_factory.mktemp("lab"))
    for machine in ("north-db", "north-web", "control"):
        for place in (
            folder.home(machine),
            folder.logs / machine,
            folder.root / "boot",
            folder.root / "state",
        ):
            place.mkdir(parents=True, exist_ok=True)
    for machine, uuid in (("north-db", UUID), ("north-web", NEIGHBOUR), ("lost-db", LOST)):
        Boot(machine, uuid, None, None, ()).save(folder)
    (folder.root / "password").write_text("a-power-password\n")
    yield folder
    assert end(folder)


@contextlib.contextmanager
def a_controller(kind: str, folder: LabFolder, *options: object) -> Iterator[str]:
    """One of the lab's controllers; yields its address and port."""
    port = free_port("127.0.0.1")
    login = ["--username", "seawall", "--password-file", folder.root / "password"]
    argv = lab_module(kind, "127.0.0.1", port, "--lab", folder.root, *login, *options)
    with program(argv, lambda: answers("127.0.0.1", port), folder.log("control", kind)):
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="module")
def redfish(folder):
    with a_controller("power", folder, "--machines", "north-db", "north-web") as where:
        yield f"http://{where}"


@pytest.fixture(scope="module")
def vcenter(folder):
    shown, certificate = self_signed(folder.root / "vcenter.pem"), folder.root / "vcenter.pem"
    machines = ["--machines", "north-db", "north-web", "lost-db", "--lost", "lost-db"]
    with a_controller("vsphere", folder, *machines, "--certificate", certificate) as where:
        yield f"https://{where}", shown


def a_real_place(folder: LabFolder, host: Host, power: MachinePower) -> Place:
    for machine in ("north-db", "north-web"):
        turn_on(folder, machine)
    return Place(host, power, lambda: is_on(folder, "north-db"), lambda: is_on(folder, "north-web"))


@pytest.mark.lab
class TestRedfish(PowerContract):
    @pytest.fixture
    def place(self, folder, redfish):
        with contextlib.closing(MachinePower(RedfishController(VAULT))) as power:
            yield a_real_place(folder, a_host(redfish), power)


@pytest.mark.lab
class TestVsphere(PowerContract):
    """The lab's stand-in for a vCenter, over TLS, with a certificate that nobody signed but itself."""

    @pytest.fixture
    def place(self, folder, vcenter):
        url, shown = vcenter
        host = a_host(url, kind="vsphere", bios_uuid=BIOS.upper(), certificate=shown)
        with contextlib.closing(MachinePower(VsphereController(VAULT))) as power:
            yield a_real_place(folder, host, power)

    @pytest.mark.parametrize("name", ["power.off", "power.on", "power.state"])
    def test_a_clone_with_another_bios_uuid_is_refused(self, place, perform, name):
        with pytest.raises(WrongTarget, match=f"BIOS UUID is {BIOS}, expected {LOST}"):
            perform(name, place.but(bios_uuid=LOST))
        assert place.has_power()

    def test_another_certificate_is_refused_before_anything_is_sent(self, place, perform):
        with pytest.raises(WrongTarget, match=rf"its certificate is sha256:\w+, expected sha256:{'0' * 64}"):
            perform("power.off", place.but(certificate=f"sha256:{'0' * 64}"))
        assert place.has_power()

    def test_a_certificate_that_nobody_vouches_for_is_refused_where_none_is_pinned(self, place, perform):
        with pytest.raises(Unreachable, match="certificate"):
            perform("power.off", place.but(certificate=None))
        assert place.has_power()

    def test_a_machine_on_a_hypervisor_out_of_sight_is_not_said_to_be_off(self, place, perform):
        """The machine is off, as vCenter last knew; nobody can tell whether it still is."""
        lost = place.but(system="lost-db", uuid=LOST, bios_uuid=None)
        for name in ("power.state", "power.is-off", "power.off"):
            with pytest.raises(DidNothing, match="no machine on a hypervisor that it sees is called lost-db"):
                perform(name, lost)

    def test_a_session_that_has_ended_is_opened_anew_for_a_look(self, place, perform):
        assert perform("power.state").on is True
        tokens = place.power._controller._tokens
        tokens.update(dict.fromkeys(tokens, "ended"))
        assert perform("power.state").on is True


@pytest.fixture
def power():
    with contextlib.closing(MachinePower(RedfishController(VAULT))) as power:
        yield power


@pytest.mark.slow
def test_a_silent_controller_ends_at_the_limit(power):
    with misbehaving(silent) as port:
        socket = a_host(f"http://127.0.0.1:{port}").power
        with pytest.raises(DidNothing, match="no answer"):
            power.turn_off(socket, occasion(2).deadline)


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
        power.turn_off(a_host(f"http://127.0.0.1:{port}").power, occasion(5).deadline)


@pytest.mark.slow
def test_a_reset_that_is_accepted_and_leaves_the_power_on_is_in_doubt_and_pressed_once(power):
    on = _answer("200 OK", {"Id": "north-db", "UUID": UUID, "PowerState": "On"})
    pressed = []

    def controller(line):
        while asked := line.recv(1 << 16):
            if asked.startswith(b"POST"):
                pressed.append(asked)
            line.sendall(on if asked.startswith(b"GET") else b"HTTP/1.1 204 No Content\r\n\r\n")

    with (
        misbehaving(controller) as port,
        pytest.raises(MayHaveActed, match=r"ForceOff .* not seen to be Off"),
    ):
        power.turn_off(a_host(f"http://127.0.0.1:{port}").power, occasion(1).deadline)
    assert len(pressed) == 1


@pytest.mark.slow
def test_a_controller_that_turns_to_another_machine_after_the_reset_is_in_doubt(power):
    """It knew the right one before, and afterwards speaks of another that is off: nothing is known of ours."""
    asked_before = threading.Event()

    def controller(line):
        while asked := line.recv(1 << 16):
            if asked.startswith(b"POST"):
                asked_before.set()
                line.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                continue
            uuid, state = (LOST, "Off") if asked_before.is_set() else (UUID, "On")
            line.sendall(_answer("200 OK", {"Id": "north-db", "UUID": uuid, "PowerState": state}))

    with misbehaving(controller) as port, pytest.raises(MayHaveActed, match=f"UUID is {LOST}"):
        power.turn_off(a_host(f"http://127.0.0.1:{port}").power, occasion(2).deadline)


def _vcenter(power_state: str, *machines: dict[str, str]):
    """A vCenter that knows these machines, all in one state."""

    def conduct(line):
        while asked := line.recv(1 << 16).decode():
            path = asked.split(" ")[1]
            identity = {"name": "north-db", "instance_uuid": UUID, "bios_uuid": BIOS}
            body = {
                "/api/session": "a-session",
                "/api/vcenter/host": [{"host": "host-1"}],
                "/api/vcenter/vm": list(machines),
            }.get(path.partition("?")[0], {"identity": identity, "power_state": power_state})
            line.sendall(_answer("200 OK", body))

    return misbehaving(conduct)


@pytest.fixture
def vsphere():
    with contextlib.closing(MachinePower(VsphereController(VAULT))) as power:
        yield power


def test_a_suspended_machine_is_not_off(vsphere):
    with _vcenter("SUSPENDED", {"vm": "vm-1"}) as port:
        socket = a_host(f"http://127.0.0.1:{port}", kind="vsphere").power
        assert vsphere.is_off(socket, occasion().deadline) is False


def test_two_machines_of_one_name_are_neither(vsphere):
    with _vcenter("POWERED_OFF", {"vm": "vm-1"}, {"vm": "vm-2"}) as port:
        socket = a_host(f"http://127.0.0.1:{port}", kind="vsphere").power
        with pytest.raises(DidNothing, match="2 machines are called north-db"):
            vsphere.is_off(socket, occasion().deadline)


@pytest.mark.parametrize("said", [b"[]", b"7", b'{"value": {}}', b"null", b'"\\n"', b"<html>"])
def test_what_is_no_vcenter_is_said_plainly(vsphere, said):
    page = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said)
    with misbehaving(saying(page)) as port, pytest.raises(DidNothing, match="no vSphere controller"):
        vsphere.is_off(a_host(f"http://127.0.0.1:{port}", kind="vsphere").power, occasion().deadline)
