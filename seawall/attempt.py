"""One call from beginning to ending: whether it is needed, the call, trying until it holds, and what was expected.

Runs in whatever the hands use (a thread, a Prefect task). It journals nothing; its ending is an event for the driver.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from seawall.actions import Deadline, Enclosure, Occasion, Proof, Seen, World, no_page
from seawall.decide import StepCall, Way
from seawall.errors import CallError, DidNothing, MayHaveActed, NoLongerHolds, WrongTarget
from seawall.facts import GRACE, read_facts
from seawall.holding import FactToRead
from seawall.journal import Failed, NotNeeded, Settled, Succeeded
from seawall.plan import PlannedCheck, PlannedStep, resolved
from seawall.predicates import Checked, Predicate, judged, stops, unmet

FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.25
"""Between tries of `until`, seconds: short at first, for a promotion takes 30 ms; never so long that a person waits."""

LAST_LOOK = 2.0
"""Seconds before the end at which what is tried now and then is tried once more: a promise is judged at its end."""

LOOK_WITHIN = timedelta(seconds=30)
"""How long looking at a proof may take, however long the change itself may: somebody waits for what it tells."""

Ending = Succeeded | NotNeeded | Failed | Settled


@dataclass(frozen=True, slots=True)
class CallToMake:
    """All that is needed to make one call, wherever it is made.

    Attributes:
        by: the end of the limit that was written down when it was begun; nothing of it is sent after that.
    """

    call: StepCall
    run: str
    exercise: bool
    seen: Mapping[str, Mapping[str, Any]]
    page: Callable[[], Enclosure | None] = no_page
    by: Deadline | None = None


def limit_of(call: StepCall) -> timedelta:
    """Return how long the call may take, with what it looks at first."""
    looking = max((one.within for one in call.looks), default=None)
    return _acts_within(call) + (timedelta() if looking is None else looking + timedelta(seconds=GRACE))


def _acts_within(call: StepCall) -> timedelta:
    return min(call.step.within, LOOK_WITHIN) if call.way is Way.PROVE else call.step.within


def attempt(making: CallToMake, world: World, clock: Callable[[], datetime]) -> Ending:
    """Make the call and turn its ending, good or bad, into an event. No CallError leaves it."""
    call, step = making.call, making.call.step
    checked = _checked(making, world)
    try:
        _check_that_it_holds(call, checked)
        # What was looked at first has not taken of the time in which the step may act.
        deadline = Deadline.within(_acts_within(call))
        if making.by is not None:
            deadline = deadline.at_most(making.by.left)
        if deadline.passed and call.way is not Way.PROVE:
            # A process that was held up (SIGSTOP, a machine that slept) goes on as if nothing had been. By then the
            # attempt counts as spent, and another may be under way.
            raise DidNothing(
                "its time was up before it began", where=step.id, remedy="See what held this process up"
            )
        occasion = Occasion(deadline, making.run, step.id, making.exercise, making.page)
        match call.way:
            case Way.ACT:
                ending = _act(making, world, occasion, clock)
                return ending.model_copy(update={"checked": checked}) if checked else ending
            case Way.PROVE:
                return _prove(making, world, occasion, clock)
            case Way.UNDO:
                return _undo(making, world, occasion, clock)
    except CallError as error:
        return _failed(call, error, clock()).model_copy(update={"checked": checked})


def _checked(making: CallToMake, world: World) -> tuple[Checked, ...]:
    """Look side by side at what the plan rests on, each within its own limit."""
    looks = making.call.looks
    wanted = [FactToRead(one.fact, one.uses, one.args, one.within) for one in looks]
    found = read_facts(wanted, world, exercise=making.exercise)
    return tuple(judged(one, found[one.fact].seen, found[one.fact].problem) for one in looks)


def _check_that_it_holds(call: StepCall, checked: tuple[Checked, ...]) -> None:
    """Raise NoLongerHolds when what the plan rests on is not so, or cannot be told where that stops."""
    wrong = [found for one, found in zip(call.looks, checked, strict=True) if stops(one, found)]
    if wrong:
        told = "; ".join(f"{one.fact}: {one.saw}" for one in wrong)
        unknown = all(one.holds is None for one in wrong)
        raise NoLongerHolds(
            f"the plan no longer holds: {told}"
            if not unknown
            else f"it cannot be told whether the plan holds: {told}",
            where=call.step.id,
            remedy="Nothing was begun by this step. Plan again and read what is different",
        )


def _act(making: CallToMake, world: World, occasion: Occasion, clock: Callable[[], datetime]) -> Ending:
    call, step = making.call, making.call.step
    if step.unless is not None:
        seen = _look(step.unless, making, world, occasion)
        if _shows(step.unless, seen):
            return NotNeeded(
                at=clock(), step=step.id, attempt=call.attempt, because=str(seen), seen=_stand_in(seen)
            )
    seen = _until(making, world, occasion)
    false, unknown = unmet(step.expect, seen)
    if false or (unknown and step.unknown == "stops"):
        return _unexpected(call, seen, false, unknown, clock())
    summary = f"not in time: {seen}" if any(unmet(step.until, seen)) else str(seen)
    return Succeeded(
        at=clock(), step=step.id, attempt=call.attempt, seen=seen.model_dump(mode="json"), summary=summary
    )


def _until(making: CallToMake, world: World, occasion: Occasion) -> Seen:
    """Make the call; when the step says `until`, make it again until that holds. Only READS steps have an `until`."""
    step = making.call.step
    args, pause = _args(step.args, making), FIRST_PAUSE
    while True:
        problem: CallError | None = None
        seen: Seen | None = None
        try:
            seen = world.perform(step.uses or "", args, _one_try(step, world, occasion))
            if not any(unmet(step.until, seen)):
                return seen
            wanted = ", ".join(map(str, step.until))
            problem = DidNothing(
                f"still not so: wanted {wanted}; saw {seen}", where=step.id, remedy="Look at the target"
            )
        except WrongTarget:
            raise  # it does not become the right one by waiting
        except CallError as error:
            if not step.until:
                raise
            problem = error
        left = occasion.deadline.left
        if left <= (pause if step.every is None else LAST_LOOK):
            if seen is not None and step.late == "goes-on":
                time.sleep(max(left, 0.0))  # nobody is called late before their time is up
                return seen
            raise problem
        time.sleep(pause if step.every is None else min(step.every.total_seconds(), left - LAST_LOOK))
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _one_try(step: PlannedStep, world: World, occasion: Occasion) -> Occasion:
    """Return the occasion of one try: where tries are far apart, one that hangs must not take the others' time."""
    action = world.get(step.uses or "")
    if step.every is None or action is None:
        return occasion
    return replace(occasion, deadline=occasion.deadline.at_most(action.limit.total_seconds()))


def _prove(making: CallToMake, world: World, occasion: Occasion, clock: Callable[[], datetime]) -> Settled:
    call, proof, began = making.call, making.call.step.proof, clock()
    assert proof is not None
    try:
        seen = _look(proof, making, world, occasion)
    except CallError as error:
        return unsettled(call, f"the proof could not be looked at: {error.problem}", began, clock())
    happened = _shows(proof, seen)
    return Settled(
        at=clock(),
        step=call.step.id,
        attempt=call.attempt,
        looked_at=began,
        happened=happened,
        because=str(seen),
        seen=_stand_in(seen) if happened else None,
        spent=isinstance(seen, Proof) and seen.spent,
    )


def unsettled(call: StepCall, because: str, began: datetime, now: datetime) -> Settled:
    """Make the ending of looking at a proof, from `began` on, that could not tell."""
    return Settled(
        at=now,
        step=call.step.id,
        attempt=call.attempt,
        undoing=call.undoing,
        looked_at=began,
        happened=None,
        because=because,
    )


def _shows(check: PlannedCheck, seen: Seen) -> bool | None:
    """Tell whether what was seen is what the check asks for; a check that asks for nothing shows nothing."""
    false, unknown = unmet(check.expect, seen)
    if false:
        return False
    return None if unknown or not check.expect else True


def _stand_in(seen: Seen) -> dict[str, Any] | None:
    known = seen.stand_in() if isinstance(seen, Proof) else None
    return None if known is None else known.model_dump(mode="json")


def _undo(making: CallToMake, world: World, occasion: Occasion, clock: Callable[[], datetime]) -> Ending:
    call, undo = making.call, making.call.step.undo
    assert undo is not None
    seen = world.perform(undo.uses, _args(undo.args, making), occasion)
    return Succeeded(
        at=clock(),
        step=call.step.id,
        attempt=call.attempt,
        undoing=True,
        seen=seen.model_dump(mode="json"),
        summary=str(seen),
    )


def _look(check: PlannedCheck, making: CallToMake, world: World, occasion: Occasion) -> Seen:
    """Make a READS call. It can have changed nothing, so that not seeing its end leaves no doubt about the step."""
    try:
        return world.perform(check.uses, _args(check.args, making), occasion)
    except MayHaveActed as error:
        raise DidNothing(error.problem, where=error.where, remedy=error.remedy) from error


def _args(args: Mapping[str, Any], making: CallToMake) -> dict[str, Any]:
    if not making.call.step.goes_on_from:
        return dict(args)
    try:
        return dict(resolved(dict(args), making.seen))
    except KeyError as error:
        raise DidNothing(
            f"nothing is known of what {error.args[0]} saw, which this step needs: it was skipped, or a person answered"
            " for it",
            where=making.call.step.id,
            remedy="Plan again, so that the step before it is made again",
        ) from None


def _unexpected(
    call: StepCall, seen: Seen, false: tuple[Predicate, ...], unknown: tuple[Predicate, ...], now: datetime
) -> Failed:
    parts = [f"expected {predicate}, saw {getattr(seen, predicate.field)}" for predicate in false]
    parts += [f"expected {predicate}, and it is unknown" for predicate in unknown]
    return Failed(
        at=now,
        step=call.step.id,
        attempt=call.attempt,
        error="Unexpected",
        where=call.step.id,
        problem="; ".join(parts),
        remedy="Look at the target; plan again when it is as it should be",
        acted=call.step.changes,
    )


def _failed(call: StepCall, error: CallError, now: datetime) -> Failed:
    acted = None if isinstance(error, MayHaveActed) and (call.step.changes or call.undoing) else False
    return Failed(
        at=now,
        step=call.step.id,
        attempt=call.attempt,
        undoing=call.undoing,
        error=type(error).__name__,
        where=error.where,
        problem=error.problem,
        remedy=error.remedy,
        acted=acted,
    )
