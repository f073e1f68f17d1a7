"""What every systemd must do. The real wire meets the lab's stand-in for systemctl: no machine here has systemd."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import drills.lab
from connectors.memory.secrets import SecretsInMemory
from connectors.memory.ssh import MachineInMemory, SshInMemory
from connectors.memory.systemd import RESTING, UnitsInMemory
from connectors.ssh import Ssh
from connectors.systemctl import Systemctl
from connectors.systemd import Systemd
from seawall.actions import Output, World
from seawall.errors import DidNothing, MayHaveActed, Unreachable
from seawall.targets import Endpoint, Host, Unit
from tests.connectors.conftest import start_sshd
from tests.connectors.servers import occasion
from tests.seawall.keys import ed25519_key

STAND_IN = Path(drills.lab.__file__).with_name("systemctl.sh")
DOES = {
    "desk.service": "sh -c 'setsid sleep 600 & echo $! > {home}/run/desk.pid'",
    "broken.service": "sh -c 'echo no such file >&2; exit 1'",
}


@dataclass
class Place:
    """A machine with two units that rest: one that starts, and one that ends as soon as it is started."""

    world: World
    host: Host

    def unit(self, name: str = "desk.service", **changes: Any) -> Unit:
        host = self.host.model_copy(update=changes)
        return Unit(name=f"north-web/{name.partition('.')[0]}", host=host, unit=name, sudo=False)

    def perform(self, name: str, seconds: float = 20, **args: Any) -> Any:
        return self.world.perform(name, {"unit": self.unit(), **args}, occasion(seconds))


class SystemdContract:
    @pytest.fixture
    def place(self):
        raise NotImplementedError

    def test_a_unit_is_shown_as_it_is(self, place):
        seen = place.perform("systemd.unit-state")
        assert (seen.exists, seen.active, seen.state, seen.starts_at_boot, seen.invocation) == (
            True,
            False,
            "inactive (dead)",
            False,
            None,
        )
        assert str(seen) == "desk.service is inactive (dead)"

    def test_a_unit_that_is_not_there_is_no_error_to_look_at_and_cannot_be_started(self, place):
        nowhere = place.unit("nowhere.service")
        seen = place.perform("systemd.unit-state", unit=nowhere)
        assert (seen.exists, seen.active, str(seen)) == (False, False, "there is no nowhere.service")
        with pytest.raises(DidNothing, match=r"there is no unit nowhere\.service on north-web"):
            place.perform("systemd.start", unit=nowhere)

    def test_starting_and_stopping_show_in_their_proofs(self, place):
        assert place.perform("systemd.is-started").holds is False
        assert place.perform("systemd.is-stopped").holds is True
        started = place.perform("systemd.start")
        assert (started.state, started.was) == ("active (running)", "inactive (dead)")
        proof = place.perform("systemd.is-started")
        assert (proof.holds, proof.stand_in().state) == (True, "active (running)")
        assert place.perform("systemd.is-stopped").holds is False
        assert place.perform("systemd.stop").was == "active (running)"
        assert place.perform("systemd.is-stopped").holds is True

    def test_what_runs_is_not_started_twice(self, place):
        place.perform("systemd.start")
        first = place.perform("systemd.unit-state").invocation
        place.perform("systemd.start")
        assert place.perform("systemd.unit-state").invocation == first

    def test_what_rests_may_be_stopped(self, place):
        assert place.perform("systemd.stop").state == "inactive (dead)"

    def test_starting_anew_ends_the_invocation_that_was_named_and_no_other(self, place):
        place.perform("systemd.start")
        was = place.perform("systemd.unit-state").invocation
        assert place.perform("systemd.is-restarted", was=was).holds is False
        place.perform("systemd.restart", was=was)
        assert place.perform("systemd.is-restarted", was=was).holds is True
        with pytest.raises(DidNothing, match="another invocation"):
            place.perform("systemd.restart", was=was)

    def test_a_unit_that_ends_at_once_is_told_with_systemds_own_words_and_is_as_stopped_as_before(
        self, place
    ):
        with pytest.raises(DidNothing, match=r"it is failed \(failed\): Job for broken\.service failed"):
            place.perform("systemd.start", unit=place.unit("broken.service"))
        assert place.perform("systemd.is-started", unit=place.unit("broken.service")).holds is False

    def test_a_machine_that_is_not_there_is_unreachable(self, place):
        with pytest.raises(Unreachable):
            place.perform("systemd.start", unit=place.unit(port=1))


class TestMemory(SystemdContract):
    @pytest.fixture
    def place(self):
        host = Host(
            name="north-web",
            site="north",
            address="127.0.1.1",
            user="seawall",
            key="env:KEY",
            host_key="ssh-ed25519 AAAA",
            hostname="north-web",
        )
        units = {("north-web", name): RESTING for name in DOES}
        fails = {
            "broken.service": "Job for broken.service failed because the control process exited with error code."
        }
        return Place(World(Systemd(UnitsInMemory(units, fails=fails, closed={1}))), host)


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    found, running = start_sshd(tmp_path_factory.mktemp("units") / "north-web", "north-web")
    shutil.copy(STAND_IN, found.home / "bin" / "systemctl")
    (found.home / "bin" / "systemctl").chmod(0o755)
    for folder in ("units", "run"):
        (found.home / folder).mkdir()
    for name, does in DOES.items():
        text = f"[Service]\nType=forking\nExecStart={does.format(home=found.home)}\nPIDFile={found.home}/run/desk.pid\n"
        (found.home / "units" / name).write_text(text)
    yield found
    running.kill()
    running.wait()


@pytest.mark.lab
class TestReal(SystemdContract):
    @pytest.fixture
    def place(self, machine):
        host = Host(
            name="north-web",
            site="north",
            address="127.0.0.1",
            port=machine.port,
            user="seawall",
            key="env:KEY",
            host_key=machine.host_key,
            hostname="north-web",
        )
        shell = Ssh(SecretsInMemory({"env:KEY": machine.user_key}))
        place = Place(World(Systemd(Systemctl(shell))), host)
        yield place
        place.perform("systemd.stop")
        (machine.home / "run" / "broken.service.failed").unlink(missing_ok=True)
        shell.close()

    def test_a_machine_without_systemd_says_so(self, place, machine):
        away = machine.home / "bin" / "systemctl.away"
        (machine.home / "bin" / "systemctl").rename(away)
        real = shutil.which("systemctl")
        try:
            with pytest.raises(DidNothing, match=r"there is no program systemctl|did not tell"):
                place.perform("systemd.unit-state")
        finally:
            away.rename(machine.home / "bin" / "systemctl")
        assert real is None or Path(real).exists()


@pytest.mark.parametrize(
    ("answer", "raises", "says"),
    [
        (Output(1, "", "sudo: a password is required\n"), DidNothing, "sudo: a password is required"),
        (Output(4, "", "Failed to start desk.service: Access denied\n"), DidNothing, "Access denied"),
        (None, MayHaveActed, "was not seen to end"),
    ],
)
def test_what_was_refused_did_nothing_and_what_was_not_seen_to_end_is_in_doubt(answer, raises, says):
    key = ed25519_key().line
    begun: list[str] = []

    def answers(command: str, _stdin: bytes) -> Output | None:
        begun.append(command)
        shown = "LoadState=loaded\nActiveState=inactive\nSubState=dead\nUnitFileState=\nInvocationID=\n"
        return Output(0, shown, "") if " show " in command else answer

    machine = MachineInMemory(key, "north-web", answer=answers)
    host = Host(
        name="north-web",
        site="north",
        address="127.0.1.1",
        user="seawall",
        key="env:KEY",
        host_key=key,
        hostname="north-web",
    )
    shell = SshInMemory({Endpoint(address="127.0.1.1", port=22): machine})
    unit = Unit(name="north-web/desk", host=host, unit="desk.service")
    with pytest.raises(raises, match=says):
        World(Systemd(Systemctl(shell))).perform("systemd.start", {"unit": unit}, occasion())
    assert begun[-1].endswith("exec sudo -n systemctl --no-ask-password start desk.service")
