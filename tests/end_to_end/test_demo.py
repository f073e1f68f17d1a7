"""What a person sees first: `seawall demo` shows it all and leaves nothing running, also after it was killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.lab.status import lab_status
from drills.lab.up import lab_down
from flows.server import end_server, running_server
from seawall.errors import ExitCode
from tests.end_to_end.scene import ROOT, until
from tests.end_to_end.unhurried_demo import UNHURRIED_DEMO, write_unhurried

pytestmark = [pytest.mark.lab, pytest.mark.prefect]

WHOLE_DEMO = 240.0
"""Seconds; it takes 40 on two idle cores."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A lab's folder nobody has; its city and its Prefect lie beside it."""
    there = Path(f"/var/tmp/sw-demo-{os.getpid()}-{os.urandom(2).hex()}")  # no other's name begins so
    yield there
    lab_down(there)
    end_server(there.with_name(f"{there.name}-prefect"))
    for one in (
        there,
        *there.parent.glob(f"{there.name}-*"),
    ):
        shutil.rmtree(one, ignore_errors=True)


def begin(folder: Path, told: Path) -> subprocess.Popen[bytes]:
    others = {
        name: value for name, value in os.environ.items() if not name.startswith(("SEAWALL_", "PREFECT_"))
    }
    with told.open("wb") as out:
        return subprocess.Popen(
            [*UNHURRIED_DEMO, str(told.parent / "scenarios"), "demo", "--lab", str(folder)],
            cwd=ROOT,
            env={**others, "SEAWALL_LANGUAGE": "en", "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def of_the_demo(folder: Path) -> list[str]:
    """Every process that names the demo's folders or works in them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = process.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            at = str(process.joinpath("cwd").readlink())
        except OSError:
            continue  # it ended in between
        if str(folder) in line or at.startswith(str(folder)):
            found.append(f"{process.name} {line}")
    return found


@pytest.mark.timeout(2 * WHOLE_DEMO + 120)
def test_a_demo_that_was_killed_half_way_is_no_hindrance_to_the_next(folder: Path, tmp_path: Path):
    write_unhurried(tmp_path / "scenarios")
    city, prefect = (folder.with_name(f"{folder.name}-{name}") for name in ("city", "prefect"))
    killed = begin(folder, tmp_path / "killed")
    try:
        until(
            lambda: (
                list(city.glob("runs/*-postgres-failover-????/journal.jsonl")) or killed.poll() is not None
            ),
            "the failover of the drill",
            WHOLE_DEMO,
        )
        assert killed.poll() is None, (tmp_path / "killed").read_text()
    finally:
        killed.send_signal(signal.SIGKILL)
        killed.wait(10)
    assert lab_status(folder).state != "down"

    whole = begin(folder, tmp_path / "whole")
    try:
        code = whole.wait(WHOLE_DEMO)
    finally:
        whole.kill()
        whole.wait(10)
    told = (tmp_path / "whole").read_text()
    assert code == ExitCode.DONE, told
    assert "Traceback" not in told
    assert "  NO " not in told
    assert "another went on from its" in told
    assert "What this does not prove" in told
    assert 'export PATH="' in told
    (card,) = [path for path in city.glob("drills/*-lose-a-site/scorecard.html") if str(path) in told]
    assert "ØVELSE" in card.read_text(encoding="utf-8")

    assert lab_status(folder).state == "down"
    assert lab_status(folder).leftovers == ()
    assert running_server(prefect) is None
    until(lambda: not of_the_demo(folder), f"nothing left of {folder}: {of_the_demo(folder)}", 60)
