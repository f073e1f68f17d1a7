from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors import watcher, watching
from connectors.dns import RecordSet
from connectors.http import Response
from connectors.memory.world import OutsideInMemory
from connectors.watcher import look_once, watch
from connectors.watching import Lookers, Watched, rounds, watched
from seawall.actions import Effect, World
from seawall.errors import DidNothing
from seawall.loading import load_city
from seawall.sightings import Condition, Pace

QUICK = Pace(timedelta(milliseconds=20), 3)
UP, DOWN, UNKNOWN = Condition.UP, Condition.DOWN, Condition.UNKNOWN


@pytest.fixture(scope="module")
def city():
    return load_city(Path(__file__).parents[2] / "drills" / "city").inventory


@pytest.fixture
def outside(city):
    return OutsideInMemory.of(city)


class Counting(World):
    """A world that counts what it is asked, and refuses to change anything."""

    def __init__(self, inner):
        super().__init__(*inner.connectors)
        self.asked: Counter[str] = Counter()

    def perform(self, name, args, occasion):
        assert self[name].effect is Effect.READS
        self.asked[name] += 1
        return super().perform(name, args, occasion)


@pytest.fixture
def world(outside):
    return Counting(outside.world())


def now():
    return datetime.now(UTC)


def look(city, world, service):
    """What one look at one service tells, as (up, saw)."""
    wanted = [one for one in watched(city) if one.service == service]
    ((_, seen),) = rounds(wanted, Lookers(world, now))
    return seen.up, seen.saw


def test_in_ordinary_times_every_service_with_a_probe_is_seen_to_be_up(city, world):
    seen = look_once(watched(city), world, {}, now)
    with_probe = {name for name, one in city.services.items() if one.probe is not None}
    assert {name for name, one in seen.items() if one.condition is UP} == with_probe


def test_looks_only_read(city, world):
    look_once(watched(city), world, {}, now)
    assert set(world.asked) == {"http.probe", "dns.lookup", "balancer.state", "postgres.state"}


def test_a_suppliers_service_is_asked_for_its_address_and_nothing_else(city, world, outside):
    assert look(city, world, "citizen-register")[0] is True
    assert world.asked == {"http.probe": 1}
    (request,) = outside.web.sent
    assert (request.method, request.url) == ("GET", city.services["citizen-register"].probe.read)


def test_a_service_without_a_probe_is_not_looked_at(city):
    unwatched = city.services["dns"].model_copy(update={"probe": None})
    changed = city.model_copy(update={"services": {**city.services, "dns": unwatched}})
    assert {one.service for one in watched(city)} - {one.service for one in watched(changed)} == {"dns"}


def test_a_name_is_looked_up_at_its_zones_own_server(city, world):
    assert look(city, world, "dns") == (True, "www.city.example is 192.0.2.21")
    assert set(world.asked) == {"dns.lookup"}


def test_a_name_that_leads_nowhere_or_whose_server_is_silent_missed(city, world, outside):
    records = dict(outside.zones.records)
    outside.zones.records.clear()
    assert look(city, world, "dns") == (False, "city.example has no address for www.city.example")
    outside.zones.records["www.city.example", "AAAA"] = RecordSet(("2001:db8::21",))
    assert look(city, world, "dns")[0] is True
    outside.zones.records.clear()
    outside.zones.records["www.city.example", "CNAME"] = RecordSet(("front.city.example",))
    assert look(city, world, "dns") == (True, "www.city.example is front.city.example")
    outside.zones.records.update(records)
    outside.zones.down.add(city.zones["city.example"].server)
    assert look(city, world, "dns")[0] is False


def test_a_name_is_looked_up_in_the_closest_zone(city):
    inner = city.zones["city.example"].model_copy(update={"name": "Www.city.example."})
    both = city.model_copy(update={"zones": {**city.zones, "inner": inner}})
    assert both.zone_of("www.city.example") == inner
    assert both.zone_of("post.city.example") == city.zones["city.example"]
    assert both.zone_of("notcity.example") is None


def test_a_server_that_does_not_answer_as_it_should_missed(city, world, outside):
    outside.web.servers["https://register.supplier.example"] = lambda _: Response(503, b"")
    up, saw = look(city, world, "citizen-register")
    assert up is False
    assert "503" in saw


def test_a_service_is_down_when_its_database_accepts_nobody(city, world, outside):
    outside.servers.servers["north-db/login"].running = False
    up, saw = look(city, world, "login")
    assert up is False
    assert "north-db/login does not accept connections" in saw


def test_a_service_is_down_when_its_users_are_led_to_a_standby(city, world, outside):
    outside.servers.servers["north-db/login"].in_recovery = True
    assert look(city, world, "login")[0] is False


def test_a_service_is_down_when_its_users_are_led_nowhere(city, world, outside):
    servers = outside.runtime.backends["front", "login"]
    for changed, words in (
        ({"ready": False}, "leads the users of login nowhere"),
        ({"up": False}, "fails its health check"),
    ):
        outside.runtime.backends["front", "login"] = tuple(one.model_copy(update=changed) for one in servers)
        up, saw = look(city, world, "login")
        assert up is False
        assert words in saw


def test_after_a_failover_the_other_site_is_looked_at(city, world, outside):
    servers = outside.runtime.backends["front", "login"]
    outside.runtime.backends["front", "login"] = tuple(
        one.model_copy(update={"ready": one.name == "south", "up": one.name == "south"}) for one in servers
    )
    assert look(city, world, "login")[0] is False, "south is a standby still"
    outside.servers.servers["south-db/login"].in_recovery = False
    outside.servers.servers["north-db/login"].running = False
    assert look(city, world, "login")[0] is True


def test_where_the_balancer_cannot_be_asked_nobody_claims_that_users_are_served(city, world, outside):
    outside.runtime.down.add("front")
    assert look(city, world, "login")[0] is None
    outside.servers.servers["north-db/login"].running = False
    assert look(city, world, "login")[0] is False, "wherever they are led, there is no primary"


def test_a_look_that_fails_on_our_side_tells_nothing(city, world):
    def refused(_ask):
        raise DidNothing("no secret", where="env:PASSWORD", remedy="Set it")

    ((_, seen),) = rounds([Watched("login", QUICK, refused)], Lookers(world, now))
    assert (seen.up, seen.saw) == (None, "env:PASSWORD: no secret")

    def broken(_ask):
        raise ZeroDivisionError

    ((_, seen),) = rounds([Watched("login", QUICK, broken)], Lookers(world, now))
    assert seen.up is None
    assert "ZeroDivisionError" in seen.saw


def test_a_look_that_hangs_missed_and_holds_up_nobody(world, monkeypatch):
    monkeypatch.setattr(watching, "LOOK_WITHIN", timedelta(milliseconds=50))
    monkeypatch.setattr(watching, "GIVE_UP", timedelta(milliseconds=50))
    gone_home = threading.Event()

    def hangs(_ask):
        gone_home.wait(20)
        return True, "late"

    def answers(_ask):
        return True, "here"

    wanted = [Watched("slow", QUICK, hangs), Watched("quick", QUICK, answers)]
    seen = [(one.service, told.up) for one, told in rounds(wanted, Lookers(world, now))]
    gone_home.set()
    assert seen == [("quick", True), ("slow", False)]


def test_more_services_than_fit_at_once_are_all_looked_at(world, monkeypatch):
    monkeypatch.setattr(watching, "MOST_AT_ONCE", 4)
    at_once, most = 0, 0
    turn = threading.Lock()

    def looked(_ask):
        nonlocal at_once, most
        with turn:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.002)
        with turn:
            at_once -= 1
        return True, ""

    wanted = [Watched(f"s{n}", QUICK, looked) for n in range(40)]
    assert len(list(rounds(wanted, Lookers(world, now)))) == 40
    assert most <= 4


def test_who_asks_for_one_look_is_told_down_after_three(city, world, outside, monkeypatch):
    monkeypatch.setattr(watcher, "PAUSE", timedelta(0))
    outside.web.servers.pop("https://register.supplier.example")
    assert city.services["citizen-register"].probe.misses == 4
    wanted = [one for one in watched(city) if one.service == "citizen-register"]
    seen = look_once(wanted, world, {}, now)["citizen-register"]
    assert (seen.condition, seen.misses) == (DOWN, 3)


class Story:
    """A service that is looked at, and what the watcher keeps and tells of it."""

    def __init__(self, answers):
        self.answers = iter(answers)
        self.kept, self.changes, self.looks = [], [], 0

    def way(self, _ask):
        self.looks += 1
        return next(self.answers, True), f"look {self.looks}"

    def watch(self, world, until, seen=None):
        deadline = time.monotonic() + 20
        watch(
            [Watched("login", QUICK, self.way)],
            world,
            {} if seen is None else seen,
            clock=now,
            keep=lambda all_seen: self.kept.append(dict(all_seen)),
            changed=lambda name, was, is_now: self.changes.append(
                (name, was and was.condition, is_now.condition)
            ),
            goes_on=lambda: not until() and time.monotonic() < deadline,
        )


def test_a_watcher_tells_each_change_once(world):
    story = Story([True, True, False, False, False, False, True])
    story.watch(world, lambda: len(story.changes) == 3)
    assert story.changes == [("login", None, UP), ("login", UP, DOWN), ("login", DOWN, UP)]


def test_a_watcher_keeps_a_change_at_once_and_the_rest_at_the_end(world):
    story = Story([True, False, False, False])
    story.watch(world, lambda: any(one["login"].condition is DOWN for one in story.kept))
    assert story.kept[-1]["login"].misses >= 3


def test_a_watcher_looks_again_and_again_at_its_own_pace(world):
    story = Story([])
    began = time.monotonic()
    story.watch(world, lambda: story.looks >= 5)
    assert time.monotonic() - began >= 4 * QUICK.every.total_seconds()
    assert story.kept
