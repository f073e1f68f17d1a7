"""`seawall serve` on the lab: a schedule really runs, what is killed comes back, and nothing is left at the end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.terminal.lab import city_of_lab, write_city
from seawall.journal import Ended, Outcome
from seawall.journal_file import last_event
from seawall.run_folder import RunFolder
from seawall.run_list import Standing, list_runs
from tests.console.terminal.served import MARK, ROOT, Served, until

pytestmark = [pytest.mark.lab, pytest.mark.prefect, pytest.mark.slow]
STARTS_WITHIN = 240.0
RUNS_WITHIN = 240.0
"""A schedule of a minute, a worker that looks every few seconds, Prefect to be loaded, and a busy machine."""
SCHEDULES = """\
schedules:
  nightly: {cron: "* * * * *", grace: 5m}
  weekly: off
"""


@pytest.fixture(scope="module")
def city(own_lab) -> Iterator[Path]:
    folder = city_of_lab(own_lab.places.root)
    write_city(own_lab, folder)
    with (folder / "seawall.yaml").open("a", encoding="utf-8") as file:
        file.write(SCHEDULES)
    words = ["run", "take-backup", "backup=login-nightly", "--yes", "login-nightly", "--without-prefect"]
    seawall(folder, *words)
    yield folder
    shutil.rmtree(folder)


def seawall(city: Path, *words: str, code: int = 0) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "console.terminal.main", *words],
        cwd=ROOT,
        env={**os.environ, "SEAWALL_CITY": str(city), "SEAWALL_AS": "commander"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


@pytest.fixture
def served(city: Path) -> Iterator[Served]:
    with (city / "serve.out").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "console.terminal.main", "serve", "--json", "--city", str(city)],
            cwd=ROOT,
            env={**os.environ, MARK: str(city), "SEAWALL_AS": "commander"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )
    one = Served(city, process)
    yield one
    if process.poll() is None:
        process.kill()
    process.wait(10)
    for pid in one.left():
        os.kill(pid, signal.SIGKILL)


def told(city: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (city / "serve.out").read_text(encoding="utf-8").splitlines()]


def all_up(served: Served) -> bool:
    assert served.process.poll() is None, (served.city / "serve.out").read_text(encoding="utf-8")
    record = served.record()
    return record is not None and all(str(one.stand) in ("up", "done") for one in record.programs)


def verified(city: Path) -> list[str]:
    """Every run that verified a backup and held, newest first."""
    return [
        one.id
        for one in list_runs(city / "runs")
        if one.runbook == "verify-backup" and one.outcome is Outcome.DONE
    ]


def program_of(served: Served, name: str) -> int:
    """The program itself, which its keeper keeps."""
    record = served.record()
    assert record is not None
    keeper = next(one.pid for one in record.programs if one.name == name)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        if stat.read_text().rpartition(")")[2].split()[1] == str(keeper):
            return int(stat.parent.name)
    raise AssertionError(name)


@pytest.mark.timeout(2 * (STARTS_WITHIN + RUNS_WITHIN) + 120)
def test_a_schedule_of_a_minute_runs_and_goes_on_after_its_worker_and_its_server_were_killed(
    served: Served, city: Path
):
    until(lambda: all_up(served), "everything up", STARTS_WITHIN)
    until(lambda: verified(city), "a verification by schedule", RUNS_WITHIN)
    last = RunFolder(city / "runs", verified(city)[0])
    assert isinstance(last_event(last.journal_path), Ended)
    assert next(one for one in list_runs(city / "runs") if one.id == last.id).by.startswith("prefect:")
    assert "on time" in seawall(city, "serve", "--check", "--json")

    refused = seawall(city, "serve", code=3)
    assert f"process {served.process.pid} of commander" in refused

    os.kill(program_of(served, "worker"), signal.SIGKILL)
    os.kill(program_of(served, "prefect"), signal.SIGKILL)
    until(
        lambda: served.restarts("worker") and served.restarts("prefect") and all_up(served),
        "both back",
        STARTS_WITHIN,
    )
    before = set(verified(city))
    until(lambda: set(verified(city)) - before, "the schedule after that", RUNS_WITHIN)

    served.process.terminate()
    record = served.record()
    assert record is not None
    assert served.process.wait(record.stops_within + 20) == 0
    assert served.left() == {}
    stopped = served.record()
    assert stopped is not None
    assert stopped.state == "stopped"
    assert [one["event"] for one in told(city)][-2:] == ["stopping", "stopped"]
    assert not [one for one in list_runs(city / "runs") if one.standing is Standing.UNDER_WAY]

    seawall(city, "serve", "--check", code=3)
