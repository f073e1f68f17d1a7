"""One call from beginning to ending: whether it is needed, the call, trying until it holds, and what was expected.

Runs in whatever the hands use (a thread, a Prefect task). It journals nothing; its ending is an event for the driver.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from seawall.actions import Deadline, Occasion, Proof, Seen, World
from seawall.decide import StepCall, Way
from seawall.errors import CallError, DidNothing, MayHaveActed
from seawall.journal import Failed, NotNeeded, Settled, Succeeded
from seawall.plan import PlannedCheck, resolved
from seawall.predicates import Predicate, unmet

FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.25
"""Between tries of `until`, seconds: short at first, for a promotion takes 30 ms; never so long that a person waits."""

Ending = Succeeded | NotNeeded | Failed | Settled


@dataclass(frozen=True, slots=True)
class CallToMake:
    """All that is needed to make one call, wherever it is made."""

    call: StepCall
    run: str
    exercise: bool
    seen: Mapping[str, Mapping[str, Any]]


def attempt(making: CallToMake, world: World, clock: Callable[[], datetime]) -> Ending:
    """Make the call and turn its ending, good or bad, into an event. No CallError leaves it."""
    call, step = making.call, making.call.step
    occasion = Occasion(Deadline.within(step.within), making.run, step.id, making.exercise)
    try:
        match call.way:
            case Way.ACT:
                return _act(making, world, occasion, clock)
            case Way.PROVE:
                return _prove(making, world, occasion, clock)
            case Way.UNDO:
                return _undo(making, world, occasion, clock)
    except CallError as error:
        return _failed(call, error, clock())


def _act(making: CallToMake, world: World, occasion: Occasion, clock: Callable[[], datetime]) -> Ending:
    call, step = making.call, making.call.step
    if step.unless is not None:
        seen = _look(step.unless, making, world, occasion)
        if not any(unmet(step.unless.expect, seen)):
            return NotNeeded(at=clock(), step=step.id, attempt=call.attempt, because=str(seen))
    seen = _until(making, world, occasion)
    false, unknown = unmet(step.expect, seen)
    if false or (unknown and step.unknown == "stops"):
        return _unexpected(call, seen, false, unknown, clock())
    return Succeeded(
        at=clock(), step=step.id, attempt=call.attempt, seen=seen.model_dump(mode="json"), summary=str(seen)
    )


def _until(making: CallToMake, world: World, occasion: Occasion) -> Seen:
    """Make the call; when the step says `until`, make it again until that holds. Only READS steps have an `until`."""
    step = making.call.step
    args, pause = _args(step.args, making), FIRST_PAUSE
    while True:
        problem: DidNothing | None = None
        try:
            seen = world.perform(step.uses or "", args, occasion)
            if not any(unmet(step.until, seen)):
                return seen
            wanted = ", ".join(map(str, step.until))
            problem = DidNothing(
                f"still not so: wanted {wanted}; saw {seen}", where=step.id, remedy="Look at the target"
            )
        except DidNothing as error:
            if not step.until:
                raise
            problem = error
        if occasion.deadline.left <= pause:
            raise problem
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _prove(making: CallToMake, world: World, occasion: Occasion, clock: Callable[[], datetime]) -> Settled:
    call, proof = making.call, making.call.step.proof
    assert proof is not None
    try:
        seen = _look(proof, making, world, occasion)
    except CallError as error:
        return _settled(call, None, f"the proof could not be looked at: {error.problem}", clock())
    false, unknown = unmet(proof.expect, seen)
    happened = False if false else (None if unknown else True)
    stand_in = seen.stand_in() if isinstance(seen, Proof) and happened else None
    return _settled(call, happened, str(seen), clock(), stand_in)


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
    return world.perform(check.uses, _args(check.args, making), occasion)


def _args(args: Mapping[str, Any], making: CallToMake) -> dict[str, Any]:
    try:
        return dict(resolved(dict(args), making.seen))
    except KeyError as error:
        raise DidNothing(
            f"nothing is known of what {error.args[0]} saw, which this step needs",
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


def _settled(
    call: StepCall,
    happened: bool | None,  # noqa: FBT001 - a verdict of three values
    because: str,
    now: datetime,
    seen: Seen | None = None,
) -> Settled:
    return Settled(
        at=now,
        step=call.step.id,
        attempt=call.attempt,
        undoing=call.undoing,
        happened=happened,
        because=because,
        seen=None if seen is None else seen.model_dump(mode="json"),
    )
