"""Bringing a lab up and taking it down: once, twice, half-way, and where it must not be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drills.lab.errors import LabError, LabMisused
from drills.lab.folders import LabFolder
from drills.lab.layout import LabLayout
from drills.lab.processes import running
from drills.lab.status import lab_status
from drills.lab.up import lab_down, lab_up


@pytest.fixture
def folder(request, tmp_path_factory):
    place = Path(f"/var/tmp/sw-test-{os.getpid()}-{request.node.name[:12]}")
    yield place
    lab_down(place)
    if place.exists():
        (place / ".lock").unlink()
        place.rmdir()


def start_up(folder: Path) -> subprocess.Popen[str]:
    code = f"from pathlib import Path; from drills.lab.up import lab_up; lab_up(Path({str(folder)!r}), tell=print)"
    return subprocess.Popen([sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, text=True)


def until(holds, within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def segments() -> set[str]:
    """The numbers of the shared memory segments that the kernel keeps. Source: proc(5), sysvipc/shm."""
    return {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]}


def segments_of(folder: Path) -> set[str]:
    """Those that a lab's servers say are theirs."""
    files = folder.glob("machines/*/pgdata/*/postmaster.pid")
    return {file.read_text().splitlines()[6].split()[1] for file in files}


@pytest.mark.lab
def test_half_a_lab_goes_before_the_next_comes_up_and_down_leaves_nothing(folder):
    with start_up(folder) as maker:
        until(lambda: len({one.machine for one in running(LabFolder(folder))}) > 5)
        maker.kill()
    assert lab_status(folder).state == "in part"
    layout = lab_up(folder, tell=print)
    assert lab_status(folder).all_answer
    told: list[str] = []
    assert lab_up(folder, tell=told.append) == layout
    assert told == ["The lab is up already"]
    supervisor = layout.places.supervisor("south-db")
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    status = lab_status(folder)
    assert status.state == "in part"
    assert {one.machine for one in status.leftovers} == {"south-db"}
    of_the_servers = segments_of(folder)
    assert of_the_servers & segments() == of_the_servers != set()
    lab_down(folder)
    assert not of_the_servers & segments()
    assert running(layout.places) == ()
    assert [one.name for one in folder.iterdir()] == [".lock"]
    assert lab_status(folder).state == "down"
    lab_down(folder)


@pytest.mark.lab
def test_a_second_one_is_told_to_wait_and_ctrl_c_leaves_nothing_running(folder):
    with start_up(folder) as maker:
        until(lambda: len({one.machine for one in running(LabFolder(folder))}) > 5)
        for at_the_same_time in (lambda: lab_up(folder, tell=print), lambda: lab_down(folder)):
            with pytest.raises(LabError, match="somebody else"):
                at_the_same_time()
        maker.send_signal(signal.SIGINT)
        assert maker.wait(30) != 0
        assert maker.stdout is not None
        assert "ending what was started" in maker.stdout.read()
    assert running(LabFolder(folder)) == ()


@pytest.mark.slow  # starts programs
def test_programs_of_a_lab_whose_folder_was_removed_are_ended_too(folder):
    marks = {"SEAWALL_LAB": str(folder), "SEAWALL_LAB_MACHINE": "north-db"}
    with subprocess.Popen(["sleep", "600"], env=os.environ | marks) as left_over:
        until(lambda: running(LabFolder(folder)) != ())
        assert [one.pid for one in lab_status(folder).leftovers] == [left_over.pid]
        lab_down(folder)
        assert left_over.wait(10) == -signal.SIGKILL


def test_a_folder_with_somebodys_files_is_neither_used_nor_emptied(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.txt").write_text("x")
    for do in (lambda: lab_up(tmp_path, tell=print), lambda: lab_down(tmp_path)):
        with pytest.raises(LabMisused):
            do()
    assert (tmp_path / "thesis.txt").read_text() == "x"


@pytest.mark.parametrize("kind", ["file", "link", "long", "missing parent is a file"])
def test_a_folder_that_cannot_be_a_labs_is_refused_with_the_reason(tmp_path, kind):
    target = {
        "file": tmp_path / "file",
        "link": tmp_path / "link",
        "long": Path("/var/tmp") / ("x" * 60),
        "missing parent is a file": tmp_path / "file" / "lab",
    }[kind]
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("/var/tmp")
    with pytest.raises(LabMisused) as refusal:
        lab_up(target, tell=print)
    assert refusal.value.remedy
    assert refusal.value.exit_code == 2


def test_down_where_nothing_ever_was_does_nothing(tmp_path):
    lab_down(tmp_path / "nowhere")
    lab_down(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_layout_of_another_version_is_said(tmp_path):
    LabFolder(tmp_path).layout.write_text('{"folder": 1}')
    with pytest.raises(LabError, match="another version"):
        LabLayout.load(tmp_path)
