"""Killed before and after every line of its journal, a failover ends right each time when it is resumed."""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter

import pytest

from seawall.journal import Answered, Asked
from seawall.journal_file import read_journal
from seawall.run_folder import RunFolder, read_state
from seawall.step_state import Stand
from tests.end_to_end.scene import (
    LIMIT,
    OTHER,
    Command,
    Scene,
    begun,
    outcome,
    shown_not_to_have_happened,
    successes,
    until,
)

pytestmark = [pytest.mark.lab, pytest.mark.matrix]

DYING = [sys.executable, "-m", "tests.end_to_end.dying"]
LINES = 28
"""What the journal of a planned move holds that nothing interrupts; the first is there before anybody drives."""
CHANGES = ("write-ahead", "fence", "promote", "repoint", "repoint-name", "old-follows")
TOLD = {"tell-by-mail": ("email", 2), "tell-on-slack": ("slack", 1)}
"""Steps that no proof can look for, and what arrives when they were carried out."""


def test_the_matrix_holds_every_line_of_the_journal(scene: Scene):
    was = scene.primary()
    command, run = scene.move(OTHER[was])
    scene.allow(run)
    assert command.ended().code == 0
    assert len(read_journal(run.journal_path)) == LINES


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("line", range(2, LINES + 1))
def test_a_failover_killed_at_any_line_ends_right_and_does_nothing_twice(
    scene: Scene, line: int, moment: str
):
    was, timeline, told = scene.primary(), scene.timeline(), arrived(scene)
    with scene.no_two_primaries():
        command, run = scene.move(OTHER[was], program=[*DYING, moment, "line", str(line)])
        if not killed(command, until_asked=run):
            scene.allow(run)
            until(lambda: command.process.poll() is not None, "the power cut", LIMIT)
        assert command.process.returncode == -signal.SIGKILL
        over = {one.step for one in read_journal(run.journal_path) if one.kind in ("succeeded", "not-needed")}
        in_doubt = set(begun(run)) - over
        time.sleep(0.5)  # what had left when the power went arrives
        unsent = resume_and_answer_truly(scene, run, told)
    # Somebody who sees that a message has not left says so, and that step alone has failed.
    assert outcome(run) == ("failed" if unsent else "done")
    assert set(read_state(run).failed) == unsent
    again = {one for one, times in Counter(begun(run)).items() if times > 1}
    assert again <= in_doubt | shown_not_to_have_happened(run)
    assert [one for one in CHANGES if successes(run, one) > 1] == []
    assert scene.primary() == OTHER[was]
    assert scene.timeline() == timeline + 1
    assert scene.follows(was)
    scene.check_serves(OTHER[was])
    now = arrived(scene)
    came = {channel: now[channel] - told[channel] for channel, _ in TOLD.values()}
    assert came == {channel: 0 if step in unsent else count for step, (channel, count) in TOLD.items()}


def killed(command: Command, *, until_asked: RunFolder) -> bool:
    """Wait until the power is cut, or a yes is wanted before it can be; tell which."""

    def either() -> bool:
        return command.process.poll() is not None or fence_is_asked(until_asked)

    until(either, "a power cut, or a question", LIMIT)
    time.sleep(0.1)  # at that very line it dies right after the question is on the disk
    return command.process.poll() is not None


def fence_is_asked(run: RunFolder) -> bool:
    return any(isinstance(one, Asked) and one.step == "fence" for one in read_journal(run.journal_path))


def resume_and_answer_truly(scene: Scene, run: RunFolder, told: Counter[str]) -> set[str]:
    """Resume as often as it takes, saying yes, and of messages in doubt whether they came; return which had not."""
    unsent: set[str] = set()
    command = scene.begin("resume", run.id)
    end = time.monotonic() + 2 * LIMIT  # a change in doubt is settled only when its limit has passed
    while command.process.poll() is None:
        assert time.monotonic() < end, "the resumed run did not end"
        for step, what in asked(run):
            if what == "approval":
                scene.seawall("answer", run.id, step, "yes", "--as", "commander")
            else:
                channel, whole = TOLD[step]
                came = arrived(scene)[channel] - told[channel] == whole
                unsent |= set() if came else {step}
                scene.seawall(
                    "answer", run.id, step, "happened" if came else "did-not-happen", "--as", "commander"
                )
        time.sleep(0.05)
    said = command.ended()
    assert said.code in {0, 1}, said.all
    return unsent


def asked(run: RunFolder) -> list[tuple[str, str]]:
    """What is asked and not answered yet."""
    state = read_state(run)
    doubts = [name for name in state.doubtful if state.steps[name].stand is Stand.IN_DOUBT]
    open_questions = [one.asked for one in state.steps.values() if one.asked is not None]
    answered = {one.step for one in read_journal(run.journal_path) if isinstance(one, Answered)}
    return [
        (one.step, one.what)
        for one in open_questions
        if (one.what == "approval" and state.steps[one.step].yeses_wanted)
        or (one.step in doubts and one.step not in answered)
    ]


def arrived(scene: Scene) -> Counter[str]:
    return Counter(one.by for one in scene.outside.messages())
