"""What would become of each step of a plan, told from the plan alone: nobody is asked, and nothing is carried out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from seawall.plan import Plan, PlannedStep, references
from seawall.predicates import Predicate

Would = Literal["look", "change", "ask", "perhaps", "skip"]
"""What would become of a step: made by a machine, done by a person, only when something was not seen, or left out."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """What would become of one step.

    Attributes:
        because: why it is left out, for `skip`; when it is, for `perhaps`.
        waits_for: the role that would be asked, and how many of them must say yes.
        begins_within: how long after the start it begins at the latest, by the limits of what it waits for, with
            people taking all the time they have.
        cannot_know: what nobody can know before, a clause each.
    """

    step: PlannedStep
    would: Would
    because: str
    waits_for: tuple[str, int] | None
    begins_within: timedelta
    cannot_know: tuple[str, ...]


def foretold(plan: Plan) -> Iterable[Foretold]:
    """Tell of each step what would become of it, in the order of the plan."""
    over: dict[str, timedelta] = {}
    for step in plan.steps:
        begins = max((over[name] for name in step.after), default=timedelta())
        over[step.id] = begins if step.skipped else begins + step.within + _asking(step)
        yield Foretold(
            step=step,
            would=_would(step),
            because=step.skipped or "; ".join(_left_out(step)),
            waits_for=_waits_for(step),
            begins_within=begins,
            cannot_know=() if step.skipped else tuple(_cannot_know(step)),
        )


def _asking(step: PlannedStep) -> timedelta:
    return timedelta() if step.approve is None else step.approve.within


def _would(step: PlannedStep) -> Would:
    if step.skipped is not None:
        return "skip"
    if step.unless_seen:
        return "perhaps"
    if step.by is not None:
        return "ask"
    return "change" if step.changes else "look"


def _waits_for(step: PlannedStep) -> tuple[str, int] | None:
    if step.skipped is not None:
        return None
    if step.by is not None:
        return step.by, 1
    return None if step.approve is None else (step.approve.by, step.approve.people)


def _left_out(step: PlannedStep) -> Iterable[str]:
    for before in step.unless_seen:
        yield f"left out when {before.step} sees {_all_of(before.expect)}"


def _cannot_know(step: PlannedStep) -> Iterable[str]:
    for name, value in step.args.items():
        for source in dict.fromkeys(one.partition(".")[0] for one in references(value)):
            yield f"{name}: what {source} will have seen"
    if step.holds_first:
        yield f"whether the plan still holds right before it acts: {' and '.join(step.holds_first)}"
    if step.unless is not None:
        yield f"whether it is so already: {step.unless.uses} sees {_all_of(step.unless.expect)}"
    if step.until:
        late = "goes on" if step.late == "goes-on" else "stops"
        yield f"when {_all_of(step.until)}; if not within its limit, the run {late}"
    if step.expect:
        unknown = ", and goes on when that is unknown" if step.unknown == "goes-on" else ""
        yield f"whether {_all_of(step.expect)}; if not, the run stops{unknown}"
    if step.approve is not None:
        yield f"whether {step.approve.by} says yes"
    if step.by is not None:
        yield f"what {step.by} finds"


def _all_of(predicates: Iterable[Predicate]) -> str:
    return " and ".join(map(str, predicates))
