"""How the open runs and the schedules stand: what is under way, what waits for whom, how long is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from seawall.doubts import doubt_of
from seawall.errors import JournalError
from seawall.inventory import Inventory
from seawall.journal_file import read_journal
from seawall.on_duty import handover, on_duty
from seawall.questions import questions_of
from seawall.run_folder import RunFolder, read_state
from seawall.run_list import RunSummary, Standing
from seawall.schedules import ScheduleStanding
from seawall.situation.moment import PaperYes, RunNow, ScheduleNow, StepNow, Wait, Who
from seawall.state import State

MOST_OPEN = 50
"""Open runs that are read whole; of more, only what their last lines say."""


def run_now(
    runs: Path, summary: RunSummary, now: datetime, inventory: Inventory | None = None, *, whole: bool = True
) -> RunNow:
    """Tell how an open run stands, from its `whole` journal; one that cannot be read says so.

    With the inventory, also who it is that is waited for.
    """
    bare = RunNow(
        id=summary.id,
        runbook=summary.runbook,
        title=summary.title,
        exercise=summary.exercise,
        standing=summary.standing,
        by=summary.by,
        opened_at=summary.opened_at,
        problem=summary.problem,
    )
    if summary.standing is Standing.UNREADABLE or not whole:
        return bare
    run = RunFolder(runs, summary.id)
    try:
        state = read_state(run)
        in_doubt = (*state.doubtful, *_orphaned(state, summary.standing))
        events = tuple(read_journal(run.journal_path)) if in_doubt else ()
    except JournalError as error:
        return bare.model_copy(
            update={"standing": Standing.UNREADABLE, "problem": f"{error.where}: {error.problem}"}
        )
    waits = tuple(
        Wait(
            step=one.step.id,
            does=one.step.does,
            what=one.asked.what,
            of=one.asked.of,
            people=one.missing,
            until=one.asked.until,
            left_seconds=(one.asked.until - now).total_seconds(),
            answers=one.answers,
            who=None if inventory is None else _who(inventory, one.asked.of, now),
        )
        for one in questions_of(state)
    )
    under_way = tuple(
        StepNow(
            step=name,
            does=one.step.does,
            begun=one.begun,
            until=one.until,
            left_seconds=(one.until - now).total_seconds(),
        )
        for name, one in ((name, state.steps[name]) for name in state.under_way)
        if one.begun is not None and one.until is not None
    )
    return bare.model_copy(
        update={
            "last_at": state.last,
            "parameters": state.plan.parameters,
            "waits": waits,
            "under_way": under_way,
            "in_doubt": in_doubt,
            "doubts": tuple(doubt_of(state, events, step) for step in in_doubt),
            "unverified": tuple(_unverified(state)),
        }
    )


def runs_now(
    runs: Path, summaries: Iterable[RunSummary], now: datetime, inventory: Inventory | None = None
) -> tuple[RunNow, ...]:
    """Tell how open runs stand: what is real before exercises, otherwise in the order given."""
    told = [run_now(runs, one, now, inventory, whole=n < MOST_OPEN) for n, one in enumerate(summaries)]
    return tuple(sorted(told, key=lambda one: one.exercise))


def _unverified(state: State) -> Iterator[PaperYes]:
    for name, one in state.steps.items():
        if one.by_hand is not None and (who := [by for by in one.by_hand.approved_by if by not in one.yeses]):
            yield PaperYes(step=name, by=tuple(who), typed_by=one.by_hand.typed_by)


def _who(inventory: Inventory, role: str, now: datetime) -> Who:
    found, ahead = on_duty(inventory, role, now), handover(inventory, role, now)
    return Who(
        on_duty=found.person,
        because=found.because,
        instead_of=found.instead_of,
        deputies=found.deputies,
        handover_at=None if ahead is None else ahead[0],
        handover_to=None if ahead is None else ahead[1].person,
        may_act=tuple(inventory.with_role(role)),
    )


def _orphaned(state: State, standing: Standing) -> tuple[str, ...]:
    """Name the changes that were under way when the run's process died: whether they happened is not known."""
    if standing is not Standing.INTERRUPTED:
        return ()
    return tuple(name for name in state.under_way if state.steps[name].step.changes)


def schedule_now(one: ScheduleStanding) -> ScheduleNow:
    """Tell how a schedule stands."""
    return ScheduleNow(
        name=one.schedule.name,
        flow=one.schedule.flow,
        kept=one.kept,
        next_due=one.next_due,
        missed=one.missed,
        late_seconds=one.late.total_seconds() if one.late is not None else None,
        last=one.last.what if one.last is not None else None,
        last_began=one.last.began if one.last is not None else None,
        last_well=one.last.well if one.last is not None else None,
        ended_badly=one.ended_badly,
    )
