"""A simulated machine: whatever was started on it is found and ended, and nothing else is."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drills.lab.errors import LabError
from drills.lab.folders import LabFolder
from drills.lab.machine import Boot, Program, turn_on
from drills.lab.processes import Running, end, is_on, running, running_on
from drills.lab.status import lab_status

pytestmark = pytest.mark.slow  # starts programs

DOCKER_S_OWN = (
    "+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw"
)
"""The capabilities that root has in a container: https://docs.docker.com/engine/security/ (read 2026-11)."""
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
"""


@pytest.fixture
def folder(tmp_path):
    place = LabFolder(tmp_path)
    for one in (place.machines, place.logs, place.boot("any").parent, place.state("any").parent):
        one.mkdir()
    yield place
    assert end(place)


@pytest.fixture
def machine(folder) -> Callable[..., str]:
    def make(name: str, *programs: list[str], adopts: bool = True) -> str:
        folder.home(name).mkdir()
        (folder.logs / name).mkdir()
        named = tuple(Program(f"p{count}", tuple(argv)) for count, argv in enumerate(programs))
        Boot(machine=name, uuid="u", uid=None, gid=None, programs=named, adopts=adopts).save(folder)
        turn_on(folder, name)
        return name

    return make


def seen(folder: LabFolder, machine: str, expected: int, *, within: float = 60) -> list[Running]:
    """Look until so many programs run on the machine."""
    deadline = time.monotonic() + within
    while len(found := running_on(folder, machine)) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.01)
    return list(found)


def test_a_daemon_that_left_its_parents_is_adopted_and_ended(folder, machine):
    machine("north-db", [sys.executable, "-c", DAEMON])
    daemon = next(one for one in seen(folder, "north-db", 2) if "time.sleep" in one.command)
    supervisor = folder.supervisor("north-db")
    assert supervisor is not None
    assert daemon.parent == supervisor.pid
    assert end(folder, {"north-db"})
    assert not is_on(folder, "north-db")
    assert running(folder) == ()


def test_a_program_without_its_marks_belongs_to_its_parents_machine(folder, machine):
    machine("north-db", ["bash", "-c", "env -i sleep 600 & wait"])
    names = {one.command.split()[0] for one in seen(folder, "north-db", 3)}
    assert "sleep" in names


def test_a_shell_of_somebody_who_reads_logs_there_is_let_alone(folder, machine):
    machine("north-db")
    with subprocess.Popen(["sleep", "600"], cwd=folder.home("north-db")) as visitor:
        try:
            assert end(folder)
            assert visitor.poll() is None
        finally:
            visitor.kill()


def test_what_outlives_its_killed_supervisor_is_a_leftover_and_is_ended(folder, machine):
    machine("north-db", ["sleep", "600"])
    seen(folder, "north-db", 2)
    supervisor = folder.supervisor("north-db")
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    (left,) = seen(folder, "north-db", 1)
    assert left.command == "sleep 600"
    assert is_on(folder, "north-db")
    status = lab_status(folder.root)
    assert status.state == "in part"
    assert [(one.pid, one.machine) for one in status.leftovers] == [(left.pid, "north-db")]
    assert end(folder)
    assert lab_status(folder.root).state == "down"


def test_a_held_program_keeps_its_machine_on_and_can_be_ended(folder, machine):
    machine("north-db", ["sleep", "600"])
    sleeper = next(one for one in seen(folder, "north-db", 2) if one.command == "sleep 600")
    os.kill(sleeper.pid, signal.SIGSTOP)
    assert is_on(folder, "north-db")
    assert end(folder, {"north-db"})


def test_one_machine_ends_and_another_stays(folder, machine):
    machine("north-db", ["sleep", "600"])
    machine("south-db", ["sleep", "600"])
    assert end(folder, {"north-db"})
    assert not is_on(folder, "north-db")
    assert {one.machine for one in running(folder)} == {"south-db"}


def test_a_machine_that_another_turned_on_is_not_its(folder, machine):
    """As the power controller does: killing it must not take the machines with it."""
    machine("south-db", ["sleep", "600"])
    assert end(folder, {"south-db"})
    code = (
        "from pathlib import Path; from drills.lab.folders import LabFolder; from drills.lab.machine import turn_on;"
        f"turn_on(LabFolder(Path({str(folder.root)!r})), 'south-db'); import time; time.sleep(600)"
    )
    machine("witness-power", [sys.executable, "-c", code], adopts=False)
    seen(folder, "south-db", 2)
    assert end(folder, {"witness-power"})
    assert is_on(folder, "south-db")


def test_turning_on_what_is_on_changes_nothing(folder, machine):
    machine("north-db", ["sleep", "600"])
    before = {one.pid for one in seen(folder, "north-db", 2)}
    turn_on(folder, "north-db")
    assert {one.pid for one in running_on(folder, "north-db")} == before


def test_asked_to_shut_down_it_lets_its_programs_end_by_themselves(folder, machine):
    said = folder.root / "said"
    machine(
        "north-db",
        [
            "bash",
            "-c",
            f"trap 'echo bye > {said}; exit' TERM; echo up > {said}; while :; do sleep 0.01; done",
        ],
    )
    deadline = time.monotonic() + 10
    while not said.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    supervisor = folder.supervisor("north-db")
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGTERM)
    while is_on(folder, "north-db"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert said.read_text() == "bye\n"


def test_a_program_that_cannot_start_is_said_with_the_log(folder, machine):
    with pytest.raises(LabError, match=r"did not start.*no-such-program"):
        machine("north-db", ["/no-such-program"])
    assert running(folder) == ()


def test_an_unknown_machine_is_said(folder):
    folder.logs.joinpath("nowhere").mkdir()
    with pytest.raises(LabError, match="nowhere"):
        turn_on(folder, "nowhere")


def test_a_torn_note_about_the_supervisor_does_not_hide_the_machine(folder, machine):
    machine("north-db", ["sleep", "600"])
    seen(folder, "north-db", 2)
    folder.state("north-db").write_text('{"pid": ')
    assert is_on(folder, "north-db")
    assert end(folder)


def test_a_process_id_that_somebody_else_has_now_is_no_supervisor(folder):
    folder.state("north-db").write_text(json.dumps({"pid": os.getpid(), "started": 1}))
    assert not is_on(folder, "north-db")
    assert end(folder, {"north-db"})


def test_root_without_the_right_to_trace_still_finds_what_runs_as_another_account(folder):
    """As in a container with Docker's own capabilities. Who is not root has one account, and finds it anyway."""
    root = os.geteuid() == 0
    folder.home("north-db").mkdir()
    (folder.logs / "north-db").mkdir()
    uid, gid = (65534, 65534) if root else (None, None)
    sleeper = Program("sleeper", ("sleep", "600"), as_servers=True)
    Boot(machine="north-db", uuid="u", uid=uid, gid=gid, programs=(sleeper,)).save(folder)
    folder.root.chmod(0o755)
    os.chown(folder.home("north-db"), uid or os.getuid(), gid or os.getgid())
    code = f"""
import os, pathlib, signal
from drills.lab.folders import LabFolder
from drills.lab.machine import turn_on
from drills.lab.processes import end, running_on
folder = LabFolder(pathlib.Path({str(folder.root)!r}))
turn_on(folder, "north-db")
print(len(running_on(folder, "north-db")))
os.kill(folder.supervisor("north-db").pid, signal.SIGKILL)
while len(left := running_on(folder, "north-db")) > 1: pass
print(*(one.command for one in left), end(folder))
"""
    limited = ["setpriv", f"--bounding-set=-all,{DOCKER_S_OWN}"] if root else []
    looked = subprocess.check_output([*limited, sys.executable, "-c", code], text=True, timeout=30)
    assert looked == "2\nsleep 600 True\n"


def test_no_path_leads_out_of_a_folder_that_is_gone(tmp_path):
    with contextlib.suppress(FileNotFoundError):
        Path(tmp_path, "gone").rmdir()
    assert lab_status(tmp_path / "gone").state == "down"
