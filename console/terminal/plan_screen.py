"""A plan as a person reads it before deciding: what would be done, what not and why, what nobody can know yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from console.terminal.on_call import who_now
from console.terminal.screen import Screen, words
from console.terminal.secrets_here import Unread
from console.terminal.secrets_here import as_json as secrets_as_json
from seawall.facts import FactRead
from seawall.foretelling import Would, foretold
from seawall.inventory import Inventory
from seawall.messages import MARK
from seawall.model import duration_text
from seawall.plan import Plan, PlannedStep, references

WOULD: dict[Would, str] = {
    "look": "would look",
    "change": "would CHANGE",
    "ask": "would ASK",
    "perhaps": "perhaps",
    "skip": "",
}
"""What would become of a step, in the words that `pretend` has."""
MOST_STEPS = 200
"""Steps that a screen shows; nobody reads an evacuation of 1,000 services line by line."""


def show_plan(
    plan: Plan,
    screen: Screen,
    *,
    facts: Mapping[str, FactRead] | None = None,
    inventory: Inventory | None = None,
) -> None:
    """Show the plan.

    Args:
        plan: what would be done.
        screen: where.
        facts: what was seen while it was made; None when it comes from a file.
        inventory: names the people who may approve, when given.
    """
    show_kind(plan, screen)
    screen.pairs(
        (
            ("runbook", plan.runbook),
            ("with", " ".join(f"{name}={value}" for name, value in plan.parameters.items()) or "nothing"),
            ("why", words(plan.why)),
        )
    )
    if facts is not None:
        _show_facts(facts, screen)
    _show_steps(plan, screen, inventory)
    machines, people = longest(plan)
    screen.say()
    asks = f", and {_span(people)} more for people's answers" if people else ""
    screen.say(f"By its limits it takes at most {_span(machines)}{asks}.")
    if plan.claims:
        screen.say(f"Meanwhile no other run may touch {', '.join(plan.claims)}.")
    screen.say(f"Plan {plan.digest}", "dim")


def show_kind(plan: Plan, screen: Screen) -> None:
    """Say loudest what matters most: real or exercise, and what."""
    kind = MARK if plan.exercise else "REAL RUN"
    screen.say(
        f"{kind}: {words(plan.title)}", "mark" if plan.exercise else "bad" if plan.changes else "strong"
    )
    if not plan.changes:
        screen.say("It changes nothing: every step only reads.")


def facts_as_json(facts: Mapping[str, FactRead]) -> dict[str, Any]:
    """Return what was read before planning; the keys are documented in docs/json.md."""
    return {
        name: {
            "uses": fact.uses,
            "seen": None if fact.seen is None else fact.seen.model_dump(mode="json"),
            "problem": fact.problem or None,
        }
        for name, fact in facts.items()
    }


def plan_as_json(plan: Plan, facts: Mapping[str, FactRead], unread: Sequence[Unread] = ()) -> dict[str, Any]:
    """Return the plan with what a script asks of it; the keys are documented in docs/json.md."""
    machines, people = longest(plan)
    return {
        "digest": plan.digest,
        "secrets_unread": secrets_as_json(unread),
        "exercise": plan.exercise,
        "changes": plan.changes,
        "confirm": plan.confirm,
        "longest_seconds": machines.total_seconds(),
        "longest_for_people_seconds": people.total_seconds(),
        "facts": facts_as_json(facts),
        "steps": [
            {
                "id": one.id,
                "does": one.does.model_dump(mode="json"),
                "uses": one.uses,
                "by": one.by,
                "effect": one.effect.value,
                "skipped": one.skipped,
                "would": told.would,
                "because": told.because or None,
                "cannot_know": list(told.cannot_know),
                "after": list(one.after),
                "limit_seconds": one.within.total_seconds(),
                "approval": None if one.approve is None else one.approve.model_dump(mode="json"),
                "unknown_until": sorted(set(_unknown(one).values())),
                "taken_back_by": one.undo.uses if one.undo else None,
                "no_way_back": None if one.no_way_back is None else one.no_way_back.model_dump(mode="json"),
            }
            for told in foretold(plan)
            for one in (told.step,)
        ],
        "rests_on": [str(one) for one in plan.predicates],
        "plan": plan.model_dump(mode="json"),
    }


def longest(plan: Plan) -> tuple[timedelta, timedelta]:
    """Return how long it can take by its limits: for machines, and how much more when people take all their time."""
    alone: dict[str, timedelta] = {}
    with_people: dict[str, timedelta] = {}
    for step in plan.steps:
        machine = timedelta() if step.skipped or step.by else step.within
        waits = step.approve.within if step.approve and not step.skipped else timedelta()
        waits += step.within if step.by and not step.skipped else timedelta()
        alone[step.id] = machine + max((alone[name] for name in step.after), default=timedelta())
        before = max((with_people[name] for name in step.after), default=timedelta())
        with_people[step.id] = machine + waits + before
    most = max(alone.values(), default=timedelta())
    return most, max(with_people.values(), default=timedelta()) - most


def _show_facts(facts: Mapping[str, FactRead], screen: Screen) -> None:
    if not facts:
        return
    screen.head("Seen just now")
    screen.pairs(
        (name, f"UNKNOWN: {fact.problem}" if fact.seen is None else str(fact.seen))
        for name, fact in facts.items()
    )


def _show_steps(plan: Plan, screen: Screen, inventory: Inventory | None) -> None:
    runs = [one for one in plan.steps if one.skipped is None]
    changing = sum(one.changes for one in runs)
    skipped = f", {len(plan.steps) - len(runs)} skipped" if len(runs) < len(plan.steps) else ""
    screen.head(f"Steps: {len(runs)} ({changing} change the world{skipped})")
    numbers = {step.id: n for n, step in enumerate(plan.steps, 1)}
    room = min(28, max((len(one.id) for one in plan.steps), default=0))
    would = {one.step.id: one.would for one in foretold(plan)}
    for step in plan.steps[:MOST_STEPS]:
        name = ((f"{numbers[step.id]:>3}", 3), (step.id, room))
        if step.skipped is not None:
            screen.columns((*name, (f"will be SKIPPED because {step.skipped}", 0)), "dim")
            continue
        limit = f"at most {duration_text(step.within)}"
        screen.columns((*name, (WOULD[would[step.id]], 12), (limit, 0)), "strong")
        screen.say(words(step.does), indent=6)
        after = [one for one in step.after if plan.by_id[one].skipped is None]
        for remark in (*_remarks(step, after, inventory), *_rests(plan, step)):
            screen.say(remark, "dim", indent=6, hang=2)
    if len(plan.steps) > MOST_STEPS:
        screen.say(
            f"and {len(plan.steps) - MOST_STEPS:,} more; --json and -o FILE have them all", "strong", indent=2
        )


def _remarks(step: PlannedStep, after: Sequence[str], inventory: Inventory | None) -> Iterator[str]:
    if step.uses:
        yield f"uses {step.uses}"
    if after:
        yield f"after {', '.join(after)}"
    if step.by:
        yield f"done by {_role(step.by, inventory)}"
    if step.note:
        yield f"whoever does it notes {words(step.note)}"
    if step.unless_seen:
        seen = ", ".join(f"{one.step} saw {wanted}" for one in step.unless_seen for wanted in one.expect)
        yield f"not needed when {seen}"
    if step.approve:
        people = "a yes" if step.approve.people == 1 else f"{step.approve.people} people's yes"
        within = duration_text(step.approve.within)
        yield f"needs {people} from {_role(step.approve.by, inventory)} within {within}"
    yield from _when_nobody_answers(step)
    if step.unless:
        yield f"not needed when {step.unless.uses} sees {', '.join(map(str, step.unless.expect))}"
    if step.until:
        every = f", looking every {duration_text(step.every)}" if step.every else ""
        late = "; goes on when it is late" if step.late == "goes-on" else ""
        yield f"waits until {', '.join(map(str, step.until))}{every}{late}"
    if step.expect:
        unknown = "; goes on when that is unknown" if step.unknown == "goes-on" else ""
        yield f"stops the run unless {', '.join(map(str, step.expect))}{unknown}"
    yield from (
        f"cannot be known before: {name}, which is what {source} will have seen"
        for name, source in _unknown(step).items()
    )
    yield from _way_back(step)


def _when_nobody_answers(step: PlannedStep) -> Iterator[str]:
    """Say what the runbook says of it; the duty's deputies are asked in any case."""
    further = step.escalate if step.approve is None else step.approve.escalate
    then = step.then if step.approve is None else step.approve.then
    parts = []
    if further is not None:
        after = f" after {duration_text(further.after)} each" if further.after else ""
        parts.append(f"the deputies{f', then {further.to}' if further.to else ''}{after}")
    if then is not None:
        parts.append("then it goes on without it" if then == "goes-on" else "then it stops")
    if parts:
        yield f"when nobody answers: {', '.join(parts)}"


def _rests(plan: Plan, step: PlannedStep) -> Iterator[str]:
    if step.holds_first:
        rests = (plan.by_fact[one] for one in step.holds_first)
        yield f"begins only while the plan holds: {'; '.join(map(str, rests))}"


def _way_back(step: PlannedStep) -> Iterator[str]:
    if step.undo:
        yield f"taken back by {step.undo.uses}"
    elif step.no_way_back and step.changes:
        yield f"NO WAY BACK: {words(step.no_way_back)}"


def _unknown(step: PlannedStep) -> Mapping[str, str]:
    return {
        name: found[0].partition(".")[0] for name, value in step.args.items() if (found := references(value))
    }


def _role(role: str, inventory: Inventory | None) -> str:
    people = who_now(inventory, role) if inventory else ""
    return f"{role} ({people})" if people else role


def _span(length: timedelta) -> str:
    return duration_text(length)
