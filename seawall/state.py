"""Where a run stands: the journal folded, one event at a time. The one place that knows what the events mean.

Everybody who asks how a run is (the driver, status, reports, metrics) asks a State. It is folded in place because ten
thousand steps must cost ten thousand small folds; nobody but the fold changes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from seawall.clocks import Clocks
from seawall.journal import (
    AbortAsked,
    Acknowledged,
    Answered,
    Approved,
    Asked,
    ByHand,
    Ended,
    Escalated,
    Event,
    Failed,
    Lapsed,
    Notified,
    NotNeeded,
    Opened,
    Overridden,
    Recovered,
    Resumed,
    Retried,
    Settled,
    SignedFromHere,
    Skipped,
    Started,
    Succeeded,
    Unanswered,
)
from seawall.overriding import overridden
from seawall.plan import Plan
from seawall.predicates import PlanPredicate
from seawall.step_state import Stand, StepState
from seawall.unseen import Unseen
from seawall.yeses import Yeses


class State:
    """A run as its journal tells it.

    Attributes:
        ready: steps that nothing holds up; approvals may still be wanting.
        for_people: those of them that wait for a person to carry them out or to say yes.
        startable: the others, by the lanes they keep busy, so that a thousand that wait for one host are one to look
            at; lanes take turns.
        under_way: steps with a call whose ending is not written.
        doubtful: steps whose change was begun and whose ending was not seen.
        failed: steps that failed.
        changed: steps whose change is in the world, in the order it came there.
        seen: what finished steps saw, by step.
        yeses: which of the yeses that were said count.
        aborting_since: when this process, or the one before it, was told to abort.
    """

    def __init__(self, plan: Plan, events: Iterable[Event] = ()) -> None:
        self.plan = plan
        self.steps = {step.id: StepState(step) for step in plan.steps}
        self.yeses = Yeses(self.steps, self._regroup)
        self.opened: Opened | None = None
        self.abort: AbortAsked | None = None
        self.ended: Ended | None = None
        self.clocks = Clocks()
        self.last: datetime | None = None
        self.aborting_since: datetime | None = None
        self.ready: dict[str, None] = {}
        self.for_people: dict[str, None] = {}
        self.startable: dict[tuple[str, ...], dict[str, None]] = {}
        self.under_way: dict[str, None] = {}
        self.doubtful: dict[str, None] = {}
        self.failed: dict[str, None] = {}
        self.changed: dict[str, None] = {}
        self.seen: dict[str, dict[str, Any]] = {}
        self.left = len(plan.steps)
        self._owed: dict[str, dict[str, None]] = {}
        self._followers: dict[str, list[str]] = {step.id: [] for step in plan.steps}
        self.unseen = Unseen(self._followers)
        self._wants = {step.id: len(set(step.after)) for step in plan.steps}
        for one in plan.steps:
            for wanted in set(one.after):
                self._followers[wanted].append(one.id)
        for name in [step.id for step in plan.steps if not step.after and self._release(step.id)]:
            self._count_as_over(name)
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> None:
        """Fold one event in."""
        self.last = self.clocks.saw(event, self.steps.values())
        match event:
            case Opened():
                self.opened = event
                self.yeses.apply(event)
            case Recovered() | Resumed():
                self._taken_up(event)
            case AbortAsked():
                # A person may first say stop, and then that it should be taken back; never the other way round.
                self.aborting_since = self.aborting_since or self.last
                self.abort = event if self.abort is None or event.undo else self.abort
            case Ended():
                self.ended = event
            case Asked() | Escalated() | Acknowledged() | Notified() | Unanswered() | ByHand():
                self._in_peoples_hands(event)
            case Approved() | Lapsed() | SignedFromHere() | Answered() | Skipped() | Retried() | Overridden():
                self._said(event)
            case Started():
                self._started(event)
            case Succeeded() | NotNeeded() | Failed() | Settled():
                self._came_to_an_end(event)

    def is_current(self, step: str, attempt: int, *, undoing: bool) -> bool:
        """Tell whether an ending that arrives now is about the attempt under way, and not a late one."""
        one = self.steps[step]
        if step not in self.under_way or undoing is not (one.stand is Stand.UNDOING):
            return False
        return attempt == (one.undo_attempts if undoing else one.attempts)

    def looks_of(self, step: str) -> tuple[PlanPredicate, ...]:
        """Return what a step looks at before it acts, with what steps before it were to look at and did not act on."""
        one = self.steps[step].step
        facts = dict.fromkeys(one.holds_first) | (self._owed.get(step, {}) if one.changes else {})
        return tuple(self.plan.by_fact[one] for one in facts)

    def _taken_up(self, event: Recovered | Resumed) -> None:
        if isinstance(event, Resumed):
            self._lose_what_was_under_way()
            self.aborting_since = None if self.abort is None else event.at
        else:
            self.unseen.recovered(self.steps.values(), event)
            for one in [self.steps[name] for name in self.ready]:
                self._ready(one)

    def _said(self, event: Event) -> None:
        self.yeses.apply(event)
        if isinstance(event, Answered):
            self._answered(event)
        elif isinstance(event, Skipped | Retried | Overridden):
            self._reopened(event)

    def _regroup(self, one: StepState) -> None:
        if one.step.id in self.ready:
            self._not_ready(one.step.id)
            self._ready(one)

    def _started(self, event: Started) -> None:
        one = self.steps[event.step]
        one.stand = Stand.UNDOING if event.undoing else Stand.UNDER_WAY
        if event.undoing:
            one.undo_attempts = event.attempt
        else:
            one.attempts = event.attempt
            one.started = one.started or event.at
        one.begun, one.until, one.settled, one.limit = event.at, event.until, None, event.until - event.at
        one.too_early = one.orphaned = False
        self._not_ready(event.step)
        self.yeses.began(event.step)
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
                self._over(one, Stand.NOT_NEEDED, event, event.seen)
            case Failed(acted=None) if one.step.changes:
                self._doubt(one, event)
            case Failed():
                self._fail(one, event)
            case Settled(happened=True):
                one.summary = event.because
                self._over(one, Stand.UNDONE if event.undoing else Stand.DONE, event, event.seen)
            case Settled() if one.may_still_come(event):
                one.too_early = True
            case Settled(happened=False):
                self._did_not_happen(one, event)
            case Settled():
                one.settled = event

    def _did_not_happen(self, one: StepState, event: Settled) -> None:
        one.settled, one.summary = event, event.because
        self.unseen.did_not_happen(one.step.id)
        self.doubtful.pop(one.step.id, None)
        if one.may_try_again:
            one.stand = Stand.WAITING
            self._ready(one)
        else:
            one.stand, one.ended = Stand.FAILED, event.at
            self.failed[one.step.id] = None

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
            one.orphaned = True
            if one.step.changes:
                one.stand = Stand.UNDO_IN_DOUBT if one.stand is Stand.UNDOING else Stand.IN_DOUBT
                self.doubtful[name] = None
            else:
                one.stand = Stand.WAITING
                self._ready(one)
        for one in self.steps.values():
            one.asked = None
        for name in self.doubtful:  # whoever resumes may have mended what the proof could not see through
            self.steps[name].settled, self.steps[name].too_early = None, False

    def _in_peoples_hands(
        self, event: Asked | Escalated | Acknowledged | Notified | Unanswered | ByHand
    ) -> None:
        one = self.steps[event.step]
        match event:
            case Asked():
                one.ask(event)
            case Escalated():
                one.ask_next(event)
            case Acknowledged():
                one.take(event)
            case Unanswered(then="goes-on"):
                one.summary = "nobody answered, and the runbook goes on without it"
                self._not_ready(event.step)
                self._over(one, Stand.SKIPPED, event, None)
            case Unanswered():
                one.summary = "nobody answered"
                self._give_up(one, event.at)
            case ByHand():
                self._done_by_hand(event)
            case Notified():
                pass  # that a message left says nothing of where the step stands

    def _done_by_hand(self, event: ByHand) -> None:
        """Settle a step by what a paper says of it, whether or not a call was begun for it."""
        one = self.steps[event.step]
        one.by_hand, one.asked = event, None
        one.approved_by.update(dict.fromkeys(event.approved_by, event.when))
        self.under_way.pop(event.step, None)
        self.failed.pop(event.step, None)
        self._not_ready(event.step)
        if event.result == "done":
            noted = f"; noted: {event.note}" if event.note else ""
            one.summary = f"done by hand by {event.by}{noted}"
            one.started = one.started or event.when
            self._over(one, Stand.DONE, event, None)
            one.ended = event.when
        else:
            one.summary, one.said_not_to_have = f"{event.by} did not do it by hand", True
            self._give_up(one, event.when)

    def _give_up(self, one: StepState, at: datetime) -> None:
        self._not_ready(one.step.id)
        self.doubtful.pop(one.step.id, None)
        one.stand, one.ended = Stand.FAILED, at
        self.failed[one.step.id] = None

    def _answered(self, event: Answered) -> None:
        one = self.steps[event.step]
        if event.answer == "cannot":
            one.pass_on(event.by, event.at)
            return
        one.asked = None
        undoing = one.stand is Stand.UNDO_IN_DOUBT
        match event.answer:
            case "no":
                one.refused = True
                one.stand, one.ended = Stand.FAILED, event.at
                self._not_ready(event.step)
                self.failed[event.step] = None
            case "happened":
                noted = f"; noted: {event.note}" if event.note else ""
                one.summary = f"{event.by} says that it happened{noted}"
                self._not_ready(event.step)
                one.started = one.started or event.at
                self._over(one, Stand.UNDONE if undoing else Stand.DONE, event, None)
            case "did-not-happen" if one.step.by is not None or one.stand is Stand.IN_DOUBT:
                one.summary, one.said_not_to_have = f"{event.by} says that it did not happen", True
                self.unseen.did_not_happen(event.step)
                self._give_up(one, event.at)
            case _:
                self.doubtful.pop(event.step, None)
                one.stand = Stand.UNDO_FAILED
                self.failed[event.step] = None

    def _reopened(self, event: Skipped | Retried | Overridden) -> None:
        """Let a run go on past a step that failed: it counts as over, or has its turn again."""
        one, self.ended = self.steps[event.step], None
        if isinstance(event, Overridden):
            if (seen := overridden(one, event)) is not None:
                self.failed.pop(event.step, None)
                self._over(one, Stand.OVERRIDDEN, event, seen)
            return
        one.reopened = event
        self.failed.pop(event.step, None)
        if isinstance(event, Skipped):
            one.stand, one.ended, one.summary = Stand.SKIPPED, event.at, f"skipped by {event.by}: {event.why}"
            self._count_as_over(event.step)
            return
        doubtful = one.may_have_acted(self.clocks.now or event.at)
        one.begin_again()
        if doubtful:  # its proof, or a person, must first say that it did not happen
            one.stand = Stand.IN_DOUBT
            self.doubtful[event.step] = None
        else:
            self._ready(one)

    def _owes(self, name: str) -> dict[str, None]:
        """Return what nobody has looked at yet for the first change, because a step that was to make it did not."""
        one, owed = self.steps[name], self._owed.get(name, {})
        if self.changed or not self.plan.predicates:
            return {}
        left_out = one.stand in (Stand.NOT_NEEDED, Stand.SKIPPED) and one.step.skipped is None
        return dict.fromkeys(one.step.holds_first) | owed if left_out and one.step.changes else owed

    def _count_as_over(self, name: str) -> None:
        over = [name]  # a list, not a call within a call: a plan may leave out a thousand steps in a row
        while over:
            self.left -= 1
            name = over.pop()
            owed = self._owes(name)
            for follower in self._followers[name]:
                self._wants[follower] -= 1
                if owed:
                    self._owed.setdefault(follower, {}).update(owed)
                if not self._wants[follower] and self._release(follower):
                    over.append(follower)

    def _release(self, name: str) -> bool:
        """Let a step that nothing holds up any more begin; tell whether it is over at once, being left out."""
        one = self.steps[name]
        if one.step.skipped is not None:
            one.stand = Stand.SKIPPED
            return True
        if one.step.unless_seen and all(it.held(self.seen.get(it.step)) for it in one.step.unless_seen):
            one.stand = Stand.NOT_NEEDED
            one.summary = ", ".join(map(str, one.step.unless_seen))
            return True
        self._ready(one)
        return False

    def _ready(self, one: StepState) -> None:
        name = one.step.id
        if self.unseen.begun(one):
            self._not_ready(name)
            self.doubtful[name] = None
            return
        self.ready[name] = None
        if one.step.by is not None or one.yeses_wanted:
            self.for_people[name] = None
        else:
            self.for_people.pop(name, None)
            self.startable.setdefault(one.step.lanes, {})[name] = None

    def _not_ready(self, name: str) -> None:
        self.ready.pop(name, None)
        self.for_people.pop(name, None)
        lanes = self.steps[name].step.lanes
        line = self.startable.pop(lanes, {})
        line.pop(name, None)
        if line:
            self.startable[lanes] = line  # at the end: it had its turn
