"""A failover by a hypervisor: one virtual machine loses its power, its neighbour lives, and the standby takes over."""

from __future__ import annotations

import pytest

from connectors.postgres import Postgres
from connectors.power import MachinePower
from connectors.vsphere import VsphereController
from drills.lab.machine import Boot
from drills.lab.processes import is_on
from drills.lab.vsphere import bios_uuid
from seawall.actions import World
from seawall.errors import WrongTarget
from seawall.targets import PowerSocket
from tests.connectors.pairs import PairInLab
from tests.connectors.servers import answers, free_port, lab_module, program

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def pair(own_lab, tmp_path_factory):
    pair = PairInLab(own_lab)
    place = tmp_path_factory.mktemp("vcenter")
    assert pair.north.host.power is not None
    secret, port = pair.vault.secret(pair.north.host.power.password), free_port("127.0.0.1")
    (place / "password").write_text(secret)
    login = ["--username", "seawall", "--password-file", place / "password"]
    machines = ["--lab", pair.lab.folder, "--machines", "north-db", "north-web"]
    argv = lab_module("vsphere", "127.0.0.1", port, *machines, *login)
    pair.north = _in_vcenter(pair, f"http://127.0.0.1:{port}")
    power = MachinePower(VsphereController(pair.vault))
    pair.postgres = Postgres(pair.shell, power, pair.vault, lambda: pair.now)
    with (
        program(argv, lambda: answers("127.0.0.1", port), place / "log"),
        World(pair.shell, power, pair.postgres, vault=pair.vault) as pair.world,
    ):
        yield pair


def _in_vcenter(pair, url):
    uuid = Boot.load(pair.lab.places, "north-db").uuid
    socket = PowerSocket(
        kind="vsphere",
        url=url,
        system="north-db",
        uuid=uuid,
        bios_uuid=bios_uuid(uuid),
        username="seawall",
        password=pair.north.host.power.password,
    )
    return pair.north.model_copy(update={"host": pair.north.host.model_copy(update={"power": socket})})


def test_one_virtual_machine_loses_its_power_and_the_standby_takes_over(pair):
    clone = pair.north.host.power.model_copy(
        update={"bios_uuid": bios_uuid(pair.north.host.power.uuid)[::-1]}
    )
    other = pair.north.model_copy(update={"host": pair.north.host.model_copy(update={"power": clone})})
    with pytest.raises(WrongTarget, match="BIOS UUID"):
        pair.perform("postgres.fence", server=other, by=("powered-off",))
    assert pair.runs(pair.north)
    fenced = pair.perform("postgres.fence", server=pair.north, by=("powered-off",))
    assert (fenced.evidence.kind, fenced.evidence.uuid) == ("powered-off", pair.north.host.power.uuid)
    assert not pair.runs(pair.north)
    assert is_on(pair.lab.places, "north-web"), "its neighbour lives"
    promoted = pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)
    assert promoted.timeline == 2
