"""One run, one folder: its plan, its journal and its inbox. A folder is there whole or not at all.

`runs/<run>/plan.json` is the plan's canonical JSON, so that its SHA-256 is the plan's digest; the journal's first line
names it, and a plan that was changed since is refused.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from seawall.errors import JournalError, Tampered
from seawall.files import FOLDER_MODE, keep_names, make_folder, on_disk, write_whole
from seawall.journal import Opened
from seawall.journal_file import FileJournal, first_event, read_journal
from seawall.plan import Plan
from seawall.signed import Signed
from seawall.signers import trust_folder
from seawall.state import State

UNMISTAKABLE = "acdefhjkmprtuwxy34679"
"""Letters and digits nobody takes for one another, on a phone at night or read aloud."""


@dataclass(frozen=True)
class RunFolder:
    """Where one run is kept. Making one touches nothing."""

    runs: Path
    id: str

    @cached_property
    def path(self) -> Path:
        """The folder."""
        return self.runs / self.id

    @cached_property
    def journal_path(self) -> Path:
        """The journal's file, for those who only read it."""
        return self.path / "journal.jsonl"

    @cached_property
    def inbox_path(self) -> Path:
        """Where words to the run are laid."""
        return self.path / "inbox"

    @cached_property
    def opened(self) -> Opened:
        """How the run was opened: the journal's first line, which stays. Raises: JournalError, Tampered."""
        return first_event(self.journal_path)

    @cached_property
    def plan(self) -> Plan:
        """The plan, as it was when the run was opened.

        Raises:
            Tampered: it is not the plan that the journal's first line names.
            JournalError: it cannot be read.
        """
        path, content = self.path / "plan.json", self.plan_content()
        if hashlib.sha256(content).hexdigest() != self.opened.plan:
            remedy = "Do not resume it; compare it with a copy, keep both as evidence, and plan again"
            raise Tampered("the plan was changed after the run was opened", where=str(path), remedy=remedy)
        try:
            return _plan_in(content)
        except ValidationError as error:
            remedy = "Use the version of Seawall that wrote it, or newer"
            raise JournalError("the plan is of another version", where=str(path), remedy=remedy) from error

    def plan_content(self) -> bytes:
        """Return the plan's bytes, unchecked. Raises: JournalError: it cannot be read."""
        path = self.path / "plan.json"
        with on_disk(path):
            return path.read_bytes()

    def journal(self, by: str = "seawall") -> FileJournal:
        """Open the journal for writing, for the operator `by`. Raises: Busy, Tampered, JournalError."""
        return FileJournal(self.journal_path, by=by)


def create_run(
    runs: Path,
    plan: Plan,
    *,
    by: str,
    version: str,
    now: datetime,
    sign: Callable[[str], Signed | None] | None = None,
) -> RunFolder:
    """Make the folder of a new run of `plan`, opened by `by`.

    Where this host has a trust root, yeses to it are to be signed.

    Args:
        runs: where runs are kept; made when it is not there.
        plan: what will be done.
        by: who opens it.
        version: Seawall's.
        now: the time where the operator is; the run's name begins with it.
        sign: signs the request for the run whose name it is told; None stands for nobody who does.

    Raises:
        JournalError: the disk will not have it; nothing of the run is left behind.
    """
    make_folder(runs)
    for run in _names(plan.runbook, now):
        half = RunFolder(runs, f".new-{run}")
        opened = Opened(
            at=now,
            run=run,
            plan=plan.digest,
            runbook=plan.runbook,
            title=plan.title,
            exercise=plan.exercise,
            by=by,
            version=version,
            yeses="typed" if trust_folder() is None else "signed",
        )
        with on_disk(runs / run):
            if (runs / run).exists() or not _is_new(half.path):
                continue
            try:
                request = None if sign is None else sign(run)
                _fill(half, plan.content, opened.model_copy(update={"request": request}))
                half.path.rename(runs / run)
                keep_names(runs)
            except BaseException:
                shutil.rmtree(half.path, ignore_errors=True)
                raise
        return RunFolder(runs, run)
    raise AssertionError  # `_names` never ends


def read_state(run: RunFolder) -> State:
    """Read where a run stands, without getting in anybody's way. Raises: Tampered, JournalError."""
    return State(run.plan, read_journal(run.journal_path))


def _names(runbook: str, now: datetime) -> Iterator[str]:
    """Yield names for a run, the first free one to be taken: `2026-11-21-2004-postgres-failover-k3xw`."""
    length = 4  # two machines may begin the same in the same minute, and know nothing of each other yet
    while True:
        for _ in range(20):
            code = "".join(secrets.choice(UNMISTAKABLE) for _ in range(length))
            yield f"{now:%Y-%m-%d-%H%M}-{runbook}-{code}"
        length += 1


def _plan_in(content: bytes) -> Plan:
    return Plan.model_validate_json(content)


def _is_new(folder: Path) -> bool:
    try:
        folder.mkdir(mode=FOLDER_MODE)
    except FileExistsError:
        return False
    return True


def _fill(run: RunFolder, plan: bytes, opened: Opened) -> None:
    write_whole(run.path / "plan.json", plan)
    run.inbox_path.mkdir(mode=FOLDER_MODE)
    with run.journal(opened.by) as journal:
        journal.append([opened])
    keep_names(run.path)
