"""Look at services the way their probes say, side by side, and never write; a watcher and `status --look` use it.

A service whose probe reads is asked over HTTP, or a name of it is looked up. One whose drills write (`write: ledger`)
is seen by reading: where the balancer leads its users, and whether a primary accepts connections there. Only a drill
tries a write.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.balancer import BackendState
from connectors.dns import Records
from connectors.http import Probed
from connectors.postgres.seen import StateSeen
from seawall.actions import Deadline, Effect, Occasion, Seen, World
from seawall.errors import CallError, Unreachable
from seawall.inventory import Inventory, Service
from seawall.sightings import LOOK_WITHIN, Look, Pace
from seawall.targets import Zone

Ask = Callable[[str, Mapping[str, Any]], Seen]
"""Make one READS call within the look's limit. Raises: CallError."""
Told = tuple[bool | None, str]
"""Whether a service is up (None: it could not be told), and what was seen."""

MOST_AT_ONCE = 256
"""Looks under way at the same time; each is a thread that waits."""
GIVE_UP = timedelta(seconds=1)
"""How much longer than its limit a look may take to come back, before it is given up."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A service that can be looked at: how often, and how."""

    service: str
    pace: Pace
    way: Callable[[Ask], Told]


def watched(inventory: Inventory) -> tuple[Watched, ...]:
    """Return every service that the inventory says how to look at; the others are never seen, and so unknown."""
    found = []
    for name, service in inventory.services.items():
        way = _way(name, service, inventory)
        if service.probe is not None and way is not None:
            found.append(Watched(name, Pace(service.probe.every, service.probe.misses), way))
    return tuple(found)


def _way(name: str, service: Service, inventory: Inventory) -> Callable[[Ask], Told] | None:
    probe = service.probe
    if probe is None:
        return None
    if (looked_up := probe.looked_up) is not None:
        zone = inventory.zone_of(looked_up)
        return None if zone is None else lambda ask: _found(looked_up, zone, ask)
    if (url := probe.fetched) is not None:
        return lambda ask: _answered(ask("http.probe", {"url": url}))
    if service.run_by is None and (service.reached_through or service.database):
        return lambda ask: _reached(name, service, inventory, ask)
    return None


def _answered(seen: Seen) -> Told:
    assert isinstance(seen, Probed)
    return seen.holds, seen.because


def _found(name: str, zone: Zone, ask: Ask) -> Told:
    """Tell whether the zone's own server has an address for a name."""
    for record in ("A", "AAAA"):
        try:
            seen = ask("dns.lookup", {"zone": zone, "name": name, "type": record})
        except Unreachable as error:
            return False, f"{error.where}: {error.problem}"
        assert isinstance(seen, Records)
        if seen.values or seen.alias_of:
            return True, f"{name} is {', '.join(seen.values) or seen.alias_of}"
    return False, f"{zone.name} has no address for {name}"


def _reached(name: str, service: Service, inventory: Inventory, ask: Ask) -> Told:
    """Follow a service's users: where the balancer leads them, and whether a primary is there."""
    reached, database = service.reached_through, service.database
    if reached is None:
        return _primary(tuple(database.at) if database else (), service, inventory, ask)
    arguments = {"balancer": inventory.balancer(reached.balancer), "backend": reached.backend}
    try:
        seen = ask("balancer.state", arguments)
    except CallError as error:
        up, saw = _primary(tuple(database.at), service, inventory, ask) if database else (None, "")
        unseen = f"where {reached.balancer} leads users could not be seen: {error.problem}"
        return (False if up is False else None), "; ".join(filter(None, (unseen, saw)))
    assert isinstance(seen, BackendState)
    let_in = [one for one in seen.servers if one.ready]
    answering = {one.name for one in let_in if one.up}
    if not answering:
        led = (
            f"to {', '.join(one.name for one in let_in)}, which fails its health check"
            if let_in
            else "nowhere"
        )
        return False, f"{reached.balancer} leads the users of {name} {led}"
    sites = tuple(site for site, server in reached.backends.items() if server in answering)
    led = f"{reached.balancer} leads users to {', '.join(sorted(answering))}"
    if database is None:
        return True, led
    up, saw = _primary(tuple(site for site in sites if site in database.at), service, inventory, ask)
    return up, f"{led}; {saw}"


def _primary(sites: Iterable[str], service: Service, inventory: Inventory, ask: Ask) -> Told:
    """Tell whether a primary accepts connections at one of the sites."""
    assert service.database is not None
    saw, unknown = [], False
    for site in sites:
        try:
            seen = ask("postgres.state", {"server": inventory.server(service.database.at[site])})
        except CallError as error:
            # Refused, or something else stands there: that says nothing about users.
            unknown = unknown or not isinstance(error, Unreachable)
            saw.append(f"{service.database.at[site]}: {error.problem}")
            continue
        assert isinstance(seen, StateSeen)
        saw.append(str(seen))
        if seen.accepts_connections and seen.in_recovery is False:
            return True, saw[-1]
    return (None if unknown else False), "; ".join(saw) or "no database stands there"


@dataclass(slots=True)
class Lookers:
    """Looks under way, each in a thread of its own, each with a limit. None that hangs holds up another."""

    world: World
    clock: Callable[[], datetime]
    _came: queue.SimpleQueue[tuple[int, Look]] = field(default_factory=queue.SimpleQueue)
    _under_way: dict[int, tuple[Watched, float]] = field(default_factory=dict)
    _number: int = 0

    @property
    def full(self) -> bool:
        """Whether no further look may begin now."""
        return len(self._under_way) >= MOST_AT_ONCE

    def begin(self, one: Watched) -> None:
        """Begin to look at a service."""
        self._number += 1
        number = self._number
        self._under_way[number] = (one, time.monotonic() + (LOOK_WITHIN + GIVE_UP).total_seconds())
        look = threading.Thread(
            target=lambda: self._came.put((number, self._look(one))), name=f"look {one.service}", daemon=True
        )
        look.start()

    def next(self, within: float) -> tuple[Watched, Look] | None:
        """Return a look that has ended, or was given up; None when there is none within so many seconds."""
        end = time.monotonic() + within
        while True:
            for number, (one, give_up) in list(self._under_way.items()):
                if time.monotonic() >= give_up:
                    del self._under_way[number]
                    return one, Look(at=self.clock(), up=False, saw="no answer came within the limit")
                break  # they are in the order they began in, and so is the rest
            until = min([end, *(give_up for _, give_up in list(self._under_way.values())[:1])])
            try:
                number, look = self._came.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                if time.monotonic() >= end:
                    return None
                continue
            if number in self._under_way:  # else it was given up before
                return self._under_way.pop(number)[0], look

    def _look(self, one: Watched) -> Look:
        deadline = Deadline.within(LOOK_WITHIN)

        def ask(uses: str, args: Mapping[str, Any]) -> Seen:
            assert self.world[uses].effect is Effect.READS
            # The first of two calls leaves time for the second.
            share = deadline.at_most(deadline.left / 2) if uses == "balancer.state" else deadline
            return self.world.perform(uses, args, Occasion(share, "watch", one.service, exercise=False))

        try:
            up, saw = one.way(ask)
        except CallError as error:
            up, saw = (False if deadline.passed else None), f"{error.where}: {error.problem}"
        except LookupError as error:
            up, saw = None, str(error)
        except Exception as error:  # noqa: BLE001 - the rim: a connector's bug must not end the watch over the others
            up, saw = None, f"Seawall itself failed here: {type(error).__name__}"
        return Look(at=self.clock(), up=up, saw=saw)


def rounds(wanted: Iterable[Watched], lookers: Lookers) -> Iterator[tuple[Watched, Look]]:
    """Look once at each, side by side, and yield each look as it ends."""
    waiting = list(reversed(list(wanted)))
    left = len(waiting)
    while left:
        while waiting and not lookers.full:
            lookers.begin(waiting.pop())
        ended = lookers.next((LOOK_WITHIN + GIVE_UP).total_seconds())
        if ended is not None:
            left -= 1
            yield ended
