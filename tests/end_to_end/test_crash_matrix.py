"""Killed before and after every line of its journal, a failover ends right each time when it is resumed.

Which lines there are is seen in a failover that nothing interrupts; each is known by what it says and of which step,
for steps that are carried out side by side write theirs in whatever order.
"""

from __future__ import annotations

import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from drills.lab.layout import LabLayout
from seawall.errors import ExitCode
from seawall.journal_file import read_journal
from seawall.run_folder import RunFolder, read_state
from tests.end_to_end.answering import CHANGES, TOLD, arrived, carry_to_its_end, nobody_tells
from tests.end_to_end.cities import GENEROUS, write_city_of_stories
from tests.end_to_end.scene import (
    LIMIT,
    OTHER,
    Scene,
    begun,
    outcome,
    shown_not_to_have_happened,
    successes,
    until,
)

pytestmark = [pytest.mark.lab, pytest.mark.matrix]

DYING = [sys.executable, "-m", "tests.end_to_end.dying"]
MOMENTS = {"before": "before", "after": "0"}

Line = tuple[str, str]
"""A line's kind, and its step if it is of one."""
OPENED, ASKED, ENDED = ("opened", ""), ("asked", "fence"), ("ended", "")


@pytest.fixture(scope="module")
def city_of_stories(lab: LabLayout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The city of these stories: nothing in it is in a hurry."""
    folder = tmp_path_factory.mktemp("patient") / "city"
    write_city_of_stories(lab, folder, {**GENEROUS, "fence": "30s", "old-follows": "30s"})
    return folder


@pytest.fixture(scope="module")
def lines(stage: Scene) -> list[Line]:
    """The lines of a failover that nothing interrupts, as two in a row have written them.

    The first may find a lease to be granted again that stories before it revoked.
    """
    before: list[Line] = []
    for _ in range(6):
        written = move(stage)
        if sorted(written) == sorted(before):
            return written
        before = written
    pytest.fail(f"no two failovers in a row wrote the same lines; the last: {before}")


def move(scene: Scene) -> list[Line]:
    """Carry a failover out that nothing interrupts, and return the lines it wrote."""
    until(scene.is_whole, "a lab that is whole")
    command, run = scene.move(OTHER[scene.primary()])
    scene.allow(run)
    ended = command.ended()
    assert ended.code == ExitCode.DONE, ended.all
    return lines_of(run)


def lines_of(run: RunFolder) -> list[Line]:
    return [(one.kind, getattr(one, "step", "")) for one in read_journal(run.journal_path)]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_failover_killed_at_any_line_ends_right_and_does_nothing_twice(
    scene: Scene, lines: list[Line], moment: str, subtests: pytest.Subtests
):
    assert (lines[0], lines[-1]) == (OPENED, ENDED)
    assert {("started", one) for one in CHANGES} <= set(lines)
    assert len(set(lines)) == len(lines), "a line is not known by its kind and step alone"
    killed_at = []
    for line in lines:
        with subtests.test(" ".join((moment, *line))):
            if not scene.is_whole():  # the kill before this one has failed
                scene.bring_home()
            if line == OPENED:
                kill_before_there_is_a_run(scene, moment)
            else:
                wants_a_yes = lines.index(line) > lines.index(ASKED)
                kill_and_resume(scene, moment, line, wants_a_yes=wants_a_yes)
            killed_at.append(line)
    assert killed_at == lines
    move(scene)  # nor does the last one hold anybody up


def kill_before_there_is_a_run(scene: Scene, moment: str) -> None:
    """Kill it at its first line, which is written before the run has its name: no run comes of it, and none is held up.

    The failovers after this one show the latter.
    """
    before = scene.known()
    command = scene.begin_to_move(OTHER[scene.primary()], program=[*DYING, MOMENTS[moment], *OPENED])
    assert command.process.wait(LIMIT) == -signal.SIGKILL, command.out.read_text()
    assert scene.known() == before


def kill_and_resume(scene: Scene, moment: str, line: Line, *, wants_a_yes: bool) -> None:
    was, timeline, told = scene.primary(), scene.timeline(), arrived(scene)
    with scene.no_two_primaries():
        command, run = scene.move(OTHER[was], program=[*DYING, MOMENTS[moment], *line])
        if wants_a_yes:
            scene.allow(run)
        assert command.process.wait(LIMIT) == -signal.SIGKILL, command.out.read_text()
        events = read_journal(run.journal_path)
        assert (line in lines_of(run)) == (moment == "after")
        over = {one.step for one in events if one.kind in ("succeeded", "not-needed")}
        in_doubt = set(begun(run)) - over
        until(lambda: nobody_tells(scene.lab), "what had left when the power went arriving")
        came = {step: arrived(scene)[channel] - told[channel] for step, (channel, _) in TOLD.items()}
        carry_to_its_end(scene, run, {step for step, (_, whole) in TOLD.items() if came[step] == whole})
    assert outcome(run) == "done"
    # Somebody who saw that a message had not left has said so, and left it at that.
    unsent = {name for name, one in read_state(run).steps.items() if one.said_not_to_have and name in TOLD}
    assert unsent <= in_doubt
    again = {one for one, times in Counter(begun(run)).items() if times > 1}
    assert again <= in_doubt | shown_not_to_have_happened(run)
    assert [one for one in CHANGES if successes(run, one) > 1] == []
    assert scene.primary() == OTHER[was]
    assert scene.timeline() == timeline + 1
    until(lambda: scene.follows(was), "the old primary following")
    scene.check_serves(OTHER[was])
    now = arrived(scene)
    assert {step: now[channel] - told[channel] for step, (channel, _) in TOLD.items()} == {
        step: came[step] if step in unsent else whole for step, (_, whole) in TOLD.items()
    }
