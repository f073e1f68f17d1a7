"""Make a plan for a city as it is right now: read the facts the runbook asks for, then bind it."""

from __future__ import annotations

from collections.abc import Mapping

from console.terminal.desk import Desk
from console.terminal.screen import aside, words
from seawall.actions import World
from seawall.binding import facts_to_read, make_plan
from seawall.facts import FactRead, read_facts
from seawall.model import Text
from seawall.plan import Plan


def think(
    desk: Desk, world: World, runbook: str, parameters: Mapping[str, str], *, exercise: bool
) -> tuple[Plan, Mapping[str, FactRead]]:
    """Make the plan, and say what was seen for it.

    Raises:
        BadInput: with every mistake.
        DoesNotHold: what the plan would rest on is not so.
    """
    ground = desk.ground(world)
    facts = read_facts(facts_to_read(runbook, ground, parameters), world, exercise=exercise)
    seen = {name: fact.seen for name, fact in facts.items()}
    problems = {name: fact.problem for name, fact in facts.items()}
    made = make_plan(runbook, ground, parameters, exercise=exercise, facts=seen, problems=problems)
    _warn(desk)
    return made, facts


def imagine(desk: Desk, world: World, runbook: str, parameters: Mapping[str, str], *, exercise: bool) -> Plan:
    """Make the plan without looking at anything outside: every fact is unknown. Raises: BadInput."""
    made = make_plan(runbook, desk.ground(world), parameters, exercise=exercise)
    _warn(desk)
    return made


_BROKEN = Text(
    en="Broken, and not used by this plan: {files}. `seawall check` says what is wrong.",
    da="I stykker, og ikke brugt af denne plan: {files}. `seawall check` siger, hvad der er galt.",
)


def _warn(desk: Desk) -> None:
    """Say which other files of the city are broken: this plan needs none of them, and the next one may."""
    if broken := [*desk.city.broken()]:
        aside().say(words(_BROKEN).format(files=", ".join(broken)), "warn", hang=2)
