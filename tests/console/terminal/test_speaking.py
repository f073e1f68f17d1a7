"""`answer` and `abort`: who may say what to a run, and that it is heard."""

from __future__ import annotations

import json
import re

import pytest

from seawall.errors import ExitCode
from seawall.journal import Answered, Approved
from seawall.journal_file import read_journal


@pytest.fixture
def waiting(stage):
    """A run that asked for a yes, was not answered in time, and is driven by nobody."""
    stage.impatient()
    assert stage("run", "light", "--yes", "green").code == ExitCode.IN_DOUBT
    return stage


def test_a_yes_from_somebody_who_may_lets_the_run_go_on(waiting):
    said = waiting("answer", "last", "light", "yes", "--as", "commander")
    assert said.code == ExitCode.DONE
    assert "Next: seawall resume" in said.out
    said = waiting("resume", "last")
    assert waiting.lit("green")
    events = read_journal(waiting.run().journal_path)
    assert [(one.by, one.how) for one in events if isinstance(one, Approved)] == [
        ("commander", "typed in a terminal")
    ]


@pytest.mark.parametrize(
    ("who", "named"), [("anna", "there is no person 'anna'"), ("duty-officer", "incident-commander")]
)
@pytest.mark.parametrize("answer", ["yes", "no"])
def test_an_answer_from_somebody_who_may_not_is_refused(waiting, who, named, answer):
    before = waiting.contents()
    said = waiting("answer", "last", "light", answer, "--as", who)
    assert said.code == ExitCode.BAD_INPUT
    assert named in said.err
    assert waiting.contents() == before


HINT = re.compile(r"^ *(?:Next:|or:)? *(seawall .+)$", re.MULTILINE)


def test_no_command_that_is_named_says_yes_when_it_is_pasted(stage):
    stage.impatient()
    ended = stage("run", "light", "--yes", "green")
    named = HINT.findall(ended.out + stage("show").out + stage("status").out)
    assert f"seawall answer {stage.run().id} light" in named
    # `yes|no` in a shell would be a yes, and a program called no.
    assert not [one for one in named if set(one) & set("|<>&;`$")]
    before = stage.contents()
    said = stage("answer", "last", "light", "--as", "commander")
    assert said.code == ExitCode.BAD_INPUT
    assert f"`seawall answer {stage.run().id} light no`" in said.err
    assert stage.contents() == before


def test_a_no_ends_the_run_refused(waiting):
    assert waiting("answer", "last", "light", "no", "--as", "commander", "--why", "not now").code == 0
    said = waiting("resume", "last")
    assert said.code == ExitCode.FAILED
    assert "REFUSED" in said.out
    assert not waiting.lit("green")
    answered = [one for one in read_journal(waiting.run().journal_path) if isinstance(one, Answered)]
    assert [(one.by, one.answer, one.why) for one in answered] == [("commander", "no", "not now")]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["lihgt", "yes"], "no step lihgt"),
        (["light", "maybe"], "yes, no, done, not-done, happened"),
        (["light", "done"], "light yes or no"),
        (["tell", "done"], "tell"),
        (["look", "yes"], "waits for no approval"),
    ],
)
def test_an_answer_that_nobody_asked_for_is_refused(waiting, arguments, named):
    before = waiting.contents()
    said = waiting("answer", "last", *arguments, "--as", "commander")
    assert said.code == ExitCode.BAD_INPUT
    assert named in said.err
    assert waiting.contents() == before


def test_the_same_person_is_not_two_people(stage):
    stage.impatient()
    runbook = stage.city / "runbooks" / "light.yaml"
    runbook.write_text(
        runbook.read_text().replace("commander, within: 5ms", "commander, people: 2, within: 5ms")
    )
    assert stage("run", "light", "--yes", "green").code == ExitCode.IN_DOUBT
    assert stage("answer", "last", "light", "yes", "--as", "commander").code == ExitCode.DONE
    assert stage("resume", "last").code == ExitCode.IN_DOUBT
    assert not stage.lit("green")
    said = stage("answer", "last", "light", "yes", "--as", "commander")
    assert said.code == ExitCode.BAD_INPUT
    assert "already" in said.err
    assert stage("answer", "last", "light", "yes", "--as", "deputy-commander").code == ExitCode.DONE
    stage("resume", "last")
    assert stage.lit("green")


def test_a_run_that_has_ended_hears_nothing(stage):
    stage("run", "blink", "--yes", "green")
    for arguments in (["answer", "last", "light", "yes"], ["abort", "last"]):
        said = stage(*arguments)
        assert said.code == ExitCode.BAD_INPUT
        assert "has ended" in said.err


def test_the_json_of_an_answer_says_whether_it_was_heard(waiting):
    told = json.loads(waiting("answer", "last", "light", "yes", "--as", "commander", "--json").out)
    assert told == {
        "run": waiting.run().id,
        "step": "light",
        "answer": "yes",
        "by": "commander",
        "heard": False,
    }


def test_abort_brings_a_run_that_nobody_drives_to_its_end(waiting):
    said = waiting("abort", "last", "--why", "enough")
    assert said.code == ExitCode.DONE
    assert "ABORTED" in said.out
    assert waiting.state().ended is not None
    assert waiting.state().abort.why == "enough"


def test_abort_with_undo_takes_back_what_was_done(stage):
    stage.impatient()
    stage("run", "light", "lamp=red", "--yes", "red")
    assert stage.lit("warm")
    said = stage("abort", "last", "--undo")
    assert said.code == ExitCode.DONE
    assert "UNDONE" in said.out
    assert not stage.lit("warm")


def test_abort_without_undo_names_what_still_stands(stage):
    stage.impatient()
    stage("run", "light", "lamp=red", "--yes", "red")
    said = stage("abort", "last")
    assert said.code == ExitCode.DONE
    assert "Still stands, or is not known: warm-up" in said.out
    assert stage.lit("warm")
