"""A machine that lost its power and starts its database by itself is a second primary for as short as can be."""

from __future__ import annotations

import pytest

from drills.lab.plan import clusters
from drills.lab.postgres import start_command
from drills.lab.remote import run_on
from seawall.errors import ExitCode
from tests.end_to_end.scene import OTHER, Scene, begun, outcome, successes

pytestmark = pytest.mark.lab


def test_an_old_primary_that_started_by_itself_is_stopped_before_anybody_is_asked(scene: Scene):
    scene.bring_home()  # only at home is there a standby elsewhere to move to, and a way back
    was = scene.lose_the_primary()
    (old,) = [one for one in clusters(scene.lab) if one.site == was]
    # As a service manager does at boot.
    run_on(scene.lab, f"{was}-db", start_command(old), within=40)
    assert sorted(scene.primaries()) == sorted(OTHER)

    before = scene.known()
    command = scene.begin("run", "postgres-failback", "service=login", "--exercise", "--yes", "login")
    run = scene.opened(before, command)
    scene.wait_until_asked(run, "rejoin")
    assert scene.primaries() == [OTHER[was]]
    assert scene.marked_as_standby(was)
    scene.allow(run, "rejoin")
    scene.allow(run, "move-back/fence")
    ended = command.ended()
    assert (ended.code, outcome(run)) == (ExitCode.DONE, "done"), ended.all
    assert successes(run, "stays-down") == 1
    assert scene.primary() == was
    scene.check_serves(was)


def test_an_old_primary_that_already_follows_is_left_running(scene: Scene):
    was = scene.primary()
    command, run = scene.move(OTHER[was])
    scene.allow(run)
    assert command.ended().code == ExitCode.DONE
    started = scene.database(was).started
    before = scene.known()
    command = scene.begin(
        "run", "postgres-failback", "service=login", f"to={was}", "--exercise", "--yes", "login"
    )
    run = scene.opened(before, command)
    scene.wait_until_asked(run, "rejoin")
    assert begun(run).count("stays-down") == 1
    assert successes(run, "stays-down") == 0
    assert scene.database(was).started == started
    scene.allow(run, "rejoin")
    scene.allow(run, "move-back/fence")
    assert command.ended().code == ExitCode.DONE
    assert scene.primary() == was
