"""The commands on the lab's real servers, in this order: looked at, verified, drilled, broken, healed, taken down."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from console.terminal.lab import city_of_lab, write_city
from console.terminal.main import run_command_line
from seawall.errors import ExitCode
from seawall.loading import load_inventory
from tests.connectors.conftest import until
from tests.own_folders import a_lab_folder

WHOLE_DRILL = 180.0


@pytest.fixture(scope="module")
def city(own_lab):
    folder = city_of_lab(own_lab.places.root)
    write_city(own_lab, folder)
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.fixture
def seawall(own_lab, city, monkeypatch, capsys):
    for name, value in {
        "SEAWALL_AS": "commander",
        "SEAWALL_CITY": str(city),
        "SEAWALL_LAB": str(own_lab.places.root),
        "SEAWALL_LANGUAGE": "en",
        "SEAWALL_PREFECT": "off",
        "COLUMNS": "80",
    }.items():
        monkeypatch.setenv(name, value)

    def said(*words, code=ExitCode.DONE):
        capsys.readouterr()
        came = run_command_line([str(one) for one in words])
        out, err = capsys.readouterr()
        assert came == code, out + err
        return out

    return said


def test_doctor_finds_the_lab_well_and_changes_nothing(seawall, city):
    before = sorted(city.rglob("*"))
    told = json.loads(seawall("doctor", "--json"))
    assert told["well"]
    looked_at = {one["what"] for one in told["looks"] if one["well"]}
    assert {
        "ssh north-db",
        "power south-db",
        "postgres north-db/login",
        "store witness-store",
        "slack",
    } <= looked_at
    assert "postgres north-db/login promotes promptly" in looked_at
    assert sorted(city.rglob("*")) == before


def test_status_says_that_everything_answers(seawall):
    assert json.loads(seawall("lab", "status", "--json"))["all_answer"] is True


def test_backups_are_verified_by_restoring_them(seawall):
    seawall("run", "take-backup", "backup=login-nightly", "--yes", "login-nightly")
    told = json.loads(seawall("verify-backups", "login", "--yes", "login-nightly", "--json"))
    assert [(one["backup"], one["held"]) for one in told["backups"]] == [("login-nightly", True)]


def test_a_backup_that_is_not_there_does_not_hold(seawall, own_lab, city):
    inventory = load_inventory(city)
    file = city / "inventory" / "backups.yaml"
    text = file.read_text()
    file.write_text(text.replace("login-nightly:", "login-weekly:"))
    try:
        said = seawall("verify-backups", "--yes", "login-weekly", code=ExitCode.FAILED)
    finally:
        file.write_text(text)
    assert "DID NOT HOLD" in said
    assert inventory.backups


def test_a_drill_is_held_and_judged_from_outside(seawall, city):
    told = json.loads(seawall("drill", "run", "lose-a-site", "--json"))
    assert told["verdict"]["kind"] == "passed"
    assert [one["outcome"] for one in told["runs"]] == ["done", "done"]
    assert (next((city / "drills").iterdir()) / "scorecard.html").is_file()
    runs = json.loads(seawall("runs", "--json"))["runs"]
    assert {one["exercise"] for one in runs if one["runbook"] == "postgres-failover"} == {True}


def test_a_drill_never_acts_on_hosts_that_are_not_the_labs(seawall, city):
    hosts = city / "inventory" / "hosts.yaml"
    text = hosts.read_text()
    key = load_inventory(city).host("north-db").host_key
    hosts.write_text(text.replace(key.split()[1], key.split()[1][:-8] + "AAAAAAAA"))
    try:
        seawall("drill", "run", "lose-a-site", code=ExitCode.BAD_INPUT)
    finally:
        hosts.write_text(text)
    # After the drill before, a guard looks whether its lease was granted again: until then its site lets no users in.
    until(lambda: run_command_line(["lab", "status"]) == ExitCode.DONE, "everything answers")
    assert json.loads(seawall("lab", "status", "--json"))["all_answer"] is True


def test_what_was_broken_is_seen_and_healed(seawall):
    assert "no program is left of north-db" in seawall("lab", "break", "kill-host", "north-db")
    assert "OFF" in seawall("lab", "status", code=ExitCode.FAILED)
    told = json.loads(seawall("doctor", "--within", "3", "--json", code=ExitCode.FAILED))
    assert {one["what"]: one["well"] for one in told["looks"]}["ssh north-db"] is False
    assert "Turned on north-db" in seawall("lab", "heal", "north")


def test_a_plan_of_a_dead_site_is_made_and_one_that_rests_on_what_cannot_be_read_is_not(seawall):
    seawall("lab", "break", "kill-host", "north-db")
    assert "promote" in seawall("plan", "postgres-failover", "service=login")
    seawall("lab", "break", "kill-host", "south-db")
    seawall("plan", "postgres-failover", "service=login", code=ExitCode.STALE)
    seawall("lab", "heal")


@pytest.mark.parametrize(
    "words", [["break", "set-fire", "north"], ["break", "kill-host", "west-db"], ["heal", "west"]]
)
def test_what_the_lab_does_not_have_is_refused(seawall, words):
    seawall("lab", *words, code=ExitCode.BAD_INPUT)


def test_down_leaves_nothing_but_the_city(seawall, own_lab, city):
    said = seawall("lab", "down")
    assert str(city) in said
    assert json.loads(seawall("lab", "status", "--json", code=ExitCode.FAILED))["state"] == "down"
    assert (city / "runs").is_dir()
    assert not own_lab.places.mark.exists()


@pytest.mark.lab
def test_a_lab_comes_up_and_goes_down_from_the_command_line(tmp_path):
    def seawall_said(folder, *words):
        return subprocess.run(
            [sys.executable, "-m", "console.terminal.main", *words],
            env={**os.environ, "SEAWALL_LAB": str(folder)},
            capture_output=True,
            text=True,
            timeout=WHOLE_DRILL,
            check=False,
        )

    with a_lab_folder() as folder:
        up = seawall_said(folder, "lab", "up", "--city", str(tmp_path / "city"))
        assert up.returncode == ExitCode.DONE, up.stderr
        assert f"export SEAWALL_CITY={tmp_path / 'city'}" in up.stdout
        assert seawall_said(folder, "check", "--city", str(tmp_path / "city")).returncode == ExitCode.DONE
        down = seawall_said(folder, "lab", "down")
        assert down.returncode == ExitCode.DONE, down.stderr
