"""The city the stories are told of, and its plans, made once a process by the product's own planner."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from connectors.memory.world import OutsideInMemory
from seawall.binding import make_plan
from seawall.ground import Ground
from seawall.inventory import Inventory
from seawall.loading import City, load_city
from seawall.plan import Plan

CITY = Path(__file__).parents[2] / "drills" / "city"
SERVICE, OLD, NEW = "login", "north-db/login", "south-db/login"
"""The service that is moved, the server it is moved from, and the one it is moved to."""


@cache
def _city() -> City:
    return load_city(CITY)


@cache
def inventory(*, has_places: bool) -> Inventory:
    """Return the city; without its three places it has no leases either."""
    whole = _city().inventory
    if has_places:
        return whole
    hosts = {
        name: host.model_copy(
            update={
                "postgres": {
                    cluster: one.model_copy(update={"lease": None}) for cluster, one in host.postgres.items()
                }
            }
        )
        for name, host in whole.hosts.items()
    }
    return whole.model_copy(update={"places": {}, "hosts": hosts})


def outside() -> OutsideInMemory:
    """Make what is outside, new; its places, where it has any, are the story's own."""
    return OutsideInMemory.of(inventory(has_places=False))


@cache
def plan(mode: str, *, has_places: bool) -> Plan:
    """Return the plan that moves the service south, as `postgres-failover` says."""
    ground = Ground(inventory(has_places=has_places), _city().runbooks, _city().templates, outside().world())
    given = {"service": SERVICE, "to": "south", "mode": mode}
    return make_plan("postgres-failover", ground, given, exercise=True)
