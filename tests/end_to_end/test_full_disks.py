"""A full disk, under the journal or under the primary: a clear word, nothing lost, nothing done twice."""

from __future__ import annotations

import shutil
import subprocess
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.lab.plan import clusters
from drills.lab.postgres import start_command
from drills.lab.remote import run_on
from seawall.errors import ExitCode
from seawall.journal_file import read_journal
from tests.end_to_end.answering import CHANGES, TOLD, arrived, carry_to_its_end, nobody_tells
from tests.end_to_end.scene import (
    LIMIT,
    OTHER,
    Scene,
    begun,
    outcome,
    shown_not_to_have_happened,
    successes,
    until,
)

pytestmark = [pytest.mark.root, pytest.mark.timeout(900)]

PAGE = 4096


class SmallDisk:
    """A file system of a megabyte, and the file that fills it."""

    def __init__(self, at: Path) -> None:
        self._filler = at / ".filler"

    def fill(self, *, spare: int) -> None:
        """Leave room for so many pages."""
        with self._filler.open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(PAGE))
            except OSError:
                filler.truncate(filler.tell() // PAGE * PAGE - spare * PAGE)

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)


@pytest.fixture
def small_disk(scene: Scene) -> Iterator[SmallDisk]:
    """The city's runs, on a disk of their own."""
    scene.runs.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(scene.runs)], check=True)
    try:
        yield SmallDisk(scene.runs)
    finally:
        for command in scene.commands:
            if command.process.poll() is None:
                command.kill()
        subprocess.run(["umount", "--lazy", str(scene.runs)], check=True)


@pytest.mark.parametrize("spare", range(7))
def test_a_run_whose_disk_is_full_says_so_and_goes_on_when_there_is_room(scene, small_disk, spare):
    """So many pages are left when the yes is given: it is the yes, the start of a change or its ending that fails."""
    was, timeline, told = scene.primary(), scene.timeline(), arrived(scene)
    with scene.no_two_primaries():
        command, run = scene.move(OTHER[was])
        scene.wait_until_asked(run, "fence")
        small_disk.fill(spare=spare)
        given = scene.begin_to_allow(run).ended()
        if given.code != ExitCode.DONE:
            assert "No space left" in given.all
            assert begun(run)[-1] != "fence"
            small_disk.free()
            scene.allow(run)
        until(lambda: command.process.poll() is not None, "the run ending, or giving up", LIMIT)
        said = command.ended()
        small_disk.free()
        if said.code != ExitCode.DONE:
            assert "No space left" in said.all
            over = {
                one.step for one in read_journal(run.journal_path) if one.kind in ("succeeded", "not-needed")
            }
            in_doubt = set(begun(run)) - over
            until(lambda: nobody_tells(scene.lab), "what had left arriving")
            now = arrived(scene)
            left = {step for step, (channel, whole) in TOLD.items() if now[channel] - told[channel] == whole}
            carry_to_its_end(scene, run, left)
            assert {
                one for one in begun(run) if begun(run).count(one) > 1
            } <= in_doubt | shown_not_to_have_happened(run)
    assert outcome(run) == "done", said.all
    assert [one for one in CHANGES if successes(run, one) > 1] == []
    assert (scene.primary(), scene.timeline()) == (OTHER[was], timeline + 1)
    scene.check_serves(OTHER[was])


@pytest.fixture
def full_primary(scene: Scene) -> Iterator[SmallDisk]:
    """The primary's files, on a disk of their own that has a few megabytes left."""
    (cluster,) = (one for one in clusters(scene.lab) if one.site == scene.primary())
    data, machine = Path(cluster.data_directory), f"{cluster.site}-db"
    aside = data.with_name(f"{data.name}.aside")
    run_on(scene.lab, machine, f"pg_ctl -D '{data}' -m fast -w stop", within=30)
    data.rename(aside)
    copy_to_small_disk(aside, data)
    run_on(scene.lab, machine, start_command(cluster), within=40)
    until(scene.is_whole, "the city as it was")
    try:
        yield SmallDisk(data)
    finally:
        (data / ".filler").unlink(missing_ok=True)
        run_on(scene.lab, machine, f"pg_ctl -D '{data}' -m immediate -w stop || true", within=30)
        shutil.rmtree(aside)
        subprocess.run(["cp", "--archive", str(data), str(aside)], check=True)
        subprocess.run(["umount", "--lazy", str(data)], check=True)
        data.rmdir()
        aside.rename(data)
        if not (data / "standby.signal").exists():
            run_on(scene.lab, machine, start_command(cluster), within=40)


def copy_to_small_disk(there: Path, here: Path) -> None:
    used = sum(one.stat().st_blocks * 512 for one in there.rglob("*") if one.is_file())
    here.mkdir(mode=0o700)
    size = used + 24 * 2**20
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(here)], check=True)
    subprocess.run(["cp", "--archive", f"{there}/.", str(here)], check=True)


def test_a_primary_whose_disk_is_full_is_left_with_nothing_lost(scene, full_primary):
    was, timeline = scene.primary(), scene.timeline()
    acknowledged = []
    with scene.no_two_primaries():
        full_primary.fill(spare=0)
        for number in range(100_000):
            try:
                scene.write(number)
            except (urllib.error.URLError, OSError):
                break
            acknowledged.append(number)
        command, run = scene.move(OTHER[was], "disaster")
        scene.allow(run)
        ended = command.ended()
    assert (ended.code, outcome(run)) == (ExitCode.DONE, "done"), ended.all
    assert (scene.primary(), scene.timeline()) == (OTHER[was], timeline + 1)
    assert 0 < len(acknowledged) < 100_000  # until it took no more
    assert {(4711, one) for one in acknowledged} <= set(scene.outside.rows("login"))
    scene.check_serves(OTHER[was])
