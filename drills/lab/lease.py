"""The lab's leases: a relay and a guard on the machine of each database, and how they are set up.

Users' programs come to a database through its relay. Replication, Seawall, and whoever counts rows in a drill come to
the server's own port: they are no users, and the lease is not about them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from drills.lab.folders import LabFolder
from drills.lab.layout import LabLayout, Machine
from drills.lab.machine import Program
from drills.lab.store import PLACES_BUCKET
from seawall.lease import boottime
from seawall.targets import Lease

LEASE = Lease(term=timedelta(seconds=10), drift=timedelta(milliseconds=500), renew=timedelta(seconds=2))
"""A lab's, unless it is told otherwise: short enough to wait for, long enough for a busy machine."""
LEASED = "leased"
_WAY = "place-"
GUARD, RELAY = "guard", "relay"
STALE = 3
"""Times the span between two looks of a guard, after which what it wrote says nothing about now."""


def ports(places: tuple[str, ...]) -> tuple[str, ...]:
    """Return what answers on a database's machine for its lease."""
    return (LEASED, *(f"{_WAY}{place}" for place in places))


def cut_file(folder: LabFolder, machine: str) -> Path:
    """Return the file whose existence cuts the guard of a machine from the places."""
    return folder.root / "state" / f"{machine}.guard.cut"


def until_file(folder: LabFolder, machine: str) -> Path:
    """Return the file in which a guard writes until when users' programs are let in."""
    return folder.root / "state" / f"{machine}.until"


def state_file(folder: LabFolder, machine: str) -> Path:
    """Return the file in which a guard writes how it stands."""
    return folder.root / "state" / f"{machine}.guard.json"


def settings_file(folder: LabFolder, machine: str) -> Path:
    """Return the file that a guard is told everything in."""
    return folder.root / "state" / f"{machine}.guard.settings.json"


def prepare(layout: LabLayout, machine: Machine) -> None:
    """Lay down what a machine's guard is told."""
    file = settings_file(layout.places, machine.name)
    file.touch(mode=0o600)
    file.write_text(json.dumps(_settings(layout, machine), indent=1) + "\n")


def programs(layout: LabLayout, machine: Machine) -> Iterator[Program]:
    """Yield the relay and the guard of a database's machine."""
    folder, name = layout.places, machine.name
    ways = [f"{machine.at(LEASED)}={machine.at('postgres')}"]
    ways += [
        f"{machine.at(f'{_WAY}{one.site}')}={layout.machine(f'{one.site}-store').at('s3')}"
        for one in layout.stores.values()
    ]
    files = ("--until", str(until_file(folder, name)), "--cut", str(cut_file(folder, name)))
    yield Program(RELAY, (sys.executable, "-m", "drills.lab.relay", *files, *ways))
    yield Program(GUARD, (sys.executable, "-m", "connectors.guard", str(settings_file(folder, name))))


def seen(layout: LabLayout, machine: Machine) -> str:
    """Say how a guard stands, by what it last wrote. Raises: ValueError: nothing, or long ago."""
    server = next(one for one in layout.servers.values() if one.host.name == machine.name)
    assert server.lease is not None
    try:
        state = json.loads(state_file(layout.places, machine.name).read_text())
    except OSError:
        message = "its guard has written nothing yet"
        raise ValueError(message) from None
    now, age = boottime(), boottime() - state["at"]
    left = max(0.0, (state["until"] or 0.0) - now)
    lets = f"lets users in for {left:.1f} s" if left else "lets nobody in"
    if age > server.lease.terms.renew * STALE:
        message = f"its guard has said nothing for {age:.0f} s; the relay {lets}"
        raise ValueError(message)
    return f"{state['says']}; {lets}"


def _settings(layout: LabLayout, machine: Machine) -> Mapping[str, Any]:
    server = next(one for one in layout.servers.values() if one.host.name == machine.name)
    assert server.lease is not None
    terms = server.lease.terms
    return {
        "server": server.name,
        "term": terms.term,
        "drift": terms.drift,
        "renew": terms.renew,
        "places": {
            one.site: {
                "url": f"http://{machine.at(f'{_WAY}{one.site}')}",
                "bucket": PLACES_BUCKET,
                "region": one.region,
                "access_key": one.access_key,
                "secret_key": one.secret_key,
            }
            for one in layout.stores.values()
        },
        "way": {"file": str(until_file(layout.places, machine.name))},
        "state": str(state_file(layout.places, machine.name)),
    }
