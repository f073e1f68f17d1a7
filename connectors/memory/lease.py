"""Leases in memory: every server's is held by a guard, and a term that is waited out takes no time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class PlacesOfCity:
    """A city's places, at which the guard of each server with a lease has said that it holds it.

    They are made when somebody first asks for them: in most worlds nobody does.
    """

    city: Inventory
    _places: Places | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> Places | None:
        """Return the places; None where the city has none."""
        with self._turn:
            if self._places is None and self.city.places:
                self._places = self._made()
            return self._places

    def _made(self) -> Places:
        places = Places([PlaceInMemory(name) for name in sorted(self.city.places)])
        for server in self.city.servers():
            if server.lease is not None:
                take_up(
                    places, server.name, server.lease.terms, guard=f"the guard of {server.name}", boot=BOOT
                )
        return places


def leases_in_memory(city: Inventory) -> Leases:
    """Make the leases of a city's servers."""
    clock = PassingClock()
    return Leases(PlacesOfCity(city), lambda: datetime.now(UTC), clock, clock.sleep)
