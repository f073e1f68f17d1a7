from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from connectors.memory.power import ControllerInMemory, PoweredInMemory
from connectors.memory.ssh import MachineInMemory, SshInMemory
from connectors.postgres.gone import has_no_power
from connectors.power import MachinePower, System
from seawall.actions import Deadline
from seawall.targets import Endpoint, Host, PowerSocket

URL, UUID = "https://power.invalid", "0b6ef1c4-5c41-4f4f-8f0e-6f3d6b1f2a10"
HOST = Host(
    name="north-db",
    site="north",
    address="192.0.2.10",
    user="seawall",
    key="env:KEY",
    host_key="ssh-ed25519 AAAA",
    hostname="north-db",
    power=PowerSocket(url=URL, system="north-db", uuid=UUID, username="seawall", password="env:POWER"),
)


class SshThatWaits(SshInMemory):
    """Machines that say nothing until the test is over."""

    def __init__(self) -> None:
        super().__init__({})
        self.over = threading.Event()

    def warm(self, host: Host, deadline: Deadline) -> None:
        self.over.wait(deadline.left)
        super().warm(host, deadline)


@dataclass
class ControllerThatWaits(ControllerInMemory):
    over: threading.Event = field(default_factory=threading.Event)

    def system(self, socket: PowerSocket, deadline: Deadline) -> System:
        self.over.wait(deadline.left)
        return super().system(socket, deadline)


def a_machine(**changes) -> SshInMemory:
    return SshInMemory(
        {
            Endpoint(address=HOST.address, port=HOST.port): MachineInMemory(
                HOST.host_key, "north-db", **changes
            )
        }
    )


def a_controller(*, on: bool, uuid: str = UUID) -> MachinePower:
    return MachinePower(ControllerInMemory({URL: [PoweredInMemory("north-db", uuid, on=on)]}))


def test_a_machine_without_power_is_gone_while_its_silence_still_lasts(in_time):
    waits = SshThatWaits()
    assert has_no_power(HOST, waits, a_controller(on=False), in_time(), silence=0.01) is True
    assert not waits.over.is_set()
    waits.over.set()


def test_a_machine_that_answers_is_there_whatever_its_controller_says(in_time):
    assert has_no_power(HOST, a_machine(), a_controller(on=False), in_time()) is False


def test_another_machine_that_answers_is_left_for_the_fence_to_refuse(in_time):
    other = a_machine()
    host = HOST.model_copy(update={"host_key": "ssh-ed25519 BBBB"})
    assert has_no_power(host, other, a_controller(on=False), in_time()) is False


def test_a_machine_that_refuses_is_gone_when_its_controller_says_off(in_time):
    assert has_no_power(HOST, a_machine(up=False), a_controller(on=False), in_time()) is True


def test_a_machine_that_answers_is_there_while_its_controller_still_thinks(in_time):
    thinks = ControllerThatWaits()
    assert has_no_power(HOST, a_machine(), MachinePower(thinks), in_time()) is False
    assert not thinks.over.is_set()
    thinks.over.set()


@pytest.mark.parametrize(
    "power",
    [a_controller(on=True), a_controller(on=False, uuid=UUID[::-1]), MachinePower(ControllerInMemory())],
    ids=["on", "another machine's", "none"],
)
def test_a_machine_that_refuses_is_gone_only_when_its_own_controller_says_off(power, in_time):
    assert has_no_power(HOST, a_machine(up=False), power, in_time()) is False


def test_without_a_controller_nothing_is_known_to_be_gone(in_time):
    host = HOST.model_copy(update={"power": None})
    assert has_no_power(host, a_machine(up=False), a_controller(on=False), in_time()) is False
