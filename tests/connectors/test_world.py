from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
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


def test_the_real_world_finds_each_action_in_whatever_order_they_are_asked_for(city):
    with real_world(city) as world:
        names = list(world)
        assert names == [action.name for one in world.connectors for action in one.actions()]
        assert set(names) == set(memory_world(city))
    for name in reversed(names):
        with real_world(city) as fresh:
            assert fresh[name].name == name


def test_the_real_world_has_nothing_that_it_does_not_list(city):
    with real_world(city) as world:
        assert "postgres.wish" not in world
        assert "wish.postgres" not in world


def test_a_connector_is_made_once_also_when_several_ask_at_the_same_time(city):
    with real_world(city) as world, ThreadPoolExecutor(8) as people:
        made = list(people.map(lambda _: world.postgres, range(64)))
    assert all(one is made[0] for one in made)


@pytest.mark.slow  # starts a Python
def test_a_plan_does_not_load_what_its_actions_do_not_need():
    script = (
        "import sys; from pathlib import Path; from connectors.world import real_world\n"
        "from seawall.loading import load_city; import drills\n"
        "world = real_world(load_city(Path(drills.__file__).parent / 'city').inventory)\n"
        "world['postgres.promote'], world['dns.point']\n"
        "print(sorted(one for one in sys.modules if one.startswith('connectors.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )
    for one in ("backup", "http", "slack", "mail", "s3"):
        assert f"'connectors.{one}'" not in done.stdout


def test_audiences_are_taken_from_the_inventory_and_hide_nobody(city):
    people = Audiences.of(city)
    assert set(people.addresses) == set(city.audiences)
    for name, audience in city.audiences.items():
        assert people.addresses[name] == tuple(city.people[person].email for person in audience.people)
        assert people.channels.get(name) == audience.slack
