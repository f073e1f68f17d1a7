"""The lab as it is meant to be: which machines there are, where they answer, and what the inventory says of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from drills.lab import alive, balancer, store, website
from drills.lab.credentials import Credentials, host_key
from drills.lab.folders import LabFolder
from drills.lab.layout import LabLayout, Machine, Route
from drills.lab.postgres import CLUSTER, DATABASE, Cluster
from drills.lab.sshd import ACCOUNT
from seawall.targets import (
    Balancer,
    Endpoint,
    Host,
    Lease,
    MailRelay,
    PowerSocket,
    Server,
    SlackWorkspace,
    Store,
    Unit,
    WebRoot,
    Zone,
)

SITES = ("north", "south")
PLACES = ("north", "south", "witness")
LINK = "link"
ZONE = "city.example"
KEY_NAME = f"seawall.{ZONE}"
LOGIN = "192.0.2.80"
"""What login.city.example leads to at first: the address the reference city gives its north site (drills/city)."""
CHANNELS = ("C0COORDINATE", "C0ONCALL0000", "C0CRISISTEAM")
"""The reference city's audiences."""
POWER_USER = "seawall"
UNKNOWN = "unknown"
"""The servers' system identifier until initdb has made one."""

_KINDS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "db": (10, ("ssh", "postgres")),
    "web": (20, ("ssh", "http", "pages", website.UNIT)),
    "store": (30, store.PORTS),
    "front": (40, ("http", "runtime")),
    "dns": (50, ("dns",)),
    "mail": (60, ("smtp",)),
    "slack": (70, ("http",)),
    "power": (80, ("http",)),
    "register": (90, ("http",)),
}
"""A kind of machine: the last number of its address, and what answers there."""
_MORE: Mapping[str, tuple[str, ...]] = {
    "web": ("services",),
    "front": (website.ROOT, website.UNIT),
    "db": ("leased", *(f"place-{place}" for place in PLACES)),
}
"""What else answers on a kind of machine, by which services are watched: the balancer's ways to what has no name here,
and the services that are only there; a database's way in, and its guard's ways to the places. They take the last ports,
so that the others stay where they were."""
_AT: Mapping[str, tuple[str, ...]] = {
    "north": ("db", "web", "store"),
    "south": ("db", "web", "store"),
    "witness": ("front", "dns", "mail", "slack", "power", "store"),
    alive.SUPPLIER: ("register",),
}
_LINK_ENDS = 250


def machine_names() -> tuple[str, ...]:
    """Return every machine's name, the link's last."""
    return (*(f"{site}-{kind}" for site, kinds in _AT.items() for kind in kinds), LINK)


def host_names() -> tuple[str, ...]:
    """Return the machines that are reached over SSH."""
    return tuple(f"{site}-{kind}" for site in SITES for kind in ("db", "web"))


def controlled() -> tuple[str, ...]:
    """Return the machines that the power controller can turn off: every one of a site that can be lost."""
    return tuple(name for name in machine_names() if name.partition("-")[0] in SITES)


def new_uuids() -> dict[str, str]:
    """Give every machine the number its power controller knows it by."""
    return {name: str(uuid.uuid4()) for name in machine_names()}


def plan_lab(
    folder: LabFolder,
    account: str,
    binaries: Path,
    kept: Credentials,
    uuids: Mapping[str, str],
    *,
    ports: Iterator[int],
    lease: Lease,
) -> LabLayout:
    """Choose ports and addresses, and derive everything from them.

    Args:
        folder: the lab's.
        account: whom its servers run as.
        binaries: PostgreSQL's folder of programs.
        kept: its secrets.
        uuids: what the power controller calls each machine.
        ports: those it may have, each once.
        lease: how long users' programs are let into the databases.

    Raises:
        LabError: there are not enough free ports.
    """
    machines = {one.name: one for one in _machines(ports)}
    routes = tuple(_routes(machines, ports))
    for machine in machines.values():
        more = _MORE.get(machine.name.partition("-")[2], ())
        chosen = machine.ports | {service: next(ports) for service in more}
        machines[machine.name] = machine.model_copy(update={"ports": chosen})
    return _Plan(folder, account, binaries, kept, uuids, machines, routes, lease).layout()


def clusters(layout: LabLayout) -> tuple[Cluster, Cluster]:
    """Return the two PostgreSQL servers as they are set up, the first primary first."""
    north, south = (_cluster(layout.places, layout.machine(f"{site}-db"), layout.routes) for site in SITES)
    return north, south


def zone_records(layout: LabLayout) -> tuple[tuple[str, str, str], ...]:
    """Return what the zone holds at first: name, type, value."""
    return (
        ("ns1", "A", layout.zone.server.address),
        ("login", "A", LOGIN),
        ("login-db", "A", layout.hosts[f"{SITES[0]}-db"].address),
        *((name, "A", layout.hosts[f"{SITES[0]}-web"].address) for name in ("www", "tid")),
        *((name, "A", host.address) for name, host in layout.hosts.items()),
    )


def backends(layout: LabLayout) -> Mapping[str, Mapping[str, Endpoint]]:
    """Return every service behind the balancer: at each site, where it answers. The first site serves at first."""
    webs = {site: layout.machine(f"{site}-web") for site in SITES}
    return {
        layout.backend: layout.webs,
        website.ROOT: {site: machine.at("pages") for site, machine in webs.items()},
        website.UNIT: {site: machine.at(website.UNIT) for site, machine in webs.items()},
    }


def ways_in(layout: LabLayout) -> Mapping[str, Endpoint]:
    """Return by service where the balancer takes its users in without being told a name."""
    front = layout.machine("witness-front")
    return {service: front.at(service) for service in _MORE["front"]}


def zone_file(folder: LabFolder) -> Path:
    """Return the file the name server keeps the zone in."""
    return folder.root / "state" / "zone"


def cut_file(folder: LabFolder) -> Path:
    """Return the file whose existence cuts the link."""
    return folder.root / "state" / "link.cut"


def _machines(ports: Iterator[int]) -> Iterator[Machine]:
    for number, (site, kinds) in enumerate(_AT.items(), start=1):
        for kind in kinds:
            last, services = _KINDS[kind]
            chosen = {service: next(ports) for service in services}
            yield Machine(name=f"{site}-{kind}", site=site, address=f"127.0.{number}.{last}", ports=chosen)
    yield Machine(name=LINK, site="between", address="127.0.0.1", ports={})


def _routes(machines: Mapping[str, Machine], ports: Iterator[int]) -> Iterator[Route]:
    """Yield both sites' ways to the other's database and SSH servers."""
    for number, (here, there) in enumerate((SITES, SITES[::-1]), start=1):
        for name, service in ((f"{there}-db", "postgres"), (f"{there}-db", "ssh"), (f"{there}-web", "ssh")):
            enter = Endpoint(address=f"127.0.{number}.{_LINK_ENDS}", port=next(ports))
            yield Route(site=here, to=f"{name}/{service}", enter=enter, leads_to=machines[name].at(service))


def _cluster(folder: LabFolder, machine: Machine, routes: tuple[Route, ...]) -> Cluster:
    way = next(one for one in routes if one.site == machine.site and one.to.endswith("/postgres"))
    home, listens = folder.home(machine.name), machine.at("postgres")
    return Cluster(site=machine.site, home=home, listens=listens, primary=way.enter, slot=machine.site)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Everything a layout is derived from."""

    folder: LabFolder
    account: str
    binaries: Path
    kept: Credentials
    uuids: Mapping[str, str]
    machines: Mapping[str, Machine]
    routes: tuple[Route, ...]
    lease: Lease

    def layout(self) -> LabLayout:
        kept, machines = self.kept, self.machines
        front, dns, mail = (machines[f"witness-{kind}"] for kind in ("front", "dns", "mail"))
        return LabLayout(
            folder=self.folder.root,
            account=self.account,
            machines=tuple(machines.values()),
            hosts={name: self._host(machines[name]) for name in host_names()},
            servers={f"{site}-db/{CLUSTER}": self._server(site) for site in SITES},
            stores={f"{place}-store": self._store(machines[f"{place}-store"]) for place in PLACES},
            balancer=Balancer(name="front", runtime=front.at("runtime")),
            backend=balancer.BACKEND,
            front=front.at("http"),
            front_socket=self.folder.home(front.name) / "run" / "admin.sock",
            webs={site: machines[f"{site}-web"].at("http") for site in SITES},
            web_roots={f"{site}-web/{website.ROOT}": self._web_root(site) for site in SITES},
            units={f"{site}-web/{website.UNIT}": self._unit(site) for site in SITES},
            zone=Zone(name=ZONE, server=dns.at("dns"), key_name=KEY_NAME, key=kept.ref("tsig")),
            mail=MailRelay(address=mail.address, port=mail.ports["smtp"], sender=f"seawall@{ZONE}"),
            mailbox=self.folder.mail,
            slack=SlackWorkspace(
                url=f"http://{machines['witness-slack'].at('http')}/api/", token=kept.ref("slack_token")
            ),
            slack_messages=self.folder.slack,
            slack_channels=CHANNELS,
            power=machines["witness-power"].at("http"),
            routes=self.routes,
            ssh_key=kept.ref("ssh_key"),
            superuser_password=kept.ref("db_postgres"),
            app_password=kept.ref("db_app"),
            canary=kept.ref("canary"),
            watched_at=dict(self._watched_at()),
        )

    def _watched_at(self) -> Iterator[tuple[str, str]]:
        for service in _MORE["front"]:
            yield service, f"http://{self.machines['witness-front'].at(service)}/"
        for site, services in alive.STANDS.items():
            at = (
                self.machines[f"{site}-register"].at("http")
                if site == alive.SUPPLIER
                else self.machines[f"{site}-web"].at("services")
            )
            yield from ((service, f"http://{at}{alive.path(service)}") for service in services)

    def _host(self, machine: Machine) -> Host:
        power = PowerSocket(
            url=f"http://{self.machines['witness-power'].at('http')}",
            system=machine.name,
            uuid=self.uuids[machine.name],
            username=POWER_USER,
            password=self.kept.ref("power_password"),
        )
        return Host(
            name=machine.name,
            site=machine.site,
            address=machine.address,
            port=machine.ports["ssh"],
            user=ACCOUNT,
            key=self.kept.ref("ssh_key"),
            host_key=host_key(self.kept, machine.name),
            hostname=machine.name,
            power=power,
        )

    def _server(self, site: str) -> Server:
        machine = self.machines[f"{site}-db"]
        cluster = _cluster(self.folder, machine, self.routes)
        name = f"{machine.name}/{CLUSTER}"
        return Server(
            name=name,
            host=self._host(machine),
            port=cluster.listens.port,
            data_directory=str(cluster.data_directory),
            binaries=str(self.binaries),
            cluster_name=cluster.name,
            system_identifier=UNKNOWN,
            database=DATABASE,
            user="seawall",
            password=self.kept.ref("db_seawall"),
            replicator="replicator",
            replicator_password=self.kept.ref("db_replicator"),
            peers=next(one.enter for one in self.routes if one.to == f"{machine.name}/postgres"),
            slot=next(one for one in SITES if one != site),
            lease=self.lease.model_copy(update={"clients": machine.at("leased")}),
        )

    def _web_root(self, site: str) -> WebRoot:
        machine = self.machines[f"{site}-web"]
        return WebRoot(
            name=f"{machine.name}/{website.ROOT}",
            host=self._host(machine),
            path=str(website.folder(self.folder.home(machine.name))),
            alive=f"http://{machine.at('pages')}/",
        )

    def _unit(self, site: str) -> Unit:
        machine = self.machines[f"{site}-web"]
        return Unit(
            name=f"{machine.name}/{website.UNIT}",
            host=self._host(machine),
            unit=website.SERVICE,
            sudo=False,
            alive=f"http://{machine.at(website.UNIT)}/",
        )

    def _store(self, machine: Machine) -> Store:
        return Store(
            name=machine.name,
            site=machine.site,
            url=f"http://{machine.at('s3')}",
            region=store.REGION,
            bucket=store.BUCKET,
            access_key=self.kept.ref(f"s3_{machine.site}_access"),
            secret_key=self.kept.ref(f"s3_{machine.site}_secret"),
        )
