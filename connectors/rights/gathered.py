"""The needs of every action that a city's runbooks use, put together by where they must be granted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors import grants
from connectors.doors import door_of
from connectors.places import bucket_of
from seawall.inventory import Inventory
from seawall.needed import Asked
from seawall.needs import (
    AsOwner,
    AtAddress,
    AtBalancer,
    AtController,
    AtThePlaces,
    ByMail,
    BySlack,
    Grant,
    InBucket,
    InZone,
    Login,
    Need,
    OnHost,
    OrderUnit,
    Replicating,
)
from seawall.targets import Balancer, Endpoint, Host, Server, Store, Zone

HERE = "seawall"
"""What the machine that runs Seawall is called in lists of ports."""
DOCTOR = "doctor"
"""What looks that belong to no runbook are asked for by."""

OF_BUCKET = ("s3:ListBucket", "s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration")
"""Actions on a bucket as a whole; the others are on what is in it."""
SYSTEMCTL = "/usr/bin/systemctl"
"""Where sudo finds it: sudoers lines hold whole paths."""
Actions = dict[str, None]
"""Names of actions, each once, in order."""


@dataclass(frozen=True, slots=True)
class Role:
    """A database role, in one service's database, on every server that holds a copy of it."""

    name: str
    database: str
    cluster: str
    password: str


@dataclass(frozen=True, slots=True)
class Way:
    """A connection that must be let through. `from_` is a host's name, or `seawall`."""

    from_: str
    from_address: str | None
    to: str
    endpoint: Endpoint
    what: str


@dataclass(slots=True)
class Rights:
    """All of it. Every leaf knows the actions that need it."""

    owners: dict[Server, dict[str, Actions]] = field(default_factory=lambda: defaultdict(dict))
    commands: dict[Host, dict[tuple[str, ...], Actions]] = field(default_factory=lambda: defaultdict(dict))
    peers: dict[str, dict[Server, None]] = field(default_factory=lambda: defaultdict(dict))
    roles: dict[Role, dict[Grant, Actions]] = field(default_factory=lambda: defaultdict(dict))
    servers: dict[Role, dict[Server, None]] = field(default_factory=lambda: defaultdict(dict))
    programs: dict[Host, dict[str, Actions]] = field(default_factory=lambda: defaultdict(dict))
    ways: dict[Way, Actions] = field(default_factory=dict)
    buckets: dict[Store, dict[tuple[str, str], Actions]] = field(default_factory=lambda: defaultdict(dict))
    balancers: dict[Balancer, dict[str, Actions]] = field(default_factory=lambda: defaultdict(dict))
    zones: dict[Zone, dict[tuple[str, str], Actions]] = field(default_factory=lambda: defaultdict(dict))
    controllers: dict[Host, dict[bool, Actions]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def hosts(self) -> tuple[Host, ...]:
        """Every machine that something is needed on, by name."""
        servers = (server.host for server in self.owners)
        found = {host.name: host for host in (*self.programs, *self.commands, *servers)}
        return tuple(found[name] for name in sorted(found))


def gather(asked: Iterable[Asked], city: Inventory) -> Rights:
    """Put needs together, with those of `doctor` itself, which looks at everything that is written down."""
    rights = Rights()
    for one in (*asked, *_of_doctor(city)):
        _ADDS[type(one.need)](rights, one, city)
    return rights


def _of_doctor(city: Inventory) -> Iterable[Asked]:
    for host in city.whole_hosts():
        yield Asked(DOCTOR, OnHost("host", ("hostname", "timeout", "date")), host)
        if host.power is not None:
            yield Asked(DOCTOR, AtController("host"), host)
    for server in city.servers():
        yield Asked(DOCTOR, Login("server", (*grants.ASK, grants.STATS)), server)
    rules = ("s3:ListBucket", "s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration")
    for name in city.stores:
        yield Asked(DOCTOR, InBucket("store", rules), city.store(name))
    for name in city.balancers:
        yield Asked(DOCTOR, AtBalancer("balancer"), city.balancer(name))
    for zone in city.zones.values():
        yield Asked(DOCTOR, InZone("zone"), zone)


def _way(
    rights: Rights, action: str, endpoint: Endpoint, *, what: str, to: str, of: Host | None = None
) -> None:
    way = Way(of.name if of else HERE, of.address if of else None, to, endpoint, what)
    rights.ways.setdefault(way, {})[action] = None


def _owner(rights: Rights, one: Asked, _city: Inventory) -> None:
    need, server = one.need, one.at
    assert isinstance(need, AsOwner)
    if server.sudo_as is not None:
        for word in need.words:
            rights.owners[server].setdefault(word, {})[one.action] = None
    for name in need.programs:
        rights.programs[server.host].setdefault(name, {})[one.action] = None
    for name in need.binaries:
        rights.programs[server.host].setdefault(f"{server.binaries.rstrip('/')}/{name}", {})[one.action] = (
            None
        )


def _on_host(rights: Rights, one: Asked, _city: Inventory) -> None:
    need, host = one.need, one.at
    assert isinstance(need, OnHost)
    _way(rights, one.action, Endpoint(address=host.address, port=host.port), what="ssh", to=host.name)
    for name in need.programs:
        rights.programs[host].setdefault(name, {})[one.action] = None
    folder = (one.args or {}).get("binaries")
    for name in need.binaries if folder else ():
        rights.programs[host].setdefault(f"{str(folder).rstrip('/')}/{name}", {})[one.action] = None


def _order(rights: Rights, one: Asked, _city: Inventory) -> None:
    need, unit = one.need, one.at
    assert isinstance(need, OrderUnit)
    if unit.sudo:
        words = (SYSTEMCTL, "--no-ask-password", need.verb, unit.unit)
        rights.commands[unit.host].setdefault(words, {})[one.action] = None


def _login(rights: Rights, one: Asked, _city: Inventory) -> None:
    need, server = one.need, one.at
    assert isinstance(need, Login)
    role = Role(server.user, server.database, server.system_identifier, server.password)
    _granted(rights, one.action, need.grants, server, role)
    if not need.from_its_own_machine:
        door = Endpoint(address=server.host.address, port=server.port)
        _way(rights, one.action, door, what="PostgreSQL", to=server.host.name)


def _replicating(rights: Rights, one: Asked, _city: Inventory) -> None:
    need, server, source = one.need, one.at, one.source
    assert isinstance(need, Replicating)
    if source is None:
        return
    role = Role(source.replicator, source.database, source.system_identifier, source.replicator_password)
    _granted(rights, one.action, need.grants, source, role)
    if server.name != source.name:
        rights.peers[server.name][source] = None
        _way(rights, one.action, source.for_peers, what="PostgreSQL", to=source.host.name, of=server.host)


def _granted(rights: Rights, action: str, wanted: Iterable[Grant], server: Server, role: Role) -> None:
    rights.servers[role][server] = None
    for grant in wanted:
        rights.roles[role].setdefault(grant, {})[action] = None


def _bucket(rights: Rights, one: Asked, _city: Inventory) -> None:
    need, store = one.need, one.at
    assert isinstance(need, InBucket)
    args = {name: value for name, value in (one.args or {}).items() if isinstance(value, str)}
    try:
        prefix = need.prefix.format_map(args)
    except KeyError:
        prefix = ""
    for allowed in need.allows:
        where = "" if allowed in OF_BUCKET else prefix
        rights.buckets[store].setdefault((allowed, where), {})[one.action] = None
    for door in door_of(store.url):
        _way(rights, one.action, door, what="S3", to=store.name)


def _places(rights: Rights, one: Asked, city: Inventory) -> None:
    need = one.need
    assert isinstance(need, AtThePlaces)
    if not need.is_in(one.args or {}):
        return
    allows = ("s3:ListBucket", "s3:GetObject", *(("s3:PutObject",) if need.writes else ()))
    for name in city.places:
        asked = Asked(one.action, InBucket("place", allows, need.prefix), bucket_of(city, name))
        _bucket(rights, asked, city)


def _balancer(rights: Rights, one: Asked, _city: Inventory) -> None:
    assert isinstance(one.need, AtBalancer)
    rights.balancers[one.at].setdefault(one.need.level, {})[one.action] = None
    _way(rights, one.action, one.at.runtime, what="HAProxy runtime", to=one.at.name)


def _zone(rights: Rights, one: Asked, _city: Inventory) -> None:
    need, zone, args = one.need, one.at, one.args or {}
    assert isinstance(need, InZone)
    update = (str(args.get(need.name, "")), str(args.get(need.types, ""))) if need.name else ("", "")
    rights.zones[zone].setdefault(update, {})[one.action] = None
    _way(rights, one.action, zone.server, what="DNS over TCP", to=zone.name)


def _controller(rights: Rights, one: Asked, _city: Inventory) -> None:
    host = one.at
    assert isinstance(one.need, AtController)
    if host.power is None or _only_kind(one.args) == "stopped":
        return
    rights.controllers[host].setdefault(one.need.resets, {})[one.action] = None
    for door in door_of(host.power.url):
        _way(rights, one.action, door, what="power controller", to=f"power-{door.address}")


def _only_kind(args: Mapping[str, Any] | None) -> str | None:
    kinds = (args or {}).get("by")
    return kinds[0] if isinstance(kinds, list | tuple) and len(kinds) == 1 else None


def _address(rights: Rights, one: Asked, _city: Inventory) -> None:
    if isinstance(one.at, str):
        for door in door_of(one.at):
            _way(rights, one.action, door, what="HTTP", to=door.address)


def _mail(rights: Rights, one: Asked, city: Inventory) -> None:
    if city.mail is not None:
        door = Endpoint(address=city.mail.address, port=city.mail.port)
        _way(rights, one.action, door, what="SMTP", to="mail relay")


def _slack(rights: Rights, one: Asked, city: Inventory) -> None:
    for door in door_of(city.slack.url) if city.slack is not None else ():
        _way(rights, one.action, door, what="HTTPS", to="slack")


_ADDS: Mapping[type[Need], Callable[[Rights, Asked, Inventory], None]] = {
    AsOwner: _owner,
    OnHost: _on_host,
    OrderUnit: _order,
    Login: _login,
    Replicating: _replicating,
    InBucket: _bucket,
    AtThePlaces: _places,
    AtBalancer: _balancer,
    InZone: _zone,
    AtController: _controller,
    AtAddress: _address,
    ByMail: _mail,
    BySlack: _slack,
}
"""How each kind of need is put in its place; a test sees to it that no kind is forgotten."""
