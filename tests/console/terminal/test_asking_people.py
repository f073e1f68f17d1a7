"""A person's step: what they note, who they are right now, and whom to ask when they are late."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from seawall.errors import ExitCode
from seawall.journal import Answered
from seawall.journal_file import read_journal

RING = """\
runbook: ring
title: {en: Ring the supplier, da: Ring til leverandøren}
why: {en: It is away, da: Den er væk}
steps:
  - id: call
    does: {en: Ring them, da: Ring til dem}
    by: duty-officer
    within: WITHIN
    note: {en: the case number, da: sagsnummeret}
  - id: light
    after: [call]
    does: {en: Light the lamp, da: Tænd lampen}
    uses: lamp.on
    with: {lamp: green}
    approve: {by: incident-commander, within: WITHIN}
"""
DUTIES = """
duties:
  duty-officer:
    weekly: {handover: monday 08:00, since: 2026-01-05, people: [duty-officer, second-on-call]}
    deputies: [duty-officer, second-on-call]
"""
SATURDAY = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


@pytest.fixture
def waiting(stage):
    """A run that waits for the duty officer, whose time is up or not."""

    def wait(within: str = "5ms", now: datetime = SATURDAY):
        stage.write("runbooks/ring.yaml", RING.replace("WITHIN", within))
        stage.write("inventory/duties.yaml", DUTIES)
        stage("run", "ring", "--yes", "ring", "--exercise")
        stage.more["now"] = lambda: now
        return stage.run().id

    return wait


@pytest.mark.parametrize("who", ["commander", "dr-manager", "somebody"])
def test_that_a_persons_step_is_done_is_typed_by_nobody_else_and_who_may_is_said(stage, waiting, who):
    waiting()
    before = stage.contents()
    said = stage("answer", "last", "call", "done", "--note", "none", "--as", who)
    assert said.code == ExitCode.BAD_INPUT
    err = " ".join(said.err.split())
    assert f"{who} is not duty-officer, whose step it is" in err
    assert "duty-officer (telephone +45 00 00 00 06), second-on-call" in err
    assert stage.contents() == before


def test_whoever_it_is_may_type_that_it_is_not_done(stage, waiting):
    waiting()
    assert stage("answer", "last", "call", "not-done", "--as", "commander").code == ExitCode.DONE


def test_a_runbook_that_names_a_role_nobody_has_for_an_answer_is_a_mistake(stage):
    named = "    by: duty-officer\n    answered_by: {}\n"
    text = RING.replace("WITHIN", "5m").replace("    by: duty-officer\n", named.format("boss"))
    stage.write("runbooks/ring.yaml", text)
    said = stage("check")
    assert said.code == ExitCode.BAD_INPUT
    assert "nobody can act as `boss`" in said.out + said.err
    stage.write("runbooks/ring.yaml", text.replace("boss", "dr-manager"))
    assert stage("check").code == ExitCode.DONE
    assert json.loads(stage("plan", "ring", "--json").out)["plan"]["steps"][0]["answered_by"] == "dr-manager"


def test_a_step_that_asks_for_a_note_is_not_done_without_one(stage, waiting):
    waiting()
    said = stage("answer", "last", "call", "done", "--as", "duty-officer")
    assert said.code == ExitCode.BAD_INPUT
    assert "asks you to note the case number" in said.err
    assert "--note none" in " ".join(said.err.split())


def test_a_note_is_journalled_and_told(stage, waiting):
    run = waiting()
    said = stage("answer", run, "call", "done", "--as", "duty-officer", "--note", "SAG-4711")
    assert said.code == ExitCode.DONE
    stage.more.clear()
    stage("resume", run)
    answers = [one for one in read_journal(stage.run(run).journal_path) if isinstance(one, Answered)]
    assert [(one.step, one.by, one.note) for one in answers] == [("call", "duty-officer", "SAG-4711")]
    assert "noted: SAG-4711" in stage("show", run).out
    assert "SAG-4711" in stage("report", run, "--md").out
    assert "SAG-4711" in stage("report", run, "--md", "--lang", "da").out


def test_a_note_about_somebody_reaches_neither_inbox_nor_screen(stage, waiting):
    run = waiting()
    said = stage("answer", run, "call", "done", "--as", "duty-officer", "--note", "ring Sofie Papfigur")
    assert said.code == ExitCode.BAD_INPUT
    assert "Papfigur" not in said.out + said.err
    assert not any(
        b"Papfigur" in path.read_bytes() for path in stage.run(run).path.rglob("*") if path.is_file()
    )


def test_a_note_that_nobody_asked_for_is_refused(stage, waiting):
    run = waiting()
    said = stage("answer", run, "call", "did-not-happen", "--as", "duty-officer", "--note", "SAG-4711")
    assert said.code == ExitCode.BAD_INPUT
    assert "nothing is to be noted" in said.err


def test_it_is_said_who_the_duty_officer_is_now_and_who_when_they_are_late(stage, waiting):
    waiting(now=datetime.now(UTC) - timedelta(days=365))  # nobody's time is up yet
    assert "second-on-call" in stage("show").out or "duty-officer, on duty" in stage("show").out
    stage.more["now"] = lambda: datetime.now(UTC) + timedelta(hours=1)
    assert "LATE. Ask now:" in stage("show").out


def test_a_script_is_told_who_it_is(stage, waiting):
    waiting(now=SATURDAY)
    (asked,) = json.loads(stage("show", "--json").out)["questions"]
    assert asked["note"] == {"en": "the case number", "da": "sagsnummeret"}
    assert asked["who"] == {
        "on_duty": "second-on-call",
        "because": "rotation",
        "instead_of": None,
        "deputies": ["duty-officer"],
        "handover_at": "2026-11-23T07:00:00+00:00",
        "handover_to": "duty-officer",
    }


def test_a_plan_names_who_it_would_be_now_and_holds_nothing_of_it(stage, waiting):
    waiting()
    said = " ".join(stage("plan", "ring").out.split())
    assert (
        "done by duty-officer (second-on-call, on duty until Mon 23 Nov 08:00; when late: duty-officer)"
        in said
    )
    plans = {json.loads(stage("plan", "ring", "--json").out)["digest"]}
    stage.more["now"] = lambda: SATURDAY + timedelta(days=7)
    plans.add(json.loads(stage("plan", "ring", "--json").out)["digest"])
    assert len(plans) == 1
    assert "(duty-officer, on duty" in " ".join(stage("plan", "ring").out.split())
