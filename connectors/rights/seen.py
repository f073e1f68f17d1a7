"""Which rights are there, as far as can be told by reading. What only a change would show is not known, and says so."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from connectors.doors import knock
from connectors.haproxy import Haproxy
from connectors.rights import sudoers
from connectors.rights.gathered import HERE, Rights, Role, Way
from connectors.s3 import S3
from connectors.world import RealWorld
from seawall.actions import Deadline
from seawall.errors import CallError
from seawall.needs import Grant
from seawall.targets import Balancer, Endpoint, Host, Server, Store

Marks = Mapping[str, bool | None]
"""By what is needed, in words: there, missing, or not to be told by reading."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at the rights of one place.

    Attributes:
        kind: `role`, `sudo`, `programs`, `way`, `bucket`, `level`.
        what: the place, in words; with `kind` it is one of a kind.
        about: the inventory's name for the machine or store.
        take: reads, by the deadline. Raises: CallError when nothing could be told.
        remedy: what writes out that which is missing.
    """

    kind: str
    what: str
    about: str
    doors: tuple[Endpoint, ...]
    take: Callable[[Deadline], Marks]
    remedy: str


def sights(rights: Rights, world: RealWorld) -> Iterator[Sight]:
    """Name every look to take."""
    for role, granted in rights.roles.items():
        for server in rights.servers[role]:
            doors = (Endpoint(address=server.host.address, port=server.port),)
            take = partial(_role, world, server, role, tuple(granted))
            what = f"rights of {role.name} on {server}"
            yield Sight("role", what, server.host.name, doors, take, "seawall doctor --needs --as sql")
    for host in rights.hosts:
        door = (_ssh(host),)
        if any(sudoers.programs(rights, host)):
            take_sudo = partial(_sudo, world, rights, host)
            remedy = f"seawall doctor --needs --host {host} --as sudoers"
            yield Sight("sudo", f"sudo on {host}", host.name, door, take_sudo, remedy)
        programs = tuple(rights.programs.get(host, ()))
        remedy = f"Install them on {host}, or correct `binaries` in the inventory"
        yield Sight(
            "programs", f"tools on {host}", host.name, door, partial(_programs, world, host, programs), remedy
        )
    yield from _ways(rights, world)
    for store, allowed in rights.buckets.items():
        take_store = partial(_bucket, world, store, tuple(dict.fromkeys(name for name, _ in allowed)))
        yield Sight(
            "bucket", f"rights in {store}", store.name, (), take_store, "seawall doctor --needs --as s3"
        )
    for balancer, levels in rights.balancers.items():
        wanted = "admin" if "admin" in levels else "user"
        take_level = partial(_level, balancer, wanted)
        remedy = f"Write `level {wanted}` at the end of its `stats socket` line"
        yield Sight("level", f"level at {balancer}", balancer.name, (balancer.runtime,), take_level, remedy)


def _ways(rights: Rights, world: RealWorld) -> Iterator[Sight]:
    hosts = {host.name: host for host in rights.hosts}
    servers = {server.name: server for of in rights.servers.values() for server in of}
    for way in rights.ways:
        if way.from_ == HERE:
            take: Callable[[Deadline], Marks] = partial(_knocked, way)
            doors: tuple[Endpoint, ...] = ()
        elif way.from_ in hosts:
            host = hosts[way.from_]
            binaries = next((one.binaries for one in servers.values() if one.host.name == host.name), "")
            take, doors = partial(_asked_there, world, host, binaries, way), (_ssh(host),)
        else:
            continue
        what = f"way from {way.from_} to {way.to} ({way.what}, {way.endpoint})"
        yield Sight("way", what, way.to, doors, take, "seawall doctor --needs --as ports")


def words(way: Way) -> str:
    """Say where a way leads."""
    return f"{way.from_} to {way.endpoint}, {way.what}"


def _ssh(host: Host) -> Endpoint:
    return Endpoint(address=host.address, port=host.port)


def _role(
    world: RealWorld, server: Server, role: Role, wanted: tuple[Grant, ...], deadline: Deadline
) -> Marks:
    found = world.postgres.granted(server, wanted, role.name, deadline)
    return {grant.right: found.get(grant.right) for grant in wanted}


def _sudo(world: RealWorld, rights: Rights, host: Host, deadline: Deadline) -> Marks:
    """Ask sudo what it would let us do; it does not do it. Raises: CallError."""
    found: dict[str, bool | None] = {}
    lines = tuple(sudoers.lines(rights, host))
    asked = " ; ".join(
        f"sudo -n -l -u {shlex.quote(server.sudo_as or '')} -- {shlex.quote(server.program)} {word} >/dev/null 2>&1"
        f" && echo yes || echo no"
        for server, word, _ in lines
    )
    answers = world.shell.run(host, asked, deadline).stdout.split()
    for n, (server, word, _) in enumerate(lines):
        found[f"{server.program} {word}"] = answers[n] == "yes" if n < len(answers) else None
    return found


def _programs(world: RealWorld, host: Host, wanted: tuple[str, ...], deadline: Deadline) -> Marks:
    listed = " ".join(shlex.quote(name) for name in wanted)
    asked = f'for p in {listed}; do command -v "$p" >/dev/null 2>&1 && echo yes || echo no; done'
    answers = world.shell.run(host, asked, deadline).stdout.split()
    return {name: answers[n] == "yes" if n < len(answers) else None for n, name in enumerate(wanted)}


def _knocked(way: Way, deadline: Deadline) -> Marks:
    shut = knock([way.endpoint], within=min(3.0, deadline.left))
    return {words(way): way.endpoint not in shut}


def _asked_there(world: RealWorld, host: Host, binaries: str, way: Way, deadline: Deadline) -> Marks:
    """Let the other machine ask whether a server answers there, with PostgreSQL's own pg_isready."""
    program = shlex.quote(f"{binaries.rstrip('/')}/pg_isready")
    asked = f"{program} -q -t 3 -h {shlex.quote(way.endpoint.address)} -p {way.endpoint.port}"
    status = world.shell.run(host, asked, deadline).status
    # pg_isready: 0 accepts, 1 answers and rejects (starting), 2 no response, 3 it was called wrongly.
    return {words(way): {0: True, 1: True, 2: False}.get(status)}


def _bucket(world: RealWorld, store: Store, wanted: tuple[str, ...], deadline: Deadline) -> Marks:
    assert world.vault is not None
    wire = S3(world.vault)
    try:
        found = wire.allowed(store, deadline)
    finally:
        wire.close()
    return {action: found.get(action) for action in wanted}


def _level(balancer: Balancer, wanted: str, deadline: Deadline) -> Marks:
    order = ("user", "operator", "admin")
    found = Haproxy().level(balancer, deadline)
    return {f"level {wanted}": order.index(found) >= order.index(wanted)}


def missing(marks: Marks) -> tuple[str, ...]:
    """Return what is not there."""
    return tuple(name for name, there in marks.items() if there is False)


def taken(sight: Sight, deadline: Deadline) -> tuple[Marks, CallError | None]:
    """Take a look; what stopped it is returned beside nothing seen."""
    try:
        return sight.take(deadline), None
    except CallError as error:
        return {}, error
