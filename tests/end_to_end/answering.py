"""What people do about a failover that was interrupted: say what is so, and leave out or have again what failed."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from drills.lab.layout import LabLayout
from seawall.errors import ExitCode
from seawall.journal import Answered
from seawall.journal_file import read_journal
from seawall.run_folder import RunFolder, read_state
from seawall.step_state import Stand
from tests.end_to_end.scene import LIMIT, OTHER, Scene, outcome

CHANGES = ("write-ahead", "fence", "promote", "repoint", "repoint-name", "old-kept-out", "old-follows")
WORDS = ("old-kept-out", "old-let-in-again")
"""Words on their way to a place may arrive when nobody waits for them: that they do not stand there is for a person."""
TOLD = {"tell-by-mail": ("email", 2), "tell-on-slack": ("slack", 1)}
"""Steps that no proof can look for, and what arrives when they were carried out."""


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
                # Whose proof may be unable to tell: a server that is there and lets nobody in, a word on its way.
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
