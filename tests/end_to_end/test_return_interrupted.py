"""Whenever the power goes while an old primary is brought back, resuming ends it well, and asks nobody about it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from drills.lab.layout import LabLayout
from seawall.errors import ExitCode
from seawall.journal import Asked, Settled
from seawall.journal_file import read_journal
from seawall.loading import PRODUCT
from tests.end_to_end.cities import GENEROUS, changed, write_city_of_stories
from tests.end_to_end.scene import LIMIT, OTHER, Scene, begun, outcome, successes

pytestmark = pytest.mark.lab

DYING = [sys.executable, "-m", "tests.end_to_end.dying"]


@pytest.fixture(scope="module")
def city_of_stories(lab: LabLayout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city whose failback takes at most a minute to rejoin: what cannot be told sooner is told then."""
    folder = tmp_path_factory.mktemp("return") / "city"
    write_city_of_stories(lab, folder, GENEROUS)
    text = (PRODUCT / "postgres-failback.yaml").read_text(encoding="utf-8")
    text = changed(r"(^  - id: rejoin\n(?:    .*\n)*?    within: )10m", r"\g<1>60s", text)
    (folder / "runbooks" / "postgres-failback.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "moment", ["0", "sends-start-following"], ids=["right before its call", "in the middle"]
)
def test_a_return_whose_power_is_cut_ends_well_and_nobody_is_asked_what_happened(scene: Scene, moment: str):
    scene.bring_home()  # only at home is there a standby elsewhere to move to, and a way back
    was = scene.lose_the_primary()

    before = scene.known()
    program = [*DYING, moment, "started", "rejoin"]
    words = ("run", "postgres-failback", "service=login", "--exercise", "--yes", "login")
    command = scene.begin(*words, program=program)
    run = scene.opened(before, command)
    scene.allow(run, "rejoin")
    assert command.process.wait(LIMIT) == -signal.SIGKILL, command.out.read_text()
    assert (outcome(run), successes(run, "rejoin")) == (None, 0)

    command = scene.begin("resume", run.id)
    # What cannot be told at once is told when a minute has passed; then the whole of it is done.
    scene.wait_for(
        run, lambda one: isinstance(one, Asked) and one.step == "move-back/fence", within=2 * LIMIT
    )
    scene.allow(run, "move-back/fence")
    ended = command.ended()
    assert (ended.code, outcome(run)) == (ExitCode.DONE, "done"), ended.all
    events = read_journal(run.journal_path)
    assert [one for one in events if isinstance(one, Asked) and "doubt" in one.what] == []
    settled = [one.happened for one in events if isinstance(one, Settled) and one.step == "rejoin"]
    assert settled[-1] is (
        begun(run).count("rejoin") == 1
    )  # begun anew only when it was shown not to have happened
    assert scene.primary() == was
    assert scene.follows(OTHER[was])
    scene.check_serves(was)
