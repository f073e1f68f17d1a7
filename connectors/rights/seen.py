"""Which rights are there, as far as can be told by reading. What only a change would show is not known, and says so."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from connectors.doors import knock
from connectors.haproxy import Haproxy
from connectors.rights import policies, sudoers
from connectors.rights.gathered import HERE, Rights, Role, Way
from connectors.s3 import S3
from connectors.s3_rights import Right
from connectors.world import RealWorld
from seawall.actions import Deadline, Shell
from seawall.errors import CallError, Finding
from seawall.needs import Grant
from seawall.targets import Balancer, Endpoint, Host, Server, Store

Marks = Mapping[str, bool | None]
"""By what is needed, in words: there, missing, or not to be told by reading."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at the rights of one place.

    Attributes:
        kind: `role`, `sudo`, `programs`, `way`, `bucket`, `level`.
        place: what is looked at there; with `kind` it is one of a kind.
        what: the same, in words.
        about: the inventory's name for the machine or store.
        take: reads, by the deadline. Raises: CallError when nothing could be told.
        remedy: what writes out that which is missing.
    """

    kind: str
    place: str
    what: str
    about: str
    doors: tuple[Endpoint, ...]
    take: Callable[[Deadline], Marks]
    remedy: str


def sights(rights: Rights, world: RealWorld) -> Iterator[Sight]:
    """Name every look to take."""
    yield from _in_databases(rights, world)
    for host in rights.hosts:
        yield from _on_host(rights, world, host)
    yield from _ways(rights, world)
    for store, allowed in rights.buckets.items():
        name, take_there = store.name, partial(_bucket, world, store, tuple(allowed))
        yield Sight(
            "bucket", name, f"rights in {name}", name, (), take_there, "seawall doctor --needs --as s3"
        )
    for balancer, levels in rights.balancers.items():
        level, name = "admin" if "admin" in levels else "user", balancer.name
        take, doors = partial(_level, balancer, level), (balancer.runtime,)
        remedy = f"Write `level {level}` at the end of its `stats socket` line"
        yield Sight("level", name, f"level at {name}", name, doors, take, remedy)


def _in_databases(rights: Rights, world: RealWorld) -> Iterator[Sight]:
    for role, granted in rights.roles.items():
        for server in rights.servers[role]:
            doors = (Endpoint(address=server.host.address, port=server.port),)
            take, place = partial(_role, world, server, role, tuple(granted)), f"{role.name}@{server}"
            what, remedy = f"rights of {role.name} on {server}", "seawall doctor --needs --as sql"
            yield Sight("role", place, what, server.host.name, doors, take, remedy)


def _on_host(rights: Rights, world: RealWorld, host: Host) -> Iterator[Sight]:
    name, doors = host.name, (_ssh(host),)
    if any(sudoers.lines(rights, host)):
        remedy = f"seawall doctor --needs --host {name} --as sudoers"
        yield Sight(
            "sudo",
            name,
            f"sudo on {name}",
            name,
            doors,
            partial(allowed_by_sudo, world.shell, rights, host),
            remedy,
        )
    wanted = tuple(rights.programs.get(host, ()))
    remedy = f"Install them on {name}, or correct `binaries` in the inventory"
    take = partial(_programs, world.shell, host, wanted)
    yield Sight("programs", name, f"tools on {name}", name, doors, take, remedy)


def _ways(rights: Rights, world: RealWorld) -> Iterator[Sight]:
    hosts = {host.name: host for host in rights.hosts}
    binaries = {server.host.name: server.binaries for of in rights.servers.values() for server in of}
    for way in rights.ways:
        if way.from_ not in hosts:
            continue
        take = partial(_asked_there, world.shell, hosts[way.from_], binaries.get(way.from_, ""), way)
        doors = (_ssh(hosts[way.from_]),)
        what = f"way from {way.from_} to {way.to} ({way.what}, {way.endpoint})"
        yield Sight("way", way.to, what, way.to, doors, take, "seawall doctor --needs --as ports")


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


def allowed_by_sudo(shell: Shell, rights: Rights, host: Host, deadline: Deadline) -> Marks:
    """Ask sudo what it would let us do; it does not do it. Raises: CallError."""
    found: dict[str, bool | None] = {}
    lines = tuple(sudoers.lines(rights, host))
    asked = "; ".join(
        f"sudo -n -l -u {shlex.quote(line.account)} -- {shlex.join(line.words)} >/dev/null 2>&1 && echo yes || echo no"
        for line in lines
    )
    answers = shell.run(host, asked, deadline).stdout.split()
    for n, line in enumerate(lines):
        found[" ".join(line.words)] = answers[n] == "yes" if n < len(answers) else None
    return found


def _programs(shell: Shell, host: Host, wanted: tuple[str, ...], deadline: Deadline) -> Marks:
    listed = " ".join(shlex.quote(name) for name in wanted)
    asked = f'for p in {listed}; do command -v "$p" >/dev/null 2>&1 && echo yes || echo no; done'
    answers = shell.run(host, asked, deadline).stdout.split()
    return {name: answers[n] == "yes" if n < len(answers) else None for n, name in enumerate(wanted)}


def ways_from_here(rights: Rights) -> Mapping[tuple[str, str, str], bool | None]:
    """Knock at every port that Seawall itself must reach, all at once."""
    ways = [way for way in rights.ways if way.from_ == HERE]
    shut = knock([way.endpoint for way in ways])
    # Who refuses was reached: nothing listens there now, such as a program that rests at the standby's site.
    marks = {Finding.WELL: True, Finding.REFUSED: None}
    return {
        ("way", way.to, words(way)): marks.get(
            shut[way.endpoint][1] if way.endpoint in shut else Finding.WELL, False
        )
        for way in ways
    }


def _asked_there(shell: Shell, host: Host, binaries: str, way: Way, deadline: Deadline) -> Marks:
    """Let the other machine ask whether a server answers there, with PostgreSQL's own pg_isready."""
    program = shlex.quote(f"{binaries.rstrip('/')}/pg_isready")
    asked = f"{program} -q -t 3 -h {shlex.quote(way.endpoint.address)} -p {way.endpoint.port}"
    status = shell.run(host, asked, deadline).status
    # pg_isready: 0 accepts, 1 answers and rejects (starting), 2 no response, 3 it was called wrongly.
    return {words(way): {0: True, 1: True, 2: False}.get(status)}


def _bucket(world: RealWorld, store: Store, wanted: tuple[Right, ...], deadline: Deadline) -> Marks:
    assert world.vault is not None
    wire = S3(world.vault)
    try:
        found = wire.allowed(store, wanted, deadline)
    finally:
        wire.close()
    return {policies.words(*right): found.get(right) for right in wanted}


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
