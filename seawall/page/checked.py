"""Whether a run itself has seen that its work is in order: which of its steps look for that, and whether they held."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from graphlib import TopologicalSorter

from seawall.plan import Plan, PlannedStep
from seawall.state import State
from seawall.step_state import OVER, Stand


def checks_of(plan: Plan) -> tuple[PlannedStep, ...]:
    """Return the steps that tell at the end whether the work is in order.

    That is the step by which its runbook measures, else the looks that nothing more is looked at after: they only read,
    expect something and come after a change. A plan without one never says by itself that anything is in order.
    """
    if plan.promise is not None:
        named = plan.by_id[plan.promise.served_again]
        return (named,) if _expects(named) else ()
    after_a_change: set[str] = set()
    for name in TopologicalSorter({one.id: one.after for one in plan.steps}).static_order():
        before = plan.by_id[name].after
        if any(one in after_a_change or _changes(plan.by_id[one]) for one in before):
            after_a_change.add(name)
    looks = [one for one in plan.steps if one.id in after_a_change and _expects(one)]
    followed = _rests_on(plan, looks)
    return tuple(one for one in looks if one.id not in followed)


def when_checked(state: State) -> datetime | None:
    """Return when the last of the plan's checks held.

    None while one has not, and when something that it rests on does not stand any more.
    """
    checks = checks_of(state.plan)
    stands = [state.steps[one.id] for one in checks]
    if any(one.stand is not Stand.DONE or one.ended is None for one in stands):
        return None
    if any(state.steps[name].stand not in OVER for name in _rests_on(state.plan, checks)):
        return None
    return max((one.ended for one in stands if one.ended is not None), default=None)


def _expects(step: PlannedStep) -> bool:
    """Tell whether the step cannot be done unless what it looks for was seen."""
    looks = not step.changes and step.skipped is None and bool(step.expect or step.until)
    return looks and step.late == "stops" and (step.unknown == "stops" or not step.expect)


def _changes(step: PlannedStep) -> bool:
    return step.changes and step.skipped is None


def _rests_on(plan: Plan, steps: Iterable[PlannedStep]) -> set[str]:
    """Return every step that is over before one of these begins."""
    found: set[str] = set()
    wave = [name for one in steps for name in one.after]
    while wave:
        name = wave.pop()
        if name not in found:
            found.add(name)
            wave += plan.by_id[name].after
    return found
