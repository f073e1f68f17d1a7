"""Make a plan for a city as it is right now: read the facts the runbook asks for, then bind it."""

from __future__ import annotations

from collections.abc import Mapping

from console.terminal.desk import Desk
from seawall.actions import World
from seawall.binding import facts_to_read, make_plan
from seawall.facts import FactRead, read_facts
from seawall.plan import Plan


def think(
    desk: Desk, world: World, runbook: str, parameters: Mapping[str, str], *, exercise: bool
) -> tuple[Plan, Mapping[str, FactRead]]:
    """Make the plan, and say what was seen for it. Raises: BadInput, with every mistake."""
    ground = desk.ground(world)
    facts = read_facts(facts_to_read(runbook, ground, parameters), world, exercise=exercise)
    seen = {name: fact.seen for name, fact in facts.items()}
    return make_plan(runbook, ground, parameters, exercise=exercise, facts=seen), facts


def imagine(desk: Desk, world: World, runbook: str, parameters: Mapping[str, str], *, exercise: bool) -> Plan:
    """Make the plan without looking at anything outside: every fact is unknown. Raises: BadInput."""
    return make_plan(runbook, desk.ground(world), parameters, exercise=exercise)
