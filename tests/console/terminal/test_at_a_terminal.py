"""What a person sees and types at a terminal: the target's name, yeses, their own steps, Ctrl-C, a line that drops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from seawall.errors import ExitCode
from seawall.journal import Answered, Approved, Outcome
from seawall.journal_file import read_journal
from tests.console.terminal.keyboard import ROOT
from tests.console.terminal.stage import PLAIN

pytestmark = pytest.mark.slow

DEADLINE = 20.0


def test_the_targets_name_is_typed_before_anything_is_begun(stage, sit_down):
    with sit_down("run", "blink") as keyboard:
        assert "THIS IS REAL" in keyboard.until("Type green to begin")
        assert not (stage.city / "runs").exists()
        keyboard.type("green")
        keyboard.until("DONE")
        assert keyboard.ended() == ExitCode.DONE
    assert stage.lit("green")


@pytest.mark.parametrize("typed", ["", "red"])
def test_anything_else_begins_nothing(stage, sit_down, typed):
    with sit_down("run", "blink") as keyboard:
        keyboard.until("Type green to begin")
        keyboard.type(typed)
        keyboard.until("nothing was begun")
        assert keyboard.ended() == ExitCode.BAD_INPUT
    assert not (stage.city / "runs").exists()


def test_ctrl_c_at_the_question_begins_nothing(stage, sit_down):
    with sit_down("run", "blink") as keyboard:
        keyboard.until("Type green to begin")
        keyboard.press_ctrl_c()
        keyboard.until("stopped by Ctrl-C")
        assert keyboard.ended() == 130
    assert not (stage.city / "runs").exists()


def test_yeses_and_peoples_steps_are_asked_for_here(stage, sit_down):
    with sit_down("run", "light", "--yes", "green") as keyboard:
        asked = keyboard.until("> ")
        assert "light waits for a yes from incident-commander" in asked
        assert "taken back by lamp.off" in asked
        keyboard.type("perhaps")
        keyboard.until("Type yes or no.")
        keyboard.type("yes")
        keyboard.until("there is no person 'anna'")
        keyboard.type("yes duty-officer")
        keyboard.until("is not incident-commander")
        keyboard.type("yes commander")
        keyboard.until("tell is for duty-officer")
        keyboard.until("> ")
        keyboard.type("done duty-officer spoke to Mette")
        keyboard.until("DONE")
        assert keyboard.ended() == ExitCode.DONE
    events = read_journal(stage.run().journal_path)
    assert [one.by for one in events if isinstance(one, Approved)] == ["commander"]
    assert [(one.by, one.why) for one in events if isinstance(one, Answered)] == [
        ("duty-officer", "spoke to Mette")
    ]


def test_a_question_answered_elsewhere_is_taken_back_here(stage, sit_down):
    with sit_down("run", "light", "--yes", "green") as keyboard:
        keyboard.until("> ")
        said = stage("answer", "last", "light", "yes", "--as", "deputy-commander")
        assert said.code == ExitCode.DONE
        assert said.out.startswith("Said to ")
        keyboard.until("answered elsewhere")
        keyboard.until("tell is for duty-officer")
        assert stage("abort", "last", "--why", "enough").code == ExitCode.DONE
        keyboard.until("ABORTED")
        assert keyboard.ended() == ExitCode.FAILED


def test_ctrl_c_stops_driving_and_says_how_to_go_on(stage, sit_down):
    with sit_down("run", "blink", "slow=1500ms", "--yes", "green") as keyboard:
        keyboard.until("doing light")
        keyboard.press_ctrl_c()
        told = keyboard.until("seawall abort")
        assert "light was under way and may still happen" in " ".join(told.split())
        assert f"seawall resume {stage.run().id}" in told
        assert keyboard.ended() == 130
    assert stage.state().ended is None
    assert stage("show").out.count("Nobody drives it") == 1


@pytest.mark.lab  # it waits until what was under way can act no more, which the fast tests have no time for
def test_what_ctrl_c_left_under_way_is_looked_at_and_done_once(stage, sit_down):
    stage.write("runbooks/blink.yaml", PLAIN.replace("within: 60s", "within: 10s"))
    with sit_down("run", "blink", "slow=1500ms", "--yes", "green") as keyboard:
        keyboard.until("doing light")
        keyboard.press_ctrl_c()
        assert keyboard.ended() == 130
    assert stage("resume", "last").code == ExitCode.DONE
    assert stage.lit("green")


def test_a_terminal_that_goes_away_does_not_stop_the_run(stage, sit_down):
    with sit_down("run", "blink", "slow=1s", "--yes", "green") as keyboard:
        keyboard.until("doing light")
        keyboard.close_the_terminal()
        assert keyboard.ended() == 0, "a terminal that has gone is nobody's mistake"
    assert stage.state().ended.outcome is Outcome.DONE
    assert stage.lit("green")


def test_a_killed_process_is_stopped_as_by_ctrl_c(stage, sit_down):
    with sit_down("run", "blink", "slow=1500ms", "--yes", "green") as keyboard:
        keyboard.until("doing light")
        os.kill(keyboard.pid, signal.SIGTERM)
        keyboard.until("seawall resume")
        assert keyboard.ended() == 130


def test_what_is_under_way_is_shown_with_what_is_left_of_its_limit(stage, sit_down):
    with sit_down("run", "blink", "slow=1s", "--yes", "green") as keyboard:
        shown = keyboard.until("steps over")
        assert "next: look" in shown
        assert "at most" in shown
        assert "Ctrl-C stops driving" in keyboard.until("driving.")
        keyboard.until("DONE")
        assert keyboard.ended() == ExitCode.DONE


def test_a_second_terminal_sees_the_run_and_cannot_drive_it(stage, sit_down):
    with sit_down("run", "blink", "slow=1500ms", "--yes", "green") as keyboard:
        keyboard.until("doing light")
        assert "under way" in stage("show").out
        said = stage("resume", "last")
        assert said.code == ExitCode.FAILED
        assert "carried out already" in said.err
        said = stage("run", "blink", "--yes", "green")
        assert said.code == ExitCode.FAILED
        assert "runbook:blink" in said.err
        keyboard.until("DONE")
        assert keyboard.ended() == ExitCode.DONE
    assert sum(one.is_dir() for one in (stage.city / "runs").iterdir() if one.name[0] != ".") == 2


def test_abort_from_a_second_terminal_ends_the_run_in_a_named_state(stage, sit_down):
    with sit_down("run", "light", "lamp=red", "--yes", "red") as keyboard:
        keyboard.until("> ")
        said = stage("abort", "last", "--undo")
        assert said.code == ExitCode.DONE
        assert "UNDONE" in said.out
        keyboard.until("UNDONE")
        assert keyboard.ended() == ExitCode.FAILED
    assert not stage.lit("warm")


def test_following_shows_what_another_terminal_does(stage, sit_down):
    with sit_down("run", "light", "--yes", "green") as keyboard:
        keyboard.until("> ")
        with sit_down("show", "last", "--follow") as other:
            other.until("waits for a yes")
            assert stage("answer", "last", "light", "yes", "--as", "commander").code == ExitCode.DONE
            other.until("commander said yes")
            keyboard.until("tell is for")
            keyboard.until("> ")
            keyboard.type("done duty-officer")
            other.until("the run ended: done")
            assert other.ended() == ExitCode.DONE


@pytest.mark.parametrize(("environ", "coloured"), [({"NO_COLOR": "1"}, False), ({}, True)])
def test_colours_can_be_left_out(stage, sit_down, environ, coloured):
    with sit_down("plan", "light", **environ) as keyboard:
        keyboard.until("Next:")
        assert keyboard.ended() == ExitCode.DONE
        assert ("\x1b[" in keyboard.seen) is coloured


def test_a_reader_that_goes_away_is_no_bug(stage):
    stage("run", "blink", "--yes", "green")
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "tests.console.terminal.stage", str(stage.lamps), "runs"]
    done = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, timeout=DEADLINE, check=False, cwd=ROOT
    )
    os.close(write)
    assert b"bug" not in done.stderr
    assert b"Traceback" not in done.stderr


def test_what_a_step_asks_to_note_is_typed_after_done(stage, sit_down):
    stage.write(
        "runbooks/ring.yaml",
        "runbook: ring\ntitle: Ring\nwhy: It is away\nsteps:\n"
        "  - {id: call, does: Ring them, by: duty-officer, within: 5m, note: the case number}\n",
    )
    with sit_down("run", "ring", "--yes", "ring") as keyboard:
        assert "Type `done` and the case number" in keyboard.until("> ")
        keyboard.type("done")
        keyboard.until("asks you to note the case number")
        keyboard.until("> ")
        keyboard.type("done ring Sofie Papfigur")
        keyboard.until("the note holds the name of second-on-call")
        keyboard.until("> ")
        keyboard.type("done duty-officer SAG-4711 at noon")
        keyboard.until("DONE")
        assert keyboard.ended() == ExitCode.DONE
    (answer,) = (one for one in read_journal(stage.run().journal_path) if isinstance(one, Answered))
    assert (answer.by, answer.note) == ("duty-officer", "SAG-4711 at noon")


def test_an_answer_that_is_left_out_is_asked_for(sit_down, stage):
    stage.impatient()
    assert stage("run", "light", "--yes", "green").code == ExitCode.IN_DOUBT
    with sit_down("answer", "last", "light") as keyboard:
        keyboard.until("Type `yes NAME` or `no NAME`")
        keyboard.type("yes commander")
        keyboard.until("Laid in the inbox")
        assert keyboard.ended() == ExitCode.DONE
    with sit_down("answer", "last", "light") as keyboard:
        keyboard.until("says nothing.")
        keyboard.type("")
        keyboard.until("nothing was said")
        assert keyboard.ended() == ExitCode.BAD_INPUT
