"""A whole city's outside in memory: every host up, every service at its active site, everybody reachable."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.backup import Backup
from connectors.balancer import Balancers
from connectors.dns import Dns, RecordSet, RecordType, host_name
from connectors.http import Http, Request, Response
from connectors.mail import Mail
from connectors.memory.backup import ToolsInMemory
from connectors.memory.balancer import RuntimeInMemory
from connectors.memory.dns import ZonesInMemory
from connectors.memory.http import WebInMemory
from connectors.memory.mail import PostInMemory
from connectors.memory.objects import BucketsInMemory
from connectors.memory.power import ControllerInMemory, PoweredInMemory
from connectors.memory.secrets import SecretsInMemory
from connectors.memory.slack import WorkspaceInMemory
from connectors.memory.ssh import MachineInMemory, SshInMemory
from connectors.objects import Objects
from connectors.power import Redfish
from connectors.slack import Slack
from connectors.telling import Audiences
from seawall.actions import World
from seawall.inventory import Inventory, ReachedThrough
from seawall.targets import Endpoint, MailRelay, SlackWorkspace

RELAY = MailRelay(address="mail.invalid", sender="seawall@mail.invalid")
WORKSPACE = SlackWorkspace(token="env:NOT_ASKED_FOR")  # noqa: S106 - a reference, and nobody looks behind it


@dataclass(slots=True)
class OutsideInMemory:
    """What is outside, piece by piece, for a test or a drill to look at and to break."""

    city: Inventory
    machines: dict[Endpoint, MachineInMemory]
    controllers: ControllerInMemory
    tools: ToolsInMemory
    buckets: BucketsInMemory
    runtime: RuntimeInMemory
    zones: ZonesInMemory
    web: WebInMemory
    post: PostInMemory
    workspace: WorkspaceInMemory

    @classmethod
    def of(cls, city: Inventory) -> OutsideInMemory:
        """Make the outside that the inventory describes, in ordinary times."""
        hosts = [city.host(name) for name in city.hosts]
        controllers = ControllerInMemory()
        for socket in (host.power for host in hosts if host.power is not None):
            controllers.machines.setdefault(socket.url, []).append(
                PoweredInMemory(socket.system, socket.uuid)
            )
        return cls(
            city=city,
            machines={
                Endpoint(address=host.address, port=host.port): MachineInMemory(host.host_key, host.hostname)
                for host in hosts
            },
            controllers=controllers,
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
            web=WebInMemory({f"http://{balancer.front}": _well for balancer in city.balancers.values()}),
            post=PostInMemory(),
            workspace=WorkspaceInMemory(),
        )

    def world(self) -> World:
        """Make the world of all this."""
        people = Audiences.of(self.city)
        objects = Objects(self.buckets)
        return World(
            SshInMemory(self.machines),
            Redfish(self.controllers),
            Backup(self.tools, objects, _now),
            objects,
            Balancers(self.runtime),
            Dns(self.zones),
            Http(self.web, SecretsInMemory({})),
            Mail(self.city.mail or RELAY, people, self.post),
            Slack(self.city.slack or WORKSPACE, people, self.workspace),
        )


def _ways(city: Inventory) -> Iterator[tuple[ReachedThrough, str]]:
    for service in city.services.values():
        if service.reached_through is not None and service.runs_at is not None:
            yield service.reached_through, service.runs_at.active


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


def _well(_request: Request) -> Response:
    return Response(200, b'{"status": "ok"}')


def _now() -> datetime:
    return datetime.now(UTC)
