"""What a flow started from Prefect works on: the city, its runs and the world; and how a run is opened there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.world import foresee, places_in, real_world
from drills.scripted import scripted_request
from flows.choices import city_folder
from seawall.actions import World
from seawall.binding import facts_to_read, make_plan
from seawall.driving import AtPlaces
from seawall.errors import BadInput
from seawall.facts import read_facts
from seawall.ground import Ground
from seawall.loading import City, open_city
from seawall.run_folder import RunFolder, create_run
from seawall.run_list import list_runs
from seawall.settings import Settings, load_settings
from seawall.terms import Tell
from seawall.warming import warm


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """A city, the world it stands in, and where its runs are kept."""

    city: City
    world: World
    runs: Path

    def open_run(
        self, runbook: str, parameters: Mapping[str, str], *, exercise: bool, by: str, scripted: bool = False
    ) -> RunFolder:
        """Read the facts, make the plan and open a run of it.

        Nobody signs for it but, when it is `scripted`, the people of a lab.

        Raises:
            BadInput: with every mistake in the runbook or its parameters; nothing was opened.
            DoesNotHold: what the plan would rest on is not so; nothing was opened.
            JournalError: the disk will not have it.
        """
        city = self.city
        places_in(self.world)  # looked at while the plan is made
        ground = Ground(city.inventory, city.runbooks, city.templates, self.world, city.place, city.written)
        wanted = facts_to_read(runbook, ground, parameters)
        read = read_facts(wanted, self.world, exercise=exercise)
        facts = {name: fact.seen for name, fact in read.items()}
        problems = {name: fact.problem for name, fact in read.items()}
        plan = make_plan(runbook, ground, parameters, exercise=exercise, facts=facts, problems=problems)
        warm(self.world, plan)
        foresee(self.world, plan)
        now = utc_now().astimezone(ZoneInfo(self.city.inventory.city.timezone))
        sign = scripted_request(plan, by, now) if scripted else None
        return create_run(self.runs, plan, by=by, version=version("seawall"), now=now, sign=sign)

    def at_places(self, tell: Tell) -> AtPlaces | None:
        """Return the city's three places, None when it has none; `tell` is told what is waited for there."""
        places = places_in(self.world)
        return None if places is None else AtPlaces(places, tell)

    def opened_by(self, by: str) -> RunFolder | None:
        """Return the run that `by` opened last, if there is one: a flow that Prefect begins again carries that on."""
        return next((RunFolder(self.runs, one.id) for one in list_runs(self.runs) if one.by == by), None)


def configured() -> Settings:
    """Return the settings of the city that flows work for.

    Raises:
        BadInput: SEAWALL_CITY does not say which. The forms then show the reference city; nothing is carried out.
    """
    if not os.environ.get("SEAWALL_CITY"):
        raise BadInput.one(
            "no city is set, so there is nothing to act on",
            where="SEAWALL_CITY",
            remedy="Set it to the city's folder where the worker starts, and deploy from there",
        )
    return load_settings(city_folder())


@contextmanager
def place(folder: Path, runs: Path) -> Iterator[Place]:
    """Stand in the city in `folder`, with its world, until the block ends; its runs are kept at `runs`.

    Raises:
        BadInput: with every mistake in the city's inventory.
    """
    city = open_city(folder)
    with real_world(city.inventory, own=city.own) as world:
        yield Place(city, world, runs)
