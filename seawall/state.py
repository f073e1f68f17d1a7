"""Where a run stands: the journal folded, one event at a time. The one place that knows what the events mean.

Everybody who asks how a run is (the driver, status, reports, metrics) asks a State. It is folded in place because ten
thousand steps must cost ten thousand small folds; nobody but the fold changes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from seawall.journal import (
    AbortAsked,
    Answered,
    Approved,
    Asked,
    Ended,
    Event,
    Failed,
    NotNeeded,
    Opened,
    Resumed,
    Settled,
    Started,
    Succeeded,
)
from seawall.plan import Plan, PlannedStep


class Stand(StrEnum):
    """Where one step stands."""

    WAITING = "waiting"
    UNDER_WAY = "under way"
    DONE = "done"
    NOT_NEEDED = "not needed"
    SKIPPED = "skipped"
    FAILED = "failed"
    IN_DOUBT = "in doubt"
    UNDOING = "undoing"
    UNDONE = "undone"
    UNDO_FAILED = "undo failed"
    UNDO_IN_DOUBT = "undo in doubt"


STILL_ACTS = timedelta(seconds=3)
"""How long after its limit a remote command may still be ending: `timeout -k` gives it one second, then kills."""

OVER = frozenset({Stand.DONE, Stand.NOT_NEEDED, Stand.SKIPPED})
"""Stands that let the steps after this one start."""


@dataclass(slots=True)
class StepState:
    """What is known of one step. `too_early`: a proof said "did not happen" while the attempt could still act."""

    step: PlannedStep
    stand: Stand = Stand.WAITING
    attempts: int = 0
    undo_attempts: int = 0
    started: datetime | None = None
    until: datetime | None = None
    ended: datetime | None = None
    failure: Failed | None = None
    settled: Settled | None = None
    asked: Asked | None = None
    approved_by: dict[str, datetime] = field(default_factory=dict)
    refused: bool = False
    changed: bool = False
    too_early: bool = False
    summary: str = ""

    @property
    def spent_at(self) -> datetime | None:
        """When the last attempt can no longer act by itself."""
        return None if self.until is None else self.until + STILL_ACTS


class State:
    """A run as its journal tells it.

    Attributes:
        ready: steps that nothing holds up, in plan order; approvals may still be wanting.
        under_way: steps with a call whose ending is not written.
        doubtful: steps whose change was begun and whose ending was not seen.
        failed: steps that failed.
        changed: steps whose change is in the world, in the order it came there.
        seen: what finished steps saw, by step.
    """

    def __init__(self, plan: Plan, events: Iterable[Event] = ()) -> None:
        self.plan = plan
        self.steps = {step.id: StepState(step) for step in plan.steps}
        self.opened: Opened | None = None
        self.abort: AbortAsked | None = None
        self.ended: Ended | None = None
        self.last: datetime | None = None
        self.ready: dict[str, None] = {}
        self.under_way: dict[str, None] = {}
        self.doubtful: dict[str, None] = {}
        self.failed: dict[str, None] = {}
        self.changed: dict[str, None] = {}
        self.seen: dict[str, dict[str, Any]] = {}
        self.left = len(plan.steps)
        self._followers: dict[str, list[str]] = {step.id: [] for step in plan.steps}
        self._wants = {step.id: len(set(step.after)) for step in plan.steps}
        for step in plan.steps:
            for wanted in set(step.after):
                self._followers[wanted].append(step.id)
        for step in plan.steps:
            if not self._wants[step.id] and self.steps[step.id].stand is Stand.WAITING:
                self._release(step.id)
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> None:
        """Fold one event in."""
        self.last = event.at
        match event:
            case Opened():
                self.opened = event
            case Resumed():
                self._lose_what_was_under_way()
            case AbortAsked():
                self.abort = self.abort or event
            case Ended():
                self.ended = event
            case Asked():
                self.steps[event.step].asked = event
            case Approved():
                self.steps[event.step].approved_by[event.by] = event.at
            case Answered():
                self._answered(event)
            case Started():
                self._started(event)
            case Succeeded() | NotNeeded() | Failed() | Settled():
                self._came_to_an_end(event)

    def is_current(self, step: str, attempt: int, *, undoing: bool) -> bool:
        """Tell whether an ending that arrives now is about the attempt under way, and not a late one."""
        one = self.steps[step]
        return step in self.under_way and attempt == (one.undo_attempts if undoing else one.attempts)

    def _started(self, event: Started) -> None:
        one = self.steps[event.step]
        one.stand = Stand.UNDOING if event.undoing else Stand.UNDER_WAY
        if event.undoing:
            one.undo_attempts = event.attempt
        else:
            one.attempts = event.attempt
            one.started = one.started or event.at
        one.until, one.settled, one.too_early = event.until, None, False
        self.ready.pop(event.step, None)
        self.doubtful.pop(event.step, None)
        self.under_way[event.step] = None

    def _came_to_an_end(self, event: Succeeded | NotNeeded | Failed | Settled) -> None:
        one = self.steps[event.step]
        self.under_way.pop(event.step, None)
        match event:
            case Succeeded():
                one.summary = event.summary
                self._over(one, Stand.UNDONE if event.undoing else Stand.DONE, event, event.seen)
            case NotNeeded():
                one.summary = event.because
                self._over(one, Stand.NOT_NEEDED, event, None)
            case Failed(acted=None) if one.step.changes:
                self._doubt(one, event)
            case Failed():
                self._fail(one, event)
            case Settled(happened=True):
                one.summary = event.because
                self._over(one, Stand.UNDONE if event.undoing else Stand.DONE, event, event.seen)
            case Settled(happened=False) if one.spent_at is not None and event.at < one.spent_at:
                one.too_early = True
            case Settled(happened=False):
                self.doubtful.pop(event.step, None)
                one.stand, one.settled = (Stand.DONE if event.undoing else Stand.WAITING), event
                if not event.undoing:
                    self.ready[event.step] = None
            case Settled():
                one.settled = event

    def _over(self, one: StepState, stand: Stand, event: Event, seen: dict[str, Any] | None) -> None:
        one.stand, one.ended = stand, event.at
        self.doubtful.pop(one.step.id, None)
        if stand is Stand.UNDONE:
            one.changed = False
            self.changed.pop(one.step.id, None)
            return
        if seen is not None:
            self.seen[one.step.id] = seen
        if stand is Stand.DONE and one.step.changes:
            one.changed = True
            self.changed[one.step.id] = None
        self._count_as_over(one.step.id)

    def _fail(self, one: StepState, event: Failed) -> None:
        one.failure, one.ended = event, event.at
        one.stand = Stand.UNDO_FAILED if event.undoing else Stand.FAILED
        self.failed[one.step.id] = None
        if event.acted and not event.undoing and one.step.changes:
            one.changed = True
            self.changed[one.step.id] = None

    def _doubt(self, one: StepState, event: Failed | Resumed) -> None:
        undoing = one.stand is Stand.UNDOING
        one.stand = Stand.UNDO_IN_DOUBT if undoing else Stand.IN_DOUBT
        one.failure = event if isinstance(event, Failed) else None
        one.asked = None
        self.doubtful[one.step.id] = None

    def _lose_what_was_under_way(self) -> None:
        for name in list(self.under_way):
            one = self.steps[name]
            del self.under_way[name]
            if one.step.by is not None or not one.step.changes:
                one.stand = Stand.WAITING
                self.ready[name] = None
            else:
                one.stand = Stand.UNDO_IN_DOUBT if one.stand is Stand.UNDOING else Stand.IN_DOUBT
                self.doubtful[name] = None
        for one in self.steps.values():
            one.asked = None

    def _answered(self, event: Answered) -> None:
        one = self.steps[event.step]
        one.asked = None
        undoing = one.stand is Stand.UNDO_IN_DOUBT
        match event.answer:
            case "no":
                one.refused = True
                one.stand, one.ended = Stand.FAILED, event.at
                self.ready.pop(event.step, None)
                self.failed[event.step] = None
            case "happened":
                one.summary = f"{event.by} says that it happened"
                self.ready.pop(event.step, None)
                one.started = one.started or event.at
                self._over(one, Stand.UNDONE if undoing else Stand.DONE, event, None)
            case "did-not-happen" if one.step.by is not None or one.stand is Stand.IN_DOUBT:
                self.ready.pop(event.step, None)
                self.doubtful.pop(event.step, None)
                one.stand, one.ended = Stand.FAILED, event.at
                one.summary = f"{event.by} says that it did not happen"
                self.failed[event.step] = None
            case _:
                self.doubtful.pop(event.step, None)
                one.stand = Stand.UNDO_FAILED
                self.failed[event.step] = None

    def _count_as_over(self, name: str) -> None:
        self.left -= 1
        for follower in self._followers[name]:
            self._wants[follower] -= 1
            if not self._wants[follower]:
                self._release(follower)

    def _release(self, name: str) -> None:
        one = self.steps[name]
        if one.step.skipped is None:
            self.ready[name] = None
        else:
            one.stand = Stand.SKIPPED
            self._count_as_over(name)
