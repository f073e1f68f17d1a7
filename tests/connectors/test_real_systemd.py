"""The same suite under a real systemd, by a real SSH server and a real sudo that has the printed lines and no other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.memory.secrets import SecretsInMemory
from connectors.rights import sudoers
from connectors.rights.gathered import Rights, gather
from connectors.rights.seen import allowed_by_sudo, missing
from connectors.ssh import Ssh
from connectors.systemctl import Systemctl
from connectors.systemd import Systemd
from seawall.actions import Deadline, World
from seawall.errors import DidNothing, MayHaveActed, WrongTarget
from seawall.inventory import About, Inventory
from seawall.model import Text
from seawall.needed import asked_of
from seawall.targets import Host, Unit
from tests.connectors.conftest import OPENSSH, SshMachine, answers, make_machine, until
from tests.connectors.test_systemd import INSTALL, UNITS, PlaceThere, SystemdContract, host_at, write_units
from tests.own_systemd import OwnSystemd, own_systemd
from tests.seawall.keys import ed25519_key

pytestmark = pytest.mark.root

LOGS_IN = 61801
"""The number of the account that Seawall logs in with; nobody on this machine has it."""
# Its name leads nowhere, of which sudo complains each time and does as it is told all the same.
PREPARE = f"""\
for file in passwd group shadow sudoers nsswitch.conf hostname; do over /etc/$file; done
echo 'seawall:x:{LOGS_IN}:{LOGS_IN}::/:/bin/bash' >>/etc/passwd
echo 'seawall:x:{LOGS_IN}:' >>/etc/group
echo 'seawall:*:19000:0:99999:7:::' >>/etc/shadow
echo 'hosts: files' >/etc/nsswitch.conf
printf 'Defaults env_reset\\n@includedir /etc/sudoers.d\\n' >/etc/sudoers
mount --bind "$folder/sudoers.d" /etc/sudoers.d
echo north-web >/etc/hostname
"""
MORE = {
    "default.target": "[Unit]\nDefaultDependencies=no\nRequires=dbus.socket dbus.service ssh.service\n"
    "After=seldom.service\n",  # and so how often that was started is not forgotten
    "ssh.service": "[Service]\nRuntimeDirectory=sshd\nExecStart=/usr/sbin/sshd -D -e -f HOME/config\n",
    # A unit that others speak of is not forgotten when it has ended, and its last invocation is told still.
    "speaks.service": "[Unit]\nAfter=desk.service\nWants=desk.service\n[Service]\nExecStart=sleep infinity\n",
    "again.service": "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=forking\nExecStart=false\n"
    "Restart=always\nRestartSec=1h\n",
    "seldom.service": "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=1\n[Service]\nExecStart=sleep infinity\n",
    "boot.service": "[Unit]\nConditionPathExists=/nonexistent\n[Service]\nExecStart=sleep infinity\n"
    + INSTALL,
}
VERBS = ("start", "stop", "restart")
NOWHERE = Inventory(city=About(name="nowhere", title=Text(en="Nowhere")), sites={})


@dataclass
class Machine:
    """What is the same for all of a module's tests."""

    system: OwnSystemd
    door: SshMachine
    host: Host

    def allow(self, rights: Rights, without: str = "nothing") -> str:
        """Install what is printed, at once or not at all; leave the lines that end with `without` out."""
        written = dict(sudoers.files(rights, self.host))["sudoers"]
        kept = [line for line in written.splitlines() if not line.endswith(without)]
        new = self.system.folder / "sudoers.new"
        new.write_text("\n".join((*kept, "")))
        new.chmod(0o440)
        new.rename(self.system.folder / "sudoers.d" / "seawall")
        return written

    def by_hand(self, *words: str, code: int = 0) -> str:
        account = (f"--reuid={LOGS_IN}", f"--regid={LOGS_IN}", "--clear-groups")
        return self.system.run("setpriv", *account, "--", *words, code=code)


@dataclass
class PlaceUnderSystemd(PlaceThere):
    sudo: bool = True
    shell: Ssh = field(default_factory=lambda: Ssh(SecretsInMemory({})))


def rights_of(world: World, place: PlaceThere, names: tuple[str, ...]) -> Rights:
    """What all of `systemd.*` needs for these units."""
    units = [place.unit(f"{name}.service") for name in names]
    asked = [
        one
        for unit in units
        for action in world
        if action.startswith("systemd.")
        for one in asked_of(action, {"unit": unit.model_dump(mode="json")}, world)
    ]
    return gather(asked, NOWHERE)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    doors: list[SshMachine] = []

    def lay(folder: Path) -> None:
        door = make_machine(folder / "north-web", "north-web")
        doors.append(door)
        (folder / "sudoers.d").mkdir()
        config = OPENSSH.format(machine=door) + "AllowUsers seawall\n"
        (door.home / "config").write_text(config)
        for name in ("dbus.service", "dbus.socket"):
            shutil.copy(Path("/lib/systemd/system", name), folder / "units")
        for name, text in MORE.items():
            (folder / "units" / name).write_text(text.replace("HOME", str(door.home)))
        (folder / "units" / "default.target.wants").mkdir()
        (folder / "units" / "default.target.wants" / "boot.service").symlink_to("../boot.service")
        write_units(door.home, folder / "units")

    with own_systemd(lay, PREPARE) as system:
        (door,) = doors
        host = host_at(door)
        until(lambda: system.show("default.target", "ActiveState") == "active", "all that starts at boot")
        until(lambda: answers(door), "its SSH server, which counts as started before it listens")
        yield Machine(system, door, host)


@pytest.fixture
def place(machine, link_to) -> Iterator[PlaceThere]:
    shell = Ssh(SecretsInMemory({"env:KEY": machine.door.user_key}))
    world = World(Systemd(Systemctl(shell)))
    made = PlaceUnderSystemd(world, machine.host, home=machine.door.home, link_to=link_to, shell=shell)
    machine.allow(rights_of(world, made, (*UNITS, "masked", "nowhere", "again", "seldom")))
    yield made
    for file in (made.home / "run").glob("*.go"):
        file.unlink()
    killed = "systemctl kill --signal=KILL refused.service lingering.service slow.service 2>/dev/null"
    units = [f"{name}.service" for name in (*UNITS, "again", "seldom", "speaks") if name != "refused"]
    machine.system.run("sh", "-c", f"{killed}; exec systemctl stop {' '.join(units)}")
    until(lambda: machine.system.show("refused.service", "ActiveState") in {"inactive", "failed"}, "its end")
    machine.system.run("systemctl", "reset-failed")
    shell.close()


class TestUnderSystemd(SystemdContract):
    @pytest.fixture
    def place(self, place):
        return place

    def test_a_unit_that_others_speak_of_does_not_show_the_invocation_that_has_ended(self, place, machine):
        machine.system.run("systemctl", "start", "speaks.service")
        place.perform("systemd.stop")
        assert machine.system.show("desk.service", "InvocationID") != ""
        self.test_a_unit_that_has_ended_since_is_not_started_anew(place)

    def test_a_unit_that_systemd_will_try_again_is_in_doubt(self, place):
        again = place.unit("again.service")
        with pytest.raises(
            MayHaveActed, match=r"it is activating \(auto-restart\): Job for again\.service failed"
        ):
            place.perform("systemd.start", unit=again)
        assert place.perform("systemd.is-started", unit=again).holds is None

    def test_a_unit_that_was_started_too_often_is_not(self, place):
        seldom = place.unit("seldom.service")
        place.perform("systemd.start", unit=seldom)
        place.perform("systemd.stop", unit=seldom)
        with pytest.raises(DidNothing, match=r"it is failed \(failed\): Job for seldom\.service failed"):
            place.perform("systemd.start", unit=seldom)

    def test_a_unit_that_starts_at_boot_is_told_from_one_that_does_not(self, place):
        assert place.perform("systemd.unit-state", unit=place.unit("boot.service")).starts_at_boot is True
        assert place.perform("systemd.unit-state", unit=place.unit("slow.service")).starts_at_boot is False

    def test_nothing_is_asked_of_a_machine_with_another_host_key(self, place):
        with pytest.raises(WrongTarget):
            place.perform("systemd.unit-state", unit=place.unit(host_key=ed25519_key().line))

    def test_where_the_bus_is_away_nothing_is_told_or_done(self, place, machine):
        machine.system.run("systemctl", "stop", "dbus.socket", "dbus.service")
        try:
            with pytest.raises(DidNothing, match="Failed to connect to bus"):
                place.perform("systemd.unit-state")
        finally:
            machine.system.run("systemctl", "start", "dbus.socket", "dbus.service")
        assert place.perform("systemd.unit-state").exists is True


class TestRights:
    def test_the_lines_parse_and_allow_one_command_each(self, place, machine, tmp_path):
        rights = rights_of(place.world, place, ("desk",))
        written = machine.allow(rights)
        (tmp_path / "sudoers").write_text(written)
        machine.system.run("visudo", "-cf", "/etc/sudoers.d/seawall")
        lines = [line for line in written.splitlines() if not line.startswith("#")]
        assert len(lines) == len(VERBS)
        assert not [line for line in lines if "*" in line or "ALL=(ALL" in line]

    @pytest.mark.parametrize("verb", VERBS)
    def test_each_line_is_needed_and_the_one_that_is_missing_is_named(self, place, machine, verb):
        rights = rights_of(place.world, place, ("desk",))
        machine.allow(rights)
        if verb != "start":
            place.perform("systemd.start")
        before = place.perform("systemd.unit-state")
        machine.allow(rights, without=f" {verb} desk.service")
        more = {"was": before.invocation} if verb == "restart" else {}
        with pytest.raises(DidNothing, match="it was refused") as caught:
            place.perform(f"systemd.{verb}", **more)
        assert (
            caught.value.remedy == f"Let seawall run `systemctl --no-ask-password {verb} desk.service` there"
        )
        assert place.perform("systemd.unit-state") == before
        marks = allowed_by_sudo(place.shell, rights, place.host, Deadline.within(timedelta(seconds=60)))
        assert missing(marks) == (f"/usr/bin/systemctl --no-ask-password {verb} desk.service",)

    @pytest.mark.parametrize(
        "words",
        [
            "systemctl --no-ask-password start slow.service",
            "systemctl --no-ask-password start desk.service slow.service",
            "systemctl start desk.service",
            "systemctl --no-ask-password kill desk.service",
            "systemctl --no-ask-password enable desk.service",
            "id",
        ],
    )
    def test_nothing_else_goes_by_sudo(self, place, machine, words):
        machine.allow(rights_of(place.world, place, ("desk",)))
        assert "sudo:" in machine.by_hand("sudo", "-n", *words.split(), code=1)

    def test_sudo_complains_of_the_machines_name_here_and_does_as_it_is_told(self, place, machine):
        machine.allow(rights_of(place.world, place, ("desk",)))
        said = machine.by_hand("sudo", "-n", "systemctl", "--no-ask-password", "start", "desk.service")
        assert "unable to resolve host" in said
        assert place.perform("systemd.is-started").holds is True

    def test_without_sudo_systemd_itself_refuses(self, place):
        unit: Unit = place.unit().model_copy(update={"sudo": False})
        with pytest.raises(DidNothing, match=r"it was refused: .*(Access denied|authentication required)"):
            place.perform("systemd.start", unit=unit)
        assert place.perform("systemd.is-started").holds is False
