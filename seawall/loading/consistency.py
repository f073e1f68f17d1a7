"""What cannot be true of a city although every entry reads well: two things that contradict each other.

Looks at the entries that could be read; those that could not have mistakes of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from seawall.entries import HostEntry
from seawall.inventory import Inventory, Service
from seawall.yaml_source import Loc


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about a place in the inventory. `about_key`: the place is the name, not what stands under it."""

    path: Loc
    problem: str
    remedy: str
    about_key: bool = False


def contradictions(inventory: Inventory) -> Iterator[Remark]:
    """Find everything in the inventory that contradicts itself."""
    for name, service in inventory.services.items():
        yield from _where_it_runs(inventory, name, service)
        yield from _machines_of(inventory, name, service)
        yield from _database(inventory, name, service)
        yield from _standing(inventory, name, service)
        yield from _way_in(inventory, name, service)
    yield from _backups(inventory)
    yield from _machines(inventory)
    for name, audience in inventory.audiences.items():
        if not audience.people and audience.slack is None:
            yield Remark(
                ("audiences", name),
                f"audience {name} reaches nobody",
                "Add `people:` or `slack:`",
                about_key=True,
            )


def _where_it_runs(inventory: Inventory, name: str, service: Service) -> Iterator[Remark]:
    if service.runs_at is None:
        return
    for which in ("active", "standby"):
        site = inventory.sites.get(getattr(service.runs_at, which) or "")
        if site is not None and site.witness:
            path = ("services", name, "runs_at", which)
            yield Remark(path, f"{name} cannot run at a witness", "Name a site without `witness: true`")


def _machines_of(inventory: Inventory, name: str, service: Service) -> Iterator[Remark]:
    if service.runs_at is None:
        return
    yield from _known_sites(("services", name, "machines"), service.machines, service.runs_at.sites)
    for site, hosts in service.machines.items():
        for n, host in enumerate(hosts):
            stands_at = inventory.hosts[host].site if host in inventory.hosts else None
            if stands_at is not None and stands_at != site:
                problem = f"{host} stands at {stands_at}, not at {site}"
                yield Remark(("services", name, "machines", site, n), problem, f"Name a host at {site}")


def _database(inventory: Inventory, name: str, service: Service) -> Iterator[Remark]:
    if service.database is None or service.runs_at is None:
        return
    path: Loc = ("services", name, "database", "at")
    yield from _known_sites(path, service.database.at, service.runs_at.sites)
    servers = {}
    for site, server in service.database.at.items():
        host, _, cluster = server.partition("/")
        if host not in inventory.hosts or cluster not in inventory.hosts[host].postgres:
            continue
        servers[site] = inventory.hosts[host].postgres[cluster]
        stands_at = inventory.hosts[host].site
        if stands_at is not None and stands_at != site:
            problem = f"{server} stands at {stands_at}, not at {site}"
            yield Remark((*path, site), problem, f"Name a server on a host at {site}")
    if len({one.system_identifier for one in servers.values() if one.system_identifier is not None}) > 1:
        problem = (
            f"the servers of {name} have different system identifiers, so none is the standby of another"
        )
        yield Remark(path, problem, "Compare with pg_controldata on each host", about_key=True)
    named = [server.cluster_name for server in servers.values() if server.cluster_name is not None]
    if len(set(named)) < len(named):
        problem = f"the servers of {name} have the same cluster_name, so one cannot be told from the other"
        yield Remark(path, problem, "Give each site's server a cluster_name of its own", about_key=True)


def _standing(inventory: Inventory, name: str, service: Service) -> Iterator[Remark]:
    for kind, standing in (("web_root", service.web_root), ("unit", service.unit)):
        if standing is None or service.runs_at is None:
            continue
        path: Loc = ("services", name, kind, "at")
        yield from _known_sites(path, standing.at, service.runs_at.sites)
        for site, place in standing.at.items():
            host = place.partition("/")[0]
            stands_at = inventory.hosts[host].site if host in inventory.hosts else None
            if stands_at is not None and stands_at != site:
                problem = f"{place} stands at {stands_at}, not at {site}"
                yield Remark((*path, site), problem, f"Name one on a host at {site}")


def _way_in(inventory: Inventory, name: str, service: Service) -> Iterator[Remark]:
    way = service.reached_through
    if service.probe is not None and service.probe.write is not None and way is None:
        remedy = "Add `reached_through:`, or use `probe: {read: https://...}`"
        yield Remark(("services", name, "probe", "write"), "writing needs a way in to the service", remedy)
    looked_up = service.probe.looked_up if service.probe is not None else None
    if looked_up is not None and inventory.zone_of(looked_up) is None:
        problem = f"no zone of this inventory holds the name {looked_up!r}"
        zone = next(iter(inventory.zones), None)
        remedy = f"Name one that is, e.g. dns://www.{zone}" if zone else "Write its zone under `zones:` first"
        yield Remark(("services", name, "probe", "read"), problem, remedy)
    if way is None or service.runs_at is None:
        return
    path: Loc = ("services", name, "reached_through")
    yield from _known_sites((*path, "backends"), way.backends, service.runs_at.sites)
    yield from _known_sites((*path, "address"), way.address, service.runs_at.sites)


def _known_sites(path: Loc, written: Iterable[str], sites: Iterable[str]) -> Iterator[Remark]:
    for site in written:
        if site not in sites:
            problem = f"{path[1]} does not run at {site}"
            remedy = f"Its sites are {', '.join(sites)}: see `runs_at`"
            yield Remark((*path, site), problem, remedy, about_key=True)


def _backups(inventory: Inventory) -> Iterator[Remark]:
    for name, backup in inventory.backups.items():
        service = inventory.services.get(backup.service)
        if service is None:
            continue
        if service.database is None:
            problem = f"{backup.service} has no `database` that could be backed up"
            yield Remark(("backups", name, "service"), problem, "Name a service with a `database`")
        elif backup.taken_at in inventory.sites and backup.taken_at not in service.database.at:
            problem = f"{backup.service} has no server at {backup.taken_at}"
            remedy = f"Use one of: {', '.join(service.database.at)}"
            yield Remark(("backups", name, "taken_at"), problem, remedy)


def _machines(inventory: Inventory) -> Iterator[Remark]:
    for name, host in inventory.hosts.items():
        for kind in ("uuid", "bios_uuid"):
            written = getattr(host.power, kind, None)
            if written is not None and not _is_uuid(written):
                remedy = "Write it as the power controller shows it: 8-4-4-4-12 hexadecimal digits"
                yield Remark(("hosts", name, "power", kind), "this is no UUID", remedy)
    yield from _twins(
        inventory, ("host_key",), lambda host: host.host_key and " ".join(host.host_key.split()[:2])
    )
    yield from _twins(inventory, ("address",), lambda host: f"{host.address}:{host.port}")
    yield from _twins(
        inventory, ("power", "uuid"), lambda host: None if host.power is None else host.power.uuid.lower()
    )


def _twins(inventory: Inventory, path: Loc, mark: Callable[[HostEntry], str | None]) -> Iterator[Remark]:
    seen: dict[str, str] = {}
    for name, host in inventory.hosts.items():
        value = mark(host)
        if value is None:
            continue
        if value in seen:
            called = {"host_key": "host key", "address": "address and port"}.get(str(path[0]), "power UUID")
            problem = f"{name} has the {called} of {seen[value]}: one cannot be told from the other"
            yield Remark(("hosts", name, *path), problem, "Correct one of the two")
        seen.setdefault(value, name)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
