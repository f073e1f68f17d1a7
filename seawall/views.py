"""The city as a runbook's expressions see it: `service.database.at(to)`, `to.title`, `each`.

Views are what templates may touch; they only read. A name that does not lead anywhere raises KeyError with the names
that do; what nobody has written down yet raises NotWritten, but for words that people read, which say so themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from seawall.inventory import NOT_WRITTEN, Inventory, NotWritten, ReachedThrough, Standing
from seawall.model import Text, duration_text
from seawall.supplier_view import SupplierView
from seawall.targets import Balancer, Host, Server, Store, Unit, WebRoot, Zone

FENCE_TAKES = timedelta(seconds=20)
"""Long enough for a machine that does not answer, and for its controller after that."""

PartT = TypeVar("PartT", covariant=True)  # noqa: PLC0105 - as SeenT


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site."""

    name: str
    title: Text

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class AudienceView:
    """People who are told together."""

    name: str
    title: Text

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class DatabaseView:
    """The servers of one service's database."""

    inventory: Inventory
    service: str
    at_sites: Mapping[str, str]
    active_site: str
    standby_site: str | None

    def at(self, site: SiteView | str) -> Server:
        """Return the server at a site."""
        name = str(site)
        if name not in self.at_sites and name in (self.active_site, self.standby_site):
            raise NotWritten(("services", self.service, "database", "at", name))
        if name not in self.at_sites:
            self._needs_standby()
            message = f"there is no server at {name}; there is one at {', '.join(self.at_sites)}"
            raise KeyError(message)
        return self.inventory.server(self.at_sites[name])

    def other_than(self, site: SiteView | str) -> Server:
        """Return the server at the site that is not `site`; there must be exactly one."""
        others = [one for one in self.at_sites if one != str(site)]
        if len(others) != 1 or str(site) not in self.at_sites:
            self._needs_both()
            message = f"{site} is not one of two sites with a server ({', '.join(self.at_sites)})"
            raise KeyError(message)
        return self.at(others[0])

    def fenced_by(self, site: SiteView | str) -> tuple[str, ...]:
        """Return the kinds of evidence that the server at a site can be fenced by, in the order they are tried."""
        ways = ("stopped", "powered-off")
        return ways if self.at(site).lease is None else (*ways, "lease-expired")

    def fence_takes(self, site: SiteView | str) -> str:
        """Return how long fencing the server at a site may take, which is longer where its lease is waited out."""
        lease = self.at(site).lease
        return duration_text(FENCE_TAKES if lease is None else max(FENCE_TAKES, lease.takes))

    @property
    def active(self) -> Server:
        """The server that is primary in ordinary times."""
        return self.at(self.active_site)

    @property
    def standby(self) -> Server:
        """The server that is standby in ordinary times."""
        return self.at(self.standby_site or "")

    def _needs_standby(self) -> None:
        runs_at = self.inventory.services[self.service].runs_at
        if runs_at is not None and "standby" not in runs_at.model_fields_set:
            raise NotWritten(("services", self.service, "runs_at", "standby"))

    def _needs_both(self) -> None:
        """Raise NotWritten when a second server is missing only because nobody has written it down yet."""
        self._needs_standby()
        missing = [one for one in (self.active_site, self.standby_site) if one and one not in self.at_sites]
        if missing:
            raise NotWritten(*(("services", self.service, "database", "at", one) for one in missing))


@dataclass(frozen=True, slots=True)
class StandingView(Generic[PartT]):
    """A part of one service, one at each of its sites."""

    service: str
    kind: str
    standing: Standing
    sites: tuple[str, ...]
    find: Callable[[str], PartT]

    def at(self, site: SiteView | str) -> PartT:
        """Return the one at a site."""
        name = str(site)
        if name not in self.standing.at and name in self.sites:
            raise NotWritten(("services", self.service, self.kind, "at", name))
        if name not in self.standing.at:
            message = (
                f"{self.service} has no {self.kind} at {name}; it has one at {', '.join(self.standing.at)}"
            )
            raise KeyError(message)
        return self.find(self.standing.at[name])


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service and how it is reached."""

    inventory: Inventory
    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> Text:
        """What people call it."""
        return self.inventory.services[self.name].title

    @property
    def without_it(self) -> Text:
        """What citizens cannot do while it is down."""
        return self.inventory.services[self.name].without_it or NOT_WRITTEN

    @property
    def instead(self) -> Text:
        """What they can do meanwhile."""
        return self.inventory.services[self.name].instead or NOT_WRITTEN

    @property
    def supplier(self) -> SupplierView:
        """Who runs it for the city."""
        run_by = self.inventory.services[self.name].run_by
        if run_by is None:
            message = f"service {self.name} is the city's own: no supplier runs it"
            raise KeyError(message)
        return SupplierView(self.name, run_by)

    @property
    def watched_at(self) -> str:
        """The address that is fetched to see whether it works."""
        probe = self.inventory.services[self.name].probe
        if probe is None or probe.fetched is None:
            raise NotWritten(("services", self.name, "probe"))
        return probe.fetched

    @property
    def watched_every(self) -> str:
        """How often it is fetched, e.g. 30s."""
        probe = self.inventory.services[self.name].probe
        if probe is None:
            raise NotWritten(("services", self.name, "probe"))
        return duration_text(probe.every)

    @property
    def needed_by(self) -> tuple[ServiceView, ...]:
        """The services that stop with it."""
        return tuple(ServiceView(self.inventory, name) for name in self.inventory.needed_by(self.name))

    @property
    def database(self) -> DatabaseView:
        """Its database."""
        service = self.inventory.services[self.name]
        if service.database is None or service.runs_at is None:
            message = f"service {self.name} has no `database`, or does not say where it `runs_at`"
            raise KeyError(message)
        return DatabaseView(
            self.inventory, self.name, service.database.at, service.runs_at.active, service.runs_at.standby
        )

    @property
    def web_root(self) -> StandingView[WebRoot]:
        """The folders it is shown from."""
        return self._standing("web_root", self.inventory.web_root)

    @property
    def unit(self) -> StandingView[Unit]:
        """The programs that systemd runs for it."""
        return self._standing("unit", self.inventory.unit)

    @property
    def active(self) -> SiteView:
        """The site it runs at in ordinary times."""
        return self._site("active")

    @property
    def standby(self) -> SiteView:
        """The site that takes over."""
        return self._site("standby")

    def other_site(self, site: SiteView | str) -> SiteView:
        """Return the one of its two sites that is not `site`."""
        sites = [self.active, self.standby]
        others = [one for one in sites if one.name != str(site)]
        if len(others) != 1:
            message = f"{site} is not a site of service {self.name}; those are {sites[0]} and {sites[1]}"
            raise KeyError(message)
        return others[0]

    @property
    def balancer(self) -> Balancer:
        """The balancer users come through."""
        return self.inventory.balancer(self._reached.balancer)

    @property
    def backend(self) -> str:
        """The balancer's backend."""
        return self._reached.backend

    def backend_at(self, site: SiteView | str) -> str:
        """Return the balancer's server at a site."""
        return self._at(site, "backends", self._reached.backends)

    @property
    def zone(self) -> Zone | None:
        """The DNS zone its name stands in; None when DNS moves nobody."""
        name = self._reached.zone
        return None if name is None else self.inventory.zones[name]

    @property
    def dns_name(self) -> str | None:
        """Its name in DNS."""
        return self._reached.name

    def address_at(self, site: SiteView | str) -> str:
        """Return what its DNS name points to when it runs at `site`: an address, or that of the host named there."""
        named = self._at(site, "address", self._reached.address)
        return self.inventory.hosts[named].address if named in self.inventory.hosts else named

    @property
    def address(self) -> str:
        """How users reach it, `host:port` of the balancer's front."""
        return str(self.inventory.balancers[self._reached.balancer].front)

    def machines_at(self, site: SiteView | str) -> tuple[Host, ...]:
        """Return the hosts it runs on at a site, besides those of its database."""
        names = self.inventory.services[self.name].machines.get(str(site), ())
        return tuple(self.inventory.host(name) for name in names)

    def _standing(self, kind: str, find: Callable[[str], PartT]) -> StandingView[PartT]:
        service = self.inventory.services[self.name]
        standing: Standing | None = getattr(service, kind)
        if standing is None or service.runs_at is None:
            message = f"service {self.name} has no `{kind}`"
            raise KeyError(message)
        return StandingView(self.name, kind, standing, service.runs_at.sites, find)

    def _at(self, site: SiteView | str, field: str, named: Mapping[str, str]) -> str:
        runs_at = self.inventory.services[self.name].runs_at
        if str(site) not in named and runs_at is not None and str(site) in runs_at.sites:
            raise NotWritten(("services", self.name, "reached_through", field, str(site)))
        return named[str(site)]

    @property
    def _reached(self) -> ReachedThrough:
        service = self.inventory.services[self.name]
        reached = service.reached_through
        if reached is None and service.run_by is None and "reached_through" not in service.model_fields_set:
            raise NotWritten(("services", self.name, "reached_through"))
        if reached is None:
            message = f"service {self.name} has no `reached_through`"
            raise KeyError(message)
        return reached

    def _site(self, which: str) -> SiteView:
        service = self.inventory.services[self.name]
        name = getattr(service.runs_at, which, None)
        if service.runs_at is None and service.run_by is None:
            raise NotWritten(("services", self.name, "runs_at"))
        if name is None and service.runs_at is not None and which not in service.runs_at.model_fields_set:
            raise NotWritten(("services", self.name, "runs_at", which))
        if service.run_by is not None:
            message = (
                f"service {self.name} is run by {service.run_by.supplier}, and stands at no site of ours; "
                "its runbook is supplier-outage"
            )
            raise KeyError(message)
        if name is None:
            message = f"service {self.name} does not say its {which} site: `runs_at: {{{which}: ...}}`"
            raise KeyError(message)
        return SiteView(name, self.inventory.sites[name].title)


@dataclass(frozen=True, slots=True)
class BackupView:
    """A backup set."""

    inventory: Inventory
    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def service(self) -> ServiceView:
        """The service whose database it keeps."""
        return ServiceView(self.inventory, self.inventory.backups[self.name].service)

    @property
    def taken_at(self) -> SiteView:
        """The site whose server it is taken from."""
        name = self.inventory.backups[self.name].taken_at
        return SiteView(name, self.inventory.sites[name].title)

    @property
    def stores(self) -> tuple[Store, ...]:
        """Where its copies are kept."""
        return tuple(self.inventory.store(name) for name in self.inventory.backups[self.name].stored_in)

    def store(self, name: str) -> Store:
        """Return the store of that name, which must be one that keeps a copy."""
        kept = self.inventory.backups[self.name].stored_in
        if name not in kept:
            message = f"{self.name} is not kept in {name!r}; it is in {', '.join(kept)}"
            raise KeyError(message)
        return self.inventory.store(name)

    @property
    def verified_on(self) -> Host:
        """The machine it is restored on to be verified."""
        return self.inventory.host(self.inventory.backups[self.name].verified_on)

    @property
    def binaries(self) -> str:
        """The folder with PostgreSQL's programs on the machine it is restored on."""
        host = self.inventory.backups[self.name].verified_on
        servers = self.inventory.hosts[host].postgres.values()
        return next((one.binaries for one in servers if one.binaries is not None), self._server.binaries)

    @property
    def database(self) -> str:
        """The database whose tables are compared."""
        return self._server.database

    @property
    def _server(self) -> Server:
        return self.service.database.at(self.taken_at)


def view_of(kind: str, name: str, inventory: Inventory) -> object:
    """Return what a parameter of `kind` with the value `name` is to an expression.

    Raises:
        KeyError: there is none of that name; its argument lists those that exist.
    """
    known: Mapping[str, Mapping[str, object]] = {
        "service": inventory.services,
        "site": inventory.sites,
        "host": inventory.hosts,
        "backup": inventory.backups,
        "audience": inventory.audiences,
    }
    if kind in known and name not in known[kind]:
        raise KeyError(*known[kind])
    match kind:
        case "service":
            return ServiceView(inventory, name)
        case "site":
            return SiteView(name, inventory.sites[name].title)
        case "host":
            return inventory.host(name)
        case "backup":
            return BackupView(inventory, name)
        case "audience":
            return AudienceView(name, inventory.audiences[name].title)
        case _:
            return name
