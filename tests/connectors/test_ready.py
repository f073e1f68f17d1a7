"""What a failover will need is known from its plan: each connection once, and none that only a later step can name."""

from __future__ import annotations

from pathlib import Path

import pytest

import drills
from connectors.memory.secrets import SecretsInMemory
from connectors.world import real_world
from seawall.binding import make_plan
from seawall.expiring import Leases
from seawall.ground import Ground
from seawall.loading import load_city
from seawall.warming import AT_MOST, _each_once, _needed

CITY = Path(drills.__file__).parent / "city"


@pytest.fixture
def needed():
    """Make a plan of the reference city and return what it needs. Nothing is connected."""
    city = load_city(CITY)
    world = real_world(city.inventory, SecretsInMemory({}))
    ground = Ground(city.inventory, city.runbooks, city.templates, world, city.place)

    def of(runbook: str, **given: str):
        plan = make_plan(runbook, ground, given, exercise=True, facts={})
        return (
            [
                (one.make.__self__, one.of)  # type: ignore[attr-defined]  # every one is a method
                for one in _each_once(_needed(world, plan))
            ],
            world,
            city.inventory,
        )

    return of


def test_a_failover_needs_the_standby_the_old_machine_its_power_the_zone_and_the_front(needed):
    found, world, city = needed("postgres-failover", service="login", mode="disaster")
    old, new = city.server("north-db/login"), city.server("south-db/login")
    assert len(found) == len(set(found)) < AT_MOST
    assert {
        (world.postgres, new),
        (world.shell, old.host),
        (world.power, old.host.power),
    } <= set(found)
    assert (world.postgres, old) not in found  # it is lost, and nobody asks it anything
    assert [of for maker, of in found if maker is world.http] == [
        f"http://{city.balancers['front'].front}/healthz"
    ]
    assert any(of == city.zones["city.example"] for _, of in found)
    assert {of for maker, of in found if isinstance(maker, Leases)} == {old, new}


def test_a_planned_move_needs_the_old_server_too_and_no_power(needed):
    found, world, city = needed("postgres-failover", service="login", mode="planned")
    old = city.server("north-db/login")
    assert (world.postgres, old) in found
    assert (world.shell, old.host) in found
    assert not any(maker is world.power for maker, _ in found)
