"""Tell a run from its plan and its journal. Pure: the same journal gives the same report, but for when it was made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from seawall.errors import JournalError
from seawall.imported import Imported
from seawall.journal import (
    FIRST,
    Answered,
    Asked,
    Event,
    Failed,
    Line,
    Outcome,
    Settled,
    Skipped,
    WentAlone,
    events_of,
)
from seawall.model import Text
from seawall.plan import Plan
from seawall.report.account import Chain, Report, Reviewed, StepAccount, Told, Trouble
from seawall.report.of_waiting import in_hands, waited
from seawall.report.recovering import recovery_of
from seawall.report.signing import broken_in, signatures
from seawall.report.telling import told
from seawall.report.words import OPEN, VERDICTS
from seawall.state import State
from seawall.step_state import Stand, StepState


def make_report(
    plan: Plan,
    lines: Sequence[Line],
    *,
    run: str,
    made_at: datetime,
    version: str,
    imported: Imported | None = None,
    review: Reviewed | None = None,
) -> Report:
    """Tell the run whose plan and journal lines these are.

    Args:
        plan: what was to be done.
        lines: as `read_lines` gives them, so that their chain is checked.
        run: its name.
        made_at: now.
        version: of Seawall, for the evidence.
        review: what somebody thought of a broken glass since, as it lies beside the journal.
        imported: how it came here, when it was carried out elsewhere.

    Raises:
        JournalError: the journal does not say how the run was opened, or holds what this version does not know.
    """
    events = tuple(events_of(lines, run))
    state = State(plan, events)
    opened = state.opened
    if opened is None:
        raise JournalError(
            "the journal does not say how the run was opened",
            where=run,
            remedy="Start the run again; nothing was done under this one",
        )
    asked = {one.step: one.at for one in reversed(events) if isinstance(one, Asked)}
    end = state.ended.at if state.ended else (state.last or opened.at)
    people = waited(events)
    return Report(
        seawall=version,
        made_at=made_at,
        run=run,
        city=plan.city,
        runbook=plan.runbook,
        title=plan.title,
        why=plan.why,
        exercise=plan.exercise,
        parameters=plan.parameters,
        plan=opened.plan,
        opened_by=opened.by,
        opened_at=opened.at,
        ended_at=state.ended.at if state.ended else None,
        outcome=state.ended.outcome.value if state.ended else None,
        verdict=_verdict(state),
        seconds=_seconds(opened.at, end) or 0.0,
        waited_for_people=people,
        machine_seconds=round(max(0.0, (_seconds(opened.at, end) or 0.0) - people), 3),
        in_doubt=tuple(state.doubtful),
        left=state.ended.left if state.ended else tuple(state.changed),
        steps=tuple(_account(state.steps[step.id], state, asked.get(step.id), events) for step in plan.steps),
        troubles=tuple(_troubles(plan, events)),
        timeline=tuple(_timeline(plan, events)),
        journal=Chain(
            lines=len(lines),
            head=lines[-1].hash if lines else FIRST,
            erased=sum(line.event is None for line in lines),
        ),
        recovery=recovery_of(plan.promise, state, opened.at),
        imported=imported,
        yeses="signed" if state.yeses.signed else "typed",
        request=opened.request,
        glass=broken_in(state),
        review=review,
    )


def _verdict(state: State) -> Text:
    if state.ended is None:
        return OPEN["in doubt" if state.doubtful else "open"]
    if state.ended.outcome is Outcome.ABORTED and not state.ended.left:
        return VERDICTS["aborted-clean"]
    if state.ended.outcome is Outcome.DONE and any(
        one.stand is Stand.OVERRIDDEN for one in state.steps.values()
    ):
        return VERDICTS["done-overridden"]
    left_out = any(isinstance(one.reopened, Skipped) for one in state.steps.values())
    if state.ended.outcome is Outcome.DONE and left_out:
        return VERDICTS["done-skipped"]
    if state.ended.outcome is Outcome.REFUSED and not state.failed:
        return VERDICTS["refused-unbegun"]
    return VERDICTS[state.ended.outcome.value]


def _account(one: StepState, state: State, asked: datetime | None, events: Sequence[Event]) -> StepAccount:
    step = one.step
    started = asked if step.by is not None else one.started
    return StepAccount(
        id=step.id,
        does=step.does,
        uses=step.uses,
        by=step.by,
        effect=step.effect.value,
        stand="not begun" if one.stand is Stand.WAITING and state.ended else one.stand.value,
        skipped=step.skipped,
        after=step.after,
        attempts=one.attempts,
        asked=asked,
        started=started,
        ended=one.ended,
        seconds=_seconds(started, one.ended),
        limit_seconds=step.within.total_seconds(),
        approvals=signatures(one, asked),
        saw=one.summary,
        seen=state.seen.get(step.id),
        changed=one.changed,
        takes_back=step.undo.uses if step.undo else None,
        no_way_back=step.no_way_back,
        hands=in_hands(one, asked, events) if asked or one.by_hand else None,
    )


def _troubles(plan: Plan, events: Sequence[Event]) -> Iterable[Trouble]:
    for n, event in enumerate(events):
        if not isinstance(event, Failed):
            continue
        later = next((one for one in events[n + 1 :] if getattr(one, "step", None) == event.step), None)
        settled = isinstance(later, Settled | Answered)
        yield Trouble(
            at=event.at,
            step=event.step,
            undoing=event.undoing,
            error=event.error,
            where=event.where,
            problem=event.problem,
            remedy=event.remedy,
            acted=event.acted,
            afterwards=told(later, plan) if later is not None and settled else None,
        )


def _timeline(plan: Plan, events: Iterable[Event]) -> Iterable[Told]:
    for event in events:
        yield Told(
            at=event.at,
            kind=event.kind,
            step=getattr(event, "step", None),
            by=", ".join(event.by) if isinstance(event, WentAlone) else getattr(event, "by", None),
            text=told(event, plan),
        )


def _seconds(began: datetime | None, ended: datetime | None) -> float | None:
    return None if began is None or ended is None else round((ended - began).total_seconds(), 3)
