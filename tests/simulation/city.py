"""The city the stories are told of, and its plans, made once a process by the product's own planner."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from connectors.memory.world import OutsideInMemory
from seawall.binding import make_plan
from seawall.ground import Ground
from seawall.inventory import Inventory
from seawall.loading import load_city
from seawall.plan import Plan

CITY = Path(__file__).parents[2] / "drills" / "city"
SERVICE, OLD, NEW = "login", "north-db/login", "south-db/login"
"""The service that is moved, the server it is moved from, and the one it is moved to."""


@cache
def _ground() -> Ground:
    city = load_city(CITY)
    world = OutsideInMemory.of(city.inventory).world()
    return Ground(city.inventory, city.runbooks, city.templates, world)


def inventory() -> Inventory:
    """Return the city."""
    return _ground().inventory


@cache
def plan(mode: str) -> Plan:
    """Return the plan that moves the service south, as `postgres-failover` says."""
    given = {"service": SERVICE, "to": "south", "mode": mode}
    return make_plan("postgres-failover", _ground(), given, exercise=True)
