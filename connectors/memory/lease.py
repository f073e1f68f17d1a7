"""Leases in memory: every server's is held by a guard, and a term that is waited out takes no time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.memory.places import PlaceInMemory
from seawall.expiring import Leases
from seawall.inventory import Inventory
from seawall.lease import boottime
from seawall.leasing import take_up
from seawall.places import Places

BOOT = "the-only-boot"
TURN = 0.01
"""Seconds."""


@dataclass(slots=True)
class PassingClock:
    """CLOCK_BOOTTIME, on which sleeping takes next to no time and passes as much as it says."""

    passed: float = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return boottime() + self.passed

    def sleep(self, seconds: float) -> None:
        """Let time pass. What is tried beside a wait has its turn, as it would have for seconds."""
        time.sleep(TURN)
        self.passed += seconds


def places_in_memory(city: Inventory) -> Places | None:
    """Make a city's places, at which the guard of each server with a lease has said that it holds it."""
    if not city.places:
        return None
    places = Places([PlaceInMemory(name) for name in sorted(city.places)])
    for server in city.servers():
        if server.lease is not None:
            take_up(places, server.name, server.lease.terms, guard=f"the guard of {server.name}", boot=BOOT)
    return places


def leases_in_memory(places: Places | None) -> Leases:
    """Make the leases that stand there."""
    clock = PassingClock()
    return Leases(lambda: places, lambda: datetime.now(UTC), clock, clock.sleep)
