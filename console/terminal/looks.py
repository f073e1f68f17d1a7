"""Every look that `seawall doctor` takes. A new kind of thing to look at is one function more in `LOOKS`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.doors import door_of
from connectors.places import bucket_of, check_place
from connectors.world import RealWorld
from console.terminal.desk import Desk
from console.terminal.status_bags import checked_bags
from console.terminal.surroundings import surroundings
from console.terminal.trust_look import WHAT, trust_checked
from seawall.actions import CheckUp, Deadline, World
from seawall.errors import BadInput, CallError, Finding
from seawall.signers import trust_folder
from seawall.targets import Endpoint, Host

if TYPE_CHECKING:
    from connectors.rights.seen import Sight

FREE_AT_LEAST = 100_000_000
"""Bytes; a run takes a few hundred kilobytes, and its journal must not meet a full disk."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look, as small as it can be, so that one that hangs hides nothing else.

    Attributes:
        what: what is looked at, for when the look itself does not come back.
        take: looks, by the deadline, and changes nothing.
        about: the name in the inventory that it belongs to; what `--host` chooses by.
        doors: where it knocks; with every one of them shut, the look is not worth its time and is not taken.
        only_warns: a service that is merely watched stops no runbook.
    """

    what: str
    take: Callable[[Deadline], Iterable[CheckUp]]
    about: str = ""
    doors: tuple[Endpoint, ...] = ()
    only_warns: bool = False


def looks(desk: Desk, world: World) -> Iterator[Look]:
    """Name every look to take."""
    for kind in LOOKS:
        yield from kind(desk, world)


def _here(desk: Desk, _world: World) -> Iterator[Look]:
    yield Look("folder of runs", lambda _: [_runs_folder(desk.runs)])
    yield Look("Prefect", lambda _: [_prefect()], only_warns=True)
    yield Look(WHAT, lambda _: [trust_checked(desk)], only_warns=trust_folder() is None)


def _schedules(desk: Desk, _world: World) -> Iterator[Look]:
    """Whether anything starts what is scheduled, and whether it ran: read from files, so it is said at once."""
    if desk.bag is not None:  # nothing runs by itself where there is only a go-bag
        return
    from console.terminal.serve.checking import schedules_found

    try:
        found = schedules_found(desk, surroundings().now())
    except BadInput as error:
        line = CheckUp("schedules", None, str(error.mistakes[0]), "Mend it: seawall serve --check")
        yield Look("schedules", partial(_said, line))
        return
    for one in found:
        line = CheckUp(one.what, one.well, one.saw, one.remedy)
        yield Look(one.what, partial(_said, line), only_warns=one.only_warns)


def _go_bags(desk: Desk, _world: World) -> Iterator[Look]:
    """Whether the go-bags that the city keeps are whole, signed, young enough and of the city as it is today."""
    if desk.settings.go_bag.keep_at:
        yield Look("go-bags", lambda _: checked_bags(desk))


def _in_memory(_desk: Desk, world: World) -> Iterator[Look]:
    if not isinstance(world, RealWorld) and hasattr(world, "check"):
        yield Look("the world", world.check)


def _machines(desk: Desk, world: World) -> Iterator[Look]:
    if not isinstance(world, RealWorld):
        return
    city = desk.city.inventory
    for host in city.whole_hosts():
        ssh = Endpoint(address=host.address, port=host.port)
        yield Look(f"ssh {host}", partial(world.shell.check, [host]), host.name, (ssh,))
        if host.power is not None:
            doors = tuple(door_of(host.power.url))
            yield Look(f"power {host}", partial(world.power.check, [host.power]), host.name, doors)
    for server in city.servers():
        doors = (Endpoint(address=server.host.address, port=server.port), _ssh(server.host))
        yield Look(f"postgres {server}", partial(world.postgres.check, [server]), server.host.name, doors)


def _unwritten(desk: Desk, _world: World) -> Iterator[Look]:
    """A machine of which too little is written down to reach it is not known to be well."""
    for name, entry in desk.city.inventory.hosts.items():
        if entry.lacking:
            saw = f"the inventory does not say its {', '.join(entry.lacking)}"
            line = CheckUp(f"ssh {name}", None, saw, "Fill the gap: seawall check", Finding.UNKNOWN)
            yield Look(f"ssh {name}", partial(_said, line), name)
        for cluster, server in entry.postgres.items():
            if server.lacking:
                what, place = f"postgres {name}/{cluster}", f"hosts.{name}.postgres.{cluster}"
                saw = f"the inventory does not say its {', '.join(server.lacking)}"
                remedy = f"Fill the gap: seawall fill {place} --ask"
                line = CheckUp(what, None, saw, remedy, Finding.UNKNOWN)
                yield Look(what, partial(_said, line), name)


def _ssh(host: Host) -> Endpoint:
    return Endpoint(address=host.address, port=host.port)


def _places(desk: Desk, world: World) -> Iterator[Look]:
    if not isinstance(world, RealWorld):
        return
    city = desk.city.inventory
    for name in city.stores:
        store = city.store(name)
        yield Look(f"store {name}", partial(world.objects.check, [store]), name, tuple(door_of(store.url)))
    for name in city.balancers:
        one = city.balancer(name)
        yield Look(f"balancer {name}", partial(world.balancers.check, [one]), name, (one.runtime,))
    for name, zone in city.zones.items():
        yield Look(f"zone {name}", partial(world.dns.check, [zone]), name, (zone.server,))


def _three_places(desk: Desk, world: World) -> Iterator[Look]:
    """Where it is written down who drives what; without them only this machine knows."""
    if not isinstance(world, RealWorld) or world.vault is None:
        return
    city = desk.city.inventory
    if not city.places:
        remedy = (
            "Write `places:` in the inventory when more than one machine works with Seawall: docs/places.md"
        )
        line = CheckUp("places", None, "none: this machine only knows of its runs", remedy, Finding.UNKNOWN)
        yield Look("places", partial(_said, line), only_warns=True)
    for name in city.places:
        doors = tuple(door_of(bucket_of(city, name).url))
        yield Look(f"place {name}", partial(check_place, city, world.vault, name), name, doors)
    for server in city.servers():
        if server.lease is not None:
            yield Look(f"lease {server}", partial(world.lease.check, [server]), server.host.name)


def _services(desk: Desk, world: World) -> Iterator[Look]:
    if not isinstance(world, RealWorld):
        return
    for name, service in desk.city.inventory.services.items():
        url = service.probe.fetched if service.probe is not None else None
        if url is not None:
            yield Look(url, partial(world.http.check, [url]), name, tuple(door_of(url)), only_warns=True)


def _people(desk: Desk, world: World) -> Iterator[Look]:
    if not isinstance(world, RealWorld):
        return
    city = desk.city.inventory
    doors = () if city.mail is None else (Endpoint(address=city.mail.address, port=city.mail.port),)
    yield Look("mail", world.mail.check, "mail", doors)
    to_slack = (*(one.slack for one in city.people.values()), *(one.slack for one in city.audiences.values()))
    if city.slack is not None or any(to_slack):
        yield Look("slack", world.slack.check, "slack")


def _said(line: CheckUp, _deadline: Deadline) -> Iterable[CheckUp]:
    return [line]


def _rights(desk: Desk, world: World) -> Iterator[Look]:
    """Look whether the rights that the runbooks need are there, and the programs."""
    if not isinstance(world, RealWorld):
        return
    from connectors.rights.seen import sights
    from console.terminal.needing import needed

    for sight in sights(needed(desk, world).rights, world):
        yield Look(sight.what, partial(_rights_seen, sight), sight.about, sight.doors)


def _rights_seen(sight: Sight, deadline: Deadline) -> Iterable[CheckUp]:
    try:
        marks = sight.take(deadline)
    except CallError as error:
        return [CheckUp(sight.what, None, error.problem, error.remedy, error.finding)]
    lacking = [right for right, there in marks.items() if there is False]
    unknown = [right for right, there in marks.items() if there is None]
    if lacking:
        kind = {"programs": Finding.TOOLS, "way": Finding.SILENT}.get(sight.kind, Finding.RIGHTS)
        return [CheckUp(sight.what, False, f"missing: {', '.join(lacking)}", sight.remedy, kind)]
    saw = f"all {len(marks)} are there"
    if unknown:
        saw = f"{len(marks) - len(unknown)} are there; only a drill tells of {', '.join(unknown)}"
    return [CheckUp(sight.what, well=True, saw=saw)]


LOOKS: tuple[Callable[[Desk, World], Iterable[Look]], ...] = (
    _here,
    _schedules,
    _go_bags,
    _in_memory,
    _unwritten,
    _machines,
    _places,
    _three_places,
    _services,
    _people,
    _rights,
)
"""What is looked at. Each is asked once for its looks, which are then taken side by side."""


def _runs_folder(runs: Path) -> CheckUp:
    there = runs
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK | os.X_OK):
        remedy = f"Let the account with the number {os.getuid()} write there, or name another folder in seawall.yaml"
        return CheckUp("folder of runs", False, f"{runs} cannot be written", remedy, Finding.RIGHTS)
    free = shutil.disk_usage(there).free
    return CheckUp(
        "folder of runs",
        well=free >= FREE_AT_LEAST,
        saw=f"{runs} can be written, {free // 1_000_000:,} MB free",
        remedy=""
        if free >= FREE_AT_LEAST
        else "Free space there: a run stops when its journal cannot be written",
    )


def _prefect() -> CheckUp:
    from flows import api

    url = api.api_url()
    if url is None:
        remedy = "Runs work without it; to see them there, set PREFECT_API_URL"
        return CheckUp("Prefect", None, "none is set", remedy, Finding.UNKNOWN)
    if api.answers(url):
        return CheckUp("Prefect", well=True, saw=f"answers at {url}")
    remedy = "Runs work without it; start it to see them there"
    return CheckUp("Prefect", False, f"does not answer at {url}", remedy, Finding.UNREACHABLE)
