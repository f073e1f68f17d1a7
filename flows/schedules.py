"""A city's schedules, and how each stands: those of prefect.yaml, changed by `schedules:` in the city's seawall.yaml.

What has run is read from the journals of runs and the scorecards of drills, never from Prefect's database: a run by
hand counts like any other, and Prefect may forget. Importing this module imports no Prefect.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from seawall.errors import BadInput, JournalError, Mistake
from seawall.inventory import Inventory
from seawall.journal import Outcome
from seawall.run_folder import RunFolder
from seawall.run_list import Standing, summary_of
from seawall.schedules import Ran, Schedule, ScheduledFlow, ScheduleSetting, ScheduleStanding, overdue
from seawall.serve_folder import ServeFolder
from seawall.settings import FILE, Settings

DEPLOYMENTS = Path(__file__).parent.parent / "prefect.yaml"
VERIFIES = "verify-backup"
LOOKED_AT = 200
"""How many of the newest runs or drills are looked at; with a run a night for each of forty services, five nights."""

FLOWS: Mapping[str, ScheduledFlow] = {
    "flows.verify_backups.verify_backups": "verify-backups",
    "flows.drill.drill": "drill",
}


class _Lenient(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _DeployedSchedule(_Lenient):
    cron: str
    timezone: str
    slug: str
    parameters: dict[str, str] = {}


class _Deployment(_Lenient):
    entrypoint: str
    schedules: tuple[_DeployedSchedule, ...] = ()


class _Deployments(_Lenient):
    deployments: tuple[_Deployment, ...]


class _Verdict(_Lenient):
    kind: str


class _Card(_Lenient):
    """What of a scorecard says that a drill was held."""

    scenario: str
    began: AwareDatetime
    ended: AwareDatetime
    verdict: _Verdict


def city_schedules(settings: Settings, inventory: Inventory) -> tuple[Schedule, ...]:
    """Return the schedules that are kept for a city, in the order of their names; none for backups it does not have.

    Raises:
        BadInput: with every mistake in the city's settings of them.
    """
    found = {one.name: one for one in _product()}
    mistakes: list[Mistake] = []
    for name, said in settings.schedules.items():
        found.pop(name, None) if said.off else None
        if said.off and name not in {one.name for one in _product()}:
            mistakes.append(_mistake(name, "there is no such schedule to turn off", _choose(name, found)))
        elif not said.off:
            one, wrong = _changed(name, said, found.get(name), inventory)
            mistakes += wrong
            if one is not None:
                found[name] = one
    for one in found.values():
        mistakes += _wrong_given(one, inventory)
    if mistakes:
        raise BadInput(mistakes)
    return tuple(found[name] for name in sorted(found) if found[name].flow == "drill" or inventory.backups)


def standings(settings: Settings, inventory: Inventory, now: datetime) -> tuple[ScheduleStanding, ...]:
    """Tell how each of a city's schedules stands. Raises: BadInput, as `city_schedules`."""
    folder = ServeFolder.of(settings.city)
    kept = folder.kept_since()
    return tuple(
        overdue(one, last_ran(one, settings, inventory), kept_since=kept.get(one.name), now=now)
        for one in city_schedules(settings, inventory)
    )


def last_ran(schedule: Schedule, settings: Settings, inventory: Inventory) -> Ran | None:
    """Return what is under way of a schedule, else what ran to its end last; None when nothing ever did."""
    if schedule.flow == "drill":
        return _last_drill(schedule, settings)
    return _last_verification(schedule, settings.runs, inventory)


@functools.cache
def _product() -> tuple[Schedule, ...]:
    import yaml

    try:
        read = _Deployments.model_validate(yaml.safe_load(DEPLOYMENTS.read_bytes()))
    except (OSError, ValueError, yaml.YAMLError) as error:
        problem = "the schedules that come with Seawall cannot be read"
        remedy = "Run Seawall from a checkout of its repository (docs/serve.md)"
        raise BadInput.one(problem, where=str(DEPLOYMENTS), remedy=remedy) from error
    return tuple(
        Schedule(
            name=one.slug,
            flow=FLOWS[each.entrypoint],
            cron=one.cron,
            timezone=one.timezone,
            given=one.parameters,
        )
        for each in read.deployments
        for one in each.schedules
    )


def _changed(
    name: str, said: ScheduleSetting, there: Schedule | None, inventory: Inventory
) -> tuple[Schedule | None, list[Mistake]]:
    """Return a schedule as the city wants it: one of the product's, changed, or one of its own."""
    changes: dict[str, Any] = {one: getattr(said, one) for one in said.model_fields_set - {"off"}}
    if there is not None and said.flow in (None, there.flow):
        return there.model_copy(update=changes), []
    if said.flow is None or said.cron is None:
        known = ", ".join(one.name for one in _product())
        remedy = f"Use one that is there ({known}), or give this one both `flow` and `cron`"
        return None, [_mistake(name, "is no schedule that comes with Seawall, and is not whole", remedy)]
    return Schedule.model_validate({"name": name, "timezone": inventory.city.timezone} | changes), []


def _wrong_given(schedule: Schedule, inventory: Inventory) -> Iterator[Mistake]:
    takes = "scenario" if schedule.flow == "drill" else "backup"
    for key in schedule.given:
        if key != takes:
            yield _mistake(schedule.name, f"{schedule.flow} takes no `{key}`", f"Give it `{takes}` alone")
    backup = schedule.given.get("backup")
    if schedule.flow == "drill" and "scenario" not in schedule.given:
        yield _mistake(schedule.name, "a drill needs a scenario", "Add  with: {scenario: lose-a-site}")
    elif backup is not None and backup not in inventory.backups:
        yield _mistake(schedule.name, f"there is no backup set {backup}", _choose(backup, inventory.backups))


def _choose(name: str, known: Iterable[str]) -> str:
    from seawall.ground import choose  # a mistake is rare, and `seawall status` looks at schedules each time

    return choose(name, known)


def _mistake(name: str, problem: str, remedy: str) -> Mistake:
    return Mistake(f"{FILE}, schedules.{name}", problem, remedy)


def _last_verification(schedule: Schedule, runs: Path, inventory: Inventory) -> Ran | None:
    """Return, of the newest run of each backup set that is wanted, the oldest: all of them are due."""
    wanted = [schedule.given["backup"]] if "backup" in schedule.given else list(inventory.backups)
    newest: dict[str, Ran] = {}
    for backup, ran in _verifications(runs):
        if ran.under_way:
            return ran
        newest.setdefault(backup, ran)
        if newest.keys() >= set(wanted):
            break
    missing = [one for one in wanted if one not in newest]
    if missing:
        return Ran(what=", ".join(missing), began=None) if newest else None
    return min((newest[one] for one in wanted), key=lambda ran: (str(ran.began), ran.what))


def _verifications(runs: Path) -> Iterator[tuple[str, Ran]]:
    """Yield runs that verify a backup and have ended or are under way, newest first, each with its backup set."""
    for name in _names(runs, f"-{VERIFIES}-"):
        summary = summary_of(run := RunFolder(runs, name))
        under_way = summary.standing in (Standing.UNDER_WAY, Standing.WAITS)
        if summary.runbook != VERIFIES or not (under_way or summary.ended_at):
            continue
        try:
            backup = run.plan.parameters["backup"]
        except JournalError:  # spoilt, and `seawall runs` says so; it proves no backup
            continue
        well = None if under_way else summary.outcome is Outcome.DONE
        yield (
            backup,
            Ran(what=name, began=summary.opened_at, ended=summary.ended_at, well=well, under_way=under_way),
        )


def _last_drill(schedule: Schedule, settings: Settings) -> Ran | None:
    scenario = schedule.given["scenario"]
    if since := ServeFolder.of(settings.city).turn_since("drill"):
        return Ran(what=scenario, began=since, under_way=True)
    drills = settings.city / "drills"
    for name in _names(drills, f"-{scenario}"):
        try:
            card = _Card.model_validate_json((drills / name / "drill.json").read_bytes())
        except (OSError, ValidationError):  # under way, broken off, or of another version
            continue
        if card.scenario == scenario:
            return Ran(what=name, began=card.began, ended=card.ended, well=card.verdict.kind == "passed")
    return None


def _names(folder: Path, part: str) -> Iterable[str]:
    try:
        names = sorted((one.name for one in folder.iterdir() if part in one.name), reverse=True)
    except OSError:
        return ()
    return names[:LOOKED_AT]
