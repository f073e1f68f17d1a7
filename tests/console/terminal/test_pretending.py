"""`pretend`: a whole run told before anybody begins it, with nothing touched; it says so, and does so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import drills
from seawall.errors import ExitCode

CITY = Path(drills.__file__).parent / "city"
GUARDED = """
import os, sys
FORBIDDEN = ("socket.__new__", "socket.connect", "socket.sendto", "socket.getaddrinfo", "subprocess.Popen", "os.fork")
WRITING = set("wax+")
def guard(event, args):
    if event in FORBIDDEN:
        os.write(2, f"TOUCHED {event} {args}\\n".encode())
        os._exit(99)
    if event == "open" and WRITING & set(str(args[1])) and "__pycache__" not in str(args[0]):
        os.write(2, f"WROTE {args[0]}\\n".encode())
        os._exit(98)
sys.addaudithook(guard)
from console.terminal.main import run_command_line
code = run_command_line(sys.argv[1:])
sys.stdout.flush()
os._exit(code)
"""


def guarded(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "SEAWALL_CITY": str(CITY),
        "COLUMNS": "80",
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, "-c", GUARDED, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("postgres-failover", "service=login"),
        ("postgres-failover", "service=login", "mode=planned"),
        ("postgres-failback", "service=login"),
        ("verify-backup", "backup=login-nightly"),
        ("notify", "service=login"),
        ("supplier-outage", "service=citizen-register"),
    ],
    ids=" ".join,
)
def test_no_socket_is_opened_no_program_started_and_no_file_written(words):
    said = guarded("pretend", *words)
    assert (said.returncode, said.stderr) == (ExitCode.DONE, "")
    assert said.stdout.startswith("PRETENDED")


@pytest.mark.slow
def test_the_guard_sees_a_touch():
    assert guarded("pretend", "supplier-outage", "service=citizen-register", "--facts").returncode == 99


@pytest.mark.golden
@pytest.mark.parametrize("width", [80, 60])
def test_it_reads_as_agreed(stage, golden, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    golden(f"terminal/pretend.{width}.txt", stage("pretend", "light", "lamp=green").out)


def test_nothing_is_left_behind_and_no_lamp_is_lit(stage):
    before = stage.contents()
    said = stage("pretend", "light", "lamp=green")
    assert said.code == ExitCode.DONE
    assert stage.contents() == before
    assert not (stage.city / "runs").exists()
    assert not stage.lit("green")


def test_it_says_first_that_it_is_pretended_and_whether_facts_were_read(stage):
    said = stage("pretend", "light", "lamp=green").out
    assert said.startswith("PRETENDED")
    assert "No fact was read" in said
    real = stage("pretend", "light", "lamp=green", "--facts").out
    assert "Really seen just now" in real
    assert "No fact was read" not in real


def test_steps_say_would_cannot_know_and_skipped(stage):
    told = json.loads(stage("pretend", "light", "lamp=green", "--json").out)
    steps = {one["id"]: one for one in told["steps"]}
    assert {name: one["would"] for name, one in steps.items()} == {
        "look": "look",
        "warm-up": "skip",
        "light": "change",
        "tell": "ask",
    }
    assert steps["warm-up"]["because"] == 'not so: lamp == "red"'
    assert steps["light"]["cannot_know"] == [
        "before: what look will have seen",
        "whether incident-commander says yes",
    ]
    assert steps["light"]["waits_for_people"] == {
        "by": "incident-commander",
        "people": 1,
        "within_seconds": 600,
    }
    assert told["comes_to_its_end"] is True
    assert (told["longest_seconds"], told["longest_for_people_seconds"]) == (90, 1500)


def test_an_exercise_is_pretended_as_one(stage):
    assert "as ØVELSE / EXERCISE" in " ".join(stage("pretend", "light", "--exercise").out.split())
    assert json.loads(stage("pretend", "light", "--exercise", "--json").out)["exercise"] is True


def test_what_is_wrong_with_it_is_said_as_by_plan(stage):
    said = stage("pretend", "light", "lamp=purple")
    assert said.code == ExitCode.BAD_INPUT
    assert said.err == stage("plan", "light", "lamp=purple").err
