"""What became of a run's work after it had ended: which runs took it back, and which have worked on the same since.

`runs/<run>/undone-by/<n>` names the n-th run that was opened to take it back; written once, so that of two operators
who plan the same undo at the same moment one is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from seawall.errors import Busy, JournalError
from seawall.files import FILE_MODE, keep_names, make_folder, on_disk
from seawall.journal import Outcome
from seawall.run_folder import RunFolder, read_state
from seawall.run_list import run_names, summary_of
from seawall.state import State
from seawall.step_state import Stand
from seawall.undoing import step_undone

FOLDER = "undone-by"
NAMES_GO_BACK = timedelta(hours=3)
"""How far the order of names, which carry local time, may differ from that of openings."""


def undos_of(run: RunFolder) -> tuple[RunFolder, ...]:
    """Return the runs that were opened to take `run` back, the first first. Raises: JournalError."""
    folder = run.path / FOLDER
    with on_disk(folder):
        if not folder.is_dir():
            return ()
        names = sorted((one.name for one in folder.iterdir() if one.name.isdecimal()), key=int)
        return tuple(RunFolder(run.runs, (folder / name).read_text(encoding="utf-8")) for name in names)


def taken_back_of(run: RunFolder) -> frozenset[str]:
    """Return the steps of `run` that other runs have taken back.

    Raises:
        Busy: one of them has not ended, or has taken back all there was: twice is once too often.
        JournalError: one of them cannot be read.
    """
    found: set[str] = set()
    for undo in undos_of(run):
        if not undo.path.exists():
            continue
        state = read_state(undo)
        if state.ended is None:
            problem = f"run {undo.id} is taking it back already, and has not ended"
            raise Busy(problem, where=f"run {run.id}", remedy=f"See `seawall show {undo.id}`")
        if state.ended.outcome is Outcome.DONE:
            problem = f"it was taken back already, by run {undo.id}"
            raise Busy(problem, where=f"run {run.id}", remedy=f"See `seawall show {undo.id}`")
        found |= {step_undone(name) for name, one in state.steps.items() if one.stand is Stand.DONE}
    return frozenset(found)


def mark_undo(run: RunFolder, undo: RunFolder, *, before: int) -> None:
    """Note that `undo` takes `run` back, after `before` others did.

    Raises:
        Busy: another was faster; nothing is noted.
        JournalError: the disk will not have it.
    """
    folder = run.path / FOLDER
    make_folder(folder)
    with on_disk(folder):
        try:
            handle = os.open(
                folder / str(before + 1), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE
            )
        except FileExistsError:
            other = (folder / str(before + 1)).read_text(encoding="utf-8")
            problem = f"run {other} was opened to take it back a moment ago"
            raise Busy(problem, where=f"run {run.id}", remedy=f"See `seawall show {other}`") from None
        try:
            os.write(handle, undo.id.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        keep_names(folder)


def refuse_when_others_came(run: RunFolder, state: State) -> None:
    """Refuse to go on from where `run` ended when other runs have changed the same things since.

    Raises:
        Busy: names the run; what this one left is no longer what stands.
    """
    if state.ended is None or state.opened is None:
        return
    own = {run.id, *(one.id for one in undos_of(run))}
    for name in _since(run.runs, state.opened.at):
        other = RunFolder(run.runs, name)
        both = set(run.plan.claims) & _claims(other)
        if name not in own and both and _changed(other):
            problem = f"run {name} has worked on {', '.join(sorted(both))} since this one"
            raise Busy(problem, where=f"run {run.id}", remedy="Plan again, from how things stand now")


def _since(runs: Path, at: datetime) -> Iterator[str]:
    """Yield runs opened since; of those opened before, none with the same claims was under way beside this one."""
    for name in run_names(runs):
        opened = summary_of(RunFolder(runs, name)).opened_at
        if opened > at:
            yield name
        elif opened < at - NAMES_GO_BACK:
            return


def _claims(run: RunFolder) -> set[str]:
    try:
        return set(run.plan.claims)
    except JournalError:
        return set()


def _changed(run: RunFolder) -> bool:
    """Tell whether a run has changed anything, or may have."""
    try:
        state = read_state(run)
    except JournalError:
        return True
    return any(step.changed or step.stand is Stand.UNDONE for step in state.steps.values()) or bool(
        state.doubtful or state.under_way
    )
