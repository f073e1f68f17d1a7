"""What to type next, or whom to ring, in a situation like this: people who are waited for first."""

from __future__ import annotations

from dataclasses import dataclass

from console.terminal.screen import words
from console.terminal.signing import answer_command
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
    commands = [command for run in one.runs for command in _for_run(run)]
    # What stands on another that is down comes back with it; only what is broken by its own fault is looked at.
    broken = [each for each in one.services if each.condition is Condition.DOWN and not each.needs_down]
    commands += [command for each in broken for command in _for_service(each, one)]
    commands += ["seawall check"] if one.problems else []
    commands += [*_for_looks(one), *_for_schedules(one)]
    commands += [f"seawall review {each.run}" for each in one.reviews[:1]]
    commands += ["seawall go-bag"] if any(not each.well for each in one.go_bags) else []
    commands += [f"seawall show {run.id} --follow" for run in one.runs if run.standing is Standing.UNDER_WAY]
    if not commands:
        commands = ["seawall runs"] if one.latest else ["seawall drill list"]
    rings = [
        said(SAYS["ring"], by=each.run_by, telephone=each.telephone, name=words(each.title))
        for each in broken
        if each.telephone and each.run_by
    ]
    return NextSteps(tuple(dict.fromkeys(commands))[:MOST], tuple(rings[:MOST]))


def _for_looks(one: Situation) -> list[str]:
    if one.services and one.watcher is None:
        return ["seawall watch", "seawall status --look"]
    unseen = any(each.condition is Condition.UNKNOWN and each.watched for each in one.services)
    return ["seawall doctor"] if unseen else []


def _for_schedules(one: Situation) -> list[str]:
    kept = {each.kept for each in one.schedules}
    if Kept.OVERDUE in kept or (one.serve is not None and one.serve.well is False):
        return ["seawall serve --check"]
    if badly := [each for each in one.schedules if each.ended_badly]:
        runs = [f"seawall show {each.last}" for each in badly if each.flow != "drill"]
        return [*runs, *(["seawall serve --check"] if len(runs) < len(badly) else [])]
    return ["seawall serve"] if Kept.NOBODY in kept else []


def _for_run(run: RunNow) -> list[str]:
    match run.standing:
        case Standing.INTERRUPTED | Standing.NOT_BEGUN:
            return [f"seawall resume {run.id}"]
        case Standing.UNREADABLE:
            return [f"seawall show {run.id}"]
    return [answer_command(run.id, wait.step, wait.what) for wait in run.waits]


def _for_service(service: ServiceNow, one: Situation) -> list[str]:
    busy = any(run.parameters.get("service") == service.service for run in one.runs)
    if busy or service.responds is None:
        return []
    return [f"seawall plan {service.responds} service={service.service}"]
