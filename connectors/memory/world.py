"""A whole city's outside in memory: every host up, every service at its active site, everybody reachable."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from connectors.backup import Backup
from connectors.balancer import Balancers
from connectors.dns import Dns, RecordSet, RecordType, host_name
from connectors.files import Entry, Files
from connectors.http import Http, Request, Response
from connectors.lease import Lease
from connectors.mail import Mail
from connectors.memory.backup import ToolsInMemory
from connectors.memory.balancer import RuntimeInMemory
from connectors.memory.dns import ZonesInMemory
from connectors.memory.files import TreesInMemory
from connectors.memory.http import WebInMemory
from connectors.memory.lease import leases_in_memory
from connectors.memory.mail import PostInMemory
from connectors.memory.objects import BucketsInMemory
from connectors.memory.own import OwnInMemory
from connectors.memory.postgres import PostgresInMemory, ServerInMemory, ServersInMemory
from connectors.memory.power import ControllerInMemory, PoweredInMemory
from connectors.memory.secrets import SecretsInMemory
from connectors.memory.slack import WorkspaceInMemory
from connectors.memory.ssh import MachineInMemory, SshInMemory
from connectors.memory.systemd import RESTING, RUNNING, UnitsInMemory
from connectors.objects import Objects
from connectors.power import MachinePower
from connectors.slack import Slack
from connectors.systemd import Systemd
from connectors.telling import Audiences
from seawall.actions import World
from seawall.expiring import Leases
from seawall.inventory import Inventory, ReachedThrough
from seawall.own_actions import NOTHING_OWN, Own
from seawall.targets import Endpoint, MailRelay, SlackWorkspace

RELAY = MailRelay(address="mail.invalid", sender="seawall@mail.invalid")
WORKSPACE = SlackWorkspace(token="env:NOT_ASKED_FOR")  # noqa: S106 - a reference, and nobody looks behind it


@dataclass(slots=True)
class OutsideInMemory:
    """What is outside, piece by piece, for a test or a drill to look at and to break."""

    city: Inventory
    machines: dict[Endpoint, MachineInMemory]
    controllers: ControllerInMemory
    servers: ServersInMemory
    tools: ToolsInMemory
    buckets: BucketsInMemory
    runtime: RuntimeInMemory
    zones: ZonesInMemory
    web: WebInMemory
    post: PostInMemory
    workspace: WorkspaceInMemory
    units: UnitsInMemory
    trees: TreesInMemory
    leases: Leases
    own: Own = NOTHING_OWN

    @classmethod
    def of(cls, city: Inventory, own: Own = NOTHING_OWN) -> OutsideInMemory:
        """Make the outside that the inventory describes, in ordinary times."""
        servers = _servers(city)
        machines, controllers = _machines(city, servers)
        return cls(
            city=city,
            machines=machines,
            controllers=controllers,
            servers=servers,
            tools=ToolsInMemory(
                tables={server.name: {"public.people": (3, "0" * 64)} for server in city.servers()}
            ),
            buckets=BucketsInMemory(),
            runtime=RuntimeInMemory.of(
                {
                    (way.balancer, way.backend): (
                        let_in,
                        [name for name in way.backends.values() if name != let_in],
                    )
                    for way, active in _ways(city)
                    if (let_in := way.backends.get(active)) is not None
                }
            ),
            zones=ZonesInMemory(
                {host_name(zone.name) for zone in city.zones.values()}, records=_records(city)
            ),
            web=WebInMemory(dict.fromkeys(_addresses(city), _well)),
            post=PostInMemory(),
            workspace=WorkspaceInMemory(),
            units=_units(city),
            trees=_trees(city),
            leases=leases_in_memory(city),
            own=own,
        )

    def world(self) -> World:
        """Make the world of all this."""
        people = Audiences.of(self.city)
        objects = Objects(self.buckets)
        shell, power, vault = SshInMemory(self.machines), MachinePower(self.controllers), SecretsInMemory({})
        postgres = PostgresInMemory(self.servers, shell, power, vault, _now, leases=self.leases)
        self.units.reach = self.trees.reach = shell.warm
        return World(
            postgres,
            Lease(self.leases, postgres),
            shell,
            Systemd(self.units),
            Files(self.trees),
            power,
            Backup(self.tools, objects, _now),
            objects,
            Balancers(self.runtime),
            Dns(self.zones),
            Http(self.web, vault),
            Mail(self.city.mail or RELAY, people, self.post),
            Slack(self.city.slack or WORKSPACE, people, self.workspace),
            OwnInMemory(shell, self.city, self.own),
        )


def _servers(city: Inventory) -> ServersInMemory:
    """Every server, standbys following the one at their service's active site."""
    follows: dict[str, str | None] = {}
    for service in city.services.values():
        if service.database is None or service.runs_at is None:
            continue
        primary = service.database.at.get(service.runs_at.active)
        follows |= {name: primary for name in service.database.at.values() if name != primary}
    found = ServersInMemory()
    whole = {server.name: server for server in city.servers()}
    for server in whole.values():
        primary = follows.get(server.name)
        leader = whole.get(primary or "")
        found.servers[server.name] = ServerInMemory.of(server, follows=leader)
    return found


def _machines(
    city: Inventory, servers: ServersInMemory
) -> tuple[dict[Endpoint, MachineInMemory], ControllerInMemory]:
    """Every host, and the controllers of their power: without it neither the host nor its servers run."""
    machines: dict[Endpoint, MachineInMemory] = {}
    controllers = ControllerInMemory()
    for host in city.whole_hosts():
        machine = MachineInMemory(host.host_key, host.hostname)
        machines[Endpoint(address=host.address, port=host.port)] = machine
        if host.power is not None:
            on_it = [one for place, one in servers.servers.items() if place.partition("/")[0] == host.name]
            powered = PoweredInMemory(
                host.power.system, host.power.uuid, changed=partial(_power_changed, machine, on_it)
            )
            controllers.machines.setdefault(host.power.url, []).append(powered)
    return machines, controllers


def _power_changed(machine: MachineInMemory, servers: Iterable[ServerInMemory], on: bool) -> None:  # noqa: FBT001 - a callback
    machine.up = on
    for server in servers:
        server.running, server.clean = False, server.clean and not server.running


def _ways(city: Inventory) -> Iterator[tuple[ReachedThrough, str]]:
    for service in city.services.values():
        if service.reached_through is not None and service.runs_at is not None:
            yield service.reached_through, service.runs_at.active


def _addresses(city: Inventory) -> Iterator[str]:
    """Where users come in, and where services are watched."""
    for balancer in city.balancers.values():
        yield f"http://{balancer.front}"
    for service in city.services.values():
        if service.probe is not None and service.probe.fetched is not None:
            parts = urlsplit(service.probe.fetched)
            yield f"{parts.scheme}://{parts.netloc}"
    for entry in city.hosts.values():
        alive = [one.alive for one in entry.web_roots.values()] + [one.alive for one in entry.units.values()]
        for address in alive:
            if address is not None:
                parts = urlsplit(address)
                yield f"{parts.scheme}://{parts.netloc}"


def _records(city: Inventory) -> dict[tuple[str, RecordType], RecordSet]:
    records: dict[tuple[str, RecordType], RecordSet] = {}
    for way, active in _ways(city):
        place = way.address.get(active)
        if way.name is None or place is None:
            continue
        address = city.hosts[place].address if place in city.hosts else place
        with contextlib.suppress(ValueError):
            version = ipaddress.ip_address(address).version
            records[host_name(way.name), "A" if version == 4 else "AAAA"] = RecordSet((address,), ttl=30)  # noqa: PLR2004 - IPv4
    return records


def _units(city: Inventory) -> UnitsInMemory:
    """Every unit of every host; those of services run at the active site and rest elsewhere."""
    runs = {
        service.unit.at.get(service.runs_at.active)
        for service in city.services.values()
        if service.unit is not None and service.runs_at is not None
    }
    used = {place for service in city.services.values() if service.unit for place in service.unit.at.values()}
    return UnitsInMemory(
        {
            (host, one.unit): RESTING if f"{host}/{name}" in used - runs else RUNNING
            for host, entry in city.hosts.items()
            for name, one in entry.units.items()
        }
    )


def _trees(city: Inventory) -> TreesInMemory:
    """Every web root, each with the same page."""
    return TreesInMemory(
        {
            (host, one.path): {"index.html": Entry("file", "644", 5, "0" * 64)}
            for host, entry in city.hosts.items()
            for one in entry.web_roots.values()
        }
    )


def _well(_request: Request) -> Response:
    return Response(200, b'{"status": "ok"}')


def _now() -> datetime:
    return datetime.now(UTC)
