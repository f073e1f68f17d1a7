"""Every kind of need says which secret it takes; only what a plan's steps will really ask for is named."""

from __future__ import annotations

from pathlib import Path

import pytest

import drills
from seawall import needs
from seawall.loading import load_inventory
from seawall.secrets_needed import references_of

HOST = {"key": "env:KEY", "power": {"password": "env:POWER"}}
SERVER = {"password": "env:DB", "replicator_password": "env:REPLICATOR", "host": HOST}
STORE = {"access_key": "env:ACCESS", "secret_key": "env:SECRET"}
ARGS = {
    "server": SERVER,
    "host": HOST,
    "unit": {"host": HOST},
    "store": STORE,
    "stores": [STORE, {"access_key": "env:ACCESS2", "secret_key": "env:SECRET2"}],
    "zone": {"key": "env:ZONE"},
    "balancer": {"runtime": {}},
    "bearer": "env:BEARER",
    "seen": {"from": "fence"},
}
CASES = [
    (needs.OnHost("server.host"), {"env:KEY"}),
    (needs.AsOwner("server"), {"env:KEY"}),
    (needs.OrderUnit("unit"), {"env:KEY"}),
    (needs.Login("server"), {"env:DB"}),
    (needs.Replicating("host", "server"), {"env:REPLICATOR"}),
    (needs.InBucket("store"), {"env:ACCESS", "env:SECRET"}),
    (needs.InBucket("stores"), {"env:ACCESS", "env:SECRET", "env:ACCESS2", "env:SECRET2"}),
    (needs.AtBalancer("balancer"), set()),
    (needs.InZone("zone"), set()),
    (needs.InZone("zone", "name", "type"), {"env:ZONE"}),
    (needs.AtController("host"), {"env:POWER"}),
    (needs.AtController("server.host"), {"env:POWER"}),
    (
        needs.AtThePlaces(prefix="lease/"),
        {
            f"env:SEAWALL_{place}_STORE_{kind}_KEY"
            for place in ("NORTH", "SOUTH", "WITNESS")
            for kind in ("ACCESS", "SECRET")
        },
    ),
    (needs.AtAddress("url"), {"env:BEARER"}),
    (needs.ByMail(), set()),
    (needs.BySlack(), {"env:SEAWALL_SLACK_TOKEN"}),
    (needs.Login("seen"), set()),
    (needs.OnHost("seen.host"), set()),
]


@pytest.fixture(scope="module")
def city():
    return load_inventory(Path(drills.__file__).parent / "city")


@pytest.mark.parametrize(
    ("need", "references"), CASES, ids=lambda one: str(one) if isinstance(one, needs.Need) else ""
)
def test_a_need_takes_these_secrets_and_no_others(need, references, city):
    assert set(references_of(need, ARGS, city)) == references


def test_no_kind_of_need_is_forgotten():
    assert {type(need).__name__ for need, _ in CASES} == {one.__name__ for one in needs.Need.__subclasses__()}


def test_a_fence_that_only_stops_the_server_asks_no_power_controller(city):
    at = needs.AtController("server.host")
    assert not set(references_of(at, ARGS | {"by": ["stopped"]}, city))
    assert set(references_of(at, ARGS | {"by": ["powered-off"]}, city)) == {"env:POWER"}
