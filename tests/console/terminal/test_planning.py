"""`plan` shows what would be done, what not and why, and what nobody can know yet. It changes nothing."""

from __future__ import annotations

import json

import pytest

from seawall.errors import ExitCode


def test_a_plan_changes_nothing(stage):
    before = stage.contents()
    said = stage("plan", "light", "lamp=green")
    assert said.code == ExitCode.DONE
    assert stage.contents() == before


@pytest.mark.golden
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("light", ["light", "lamp=green"]),
        ("light-red", ["light", "lamp=red", "--exercise"]),
        ("unknown-fact", ["light", "lamp=dead"]),
        ("reads-only", ["look"]),
    ],
)
@pytest.mark.parametrize("width", ["60", "100"])
def test_a_plan_reads_as_agreed(stage, golden, monkeypatch, name, words, width):
    monkeypatch.setenv("COLUMNS", width)
    said = stage("plan", *words)
    golden(f"terminal/plan-{name}.{width}.txt", said.out)
    longest = max(len(line) for line in said.out.splitlines() if not line.startswith(("Next:", "Plan ")))
    assert longest <= int(width)


@pytest.mark.golden
def test_a_plan_reads_in_danish(stage, golden, monkeypatch):
    monkeypatch.setenv("SEAWALL_LANGUAGE", "da")
    golden("terminal/plan-light.da.txt", stage("plan", "light", "lamp=green").out)


def test_a_fact_that_cannot_be_read_is_unknown_and_said_so(stage):
    said = stage("plan", "light", "lamp=dead")
    assert said.code == ExitCode.DONE
    assert "UNKNOWN: lamp dead: no answer" in said.out
    as_json = json.loads(stage("plan", "light", "lamp=dead", "--json").out)
    assert as_json["facts"]["before"] == {
        "uses": "lamp.look",
        "seen": None,
        "problem": "lamp dead: no answer",
    }


def test_the_json_of_a_plan_says_what_a_script_asks(stage):
    as_json = json.loads(stage("plan", "light", "lamp=green", "--json").out)
    steps = {one["id"]: one for one in as_json["steps"]}
    assert as_json["changes"] is True
    assert as_json["confirm"] == "green"
    assert as_json["longest_seconds"] == 90
    assert as_json["longest_for_people_seconds"] == 25 * 60
    assert steps["warm-up"]["skipped"]
    assert steps["light"]["approval"]["by"] == "incident-commander"
    assert steps["light"]["unknown_until"] == ["look"]
    assert steps["light"]["taken_back_by"] == "lamp.off"
    assert as_json["plan"]["steps"][0]["id"] == "look"


def test_the_same_city_gives_the_same_digest_and_an_exercise_another(stage):
    one, two = (json.loads(stage("plan", "light", "--json").out)["digest"] for _ in range(2))
    exercise = json.loads(stage("plan", "light", "--exercise", "--json").out)["digest"]
    assert one == two != exercise


def test_an_exercise_is_marked_first(stage):
    assert stage("plan", "light", "--exercise").out.startswith("ØVELSE / EXERCISE")
    assert stage("plan", "light").out.startswith("REAL RUN")


def test_a_kept_plan_is_what_is_run(stage):
    kept = stage.city / "plan.json"
    said = stage("plan", "blink", "lamp=red", "-o", kept)
    assert f"seawall run {kept}" in said.out
    assert stage("run", kept, "--yes", "red").code == ExitCode.DONE
    assert stage.lit("red")


def test_a_kept_plan_for_a_city_that_has_changed_is_stale(stage):
    kept = stage.city / "plan.json"
    stage("plan", "blink", "-o", kept)
    runbook = stage.city / "runbooks" / "blink.yaml"
    runbook.write_text(runbook.read_text().replace("within: 60s", "within: 61s"))
    said = stage("run", kept, "--yes", "green")
    assert said.code == ExitCode.STALE
    assert "step light" in said.err
    assert "Plan again" in said.err
    assert not stage.lit("green")


def test_a_kept_plan_of_another_city_is_stale(stage):
    kept = stage.city / "plan.json"
    stage("plan", "blink", "-o", kept)
    city = stage.city / "inventory" / "city.yaml"
    city.write_text(city.read_text().replace("name: havnby", "name: other"))
    said = stage("run", kept, "--yes", "green")
    assert said.code == ExitCode.STALE
    assert "havnby" in said.err


def test_a_kept_plan_takes_no_parameters(stage):
    kept = stage.city / "plan.json"
    stage("plan", "blink", "-o", kept)
    assert stage("run", kept, "lamp=red", "--yes", "green").code == ExitCode.BAD_INPUT
    assert stage("run", kept, "--exercise", "--yes", "green").code == ExitCode.BAD_INPUT


@pytest.mark.parametrize("mode", ["planned", "disaster"])
def test_the_failover_of_the_reference_city_is_shown(stage, mode):
    said = stage("plan", "postgres-failover", "service=login", f"mode={mode}")
    assert said.code == ExitCode.DONE
    assert "NO WAY BACK" in said.out
    assert "incident-commander (commander, deputy-commander)" in " ".join(said.out.split())
