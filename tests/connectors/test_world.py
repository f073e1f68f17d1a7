from __future__ import annotations

from pathlib import Path

import pytest

from connectors.memory.world import OutsideInMemory
from connectors.telling import Audiences
from connectors.world import memory_world, real_world
from seawall.errors import Unreachable
from seawall.loading import load_city
from tests.connectors.servers import occasion

MESSAGE = {"subject": "s", "body": "b"}


@pytest.fixture(scope="module")
def city():
    return load_city(Path(__file__).parents[2] / "drills" / "city").inventory


@pytest.fixture
def outside(city):
    return OutsideInMemory.of(city)


@pytest.fixture
def world(outside):
    return outside.world()


def test_in_ordinary_times_every_service_is_at_its_active_site(city, world):
    for service in city.services.values():
        way, database, runs = service.reached_through, service.database, service.runs_at
        if way is not None:
            args = {"balancer": city.balancer(way.balancer), "backend": way.backend}
            seen = world.perform("balancer.state", args, occasion())
            assert seen.pointed_at == way.backends[runs.active]
        for site, name in database.at.items() if database is not None else ():
            state = world.perform("postgres.state", {"server": city.server(name)}, occasion())
            assert state.in_recovery is (site != runs.active)


def test_everybody_can_be_told(city, world, outside):
    for name in city.audiences:
        world.perform("email.send", {"audience": name, "message": MESSAGE}, occasion())
        world.perform("slack.post", {"audience": name, "message": MESSAGE}, occasion())
    assert len(outside.post.sent) == len(outside.workspace.posted) == len(city.audiences)


def test_a_machine_without_power_is_gone_with_everything_on_it(city, world):
    server = next(iter(city.servers()))
    world.perform("power.off", {"host": server.host}, occasion())
    assert world.perform("ssh.reachable", {"host": server.host}, occasion()).answers is False
    with pytest.raises(Unreachable):
        world.perform("postgres.checkpoint", {"server": server}, occasion())


def test_two_worlds_in_memory_are_apart(city):
    one, other = memory_world(city), memory_world(city)
    server = next(iter(city.servers()))
    one.perform("power.off", {"host": server.host}, occasion())
    assert other.perform("power.state", {"host": server.host}, occasion()).on is True  # type: ignore[attr-defined]


def test_the_real_world_connects_nowhere_until_it_is_asked(city):
    with real_world(city) as world:
        assert len(world) > 40


def test_audiences_are_taken_from_the_inventory_and_hide_nobody(city):
    people = Audiences.of(city)
    assert set(people.addresses) == set(city.audiences)
    for name, audience in city.audiences.items():
        assert people.addresses[name] == tuple(city.people[person].email for person in audience.people)
        assert people.channels.get(name) == audience.slack
