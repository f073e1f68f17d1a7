"""What `seawall fill` does: values into the inventory, given by a person or told by a server and seen by one."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from connectors.world import RealWorld
from console.terminal.desk import Desk
from console.terminal.gap_screen import next_fills
from console.terminal.screen import Screen, next_command
from console.terminal.surroundings import surroundings
from seawall.actions import Deadline
from seawall.errors import BadInput
from seawall.files import write_whole
from seawall.gaps import Gap, gaps
from seawall.loading.filling import Filled, filled
from seawall.targets import Server
from seawall.yaml_source import Loc

ASKED_BY = ("database", "user", "password")
"""What must be known of a server before it can be asked for the rest."""
WITHIN = timedelta(seconds=15)


def asked(desk: Desk, thing: Loc, screen: Screen, *, yes: bool) -> Mapping[str, str]:
    """Ask the server that `thing` names what it is, show it, and return what the inventory lacks of it.

    Raises:
        BadInput: it is no server, too little is known of it to ask, or nobody can be asked whether it is the right one.
        Unreachable: it does not answer, or does not let us in.
    """
    server = _half_known(desk, thing)
    if not yes and not surroundings().has_terminal():
        problem = "nobody can be asked whether it is the right one, for this is no terminal"
        raise BadInput.one(problem, where="--yes", remedy="Add --yes when you know that it is")
    with desk.open_world() as world:
        if not isinstance(world, RealWorld):
            raise BadInput.one(
                "there is nobody to ask in this world", where="--ask", remedy="Leave --ask out"
            )
        told = world.postgres.introduced(server, Deadline.within(WITHIN))
    entry = desk.inventory.hosts[server.host.name].postgres[str(thing[3])]
    _refuse_another(entry.model_dump(), told, server)
    found = {name: json.dumps(value) for name, value in told.items() if getattr(entry, name) is None}
    screen.say(f"{server.name} at {server.host.address}:{server.port} says of itself:")
    screen.pairs([(name, value) for name, value in told.items() if name in found] or [("", "nothing new")])
    if found and not yes:
        screen.say("From now on it is known by this. See that it is the right server.")
        screen.stream.write("Type yes to write it down, or only Enter to leave it: ")
        screen.stream.flush()
        if sys.stdin.readline().strip().lower() not in {"yes", "ja"}:
            raise BadInput.one("nothing was written", where="--ask", remedy="Write what you know yourself")
    return found


def write(desk: Desk, thing: Loc, values: Mapping[str, str], *, instead: bool) -> Filled:
    """Write values into the inventory's files. Raises: BadInput, with nothing written; JournalError."""
    made = filled(desk.folder, thing, values, instead=instead)
    mode = made.file.stat().st_mode
    write_whole(made.file, made.text.encode())
    made.file.chmod(mode & 0o777)
    return made


def show_filled(made: Filled, folder: Path, screen: Screen, *, as_json: bool) -> None:
    """Show what was written, and the next gap."""
    left = _gaps_of(folder)
    if as_json:
        told = {"written": [{"where": where, "line": line} for where, line in made.lines], "gaps": len(left)}
        screen.raw(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for where, line in made.lines:
        screen.raw(f"{where}  {line}")
    if not left:
        screen.say("No gap is left.", "good")
        next_command(screen, "seawall check")
        return
    first = left[0]
    screen.say()
    screen.say(
        f"{len(left)} gap{'s' if len(left) > 1 else ''} left. The next: {first.about} lacks {first.missing}."
    )
    screen.say(f"{first.impossible}.", indent=2)
    next_command(screen, *next_fills(left[:1]), "seawall check")


def _gaps_of(folder: Path) -> Sequence[Gap]:
    from seawall.loading import load_city

    city = load_city(folder)
    return gaps(city.inventory, city.written)


def _half_known(desk: Desk, thing: Loc) -> Server:
    where, city = ".".join(map(str, thing)), desk.inventory
    shape = len(thing) == 4 and (thing[0], thing[2]) == ("hosts", "postgres")  # noqa: PLR2004
    host = city.hosts.get(str(thing[1])) if shape else None
    entry = host.postgres.get(str(thing[3])) if host else None
    if host is None or entry is None:
        known = [f"hosts.{name}.postgres.{one}" for name, each in city.hosts.items() for one in each.postgres]
        remedy = (
            f"Name one of {', '.join(known)}" if known else "Write one under `postgres:` of its host first"
        )
        raise BadInput.one("only a database server can be asked what it is", where=where, remedy=remedy)
    lacking = [*host.lacking, *(name for name in ASKED_BY if getattr(entry, name) is None)]
    if lacking:
        remedy = f"Write {', '.join(lacking)} first: seawall fill {where} {lacking[-1]}=..."
        raise BadInput.one(
            f"too little is known to ask it: no {', '.join(lacking)}", where=where, remedy=remedy
        )
    known_of_it = {name: value if value is not None else "" for name, value in entry.model_dump().items()}
    optional = {name: getattr(entry, name) for name in ("peers", "slot", "sudo_as")}
    return Server(**{**known_of_it, **optional}, name=f"{thing[1]}/{thing[3]}", host=city.host(str(thing[1])))


def _refuse_another(known: Mapping[str, object], told: Mapping[str, str], server: Server) -> None:
    differing = [
        f"its {name} is {value}, and the inventory says {known[name]}"
        for name, value in told.items()
        if known[name] is not None and known[name] != value and name != "binaries"
    ]
    if differing:
        raise BadInput.one(
            f"another server answers: {'; '.join(differing)}",
            where=f"{server.name} ({server.host.address}:{server.port})",
            remedy="Correct the address or the port, or what is written of it",
        )
