"""Killed before and after every line of its journal, a failover ends right each time when it is resumed.

Which lines there are is seen in a failover that nothing interrupts; each is known by what it says and of which step,
for steps that are carried out side by side write theirs in whatever order.
"""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from drills.lab.layout import LabLayout
from seawall.errors import ExitCode
from seawall.journal import Answered
from seawall.journal_file import read_journal
from seawall.run_folder import RunFolder, read_state
from seawall.step_state import Stand
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
CHANGES = ("write-ahead", "fence", "promote", "repoint", "repoint-name", "old-kept-out", "old-follows")
WORDS = ("old-kept-out", "old-let-in-again")
"""Words on their way to a place may arrive when nobody waits for them: that they do not stand there is for a person."""
TOLD = {"tell-by-mail": ("email", 2), "tell-on-slack": ("slack", 1)}
"""Steps that no proof can look for, and what arrives when they were carried out."""

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


def carry_to_its_end(scene: Scene, run: RunFolder, told: set[str]) -> None:
    """Resume it, say yes and what is so; then leave out what was not sent, and have again what else did not happen."""
    if outcome(run) is not None:
        said = scene.seawall("resume", run.id)
        assert (said.code, "this run has ended" in said.err) == (ExitCode.BAD_INPUT, True), said.all
        return
    resume_and_answer(scene, run, told)
    for step in tuple(read_state(run).failed):
        word = "skip" if step in TOLD else "retry"
        said = scene.seawall(word, run.id, step, "--why", "the power went", within=2 * LIMIT)
        # It has failed until the last of them is dealt with.
        assert said.code in {ExitCode.DONE, ExitCode.FAILED}, said.all


def resume_and_answer(scene: Scene, run: RunFolder, told: set[str]) -> None:
    command = scene.begin("resume", run.id)
    end = time.monotonic() + 2 * LIMIT  # a change in doubt is settled only when its limit has passed
    while command.process.poll() is None:
        assert time.monotonic() < end, "the resumed run did not end"
        for step, what in asked(run):
            if what == "approval":
                answer = "yes"
            elif step in TOLD:
                answer = "happened" if step in told else "did-not-happen"
            else:
                # The one other change whose proof needs the server that it starts: nobody can ask one that is stopped.
                assert step in {"old-follows", *WORDS}
                follows = step == "old-follows" and scene.follows(OTHER[scene.primary()])
                answer = "happened" if follows else "did-not-happen"
            scene.seawall("answer", run.id, step, answer, "--as", "commander")
        time.sleep(0.05)
    said = command.ended()
    assert said.code in {ExitCode.DONE, ExitCode.FAILED}, said.all


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


OPEN = {"01", "03", "08"}
"""ESTABLISHED, SYN_RECV and CLOSE_WAIT, as include/net/tcp_states.h of Linux numbers them."""


def nobody_tells(lab: LabLayout) -> bool:
    """Whether the mail server and Slack have taken all that came, and closed each connection."""
    theirs = {
        f"{int.from_bytes(bytes(map(int, machine.address.split('.'))), 'little'):08X}:{port:04X}"
        for machine in (lab.machine("witness-mail"), lab.machine("witness-slack"))
        for port in machine.ports.values()
    }
    rows = [one.split() for one in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return not any(row[1] in theirs and row[3] in OPEN for row in rows)
