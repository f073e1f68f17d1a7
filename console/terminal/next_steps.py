"""What to type next, or whom to ring, in a situation like this: people who are waited for first."""

from __future__ import annotations

from dataclasses import dataclass

from console.terminal.screen import words
from console.terminal.status_words import SAYS, said
from seawall.run_list import Standing
from seawall.schedules import Kept
from seawall.sightings import Condition
from seawall.situation import RunNow, ServiceNow, Situation

MOST = 5
"""Commands that are named, at most; whoever reads them at night types one."""


@dataclass(frozen=True, slots=True)
class NextSteps:
    """Commands, the most pressing first, and suppliers to telephone."""

    commands: tuple[str, ...]
    ring: tuple[str, ...] = ()


def next_steps(one: Situation) -> NextSteps:
    """Say what to do next. There is always a command."""
    commands: list[str] = []
    for run in one.runs:
        commands += _for_run(run)
    rings = []
    for service in one.services:
        # What stands on another that is down comes back with it; only its own fault is looked at here.
        if service.condition is not Condition.DOWN or service.needs_down:
            continue
        if service.telephone and service.run_by:
            rings.append(
                said(SAYS["ring"], by=service.run_by, telephone=service.telephone, name=words(service.title))
            )
        commands += _for_service(service, one)
    if any(problem for problem in one.problems):
        commands.append("seawall check")
    if one.services and one.watcher is None:
        commands += ["seawall watch", "seawall status --look"]
    elif any(each.condition is Condition.UNKNOWN and each.watched for each in one.services):
        commands.append("seawall doctor")
    if any(each.kept is Kept.OVERDUE for each in one.schedules):
        commands.append("seawall serve --check")
    elif any(each.kept is Kept.NOBODY for each in one.schedules):
        commands.append("seawall serve")
    commands += [f"seawall show {run.id} --follow" for run in one.runs if run.standing is Standing.UNDER_WAY]
    if not commands:
        commands = ["seawall runs"] if one.latest else ["seawall drill list"]
    return NextSteps(tuple(dict.fromkeys(commands))[:MOST], tuple(rings[:MOST]))


def _for_run(run: RunNow) -> list[str]:
    match run.standing:
        case Standing.INTERRUPTED | Standing.NOT_BEGUN:
            return [f"seawall resume {run.id}"]
        case Standing.UNREADABLE:
            return [f"seawall show {run.id}"]
    return [f"seawall answer {run.id} {wait.step} {wait.answers}" for wait in run.waits]


def _for_service(service: ServiceNow, one: Situation) -> list[str]:
    busy = any(run.parameters.get("service") == service.service for run in one.runs)
    if busy or service.responds is None:
        return []
    return [f"seawall plan {service.responds} service={service.service}"]
