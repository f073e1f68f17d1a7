"""Whenever the power goes in the middle of a failover, resuming ends it well, and nothing is done twice."""

from __future__ import annotations

import signal
import sys

import pytest

from seawall.journal import Resumed
from seawall.journal_file import read_journal
from tests.end_to_end.scene import LIMIT, OTHER, Scene, begun, outcome, successes

pytestmark = pytest.mark.lab

DYING = [sys.executable, "-m", "tests.end_to_end.dying"]
CHANGES = ("write-ahead", "fence", "promote", "repoint", "repoint-name", "old-follows")

CUTS = [
    ("started", "fence", 0),
    ("succeeded", "fence", 0),
    ("started", "promote", 30),
    ("succeeded", "promote", 0),
    ("started", "repoint", 0),
]
"""Which line is the last, and how many milliseconds later: at once, or in the middle of the call."""


@pytest.mark.parametrize(("kind", "step", "milliseconds"), CUTS)
def test_a_failover_whose_power_is_cut_ends_well_when_it_is_resumed(scene: Scene, kind, step, milliseconds):
    was, timeline, told = scene.primary(), scene.timeline(), len(scene.outside.messages())
    program = [*DYING, str(milliseconds), kind, step]
    with scene.no_two_primaries():
        command, run = scene.move(OTHER[was], program=program)
        scene.allow(run)
        assert command.process.wait(LIMIT) == -signal.SIGKILL
        assert outcome(run) is None
        over = {one.step for one in read_journal(run.journal_path) if one.kind in ("succeeded", "not-needed")}
        in_doubt = set(begun(run)) - over
        said = scene.seawall("resume", run.id)
    assert said.code == 0, said.all
    assert outcome(run) == "done"
    assert any(isinstance(one, Resumed) for one in read_journal(run.journal_path))
    # Only what had no ending was begun again, and of that only what a proof showed not to have happened.
    assert {one for one in begun(run) if begun(run).count(one) > 1} <= in_doubt
    assert [one for one in CHANGES if successes(run, one) > 1] == []
    assert scene.primary() == OTHER[was]
    assert scene.timeline() == timeline + 1
    assert scene.follows(was)
    scene.check_serves(OTHER[was])
    assert len(scene.outside.messages()) == told + 3  # two mails and a post, each once
