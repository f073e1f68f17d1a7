"""A lab and its city for one measurement: what is broken, moved and brought back between two rounds of it.

The lab is a folder of its own with free ports, and is down again when the block ends, however it ends.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from connectors.world import foresee, places_in
from console.terminal.desk import Desk
from console.terminal.lab import city_of_lab, write_city
from console.terminal.thinking import think
from drills.lab.faults import break_, heal
from drills.lab.layout import LabLayout
from drills.lab.up import lab_down, lab_up
from drills.obliging import Obliging
from seawall.actions import Deadline, Occasion, Seen, World
from seawall.carrying import carry_out
from seawall.decide import Finish
from seawall.driving import AtPlaces
from seawall.hands import ThreadHands
from seawall.journal import Event, Outcome, Started, Succeeded
from seawall.run_folder import create_run
from seawall.state import State
from seawall.targets import Server
from seawall.warming import warm

OPERATOR = "commander"
COMES_BACK_WITHIN = 60.0
WARMS_WITHIN = timedelta(seconds=5)
SITES = ("north", "south")
PAUSE = 0.005


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Place:
    """A lab that is up.

    Attributes:
        active: the site whose database is the primary.
    """

    layout: LabLayout
    desk: Desk
    active: str = SITES[0]

    @property
    def standby(self) -> str:
        """The other site."""
        return other(self.active)

    def superuser(self, site: str) -> psycopg.Connection[Any]:
        """Connect to a site's server as its superuser: what is done by hand asks for no lesser rights."""
        server = self.server(site)
        return psycopg.connect(
            host=server.host.address,
            port=server.port,
            dbname=server.database,
            user="postgres",
            password=self.secret(self.layout.superuser_password),
            autocommit=True,
        )

    def server(self, site: str) -> Server:
        """Return a site's database server."""
        return self.layout.servers[f"{site}-db/login"]

    def secret(self, reference: str) -> str:
        """Read what a reference of the lab leads to."""
        return Path(reference.removeprefix("file:")).read_text(encoding="utf-8").strip()

    def kill(self, machine: str) -> None:
        """Kill every program of a machine."""
        break_(self.layout.folder, "kill-host", machine)

    def perform(self, world: World, action: str, args: Mapping[str, Any]) -> Seen:
        """Make one call outside any run."""
        plain = {
            name: one.model_dump(mode="json") if hasattr(one, "model_dump") else one
            for name, one in args.items()
        }
        return world.perform(action, plain, Occasion(Deadline.within(timedelta(minutes=1))))

    def come_back(self) -> None:
        """The standby has taken over: heal what was broken, let the old primary follow, send users to the new one."""
        new, old = self.standby, self.active
        heal(self.layout.folder)
        with self.desk.open_world() as world:
            pair = {"server": self.server(old), "primary": self.server(new)}
            self.perform(world, "postgres.rejoin", pair)
            # Its fence may have revoked it; a move by hand knows of no lease, and promotes without asking for one.
            self.perform(world, "lease.grant", {"server": self.server(old), "peer": self.server(new)})
            point = {
                "balancer": self.layout.balancer,
                "backend": self.layout.backend,
                "to": new,
                "away_from": [old],
            }
            self.perform(world, "balancer.point", point)
            end = time.monotonic() + COMES_BACK_WITHIN
            while not (self._follows(world, pair) and self.serves() and self._lets_in(world)):
                if time.monotonic() > end:
                    message = f"the lab did not come back with its primary at {new}"
                    raise TimeoutError(message)
                time.sleep(0.05)
        self.active = new

    def _lets_in(self, world: World) -> bool:
        """Tell whether the guards of both servers hold their leases, as they do in ordinary times."""
        seen = [self.perform(world, "lease.state", {"server": self.server(site)}) for site in SITES]
        return all(one.model_dump()["says"] == "held" for one in seen)

    def serves(self) -> bool:
        """Tell whether the service takes a write through the front."""
        try:
            with urllib.request.urlopen(f"http://{self.layout.front}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _follows(self, world: World, pair: Mapping[str, Server]) -> bool:
        seen = self.perform(world, "postgres.standby-state", pair).model_dump()
        return bool(seen["receiving"]) and seen["missing"] == 0


@dataclass(frozen=True, slots=True)
class Carried:
    """When what happened in one run, in seconds since its declaration: its opening in the journal.

    Attributes:
        started: the steps' beginnings.
        ended: their ends; every one succeeded.
    """

    started: Mapping[str, float]
    ended: Mapping[str, float]

    def lasted(self, step: str) -> float:
        """Return how long one step took."""
        return self.ended[step] - self.started[step]


def move(here: Place, *, mode: str, copied: bool = True) -> float:
    """Carry postgres-failover out to the standby site; return when the service was seen to take a write again."""
    given = {"service": "login", "to": here.standby, "mode": mode}
    return carried_out(here, "postgres-failover", given, copied=copied).ended["served-again"]


def carried_out(here: Place, runbook: str, given: Mapping[str, str], *, copied: bool = True) -> Carried:
    """Carry a runbook out in this process, approved beforehand and without Prefect.

    With its term, its claims and copies of its journal at the city's places, unless `copied` is False. The plan is
    made, and connections warmed, before the declaration. Raises: RuntimeError when it does not succeed.
    """
    with here.desk.open_world() as world:
        places = places_in(world) if copied else None
        plan, _ = think(here.desk, world, runbook, given, exercise=True)
        if copied:
            foresee(world, plan)
        warm(world, plan).wait(WARMS_WITHIN)
        began = time.monotonic()
        run = create_run(here.desk.runs, plan, by=OPERATOR, version="bench", now=here.desk.local(now()))
        Obliging(run, [OPERATOR], here.desk.city.inventory, now).approve()
        seen: list[tuple[float, Event]] = []

        def watch(event: Event, _state: State) -> None:
            seen.append((time.monotonic() - began, event))

        at = None if places is None else AtPlaces(places)
        end = carry_out(run, ThreadHands(world, now), now, watch=watch, at=at, by=OPERATOR)
    if not isinstance(end, Finish) or end.outcome is not Outcome.DONE:
        message = f"the run did not come to its end; see {run.path}"
        raise RuntimeError(message)
    return Carried(
        {event.step: at for at, event in seen if isinstance(event, Started)},
        {event.step: at for at, event in seen if isinstance(event, Succeeded)},
    )


def other(site: str) -> str:
    """Return the other of the two sites."""
    return SITES[1 - SITES.index(site)]


def room() -> Path:
    """Return where folders are made that the servers' account must reach; root's temporary one may be barred to it."""
    return Path(tempfile.gettempdir() if os.geteuid() else "/var/tmp")


@contextmanager
def lab(**different: Any) -> Iterator[Place]:
    """Bring a lab up for a measurement, as `lab_up` is told, and take it down."""
    folder = room() / f"seawall-bench-{os.getpid()}"
    city = city_of_lab(folder)
    try:
        layout = lab_up(folder, tell=lambda _line: None, **different)
        write_city(layout, city)
        yield Place(layout, Desk.at(city))
    finally:
        lab_down(folder)
        shutil.rmtree(folder, ignore_errors=True)  # what is left is the lock
        shutil.rmtree(city, ignore_errors=True)
