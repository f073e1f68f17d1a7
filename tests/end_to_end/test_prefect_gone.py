"""Losing Prefect in the middle of a failover loses the view of it, and not the run."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.server import prefect_environment, prefect_server
from seawall.errors import ExitCode
from seawall.journal import Ended, Started
from seawall.journal_file import read_journal
from tests.end_to_end.awaiting import AWAITING
from tests.end_to_end.scene import OTHER, Scene, outcome, successes

pytestmark = [pytest.mark.lab, pytest.mark.prefect]


@pytest.fixture
def watched(scene: Scene, tmp_path: Path) -> Iterator[tuple[Scene, int]]:
    """The same stage, with Prefect looking on, and the process that Prefect's server is."""
    folder = tmp_path / "prefect"
    with prefect_server(folder) as url:
        client = {**prefect_environment(url), "PREFECT_HOME": str(folder / "client"), "SEAWALL_PREFECT": "on"}
        server = int(json.loads((folder / "server.json").read_text())["server"]["pid"])
        yield dataclasses.replace(scene, more=client), server


def test_a_failover_ends_well_and_its_command_too_when_prefect_is_killed_in_the_middle(watched):
    scene, server = watched
    was, timeline = scene.primary(), scene.timeline()
    with scene.no_two_primaries():
        command, run = scene.move(OTHER[was], program=AWAITING)
        allowed = scene.begin_to_allow(run)
        scene.wait_for(run, lambda one: isinstance(one, Started) and one.step == "fence")
        os.kill(server, signal.SIGKILL)
        ended = command.ended()
        left = datetime.now(UTC)
        assert allowed.ended().code == ExitCode.DONE
    assert (ended.code, outcome(run), successes(run, "promote")) == (ExitCode.DONE, "done", 1), ended.all
    (end,) = [one for one in read_journal(run.journal_path) if isinstance(one, Ended)]
    print(f"the command ended {(left - end.at).total_seconds():.1f} s after its run")  # noqa: T201 - told, not judged
    assert "Prefect: " in ended.out  # what it missed is said
    assert (scene.primary(), scene.timeline()) == (OTHER[was], timeline + 1)
    scene.check_serves(OTHER[was])
