"""One broken runbook stands in nobody else's way: a plan needs only what it uses, and `check` finds everything."""

from __future__ import annotations

import json

import pytest

from seawall.errors import ExitCode

BROKEN = "runbook: broken\ntitle: Broken\nwhy: To see\nstepz:\n  - {id: it}\n"
USES_IT = "runbook: outer\ntitle: Outer\nwhy: To see\nsteps:\n  - {id: in, does: Use it, runbook: broken}\n"
NOBODYS = (
    "runbook: nobodys\ntitle: Its own\nwhy: To see\nsteps:\n"
    "  - {id: it, does: It, by: harbour-master, within: 5m}\n"
)


@pytest.fixture
def broken(stage):
    stage.write("runbooks/broken.yaml", BROKEN)
    return stage


@pytest.mark.parametrize("command", ["plan", "pretend"])
def test_a_plan_is_made_of_a_runbook_beside_a_broken_one_and_says_so(broken, command):
    said = broken(command, "blink", "--json")
    assert said.code == ExitCode.DONE, said.err
    assert json.loads(said.out)["digest"]
    assert "runbooks/broken.yaml" in said.err
    assert "seawall check" in said.err


def test_it_is_run_beside_a_broken_one(broken):
    assert broken("run", "blink", "--yes", "green").code == ExitCode.DONE
    assert broken.lit("green")
    assert broken("report", "last", "--md").code == ExitCode.DONE


def test_what_is_whole_is_planned_without_a_warning(stage):
    assert "seawall check" not in stage("plan", "blink").err


def test_the_broken_one_itself_is_refused_with_what_is_wrong_in_it(broken):
    said = broken("plan", "broken")
    assert said.code == ExitCode.BAD_INPUT
    assert "runbooks/broken.yaml:4" in said.err
    assert "stepz" in said.err


def test_one_that_uses_a_broken_one_is_refused_with_what_is_wrong_there(broken):
    broken.write("runbooks/outer.yaml", USES_IT)
    said = broken("plan", "outer")
    assert said.code == ExitCode.BAD_INPUT
    assert "runbooks/broken.yaml:4" in said.err


def test_one_that_asks_for_nobody_is_refused_and_no_other(broken):
    broken.write("runbooks/nobodys.yaml", NOBODYS)
    assert "nobody can act as `harbour-master`" in broken("plan", "nobodys").err
    assert broken("plan", "blink").code == ExitCode.DONE


def test_a_file_that_is_not_even_yaml_is_named_too(stage):
    stage.write("runbooks/bytes.yaml", b"\xff\xfe\x00")
    said = stage("plan", "blink")
    assert said.code == ExitCode.DONE
    assert "runbooks/bytes.yaml" in said.err


def test_a_broken_message_stops_what_sends_it_and_nothing_else(stage):
    stage.write("templates/service-moved.yaml", "subjekt: x\n")
    assert stage("plan", "blink").code == ExitCode.DONE
    assert "templates/service-moved.yaml" in stage("plan", "blink").err
    said = stage("pretend", "notify", "service=login", "what=service-moved")
    assert said.code == ExitCode.BAD_INPUT, said.out
    assert "templates/service-moved.yaml" in said.err


def test_check_still_reports_every_mistake_in_every_file(broken):
    broken.write("runbooks/nobodys.yaml", NOBODYS)
    broken.write("templates/service-moved.yaml", "subjekt: x\n")
    said = broken("check")
    assert said.code == ExitCode.BAD_INPUT
    for one in ("runbooks/broken.yaml:4", "harbour-master", "templates/service-moved.yaml"):
        assert one in said.out + said.err
