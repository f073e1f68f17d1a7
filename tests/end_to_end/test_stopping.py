"""Stopping is safe: a run that is aborted or interrupted stands in a state that has a name, and a way on."""

from __future__ import annotations

import signal

import pytest

from seawall.errors import ExitCode
from seawall.journal import Started
from tests.end_to_end.conftest import CAREFUL
from tests.end_to_end.scene import OTHER, Scene, outcome, successes, until

pytestmark = pytest.mark.lab

STOPPED = 130


def fenced(scene: Scene):
    """Begin a planned move and let it go on until the old primary is fenced and nothing is promoted yet."""
    command, run = scene.move(OTHER[scene.primary()], runbook=CAREFUL)
    scene.allow(run)
    scene.wait_until_asked(run, "promote")
    return command, run


def test_an_abort_takes_back_what_was_done(scene: Scene):
    was, timeline = scene.primary(), scene.timeline()
    with scene.no_two_primaries():
        command, run = fenced(scene)
        assert scene.marked_as_standby(was)
        said = scene.seawall("abort", run.id, "--undo", "--why", "the hall is back")
        ended = command.ended()
    assert (said.code, ended.code) == (ExitCode.DONE, ExitCode.FAILED), said.all + ended.all
    assert outcome(run) == "undone"
    assert "UNDONE" in said.out
    assert "UNDONE" in ended.out
    assert scene.primary() == was
    assert not scene.marked_as_standby(was)
    assert scene.timeline() == timeline
    scene.check_serves(was)
    until(lambda: scene.follows(OTHER[was]), "the standby following again")


def test_an_abort_of_a_run_that_nobody_drives_takes_back_what_was_done(scene: Scene):
    was, timeline = scene.primary(), scene.timeline()
    command, run = fenced(scene)
    command.kill()
    said = scene.seawall("abort", run.id, "--undo")
    assert said.code == ExitCode.DONE, said.all
    assert outcome(run) == "undone"
    assert (scene.primary(), scene.timeline()) == (was, timeline)
    assert not scene.marked_as_standby(was)
    scene.check_serves(was)
    until(lambda: scene.follows(OTHER[was]), "the standby following again")


def test_an_abort_names_what_still_stands_and_another_run_goes_on_from_there(scene: Scene):
    was, timeline = scene.primary(), scene.timeline()
    command, run = fenced(scene)
    said = scene.seawall("abort", run.id)
    ended = command.ended()
    assert (said.code, ended.code) == (ExitCode.DONE, ExitCode.FAILED), said.all + ended.all
    assert outcome(run) == "aborted"
    for words in (said.out, ended.out, scene.seawall("show", run.id).out):
        assert "ABORTED" in words.upper()
        assert "fence" in words.partition("Still stands")[2].partition("Next")[0], words
    assert scene.marked_as_standby(was)
    with scene.no_two_primaries():
        command, run = scene.move(OTHER[was], "disaster")
        scene.allow(run)
        assert command.ended().code == ExitCode.DONE
    assert (scene.primary(), scene.timeline()) == (OTHER[was], timeline + 1)
    scene.check_serves(OTHER[was])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "kill"])
def test_an_interrupted_run_says_how_to_go_on_and_does(scene: Scene, number):
    was, timeline = scene.primary(), scene.timeline()
    with scene.no_two_primaries():
        command, run = scene.move(OTHER[was])
        allowed = scene.begin_to_allow(run)
        scene.wait_for(run, lambda one: isinstance(one, Started) and one.step == "fence")
        command.process.send_signal(number)
        ended = command.ended()
        assert ended.code == STOPPED, ended.all
        assert f"seawall resume {run.id}" in ended.out
        assert f"seawall abort {run.id}" in ended.out
        assert allowed.ended().code == ExitCode.DONE
        assert outcome(run) is None
        said = scene.seawall("resume", run.id)
    assert said.code == ExitCode.DONE, said.all
    assert (outcome(run), successes(run, "promote")) == ("done", 1)
    assert (scene.primary(), scene.timeline()) == (OTHER[was], timeline + 1)
    scene.check_serves(OTHER[was])
