from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import drills
from seawall.inventory import About, Inventory, Probe, Service
from seawall.loading import load_inventory
from seawall.model import Text
from seawall.sightings import Condition, Sighting
from seawall.situation import Situation, services_now

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def city():
    return load_inventory(Path(drills.__file__).parent / "city")


def seen(condition, *, ago=1.0, since=240.0, misses=0):
    last = NOON - timedelta(seconds=ago)
    return Sighting(
        looked_at=last,
        told_at=last,
        condition=condition,
        since=NOON - timedelta(seconds=since),
        misses=misses,
        saw="seen",
    )


def now(city, **conditions):
    """The services by name, where each is in a condition of its own and all others are up."""
    all_up = {name: seen(Condition.UP) for name, one in city.services.items() if one.probe is not None}
    told = {name.replace("_", "-"): one for name, one in conditions.items()}
    kept = {name: one for name, one in (all_up | told).items() if one is not None}
    return {one.service: one for one in services_now(city, kept, NOON)}


def test_a_service_that_nothing_looks_at_is_unknown_and_never_well(city):
    unwatched = city.services["dns"].model_copy(update={"probe": None})
    assert Situation(at=NOON, services=tuple(now(city).values())).well
    told = now(city.model_copy(update={"services": {**city.services, "dns": unwatched}}))
    assert told["dns"].condition is Condition.UNKNOWN
    assert not told["dns"].watched
    assert not Situation(at=NOON, services=tuple(told.values())).well


def test_a_service_that_was_not_seen_lately_is_unknown_with_its_age_and_what_it_was(city):
    told = now(city, login=seen(Condition.DOWN, ago=3600))["login"]
    assert (told.condition, told.was, told.age_seconds) == (Condition.UNKNOWN, Condition.DOWN, 3600)
    assert told.rto_left_seconds is None, "whether it is still away is not known, and so neither what is left"


def test_what_a_broken_service_drags_along_is_told_at_any_distance(city):
    told = now(city, login=seen(Condition.DOWN))
    assert set(told["login"].drags) == {
        "digital-mail", "payment-account", "health-record", "business-portal", "self-service",
    }  # fmt: skip
    assert told["self-service"].needs_down == ("login",)
    assert told["dispatch-feed"].needs_down == ()
    assert told["self-service"].drags == (), "it is up, and drags nothing along"


def test_time_left_counts_from_when_it_broke(city):
    told = now(city, login=seen(Condition.DOWN, since=240))["login"]
    assert (told.rto_seconds, told.rto_left_seconds) == (900, 660)
    over = now(city, login=seen(Condition.DOWN, since=1000))["login"]
    assert over.rto_left_seconds == -100
    assert over.mtpd_left_seconds == 4 * 3600 - 1000


def test_of_a_supplier_its_promise_counts(city):
    told = now(city, citizen_register=seen(Condition.DOWN, since=60))["citizen-register"]
    assert told.rto_left_seconds == 15 * 60 - 60
    assert told.telephone
    assert told.run_by


def test_the_first_tier_comes_first(city):
    tiers = [one.tier or 9 for one in services_now(city, {}, NOON)]
    assert tiers == sorted(tiers)


def test_services_that_need_each_other_in_a_long_line_are_told_once_each():
    names = [f"s{n}" for n in range(300)]
    services = {
        name: Service(
            title=Text(en=name),
            needs=tuple(names[max(0, n - 3) : n]),
            probe=Probe(read="https://a.example", every=timedelta(seconds=10)),
        )
        for n, name in enumerate(names)
    }
    city = Inventory(city=About(name="long", title=Text(en="Long")), services=services)
    told = {one.service: one for one in services_now(city, {"s0": seen(Condition.DOWN)}, NOON)}
    assert told["s0"].drags == tuple(names[1:])
    assert told["s299"].needs_down == ("s0",)
