"""`run` and `resume`: nothing before the target's name, and an exit code that says how it went."""

from __future__ import annotations

import json

import pytest

from seawall.errors import ExitCode
from seawall.journal import Ended, Outcome, Resumed, Started
from seawall.journal_file import read_journal


def test_a_run_ends_done_and_says_what_is_next(stage):
    said = stage("run", "blink", "--yes", "green")
    assert said.code == ExitCode.DONE
    assert stage.lit("green")
    assert "THIS IS REAL. It changes green in havnby." in said.out
    assert f"Next: seawall report {stage.run().id}" in said.out


def test_an_exercise_says_so_where_a_real_run_says_real(stage):
    said = stage("run", "blink", "--yes", "green", "--exercise")
    assert said.code == ExitCode.DONE
    assert "ØVELSE / EXERCISE. It changes green in havnby." in said.out
    assert "THIS IS REAL" not in said.out
    assert stage.state().opened.exercise is True


def test_a_run_that_only_reads_asks_for_no_name(stage):
    said = stage("run", "look")
    assert said.code == ExitCode.DONE
    assert "It changes nothing" in said.out


@pytest.mark.parametrize("name", ["red", "Green", "", "green green"])
def test_another_name_than_the_targets_begins_nothing(stage, name):
    said = stage("run", "blink", "--yes", name)
    assert said.code == ExitCode.BAD_INPUT
    assert not stage.lit("green")
    assert not (stage.city / "runs").exists()


def test_a_step_that_fails_ends_the_run_with_its_remedy(stage):
    said = stage("run", "blink", "lamp=broken", "--yes", "broken")
    assert said.code == ExitCode.FAILED
    assert "the bulb is broken" in said.out
    assert "Put in another bulb." in said.out
    assert "Next: seawall show" in said.out


def test_a_target_that_cannot_be_reached_fails_the_run(stage):
    said = stage("run", "blink", "lamp=dead", "--yes", "dead")
    assert said.code == ExitCode.FAILED
    assert "See that it has power." in said.out


def test_a_doubt_is_settled_by_its_proof(stage):
    said = stage("run", "blink", "lamp=cut", "--yes", "cut")
    assert said.code == ExitCode.DONE
    assert "the wire was cut" in said.out
    assert "the proof says that it happened" in said.out


def test_without_a_terminal_the_line_that_answers_is_shown(stage):
    plan = json.loads(stage("plan", "light", "--json").out)
    stage.impatient()
    said = stage("run", "light", "--yes", "green")
    assert plan["confirm"] == "green"
    assert said.code == ExitCode.IN_DOUBT
    assert f"seawall answer {stage.run().id} light" in said.out
    assert f"seawall resume {stage.run().id}" in said.out
    assert not stage.lit("green")


def test_json_goes_to_standard_output_and_progress_beside_it(stage):
    said = stage("run", "blink", "--yes", "green", "--json")
    told = json.loads(said.out)
    assert (told["outcome"], told["standing"]) == ("done", "ended")
    assert [one["stand"] for one in told["steps"]] == ["done", "done"]
    assert "light: done" in said.err


def test_a_run_that_was_interrupted_goes_on_and_repeats_nothing(stage, open_run):
    run = open_run("blink", "lamp=green")
    said = stage("resume", "last")
    assert said.code == ExitCode.DONE
    assert stage.lit("green")
    events = read_journal(run.journal_path)
    assert sum(isinstance(one, Started) for one in events) == 2
    assert isinstance(events[-1], Ended)


def test_a_run_that_has_ended_is_not_resumed(stage):
    stage("run", "blink", "--yes", "green")
    before = stage.contents()
    said = stage("resume", "last")
    assert said.code == ExitCode.BAD_INPUT
    assert "has ended" in said.err
    assert stage.contents() == before


def test_two_runs_do_not_hold_the_same_thing(stage):
    # An interrupted run keeps what it claimed until it is resumed or aborted.
    stage.impatient()
    assert stage("run", "light", "--yes", "green").code == ExitCode.IN_DOUBT
    said = stage("run", "light", "--yes", "green")
    assert said.code == ExitCode.FAILED
    assert "runbook:light" in said.err
    assert "seawall resume" in said.err


def test_a_journal_that_was_changed_is_not_resumed(stage, open_run):
    run = open_run("blink")
    path = run.journal_path
    path.write_bytes(path.read_bytes().replace(b'"by":"anna"', b'"by":"eve!"'))
    said = stage("resume", "last")
    assert said.code == ExitCode.FAILED
    assert "journal" in said.err
    assert not stage.lit("green")


def test_prefect_that_must_be_there_and_is_not_is_an_error_before_anything_is_begun(stage, monkeypatch):
    monkeypatch.setenv("SEAWALL_PREFECT", "on")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    said = stage("run", "blink", "--yes", "green")
    assert said.code == ExitCode.UNREACHABLE
    assert "--without-prefect" in said.err
    assert stage("run", "blink", "--yes", "green", "--without-prefect").code == ExitCode.DONE


def test_without_a_prefect_that_answers_the_run_goes_on_and_says_so(stage, monkeypatch):
    monkeypatch.setenv("SEAWALL_PREFECT", "auto")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    said = stage("run", "blink", "--yes", "green")
    assert said.code == ExitCode.DONE
    assert "did not answer" in said.out


def test_what_a_run_took_up_again_is_journalled_with_who(stage):
    stage.impatient()
    stage("run", "light", "--yes", "green")
    stage("resume", "last", "--as", "commander")
    events = read_journal(stage.run().journal_path)
    assert [one.by for one in events if isinstance(one, Resumed)] == ["commander"]
    assert stage.state().ended is None
    assert Outcome.DONE not in [one.outcome for one in events if isinstance(one, Ended)]
