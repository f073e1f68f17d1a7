"""Given where a run stands and what time it is, say what happens next. Pure: it looks, and changes nothing.

Fences and proofs before comfort: a step in doubt is settled by its proof; a proof that says "did not happen" is
believed only when the first attempt can no longer act; else a person is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from seawall.journal import Outcome
from seawall.plan import PlannedStep
from seawall.predicates import PlanPredicate
from seawall.resting import Ground
from seawall.state import State
from seawall.step_state import Stand

LANE_HOLDS = 4
"""Calls side by side on one host: sshd lets 10 connections be opened at once (MaxStartups), shared with people."""
ALL_HOLD = 32
"""Calls side by side in one run: two cores of SSH crypto level off at about ten (reference: lab measurements)."""
ABORT_WAITS = timedelta(seconds=8)
"""How long an abort waits for calls under way; with the loop's own pauses it stays under ten seconds."""


Wanted = Literal["approval", "person", "doubt", "undo-doubt"]
"""What kind of answer a person is asked for."""


class Way(StrEnum):
    """What a call is for."""

    ACT = "act"
    PROVE = "prove"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class StepCall:
    """One call to make for one step.

    Attributes:
        looks: what the plan rests on and this call looks at before it acts.
    """

    step: PlannedStep
    way: Way
    attempt: int
    undoing: bool = False
    looks: tuple[PlanPredicate, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Make these calls now; they do not wait for one another."""

    calls: tuple[StepCall, ...]


@dataclass(frozen=True, slots=True)
class Undo:
    """Take this step back now."""

    calls: tuple[StepCall, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing a person must say. `of` is a role; `what` is what kind of answer is wanted."""

    step: PlannedStep
    what: Wanted
    of: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask people, because no rule says what is safe, or because it is theirs to do or allow."""

    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to start: calls are under way, or an attempt in doubt may still act until `until`."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing more will happen. `left` names the steps that still stand or are not known."""

    outcome: Outcome
    left: tuple[str, ...] = ()


Decision = Call | Undo | Ask | Wait | Finish

DOUBT_WAITS = timedelta(minutes=30)
"""How long a run stays up for somebody to say what happened; after that it ends and can be resumed."""


def decide(state: State, now: datetime) -> Decision:  # noqa: PLR0911 - one return a decision, in order of weight
    """Say what happens next."""
    if state.ended:
        return Finish(state.ended.outcome, state.ended.left)
    if state.abort:
        return _after_abort(state, now)
    if calls := _settling(state, now):
        return Call(calls)
    if not state.failed and not state.doubtful and (calls := _startable(state)):
        return Call(calls)
    if questions := _questions(state):
        return Ask(questions)
    if state.under_way or _may_still_act(state, now):
        return Wait(_may_still_act(state, now))
    if state.doubtful:
        return Ask(tuple(_doubt(state.steps[name].step, state) for name in state.doubtful))
    if state.failed:
        return Finish(_how_it_failed(state), tuple(state.changed))
    assert not state.left, "a plan has no circles, so that something is always ready until all is over"
    return Finish(Outcome.DONE)


def _how_it_failed(state: State) -> Outcome:
    failed = [state.steps[name] for name in state.failed]
    if any(one.refused for one in failed):
        return Outcome.REFUSED
    # Something worse than a plan that is out of date is named before it.
    return Outcome.NO_LONGER_HOLDS if all(one.no_longer_holds for one in failed) else Outcome.FAILED


def _settling(state: State, now: datetime) -> tuple[StepCall, ...]:
    """Proofs to look at: at once, as "it happened" may always be believed; and again when the attempt is spent."""
    if not state.doubtful:  # most rounds
        return ()
    doubtful = (state.steps[name] for name in state.doubtful if name not in state.under_way)
    return tuple(
        StepCall(one.step, Way.PROVE, one.attempts)
        for one in doubtful
        if one.stand is Stand.IN_DOUBT
        and one.step.proof is not None
        and one.settled is None
        and (
            not one.too_early
            or (one.spent_at is not None and now >= one.spent_at and not one.step.can_still_act)
        )
    )


def _may_still_act(state: State, now: datetime) -> datetime | None:
    """The first instant at which an attempt in doubt can be settled by its proof, if that lies ahead."""
    if not state.doubtful:  # most rounds
        return None
    ahead = [
        one.spent_at
        for name in state.doubtful
        if (one := state.steps[name]).stand is Stand.IN_DOUBT
        and one.step.proof is not None
        and one.settled is None
        and not one.step.can_still_act
        and one.spent_at is not None
        and now < one.spent_at
    ]
    return min(ahead, default=None)


def _startable(state: State) -> tuple[StepCall, ...]:
    """As many steps as there is room for, the lanes taking turns."""
    if not state.startable:  # most rounds
        return ()
    room = ALL_HOLD - len(state.under_way)
    busy = Counter(lane for name in state.under_way for lane in state.steps[name].step.lanes)
    calls: list[StepCall] = []
    turns: list[tuple[tuple[str, ...], Iterator[str]]] = []
    for lanes, line in state.startable.items():
        if len(calls) >= room:
            return tuple(calls)
        turns.append((lanes, iter(line)))
        _take_turn(state, turns[-1], busy, calls)
    while turns and len(calls) < room:
        turns = [one for one in turns if len(calls) < room and _take_turn(state, one, busy, calls)]
    return tuple(calls)


def _take_turn(
    state: State, turn: tuple[tuple[str, ...], Iterator[str]], busy: Counter[str], calls: list[StepCall]
) -> bool:
    """Let the next step of these lanes start; tell whether there was one, and the lanes had room for it."""
    lanes, line = turn
    name = None if any(busy[lane] >= LANE_HOLDS for lane in lanes) else next(line, None)
    if name is None:
        return False
    one = state.steps[name]
    busy.update(lanes)
    calls.append(StepCall(one.step, Way.ACT, one.attempts + 1, looks=state.looks_of(name)))
    return True


def _questions(state: State) -> tuple[Question, ...]:
    """What people must say now."""
    questions: list[Question] = []
    if not state.failed and not state.doubtful:
        for name in state.for_people:
            step = state.steps[name].step
            if step.by is not None:
                questions.append(Question(step, "person", step.by, step.within))
            elif step.approve is not None:
                questions.append(Question(step, "approval", step.approve.by, step.approve.within))
    questions.extend(
        _doubt(state.steps[name].step, state) for name in state.doubtful if _needs_a_person(state, name)
    )
    return tuple(questions)


def _needs_a_person(state: State, name: str) -> bool:
    one = state.steps[name]
    if name in state.under_way:
        return False
    if one.stand is Stand.UNDO_IN_DOUBT or one.step.proof is None or one.settled is not None:
        return True
    return one.too_early and one.step.can_still_act


def _doubt(step: PlannedStep, state: State) -> Question:
    undoing = state.steps[step.id].stand is Stand.UNDO_IN_DOUBT
    return Question(step, "undo-doubt" if undoing else "doubt", "operator", DOUBT_WAITS)


def _after_abort(state: State, now: datetime) -> Decision:
    """Bring an aborted run to a named state: let calls under way end, then take back what was done, if asked."""
    assert state.abort is not None
    if any(state.steps[name].stand is Stand.UNDOING for name in state.under_way):
        return Wait(None)  # taking back is the named state; each undo has its own limit
    patience = (state.aborting_since or state.abort.at) + ABORT_WAITS
    if now < patience:
        if calls := _settling(state, now):
            return Call(calls)
        if state.under_way or _may_still_act(state, now):
            return Wait(patience)
    doubtful = (*state.under_way, *state.doubtful)
    if state.abort.undo and not doubtful and not any(_undo_failed(state, name) for name in state.changed):
        if call := _next_undo(state):
            return Undo((call,))
        if not state.changed:
            return Finish(Outcome.UNDONE)
    return Finish(Outcome.ABORTED, (*doubtful, *(name for name in state.changed if name not in doubtful)))


def _next_undo(state: State) -> StepCall | None:
    """The last change that can be taken back: nothing that must stand rests on it (see `seawall.resting`)."""
    ground = Ground(state.plan)
    for name in reversed(state.changed):
        one = state.steps[name]
        if one.step.undo is not None and not ground.bears(name):
            return StepCall(one.step, Way.UNDO, one.undo_attempts + 1, undoing=True)
        ground.stands(name)
    return None


def _undo_failed(state: State, name: str) -> bool:
    return state.steps[name].stand in (Stand.UNDO_FAILED, Stand.UNDO_IN_DOUBT)
