"""Starting the same thing twice at once gives one run and one clear refusal; a run that was killed keeps others out."""

from __future__ import annotations

import re

import pytest

from seawall.errors import ExitCode
from seawall.run_list import find_run
from tests.end_to_end.conftest import CAREFUL
from tests.end_to_end.scene import OTHER, Scene, begun, outcome, successes, until

pytestmark = pytest.mark.lab


def test_two_who_start_at_once_get_one_run_and_one_refusal(scene: Scene):
    was, timeline, before = scene.primary(), scene.timeline(), scene.known()
    words = ("run", "postgres-failover", "service=login", f"to={OTHER[was]}", "--yes", "login", "--exercise")
    with scene.no_two_primaries():
        both = {
            name: scene.begin(*words, "mode=planned", "--as", name)
            for name in ("commander", "deputy-commander")
        }
        refused = until(
            lambda: [name for name, one in both.items() if one.process.poll() is not None], "a refusal"
        )
        (loser,) = refused
        (winner,) = set(both) - {loser}
        said = both[loser].ended()
        # Claims are taken before the first line is written: the refusal can come before the winner's journal.
        (run,) = until(
            lambda: [one for name in scene.known() - before if begun(one := find_run(scene.runs, name))],
            "the winner's first line",
        )
        assert said.code == ExitCode.FAILED
        assert run.id in said.err
        told = " ".join(said.err.split())
        assert re.search(rf"process {both[winner].process.pid} of {winner}, for \d+m?s", told), said.err
        assert f"seawall show {run.id}" in said.err
        scene.allow(run)
        assert both[winner].ended().code == ExitCode.DONE
    assert (outcome(run), successes(run, "promote")) == ("done", 1)
    assert (scene.primary(), scene.timeline()) == (OTHER[was], timeline + 1)
    # The one that was refused is over: nobody who resumes the last run moves the service a second time.
    for name in scene.known() - before - {run.id}:
        assert outcome(find_run(scene.runs, name)) == "refused"


def test_what_a_killed_run_held_is_kept_until_it_is_resumed_or_aborted(scene: Scene):
    was, before = scene.primary(), scene.known()
    command, run = scene.move(OTHER[was], runbook=CAREFUL)
    scene.allow(run)
    scene.wait_until_asked(run, "promote")
    command.kill()
    words = ("postgres-failover", "service=login", "mode=disaster", f"to={OTHER[was]}", "--yes", "login")
    said = scene.seawall("run", *words, "--as", "deputy-commander")
    assert said.code == ExitCode.FAILED
    assert f"run {run.id} of commander was interrupted" in said.err
    assert "Resume or abort it first" in said.err
    assert f"seawall resume {run.id}" in said.err
    assert outcome(run) is None
    for name in scene.known() - before - {run.id}:
        assert outcome(find_run(scene.runs, name)) == "refused"
    assert (
        scene.seawall("resume", run.id, "--yes").code == ExitCode.BAD_INPUT
    )  # resuming takes no name to type
    scene.begin("resume", run.id)
    scene.allow(run, "promote")
    assert scene.commands[-2].ended().code == ExitCode.DONE
    assert (outcome(run), successes(run, "fence"), successes(run, "promote")) == ("done", 1, 1)
