"""The city as its people write it down: sites, hosts, services and what they need, backup sets, targets, people.

These models are what `inventory/*.yaml` holds, section by section; `targets` is what a plan takes from them. Every
reference is by name, and `seawall.loading` checks that each leads somewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from seawall.model import Duration, Frozen, Name, SecretRef, Text
from seawall.targets import Balancer, Endpoint, Host, MailRelay, Port, PowerSocket, Server, SlackWorkspace, Store, Zone


class About(Frozen):
    """The city itself."""

    name: Name
    title: Text
    timezone: str = "Europe/Copenhagen"


class Site(Frozen):
    """A place where services stand. A witness holds a vote and the out-of-band controllers, but no service.

    Attributes:
        coordinates: latitude and longitude, degrees (WGS 84).
        warning_areas: EMMA_ID codes of the weather warnings that matter here, e.g. DK008.
        failure_domains: what this place shares with others and may lose together with them: grid, basin, fibre duct.
    """

    title: Text
    address: str
    coordinates: tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]
    warning_areas: tuple[str, ...] = ()
    failure_domains: tuple[Name, ...] = ()
    witness: bool = False


class ServerEntry(Frozen):
    """A PostgreSQL server as it stands under its host. See `seawall.targets.Server` for the meanings."""

    port: Port = 5432
    data_directory: str
    binaries: str
    cluster_name: str
    system_identifier: str
    database: str
    user: str
    password: SecretRef
    replicator: str
    replicator_password: SecretRef
    peers: Endpoint | None = None
    slot: str | None = None


class HostEntry(Frozen):
    """A machine. `host_key` pins its SSH key; `hostname` is what `hostname` prints there when it is not its name here."""

    site: Name
    address: str
    port: Port = 22
    user: str
    key: SecretRef
    host_key: str
    hostname: str | None = None
    power: PowerSocket | None = None
    postgres: dict[Name, ServerEntry] = {}


class StoreEntry(Frozen):
    """A bucket in an S3 store at a site."""

    site: Name
    url: str
    region: str = "eu-north-1"
    bucket: str
    access_key: SecretRef
    secret_key: SecretRef


class BalancerEntry(Frozen):
    """A HAProxy whose runtime socket answers at `runtime`; users reach it at `front`."""

    runtime: Endpoint
    front: Endpoint


class RunsAt(Frozen):
    """Where a service runs in ordinary times, and where it can be taken over."""

    active: Name
    standby: Name | None = None


class Database(Frozen):
    """The database a service keeps its records in, one server at each site."""

    engine: Literal["postgres"]
    at: dict[Name, str]


class ReachedThrough(Frozen):
    """How users come to a service: a balancer backend with one server a site, and a name in DNS.

    Attributes:
        backends: the balancer's server name at each site.
        address: what the DNS name points to, for each site, when DNS is what moves users.
    """

    balancer: Name
    backend: str
    backends: dict[Name, str]
    zone: str | None = None
    name: str | None = None
    address: dict[Name, str] = {}


class Probe(Frozen):
    """How the service is watched from outside: `write` through the ledger, or `read` an address."""

    write: Literal["ledger"] | None = None
    read: str | None = None
    every: Duration
    misses: Annotated[int, Field(ge=1, le=100)] = 3


class Targets(Frozen):
    """What was promised, by whom and when. RTO and RPO are targets; what was measured is called RTA and RPA.

    Source: ISO 22301 and NIST SP 800-34r1 for the terms; RTO must lie below MTPD.
    """

    rto: Duration
    rpo: Duration
    mtpd: Duration
    approved_by: Name
    on: date


class Supplier(Frozen):
    """Who runs a service that is not ours, and what they promised."""

    supplier: str
    telephone: str
    promised_rto: Duration


class Service(Frozen):
    """Something citizens or the city's own people use."""

    title: Text
    without_it: Text
    instead: Text
    tier: Annotated[int, Field(ge=1, le=4)]
    needs: tuple[Name, ...] = ()
    runs_at: RunsAt | None = None
    database: Database | None = None
    reached_through: ReachedThrough | None = None
    probe: Probe | None = None
    targets: Targets | None = None
    run_by: Supplier | None = None


class BackupSet(Frozen):
    """The backups of one service's database: taken where, kept where, verified how often and on which host."""

    service: Name
    taken_at: Name
    stored_in: tuple[Name, ...]
    verified_on: Name
    every: Duration
    keep: Duration
    verify_every: Duration


class Person(Frozen):
    """Somebody with a part in this. Addresses stay in the inventory; plans and journals name the person only."""

    title: str
    roles: tuple[Name, ...] = ()
    email: str
    telephone: str | None = None


class Audience(Frozen):
    """People who are told together. `slack` is a channel id."""

    title: Text
    people: tuple[Name, ...]
    slack: str | None = None


class Inventory(Frozen):
    """All of `inventory/*.yaml`, one file's sections laid beside another's."""

    city: About
    sites: dict[Name, Site]
    hosts: dict[Name, HostEntry] = {}
    stores: dict[Name, StoreEntry] = {}
    balancers: dict[Name, BalancerEntry] = {}
    zones: dict[str, Zone] = {}
    mail: MailRelay | None = None
    slack: SlackWorkspace | None = None
    services: dict[Name, Service] = {}
    backups: dict[Name, BackupSet] = {}
    people: dict[Name, Person] = {}
    audiences: dict[Name, Audience] = {}

    def host(self, name: str) -> Host:
        """Return the host as a plan carries it. Raises: KeyError."""
        entry = self.hosts[name]
        fields = entry.model_dump(exclude={"postgres", "hostname"})
        return Host(name=name, hostname=entry.hostname or name, **fields)

    def server(self, name: str) -> Server:
        """Return the server `host/cluster` as a plan carries it. Raises: KeyError."""
        host, _, cluster = name.partition("/")
        entry = self.hosts[host].postgres[cluster]
        return Server(name=name, host=self.host(host), **entry.model_dump())

    def store(self, name: str) -> Store:
        """Return the store as a plan carries it. Raises: KeyError."""
        return Store(name=name, **self.stores[name].model_dump())

    def balancer(self, name: str) -> Balancer:
        """Return the balancer as a plan carries it. Raises: KeyError."""
        return Balancer(name=name, runtime=self.balancers[name].runtime)

    def servers(self) -> Iterator[Server]:
        """Every PostgreSQL server of the city."""
        for host, entry in self.hosts.items():
            for cluster in entry.postgres:
                yield self.server(f"{host}/{cluster}")

    def with_role(self, role: str) -> Mapping[str, Person]:
        """Everyone who may act as `role`."""
        return {name: person for name, person in self.people.items() if role in person.roles}

    def needed_by(self, service: str) -> tuple[str, ...]:
        """Names of the services that stop when `service` stops, nearest first, each once."""
        reached: dict[str, None] = {}
        wave = [service]
        while wave:
            wave = [name for name, one in self.services.items() if set(one.needs) & set(wave) and name not in reached]
            reached.update(dict.fromkeys(wave))
        reached.pop(service, None)
        return tuple(reached)
