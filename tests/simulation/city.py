"""The city the stories are told of, and its plans, made once a process by the product's own planner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache, cached_property
from pathlib import Path

from pydantic import ConfigDict

from connectors.memory.world import OutsideInMemory
from connectors.telling import Audiences
from seawall.binding import make_plan
from seawall.entries import HostEntry
from seawall.ground import Ground
from seawall.inventory import Inventory
from seawall.loading import City, load_city
from seawall.plan import Plan
from seawall.targets import Host, Server

CITY = Path(__file__).parents[2] / "drills" / "city"
SERVICE, OLD, NEW = "login", "north-db/login", "south-db/login"
"""The service that is moved, the server it is moved from, and the one it is moved to."""
RENEWED_EVERY = timedelta(seconds=8)
"""Leases are renewed half as often as in the city's files: a third of what happens in a story is guards that look."""


@cache
def _city() -> City:
    return load_city(CITY)


@cache
def inventory(*, has_places: bool) -> Inventory:
    """Return the city; without its three places it has no leases either."""
    whole = _city().inventory
    hosts = {name: _host(host, has_lease=has_places) for name, host in whole.hosts.items()}
    return _Known.model_construct(
        **dict(whole) | {"hosts": hosts, "places": whole.places if has_places else {}}
    )


class _Known(Inventory):
    """An inventory that makes each server and host of a plan once, and not for every story."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    @cached_property
    def _servers(self) -> dict[str, Server]:
        return {one.name: one for one in super().servers()}

    @cached_property
    def _hosts(self) -> tuple[Host, ...]:
        return tuple(super().whole_hosts())

    def server(self, name: str) -> Server:
        return self.__dict__.get("_servers", {}).get(name) or super().server(name)

    def servers(self) -> Iterator[Server]:
        return iter(self._servers.values())

    def whole_hosts(self) -> Iterator[Host]:
        return iter(self._hosts)


@cache
def servers(*, has_places: bool) -> tuple[Server, ...]:
    """Return the city's servers."""
    return tuple(inventory(has_places=has_places).servers())


@cache
def audiences() -> Audiences:
    """Return who is told what happens."""
    return Audiences.of(inventory(has_places=False))


@cache
def _touched() -> Inventory:
    """Return what of the city a story can touch: every server, and of the services the one that is moved."""
    whole = inventory(has_places=False)
    hosts = {
        name: host.model_copy(update={"units": {}, "web_roots": {}}) for name, host in whole.hosts.items()
    }
    return _Known.model_construct(
        **dict(whole) | {"hosts": hosts, "services": {SERVICE: whole.services[SERVICE]}}
    )


def _host(host: HostEntry, *, has_lease: bool) -> HostEntry:
    servers = {}
    for cluster, one in host.postgres.items():
        lease = one.lease if has_lease else None
        seldom = None if lease is None else lease.model_copy(update={"renew": RENEWED_EVERY})
        servers[cluster] = one.model_copy(update={"lease": seldom})
    return host.model_copy(update={"postgres": servers})


def outside() -> OutsideInMemory:
    """Make what is outside, new; its places, where it has any, are the story's own."""
    return OutsideInMemory.of(_touched())


@cache
def plan(mode: str, *, has_places: bool) -> Plan:
    """Return the plan that moves the service south, as `postgres-failover` says."""
    given = {"service": SERVICE, "to": "south", "mode": mode}
    return make_plan("postgres-failover", _ground(has_places=has_places), given, exercise=True)


@cache
def plan_back(*, has_places: bool) -> Plan:
    """Return the plan that brings it home again, as `postgres-failback` says."""
    given = {"service": SERVICE, "to": "north"}
    return make_plan("postgres-failback", _ground(has_places=has_places), given, exercise=True)


def _ground(*, has_places: bool) -> Ground:
    return Ground(inventory(has_places=has_places), _city().runbooks, _city().templates, outside().world())
