"""A city of two services and two sites, as small as a drill allows."""

# ruff: noqa: E501 - one line a thing, as in a city's files

from __future__ import annotations

from typing import Any

from drills.scenario import Scenario
from seawall.inventory import Inventory

_CITY: dict[str, Any] = {
    "city": {"name": "lilleby", "title": {"en": "Littletown", "da": "Lilleby"}},
    "sites": {
        "north": {"title": {"en": "the north hall", "da": "nordhallen"}, "address": "Nordvej 1", "coordinates": [55.7, 12.5]},
        "south": {"title": {"en": "the south hall", "da": "sydhallen"}, "address": "Sydvej 1", "coordinates": [55.6, 12.5]},
    },
    "services": {
        "login": {
            "title": {"en": "Login", "da": "Log ind"},
            "without_it": {"en": "Nobody can sign in", "da": "Ingen kan logge på"},
            "instead": {"en": "Ring 70 00 00 00", "da": "Ring 70 00 00 00"},
            "tier": 1,
            "runs_at": {"active": "north", "standby": "south"},
            "probe": {"write": "ledger", "every": "1s", "misses": 3},
            "targets": {"rto": "15m", "rpo": "30s", "mtpd": "4h", "approved_by": "dr-manager", "on": "2026-10-01"},
        },
        "mailbox": {
            "title": {"en": "Digital mailbox", "da": "Digital Post"},
            "without_it": {"en": "Nobody can read letters", "da": "Ingen kan læse breve"},
            "instead": {"en": "Letters go by post", "da": "Breve sendes med posten"},
            "tier": 2,
            "needs": ["login"],
        },
    },
    "people": {
        "commander": {"title": "Incident commander", "roles": ["incident-commander"], "email": "commander@lilleby.example"},
        "clerk": {"title": "Clerk", "email": "clerk@lilleby.example"},
    },
    "audiences": {"coordinators": {"title": {"en": "Coordinators", "da": "Koordinatorerne"}, "people": ["commander", "clerk"]}},
}  # fmt: skip

_SCENARIO: dict[str, Any] = {
    "scenario": "lose-a-site",
    "title": {"en": "The north hall is lost", "da": "Nordhallen er tabt"},
    "why": {"en": "Halls burn.", "da": "Haller brænder."},
    "load": {"service": "login", "writers": 4, "writes": "100/s"},
    "timeline": [{"at": "2s", "break": "kill-site", "site": "north"}],
    "respond": {
        "runbook": "failover",
        "with": {"to": "south"},
        "when": "proposed",
        "approved_by": ["commander"],
    },
    "expect": [
        {"that": "service accepts writes", "service": "login", "at": "south", "within": "15s"},
        {"that": "no two primaries"},
        {"that": "every lost write is counted"},
        {"that": "people are told", "audience": "coordinators", "by": "email", "within": "60s"},
    ],
    "afterwards": ["heal", {"runbook": "failback", "with": {"to": "north"}}],
}


def small_city(**service: Any) -> Inventory:
    """The city; keywords replace fields of login."""
    services = {**_CITY["services"], "login": {**_CITY["services"]["login"], **service}}
    return Inventory.model_validate({**_CITY, "services": services})


def small_scenario(**changed: Any) -> Scenario:
    """A lost site; keywords replace fields of the scenario, None takes one out."""
    fields = {**_SCENARIO, **changed}
    return Scenario.model_validate({key: value for key, value in fields.items() if value is not None})
