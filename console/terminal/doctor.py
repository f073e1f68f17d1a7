"""Look at everything a city names, side by side, each look within its limit; a look that hangs is one not known."""

from __future__ import annotations

import json
import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from connectors.world import RealWorld
from console.terminal.desk import Desk
from console.terminal.screen import Screen, Tone, next_command
from seawall.actions import CheckUp, Deadline, World
from seawall.inventory import Inventory

SIDE_BY_SIDE = 16
"""Looks at once: two cores of SSH crypto level off at about ten, and many looks only wait."""
GRACE = 2.0
"""Seconds a look may take to come back after its limit, before it is given up."""
FREE_AT_LEAST = 100_000_000
"""Bytes; a run takes a few hundred kilobytes, and its journal must not meet a full disk."""

Look = tuple[str, Callable[[Deadline], Iterable[CheckUp]], bool]
"""What is looked at, how, and whether it only warns: a service that is merely watched stops no runbook."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was looked at. What only warns does not make a city unwell."""

    what: str
    well: bool | None
    saw: str
    remedy: str
    only_warns: bool = False


def examine(desk: Desk, *, within: int) -> list[Examined]:
    """Look at everything. Raises: BadInput for mistakes in the city's files; nothing for what is found outside."""
    found = [_runs_folder(desk.runs), _prefect()]
    with desk.open_world() as world:
        found += _side_by_side(list(_looks(world, desk.city.inventory)), within)
    order = {None: 1, False: 0, True: 2}
    return sorted(found, key=lambda one: (order[one.well], one.only_warns))


def show_examination(found: Sequence[Examined], screen: Screen, *, as_json: bool) -> None:
    """Show what was found, the worst first."""
    unwell = [one for one in found if not one.well and not one.only_warns]
    if as_json:
        listed = [
            {
                "what": one.what,
                "well": one.well,
                "saw": one.saw,
                "remedy": one.remedy or None,
                "only_warns": one.only_warns,
            }
            for one in found
        ]
        screen.raw(json.dumps({"well": not unwell, "looks": listed}, indent=2, ensure_ascii=False))
        return
    for one in found:
        word, tone = _verdict(one)
        screen.labelled(word, f"{one.what}: {one.saw}", tone, room=10)
        if not one.well and one.remedy:
            screen.labelled("", f"{one.remedy}.", room=10)
    screen.say()
    well = sum(bool(one.well) for one in found)
    screen.say(f"{well} of {len(found)} are well. Nothing was changed.", "bad" if unwell else "good")
    if unwell:
        next_command(screen, "seawall doctor   (after mending)")
    else:
        next_command(screen, "seawall plan postgres-failover service=NAME", "seawall verify-backups")


def _verdict(one: Examined) -> tuple[str, Tone]:
    if one.well:
        return "well", "good"
    if one.only_warns:
        return "warning", "plain"
    return ("NOT WELL", "bad") if one.well is False else ("NOT KNOWN", "bad")


def _looks(world: World, city: Inventory) -> Iterator[Look]:
    """Name every look to take, as small as they can be, so that one that hangs hides nothing else."""
    if not isinstance(world, RealWorld):
        if hasattr(world, "check"):
            yield "the world", world.check, False
        return
    yield from _looks_at_machines(world, city)
    for name in city.stores:
        yield f"store {name}", partial(world.objects.check, [city.store(name)]), False
    for name in city.balancers:
        yield f"balancer {name}", partial(world.balancers.check, [city.balancer(name)]), False
    for name, zone in city.zones.items():
        yield f"zone {name}", partial(world.dns.check, [zone]), False
    probes = (service.probe.read for service in city.services.values() if service.probe is not None)
    for url in filter(None, probes):
        yield url, partial(world.http.check, [url]), True
    yield "mail", world.mail.check, False
    yield "slack", world.slack.check, False


def _looks_at_machines(world: RealWorld, city: Inventory) -> Iterator[Look]:
    for name, entry in city.hosts.items():
        if entry.lacking:
            yield f"ssh {name}", partial(_not_looked_at, name, entry.lacking), False
    for host in city.whole_hosts():
        name = host.name
        yield f"ssh {name}", partial(world.shell.check, [host]), False
        if host.power is not None:
            yield f"power {name}", partial(world.power.check, [host.power]), False
    for server in city.servers():
        yield f"postgres {server.name}", partial(world.postgres.check, [server]), False


def _not_looked_at(name: str, lacking: Sequence[str], _deadline: Deadline) -> tuple[CheckUp, ...]:
    """Say why a machine was left alone: nothing is sent to one that could not be told from a stranger."""
    saw = f"not looked at: {', '.join(lacking)} not written down yet"
    return (CheckUp(f"ssh {name}", well=None, saw=saw, remedy="See `seawall check` for the line to write"),)


def _side_by_side(looks: Sequence[Look], within: int) -> list[Examined]:
    waiting: queue.SimpleQueue[Look] = queue.SimpleQueue()
    for look in looks:
        waiting.put(look)
    came: queue.SimpleQueue[tuple[str, list[Examined]]] = queue.SimpleQueue()
    for _ in range(min(SIDE_BY_SIDE, len(looks))):
        # Daemon threads: a look that hangs must not keep the process from ending.
        threading.Thread(target=_take, args=(waiting, came, within), daemon=True).start()
    rounds = -(-len(looks) // SIDE_BY_SIDE)
    end = time.monotonic() + rounds * (within + GRACE)
    missing = {name: only_warns for name, _, only_warns in looks}
    found: list[Examined] = []
    while missing and (left := end - time.monotonic()) > 0:
        try:
            name, seen = came.get(timeout=left)
        except queue.Empty:
            break
        missing.pop(name, None)
        found += seen
    remedy = "Look at it by hand, or give it longer: seawall doctor --within 60"
    late = f"no answer within {within} s"
    return found + [Examined(name, None, late, remedy, warns) for name, warns in sorted(missing.items())]


def _take(waiting: Any, came: Any, within: int) -> None:
    while True:
        try:
            name, look, warns = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            deadline = Deadline.within(timedelta(seconds=within))
            seen = [Examined(one.what, one.well, one.saw, one.remedy, warns) for one in look(deadline)]
        except Exception as error:  # noqa: BLE001 - the rim: one look's bug must not hide what the others saw
            seen = [
                Examined(name, None, f"Seawall itself failed here: {type(error).__name__}", "Report this")
            ]
        came.put((name, seen))


def _runs_folder(runs: Path) -> Examined:
    there = runs
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK | os.X_OK):
        remedy = f"Let {_account()} write there, or name another folder in seawall.yaml"
        return Examined("folder of runs", well=False, saw=f"{runs} cannot be written", remedy=remedy)
    free = shutil.disk_usage(there).free
    return Examined(
        "folder of runs",
        well=free >= FREE_AT_LEAST,
        saw=f"{runs} can be written, {free // 1_000_000:,} MB free",
        remedy=""
        if free >= FREE_AT_LEAST
        else "Free space there: a run stops when its journal cannot be written",
    )


def _account() -> str:
    return f"the account with the number {os.getuid()}"


def _prefect() -> Examined:
    from flows import api

    url = api.api_url()
    if url is None:
        return Examined(
            "Prefect",
            None,
            "none is set",
            "Runs work without it; to see them there, set PREFECT_API_URL",
            only_warns=True,
        )
    if api.answers(url):
        return Examined("Prefect", well=True, saw=f"answers at {url}", remedy="", only_warns=True)
    remedy = "Runs work without it; start it to see them there"
    return Examined("Prefect", well=False, saw=f"does not answer at {url}", remedy=remedy, only_warns=True)
