"""The city as its people write it down: sites, hosts, services and what they need, backup sets, targets, people.

These models are what `inventory/*.yaml` holds, section by section; `targets` is what a plan takes from them. Every
reference is by name, and `seawall.loading` checks that each leads somewhere. What is not known yet may be missing;
`seawall.gaps` lists it, and whatever cannot do without it raises NotWritten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from seawall.duties import Duty
from seawall.entries import BalancerEntry, HostEntry, PlaceEntry, StoreEntry, three_places
from seawall.model import Duration, Frozen, Name, Text, TimeZone, duration_text
from seawall.people import Audience, Person
from seawall.suppliers import Level, Supplier
from seawall.targets import (
    Balancer,
    Host,
    MailRelay,
    ProbeAddress,
    Server,
    SlackWorkspace,
    Store,
    Unit,
    WebRoot,
    Zone,
)

NOT_WRITTEN = Text(en="not written down yet", da="endnu ikke skrevet ned")
"""What people read where a text is missing. Nothing is ever made up in its place."""


class NotWritten(LookupError):
    """What was asked for cannot do without something that nobody has written down yet.

    Attributes:
        paths: where in the inventory each would stand, as `seawall.gaps` names it.
    """

    def __init__(self, *paths: tuple[str | int, ...]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, path))} is not written down yet" for path in paths))
        self.paths = paths


class About(Frozen):
    """The city itself.

    Attributes:
        name: what journals and messages call it, e.g. havnby.
        timezone: the zone that drills and reports count in, e.g. Europe/Copenhagen.
        numbers: functions that are rung in any disaster, such as the dispatch centre; papers have them.
    """

    name: Name
    title: Text
    timezone: TimeZone = "Europe/Copenhagen"
    numbers: tuple[Level, ...] = ()


class Site(Frozen):
    """A place where services stand. A witness holds a vote and the out-of-band controllers, but no service.

    Attributes:
        address: street and town, for those who must go there.
        coordinates: latitude and longitude, degrees (WGS 84).
        warning_areas: EMMA_ID codes of the weather warnings that matter here, e.g. DK008.
        failure_domains: what this place shares with others and may lose together with them: grid, basin, fibre duct.
        witness: no service stands here; it only has a vote.
    """

    title: Text
    address: str | None = None
    coordinates: (
        tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]] | None
    ) = None
    warning_areas: tuple[str, ...] = ()
    failure_domains: tuple[Name, ...] = ()
    witness: bool = False


class RunsAt(Frozen):
    """Where a service runs.

    Attributes:
        active: the site it runs at in ordinary times.
        standby: the site that can take it over; `null` says that there is none, and is no gap.
    """

    active: Name
    standby: Name | None = None

    @property
    def sites(self) -> tuple[str, ...]:
        """Both sites, or the one."""
        return (self.active,) if self.standby is None else (self.active, self.standby)

    @model_validator(mode="after")
    def _two_places(self) -> Self:
        if self.active == self.standby:
            message = f"active and standby are both {self.active}; a site cannot stand in for itself"
            raise ValueError(message)
        return self


class Database(Frozen):
    """The database a service keeps its records in.

    Attributes:
        at: the server at each site, as `host/cluster`.
    """

    engine: Literal["postgres"]
    at: dict[Name, str]


class Standing(Frozen):
    """Where a part of a service stands.

    Attributes:
        at: which one at each site, as `host/name`.
    """

    at: dict[Name, str]


class ReachedThrough(Frozen):
    """How users come to a service: a balancer backend with one server a site, and a name in DNS.

    Attributes:
        backend: the balancer's backend.
        backends: the balancer's server name at each site.
        zone: the DNS zone that holds `name`, when DNS is what moves users.
        name: the DNS name users know.
        address: what the DNS name points to, for each site: an address, or a host of the inventory.
    """

    balancer: Name
    backend: str
    backends: dict[Name, str]
    zone: str | None = None
    name: str | None = None
    address: dict[Name, str] = {}

    @model_validator(mode="after")
    def _name_in_zone(self) -> Self:
        if self.zone is not None and not (self.name or "").rstrip(".").endswith(f".{self.zone.rstrip('.')}"):
            message = f"`zone: {self.zone}` needs a `name:` that ends in .{self.zone}"
            raise ValueError(message)
        return self


DNS = "dns://"
"""How a probe's address begins that is a name to look up."""


class Probe(Frozen):
    """How the service is watched from outside: by writing, or by reading.

    Attributes:
        write: `ledger`: writes are made and counted; for services of our own only.
        read: an address that is fetched; or `dns://NAME`, a name that is looked up at its zone's own server.
        every: how often.
        misses: how many in a row mean that it is down.
    """

    write: Literal["ledger"] | None = None
    read: ProbeAddress | None = None
    every: Duration
    misses: Annotated[int, Field(ge=1, le=100)] = 3

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.write is None) == (self.read is None):
            message = "a probe has exactly one of `write: ledger` and `read: https://...`"
            raise ValueError(message)
        return self

    @property
    def fetched(self) -> str | None:
        """The address that is fetched, if that is how it is watched."""
        return None if self.looked_up is not None else self.read

    @property
    def looked_up(self) -> str | None:
        """The name that is looked up, if that is how it is watched."""
        if self.read is None or not self.read.startswith(DNS):
            return None
        return self.read.removeprefix(DNS).strip("/").lower()


class Targets(Frozen):
    """What was promised, by whom and when. RTO and RPO are targets; what was measured is called RTA and RPA.

    Attributes:
        rto: how long it may be away at most (recovery time objective).
        rpo: how much of the newest may be lost at most, as time (recovery point objective).
        mtpd: how long until being without it cannot be borne (maximum tolerable period of disruption).
        approved_by: the person, or the role, who approved these.
        on: the day they did, e.g. 2026-10-01.

    Source: ISO 22301 and NIST SP 800-34r1 for the terms; RTO must lie below MTPD.
    """

    rto: Duration | None = None
    rpo: Duration | None = None
    mtpd: Duration | None = None
    approved_by: Name | None = None
    on: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.rto is not None and self.mtpd is not None and self.rto >= self.mtpd:
            message = (
                f"rto ({duration_text(self.rto)}) must be shorter than mtpd ({duration_text(self.mtpd)})"
            )
            raise ValueError(message)
        return self


class Service(Frozen):
    """Something citizens or the city's own people use.

    Attributes:
        title: what people call it.
        without_it: what citizens cannot do while it is down.
        instead: what they can do meanwhile.
        tier: 1 is brought back first, 4 last.
        needs: the services it does not work without.
        runs_at: the sites it runs at, when we run it.
        machines: the hosts it runs on at each site, besides those of its database.
        web_root: the folder it is shown from at each site, when it is a website of files.
        unit: the program that systemd runs at each site, when that is all it is.
        run_by: who runs it, when we do not.
    """

    title: Text
    without_it: Text | None = None
    instead: Text | None = None
    tier: Annotated[int, Field(ge=1, le=4)] | None = None
    needs: tuple[Name, ...] = ()
    runs_at: RunsAt | None = None
    machines: dict[Name, tuple[Name, ...]] = {}
    database: Database | None = None
    web_root: Standing | None = None
    unit: Standing | None = None
    reached_through: ReachedThrough | None = None
    probe: Probe | None = None
    targets: Targets | None = None
    run_by: Supplier | None = None

    @model_validator(mode="after")
    def _ours_or_theirs(self) -> Self:
        if self.run_by is not None:
            writes = self.probe is not None and self.probe.write is not None
            ours = [
                name
                for name in ("runs_at", "machines", "database", "web_root", "unit", "reached_through")
                if getattr(self, name)
            ]
            if ours or writes:
                named = f"`{ours[0]}`" if ours else "a probe that writes"
                message = f"a supplier runs this service (`run_by`), so it cannot have {named}"
                raise ValueError(message)
        return self


class BackupSet(Frozen):
    """The backups of one service's database.

    Attributes:
        taken_at: the site whose server they are taken from.
        stored_in: the stores that keep a copy.
        verified_on: the host they are restored on, to see that they can be.
        every: how often one is taken.
        keep: how long each is kept.
        verify_every: how often one is verified by restoring it.
    """

    service: Name
    taken_at: Name
    stored_in: Annotated[tuple[Name, ...], Field(min_length=1)]
    verified_on: Name
    every: Duration
    keep: Duration
    verify_every: Duration

    @model_validator(mode="after")
    def _kept_until_the_next(self) -> Self:
        if self.keep < self.every:
            message = f"keep ({duration_text(self.keep)}) is shorter than every ({duration_text(self.every)})"
            raise ValueError(message)
        return self


_NOT_THE_HOSTS = {"postgres", "web_roots", "units", "hostname"}
"""Of what stands under a host, what its part of a plan leaves out or says itself."""


class Inventory(Frozen):
    """All of `inventory/*.yaml`, one file's sections laid beside another's."""

    city: About
    sites: dict[Name, Site] = {}
    hosts: dict[Name, HostEntry] = {}
    stores: dict[Name, StoreEntry] = {}
    places: Annotated[dict[Name, PlaceEntry], AfterValidator(three_places)] = {}
    balancers: dict[Name, BalancerEntry] = {}
    zones: dict[str, Zone] = {}
    mail: MailRelay | None = None
    slack: SlackWorkspace | None = None
    services: dict[Name, Service] = {}
    backups: dict[Name, BackupSet] = {}
    people: dict[Name, Person] = {}
    duties: dict[Name, Duty] = {}
    audiences: dict[Name, Audience] = {}

    def host(self, name: str) -> Host:
        """Return the host as a plan carries it. Raises: KeyError, or NotWritten when it lacks what it is known by."""
        entry = self.hosts[name]
        if entry.lacking:
            raise NotWritten(*(("hosts", name, field) for field in entry.lacking))
        fields = {name: value for name, value in entry if name not in _NOT_THE_HOSTS}
        return Host(name=name, hostname=entry.hostname or name, **fields)

    def server(self, name: str) -> Server:
        """Return the server `host/cluster` as a plan carries it. Raises: KeyError, or NotWritten as `host` does."""
        host, _, cluster = name.partition("/")
        entry = self.hosts[host].postgres[cluster]
        lacking = [("hosts", host, field) for field in self.hosts[host].lacking]
        if entry.lacking:
            raise NotWritten(*lacking, ("hosts", host, "postgres", cluster))
        return Server(name=name, host=self.host(host), **dict(entry))

    def web_root(self, name: str) -> WebRoot:
        """Return the web root `host/root` as a plan carries it. Raises: KeyError, or NotWritten as `host` does."""
        host, _, root = name.partition("/")
        return WebRoot(name=name, host=self.host(host), **dict(self.hosts[host].web_roots[root]))

    def unit(self, name: str) -> Unit:
        """Return the unit `host/unit` as a plan carries it. Raises: KeyError, or NotWritten as `host` does."""
        host, _, unit = name.partition("/")
        return Unit(name=name, host=self.host(host), **dict(self.hosts[host].units[unit]))

    def store(self, name: str) -> Store:
        """Return the store as a plan carries it. Raises: KeyError."""
        return Store(name=name, **dict(self.stores[name]))

    def balancer(self, name: str) -> Balancer:
        """Return the balancer as a plan carries it. Raises: KeyError."""
        return Balancer(name=name, runtime=self.balancers[name].runtime)

    def zone_of(self, name: str) -> Zone | None:
        """Return the zone that a host name is in, the closest one; None when it is in none of ours."""
        around = [
            zone for zone in self.zones.values() if f".{name}".endswith(f".{zone.name.lower().strip('.')}")
        ]
        return max(around, key=lambda zone: len(zone.name), default=None)

    def whole_hosts(self) -> Iterator[Host]:
        """Every machine of which all is written down that it is reached and recognised by."""
        return (self.host(name) for name, entry in self.hosts.items() if not entry.lacking)

    def servers(self) -> Iterator[Server]:
        """Every PostgreSQL server of which, and of whose machine, all is written down."""
        for host, entry in self.hosts.items():
            for cluster, server in entry.postgres.items():
                if not entry.lacking and not server.lacking:
                    yield self.server(f"{host}/{cluster}")

    def with_role(self, role: str) -> Mapping[str, Person]:
        """Everyone who may act as `role`."""
        return {name: person for name, person in self.people.items() if role in person.roles}

    def needed_by(self, service: str) -> tuple[str, ...]:
        """Names of the services that stop when `service` stops, nearest first, each once."""
        reached: dict[str, None] = {}
        wave = [service]
        while wave:
            wave = [
                name
                for name, one in self.services.items()
                if set(one.needs) & set(wave) and name not in reached
            ]
            reached.update(dict.fromkeys(wave))
        reached.pop(service, None)
        return tuple(reached)
