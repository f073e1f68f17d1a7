"""The orchestrator is expendable: its machine lost in the middle of a failover, another one goes on from the copies."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from seawall.errors import ExitCode
from seawall.journal import Asked, Recovered
from seawall.journal_file import read_journal
from seawall.run_folder import RunFolder
from tests.end_to_end.conftest import CAREFUL
from tests.end_to_end.scene import OTHER, Scene, outcome, successes, until

pytestmark = [pytest.mark.lab, pytest.mark.slow]

SHORT_TERMS = [sys.executable, "-m", "tests.end_to_end.short_terms"]


def another_machine(scene: Scene, folder: Path) -> Scene:
    """Return the same lab as another machine sees it: the city's files, and no run of the first one's."""
    shutil.copytree(scene.city, folder / "city", ignore=shutil.ignore_patterns("runs", ".runs", "*pages"))
    (folder / "said").mkdir()
    return Scene(scene.lab, folder / "city", scene.inventory, folder / "said", scene.more)


def asked_since_it_was_recovered(run: RunFolder) -> set[str]:
    events = read_journal(run.journal_path)
    at = next(n for n, one in enumerate(events) if isinstance(one, Recovered))
    return {one.step for one in events[at:] if isinstance(one, Asked)}


def test_another_machine_goes_on_from_the_copies_and_repeats_nothing(scene: Scene, tmp_path: Path):
    was, timeline = scene.primary(), scene.timeline()
    elsewhere = another_machine(scene, tmp_path)
    with scene.no_two_primaries():
        command, run = scene.move(OTHER[was], runbook=CAREFUL, program=SHORT_TERMS)
        scene.allow(run)
        scene.wait_until_asked(run, "promote")
        command.kill()
        shutil.rmtree(scene.runs / run.id)  # its disk is gone too
        words = ("postgres-failover", "service=login", "mode=disaster", f"to={OTHER[was]}", "--yes", "login")
        refused = elsewhere.seawall("run", *words, "--as", "deputy-commander")
        assert refused.code == ExitCode.FAILED
        assert f"run {run.id} of commander on" in refused.err
        assert f"seawall recover {run.id}" in refused.err
        listed = elsewhere.seawall("recover")
        assert f"{run.id} not on this machine" in listed.out
        recovered = elsewhere.seawall("recover", run.id)
        assert recovered.code == ExitCode.DONE, recovered.all
        assert "commander on" in recovered.out
        assert "may drive this run for" in recovered.out
        here = RunFolder(elsewhere.runs, run.id)
        resumed = elsewhere.begin("resume", run.id)
        # It could have begun without a copy of that; only when its proof has told is anybody asked anew.
        until(lambda: "promote" in asked_since_it_was_recovered(here), "the question about promote")
        elsewhere.allow(here, "promote")
        assert resumed.ended().code == ExitCode.DONE
    assert (outcome(here), successes(here, "fence"), successes(here, "promote")) == ("done", 1, 1)
    assert (scene.primary(), scene.timeline()) == (OTHER[was], timeline + 1)
    # Of another story's run a busy store may have missed the end; this one's stands there.
    assert run.id not in elsewhere.seawall("recover").out
