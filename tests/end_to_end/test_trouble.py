"""A host that is down, refuses or hangs: the step ends within its limit, and says which it was."""

from __future__ import annotations

import signal

import pytest

from seawall.errors import ExitCode
from seawall.journal import Asked
from seawall.run_folder import read_state
from tests.end_to_end.scene import OTHER, Scene, outcome, successes, until

pytestmark = pytest.mark.lab

STOPPED = 130


@pytest.mark.parametrize(
    ("fault", "target", "words"),
    [
        ("kill-host", "{other}-db", "refused"),
        ("stop-process", "{other}-db/postgres", "silence until the limit"),
    ],
    ids=["down", "hangs"],
)
def test_a_standby_that_cannot_take_over_is_said_to_be_down_or_to_hang(scene: Scene, fault, target, words):
    was, timeline = scene.primary(), scene.timeline()
    scene.lab_break(fault, target.format(other=OTHER[was]))
    said = scene.refused("postgres-failover", "service=login", f"to={OTHER[was]}", "mode=disaster")
    assert f"{OTHER[was]}-db" in said
    assert words in said
    assert scene.seawall("lab", "heal").code == ExitCode.DONE  # a server that hangs is asked nothing
    assert (scene.primary(), scene.timeline()) == (was, timeline)
    assert not scene.marked_as_standby(was)


def test_a_machine_that_hangs_is_fenced_by_its_power(scene: Scene):
    was, timeline = scene.primary(), scene.timeline()
    for program in ("postgres", "sshd"):
        scene.lab_break("stop-process", f"{was}-db/{program}")
    command, run = scene.move(OTHER[was], "disaster")
    scene.allow(run)
    ended = command.ended()
    assert (ended.code, outcome(run)) == (ExitCode.DONE, "done"), ended.all
    assert read_state(run).seen["fence"]["evidence"]["kind"] == "powered-off"
    assert successes(run, "promote") == 1
    assert (scene.primary(), scene.timeline()) == (OTHER[was], timeline + 1)
    scene.check_serves(OTHER[was])


def test_a_machine_whose_ssh_hangs_is_sent_nothing(scene: Scene):
    was, timeline = scene.primary(), scene.timeline()
    command, run = scene.move(OTHER[was])
    scene.wait_until_asked(run, "fence")
    scene.lab_break("stop-process", f"{was}-db/sshd")
    scene.allow(run)
    ended = command.ended()
    assert (ended.code, outcome(run)) == (ExitCode.FAILED, "failed"), ended.all
    told = " ".join(ended.out.split())
    assert f"fence ({was}-db" in told
    assert "silence until the limit" in told
    assert list(read_state(run).changed) == []
    assert (scene.primary(), scene.timeline()) == (was, timeline)
    scene.check_serves(was)


def test_a_fence_in_doubt_is_asked_about_and_a_planned_move_stops_where_it_would_lose_something(scene: Scene):
    was, timeline = scene.primary(), scene.timeline()
    with scene.no_two_primaries():
        command, run = scene.move(OTHER[was])
        scene.wait_until_asked(run, "fence")
        scene.hold_the_stop_of(was)
        scene.allow(run)
        until(lambda: scene.marked_as_standby(was), "the command at work there")
        # It has been told to stop and does so when it is let go, with nobody there to send its last lines to.
        scene.lab_break("stop-process", f"{was}-db/postgres")
        until(lambda: not scene.follows(OTHER[was]), "its standby hearing nothing of it")
        scene.wait_for(run, lambda one: isinstance(one, Asked) and (one.step, one.what) == ("fence", "doubt"))
        assert "IN DOUBT" in scene.seawall("show", run.id).out
        assert scene.seawall("lab", "heal").code == ExitCode.DONE
        until(lambda: scene.is_stopped(was), "the server ending")
        command.process.send_signal(signal.SIGINT)
        assert command.ended().code == STOPPED
        said = scene.seawall("resume", run.id)
        assert (said.code, outcome(run)) == (ExitCode.FAILED, "failed"), said.all
        state = read_state(run)
        assert list(state.failed) == ["standby-has-everything"]
        assert list(state.changed) == ["fence"]
        assert "Still stands, or is not known: fence" in said.out
        command, run = scene.move(OTHER[was], "disaster")
        scene.allow(run)
        assert command.ended().code == ExitCode.DONE
    assert (scene.primary(), scene.timeline()) == (OTHER[was], timeline + 1)
    scene.check_serves(OTHER[was])
