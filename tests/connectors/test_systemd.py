"""What every systemd must do: in memory, the lab's stand-in for systemctl, and a real one in test_real_systemd.py."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import drills.lab
from connectors.memory.secrets import SecretsInMemory
from connectors.memory.ssh import MachineInMemory, SshInMemory
from connectors.memory.systemd import MASKED, RESTING, UnitsInMemory
from connectors.ssh import Ssh
from connectors.systemctl import Systemctl
from connectors.systemd import Systemd
from seawall.actions import Output, World
from seawall.errors import DidNothing, MayHaveActed, Unreachable
from seawall.targets import Endpoint, Host, Unit
from tests.connectors.conftest import Link, SshMachine, start_sshd, until
from tests.connectors.servers import occasion
from tests.seawall.keys import ed25519_key

STAND_IN = Path(drills.lab.__file__).with_name("systemctl.sh")
UNITS = ("desk", "broken", "refused", "stubborn", "lingering", "slow")
DESK = """\
[Service]
Type=forking
PIDFile=HOME/run/NAME.pid
ExecStart=sh -c 'PROGRAM & echo $! > HOME/run/NAME.pid'
TimeoutStartSec=300
"""
SLEEP = "setsid sleep 600"
INSTALL = "[Install]\nWantedBy=default.target\n"
# Each waits until a file is there, and no time: nothing here rests on how fast a machine is.
WAITS = "until [ -e HOME/run/NAME.go ]; do sleep 0.05; done"
LINGERS = """\
trap 'asked=yes' TERM
until [ -n "$asked" ] && [ -e "$1" ]; do sleep 0.05; done
"""
STUBBORN = "trap '' TERM; while :; do sleep 0.05; done"


def write_units(home: Path, units: Path) -> None:
    """Lay down the units that the suite asks about, for systemd and for its stand-in."""
    (home / "run").mkdir()
    (home / "lingers").write_text(LINGERS)
    (home / "stubborn").write_text(STUBBORN)
    of = {
        "desk": DESK.replace("PROGRAM", SLEEP) + INSTALL,
        "refused": DESK.replace("PROGRAM", SLEEP) + "[Unit]\nRefuseManualStop=yes\n",
        "slow": DESK.replace("PROGRAM", SLEEP).replace("sh -c '", f"sh -c '{WAITS}; "),
        "lingering": DESK.replace("PROGRAM", "setsid sh HOME/lingers HOME/run/NAME.go")
        + "TimeoutStopSec=300\n",
        "stubborn": DESK.replace("PROGRAM", "setsid sh HOME/stubborn") + "TimeoutStopSec=1\n",
        "broken": DESK.replace("PROGRAM & echo $! > HOME/run/NAME.pid", "echo no such file >&2; exit 1"),
    }
    for name in UNITS:
        text = of[name].replace("NAME", name).replace("HOME", str(home))
        (units / f"{name}.service").write_text(f"[Unit]\nStartLimitIntervalSec=0\n{text}")
    (units / "masked.service").symlink_to("/dev/null")


@dataclass
class Place(ABC):
    """A machine with units that rest."""

    world: World
    host: Host
    sudo: bool = False

    def unit(self, name: str = "desk.service", **changes: Any) -> Unit:
        host = self.host.model_copy(update=changes)
        return Unit(name=f"north-web/{name.partition('.')[0]}", host=host, unit=name, sudo=self.sudo)

    def perform(self, name: str, seconds: float = 90, **args: Any) -> Any:
        return self.world.perform(name, {"unit": self.unit(), **args}, occasion(seconds))

    @abstractmethod
    def cut_off(self, action: str, unit: Unit) -> None:
        """Order a change that takes its time, lose the way there while it is at work, and hear what is said of it."""

    @abstractmethod
    def let(self, unit: Unit) -> None:
        """Let it come to its end."""


@dataclass
class PlaceInMemory(Place):
    units: UnitsInMemory = field(default_factory=UnitsInMemory)

    def cut_off(self, action: str, unit: Unit) -> None:
        self.units.slow.add(unit.unit)
        with pytest.raises(MayHaveActed):
            self.perform(action, unit=unit)

    def let(self, unit: Unit) -> None:
        self.units.settle(unit.host.name, unit.unit)


@dataclass
class PlaceThere(Place):
    """A machine behind an SSH server, its units' files in `home`."""

    home: Path = Path()
    link_to: Callable[[int], Link] = Link

    def cut_off(self, action: str, unit: Unit) -> None:
        link = self.link_to(unit.host.port)
        through = self.unit(unit.unit, port=link.port)
        with ThreadPoolExecutor(1) as beside:
            asked = beside.submit(self.perform, action, 200, unit=through)
            until(lambda: self.perform("systemd.unit-state", unit=unit).active is None, "it at work")
            link.cut()
            with pytest.raises(MayHaveActed):
                asked.result(200)

    def let(self, unit: Unit) -> None:
        (self.home / "run" / unit.unit.replace(".service", ".go")).touch()


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

    def test_what_failed_may_be_stopped_and_is_called_failed_still(self, place):
        broken = place.unit("broken.service")
        with pytest.raises(DidNothing):
            place.perform("systemd.start", unit=broken)
        stopped = place.perform("systemd.stop", unit=broken)
        assert (stopped.state, stopped.was) == ("failed (failed)", "failed (failed)")

    def test_a_masked_unit_is_there_and_cannot_be_started(self, place):
        masked = place.unit("masked.service")
        seen = place.perform("systemd.unit-state", unit=masked)
        assert (seen.exists, seen.active, seen.starts_at_boot) == (True, False, False)
        with pytest.raises(DidNothing, match=r"Unit masked\.service is masked"):
            place.perform("systemd.start", unit=masked)
        assert place.perform("systemd.stop", unit=masked).state == "inactive (dead)"

    @pytest.mark.parametrize("verb", ["stop", "restart"])
    def test_what_systemd_refuses_to_do_did_nothing(self, place, verb):
        refused = place.unit("refused.service")
        place.perform("systemd.start", unit=refused)
        was = place.perform("systemd.unit-state", unit=refused).invocation
        more = {"was": was} if verb == "restart" else {}
        with pytest.raises(DidNothing, match="may be requested by dependency only"):
            place.perform(f"systemd.{verb}", unit=refused, **more)
        assert place.perform("systemd.unit-state", unit=refused).invocation == was

    def test_a_unit_that_has_ended_since_is_not_started_anew(self, place):
        place.perform("systemd.start")
        was = place.perform("systemd.unit-state").invocation
        place.perform("systemd.stop")
        assert place.perform("systemd.unit-state").invocation is None
        with pytest.raises(DidNothing, match=r"desk\.service rests: the one that was to end has ended"):
            place.perform("systemd.restart", was=was)
        assert place.perform("systemd.is-started").holds is False

    def test_a_unit_that_does_not_end_when_it_is_asked_to_is_killed_and_rests_as_failed(self, place):
        stubborn = place.unit("stubborn.service")
        place.perform("systemd.start", unit=stubborn)
        stopped = place.perform("systemd.stop", unit=stubborn)
        assert (stopped.state, stopped.was) == ("failed (failed)", "active (running)")
        assert place.perform("systemd.is-stopped", unit=stubborn).holds is True

    def test_a_stop_whose_end_was_not_seen_goes_on_and_shows_when_it_has_come(self, place):
        lingering = place.unit("lingering.service")
        place.perform("systemd.start", unit=lingering)
        place.cut_off("systemd.stop", lingering)
        proof = place.perform("systemd.is-stopped", unit=lingering)
        assert (proof.holds, proof.because) == (None, "lingering.service is deactivating (stop-sigterm)")
        place.let(lingering)
        until(lambda: place.perform("systemd.is-stopped", unit=lingering).holds, "its end")
        assert place.perform("systemd.unit-state", unit=lingering).state == "inactive (dead)"

    def test_a_start_whose_end_was_not_seen_goes_on_and_shows_when_it_has_come(self, place):
        slow = place.unit("slow.service")
        place.cut_off("systemd.start", slow)
        proof = place.perform("systemd.is-started", unit=slow)
        assert (proof.holds, proof.because) == (None, "slow.service is activating (start)")
        place.let(slow)
        until(lambda: place.perform("systemd.is-started", unit=slow).holds, "it running")

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
        units = {("north-web", f"{name}.service"): RESTING for name in UNITS}
        units["north-web", "masked.service"] = MASKED
        fails = {
            "broken.service": "Job for broken.service failed because the control process exited with error code."
        }
        twin = UnitsInMemory(
            units, fails=fails, stubborn={"stubborn.service"}, kept={"refused.service"}, closed={1}
        )
        return PlaceInMemory(World(Systemd(twin)), host, units=twin)


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    found, running = start_sshd(tmp_path_factory.mktemp("units") / "north-web", "north-web")
    shutil.copy(STAND_IN, found.home / "bin" / "systemctl")
    (found.home / "bin" / "systemctl").chmod(0o755)
    (found.home / "units").mkdir()
    write_units(found.home, found.home / "units")
    yield found
    running.kill()
    running.wait()


def host_at(door: SshMachine) -> Host:
    """Return the machine behind an SSH server, as the inventory knows it."""
    return Host(
        name="north-web",
        site="north",
        address="127.0.0.1",
        port=door.port,
        user="seawall",
        key="env:KEY",
        host_key=door.host_key,
        hostname="north-web",
    )


@pytest.mark.lab
class TestStandIn(SystemdContract):
    @pytest.fixture
    def place(self, machine, link_to):
        host = host_at(machine)
        shell = Ssh(SecretsInMemory({"env:KEY": machine.user_key}))
        yield PlaceThere(World(Systemd(Systemctl(shell))), host, home=machine.home, link_to=link_to)
        rest(machine.home)
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


def rest(home: Path) -> None:
    """End what runs of every unit, and forget that it ever did."""
    for file in (home / "run").glob("*.pid"):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            os.kill(int(file.read_text()), signal.SIGKILL)
    for file in (home / "run").iterdir():
        file.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("answer", "raises", "says"),
    [
        (Output(1, "", "sudo: a password is required\n"), DidNothing, "sudo: a password is required"),
        (Output(1, "", "Sorry, user seawall is not allowed to execute"), DidNothing, "it was refused: Sorry"),
        (Output(4, "", "Failed to start desk.service: Access denied\n"), DidNothing, "Access denied"),
        (
            Output(
                1, "", "sudo: unable to resolve host north-web: No address\nJob for desk.service failed\n"
            ),
            DidNothing,
            r"it is inactive \(dead\): Job for desk.service failed",
        ),
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
    ordered = [command for command in begun if " show " not in command]
    assert ordered[-1].endswith("exec sudo -n systemctl --no-ask-password start desk.service")
