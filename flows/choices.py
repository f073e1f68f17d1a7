"""The city's own names as choices, so that Prefect's form offers services, sites and runbooks instead of empty boxes.

Read once, when a flow module is imported: deploy again after the city has changed. A name that is gone since is refused
when the plan is made, like any other.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import drills
from drills.scenario_files import PRODUCT, scenario_files
from seawall.loading import City, open_city

REFERENCE_CITY = Path(drills.__file__).parent / "city"


def city_folder() -> Path:
    """Return the folder of the city that flows work on: SEAWALL_CITY, else the reference city."""
    return Path(os.environ["SEAWALL_CITY"]).expanduser() if os.environ.get("SEAWALL_CITY") else REFERENCE_CITY


def choice(title: str, names: Iterable[str]) -> Any:
    """Make the type of a parameter that is one of `names`; any text where there are none."""
    members = {name: name for name in names}
    return StrEnum(title, members, module=__name__) if members else str


if TYPE_CHECKING:
    Service: TypeAlias = str
    PostgresService: TypeAlias = str
    Site: TypeAlias = str
    RunbookName: TypeAlias = str
    Backup: TypeAlias = str
    Audience: TypeAlias = str
    ScenarioName: TypeAlias = str
else:
    _city: City = open_city(city_folder())
    _there = _city.inventory
    Service = choice("Service", _there.services)
    PostgresService = choice("PostgresService", (n for n, one in _there.services.items() if one.database))
    Site = choice("Site", (name for name, one in _there.sites.items() if not one.witness))
    RunbookName = choice("RunbookName", _city.runbooks)
    Backup = choice("Backup", _there.backups)
    Audience = choice("Audience", _there.audiences)
    ScenarioName = choice("ScenarioName", scenario_files([PRODUCT, city_folder() / "scenarios"]))
