"""`serve --check` and doctor say what nobody starts, what is overdue, and what to do; the files are the truth."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.terminal.desk import Desk
from console.terminal.main import run_command_line
from console.terminal.serve.checking import schedules_found
from console.terminal.serve.standing import Found
from console.terminal.surroundings import Surroundings, standing_in
from flows.schedules import city_schedules
from seawall.errors import ExitCode
from seawall.locks import Lock
from seawall.serve_folder import SILENT_AFTER, ServedProgram, ServeFolder, ServeRecord, Stand
from tests.console.terminal.served import ROOT

EVENING = datetime(2026, 11, 21, 20, tzinfo=UTC)
MORNING = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "city"
    shutil.copytree(ROOT / "drills" / "city", folder)
    monkeypatch.setenv("SEAWALL_CITY", str(folder))
    monkeypatch.setenv("SEAWALL_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "100")
    return folder


@pytest.fixture
def served(city: Path) -> Path:
    """The city, whose schedules are kept since the evening."""
    desk = Desk.at(city)
    folder = ServeFolder.of(city)
    folder.make()
    folder.keep(city_schedules(desk.settings, desk.city.inventory), EVENING)
    write(city, EVENING)
    return city


def write(city: Path, seen_at: datetime, *, worker: Stand = Stand.UP) -> None:
    program = ServedProgram(
        name="worker",
        stand=worker,
        since=EVENING,
        restarts=5,
        last_end="ended with code 1",
        log="/x/worker.log",
    )
    record = ServeRecord(
        city=str(city),
        pid=os.getpid(),
        since=EVENING,
        seen_at=seen_at,
        state="red" if worker is Stand.RED else "running",
        prefect_api="http://127.0.0.1:4200/api",
        stops_within=42,
        programs=(program,),
    )
    ServeFolder.of(city).write(record)


@pytest.fixture
def running(served: Path) -> Iterator[Lock]:
    with ServeFolder.of(served).take("seawall") as lock:
        yield lock


def found(city: Path, now: datetime) -> dict[str, Found]:
    return {
        one.what.split()[0] + one.what.split()[1] if " " in one.what else one.what: one
        for one in schedules_found(Desk.at(city), now)
    }


def test_where_nothing_was_ever_installed_it_is_a_warning_and_says_how(city: Path):
    all_found = found(city, MORNING)

    assert {name: (one.well, one.only_warns) for name, one in all_found.items()} == {
        "serve": (None, True),
        "schedulenightly": (None, True),
        "scheduleweekly": (None, True),
    }
    assert "docs/serve.md" in all_found["serve"].remedy


def test_one_that_does_not_run_any_more_is_not_well_before_anything_is_overdue(served: Path):
    all_found = found(served, EVENING + timedelta(hours=1))

    assert all_found["serve"].well is False
    assert "nobody starts what is scheduled" in all_found["serve"].saw
    assert all_found["schedulenightly"].well


@pytest.mark.usefixtures("running")
def test_what_was_missed_is_not_well_and_says_for_how_long_and_what_to_do(served: Path):
    write(served, MORNING)
    nightly = found(served, MORNING)["schedulenightly"]

    assert nightly.well is False
    assert nightly.saw == "overdue by 6h30m: was due Sun 2026-11-22 02:30 CET, has never run"
    assert "seawall verify-backups" in nightly.remedy


@pytest.mark.usefixtures("running")
def test_one_that_gives_no_sign_of_life_or_has_a_program_in_the_red_is_not_well(served: Path):
    write(served, EVENING)
    assert found(served, EVENING + SILENT_AFTER)["serve"].well
    hangs = found(served, EVENING + SILENT_AFTER + timedelta(seconds=1))["serve"]
    assert hangs.well is False
    assert f"kill {os.getpid()}" in hangs.remedy

    write(served, EVENING, worker=Stand.RED)
    red = found(served, EVENING)["serve"]
    assert red.well is False
    assert "worker (ended with code 1)" in red.saw
    assert red.remedy == "Read /x/worker.log"


def check(now: datetime, *words: str, capsys: Any) -> tuple[int, str]:
    capsys.readouterr()
    with standing_in(Surroundings(now=lambda: now)):
        code = run_command_line(["serve", "--check", *words])
    return code, capsys.readouterr().out


@pytest.mark.usefixtures("running")
def test_the_exit_code_tells_a_script_and_json_tells_it_everything(served: Path, capsys: Any):
    write(served, MORNING)
    code, out = check(EVENING + timedelta(hours=1), "--json", capsys=capsys)
    told = json.loads(out)
    assert (code, told["well"], told["running"]) == (ExitCode.DONE, True, True)
    assert set(told) == {"well", "running", "serve", "schedules"}
    assert [one["stand"] for one in told["schedules"]] == ["not yet due", "not yet due"]

    code, out = check(MORNING, "--json", capsys=capsys)
    (nightly, _) = json.loads(out)["schedules"]
    assert (code, nightly["stand"], nightly["overdue_seconds"]) == (ExitCode.FAILED, "overdue", 6.5 * 3600)
    assert nightly["missed"] == "2026-11-22T01:30:00+00:00"

    code, out = check(MORNING, capsys=capsys)
    assert code == ExitCode.FAILED
    assert "NOT WELL  schedule nightly (verify-backups): overdue by 6h30m" in out


def hold_a_drill(city: Path, verdict: str) -> str:
    folder = city / "drills" / "2026-11-22-030000-lose-a-site"
    folder.mkdir(parents=True, exist_ok=True)
    card = {
        "scenario": "lose-a-site",
        "began": "2026-11-22T02:00:20Z",
        "ended": "2026-11-22T02:00:50Z",
        "verdict": {"kind": verdict},
    }
    (folder / "drill.json").write_text(json.dumps(card), encoding="utf-8")
    return folder.name


def status(now: datetime, *words: str, capsys: Any) -> str:
    capsys.readouterr()
    with standing_in(Surroundings(now=lambda: now)):
        assert run_command_line(["status", *words]) == ExitCode.DONE
    return str(capsys.readouterr().out)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("verdict", ["passed", "late"])
def test_status_calls_well_of_the_schedules_what_the_check_calls_well(
    served: Path, capsys: Any, verdict: str
):
    now = datetime(2026, 11, 22, 3, tzinfo=UTC)
    write(served, now)
    drill = hold_a_drill(served, verdict)
    unwell = {name for name, one in found(served, now).items() if one.well is False}
    told = json.loads(status(now, "--json", capsys=capsys))
    badly = {f"schedule{one['name']}" for one in told["schedules"] if one["ended_badly"]}
    assert badly == unwell == ({"scheduleweekly"} if verdict == "late" else set())

    said = status(now, capsys=capsys)
    assert ("weekly: the last one, 59 min 40 s ago, did not end well" in said) is bool(unwell)
    assert (drill in said) is bool(unwell)
    assert ("nightly, weekly: as they should be" in said) is not bool(unwell)
    assert ("Next: seawall serve --check" in said) is False, "before it comes that nobody watches"
    assert ("seawall serve --check" in said) is bool(unwell)


def test_status_says_that_serve_does_not_run_any_more(served: Path, capsys: Any):
    now = EVENING + timedelta(hours=1)
    assert "serve does not run, so nobody starts what is scheduled" in status(now, capsys=capsys)
    told = json.loads(status(now, "--json", capsys=capsys))
    assert told["serve"]["well"] is False
    with ServeFolder.of(served).take("seawall"):
        write(served, now)
        told = json.loads(status(now, "--json", capsys=capsys))
    assert told["serve"]["well"] is True


@pytest.mark.slow
@pytest.mark.usefixtures("running")
def test_a_second_serve_is_refused_and_told_which_process_is_the_first(served: Path, capsys: Any):
    assert run_command_line(["serve"]) == ExitCode.FAILED
    err = capsys.readouterr().err
    assert f"process {os.getpid()} of seawall" in err
    assert "seawall serve --check" in err


def test_a_mistake_in_the_schedules_starts_nothing(city: Path, capsys: Any):
    (city / "seawall.yaml").write_text('schedules:\n  nightly: {cron: "30 25 * * *"}\n', encoding="utf-8")

    assert run_command_line(["serve"]) == ExitCode.BAD_INPUT
    assert "seawall.yaml:2:" in capsys.readouterr().err
    assert not (city / "serve").exists()
