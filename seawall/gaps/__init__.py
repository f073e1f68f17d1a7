"""What a city's files do not say yet: what is not possible until they do, and where to write it. Pure.

A gap is no mistake: the city loads, and whatever can do without the missing value works. Nothing is made up for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from seawall.gaps.kinds import KINDS
from seawall.inventory import Inventory, Service
from seawall.yaml_source import Loc

Written = Callable[[Loc, str], tuple[str, str, bool]]
"""Where a line for `path` would stand, `file:line`, how it would read there, and whether it replaces one."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is not written down yet.

    Attributes:
        path: where it would stand, e.g. `("services", "login", "targets")`.
        kind: what it is called together with others like it, e.g. `host keys`.
        missing: what it is, in words.
        impossible: what cannot be done until it is filled.
        plans: the plans that were tried and could not be made without it, e.g. `postgres-failover of login`.
        how: how to find it out, as an imperative.
        where: the file and the line to edit.
        line: what to write there; each `...` is yours to fill, and is refused as it stands.
        instead: `line` takes the place of the line that stands there, and is not a new one.
    """

    path: Loc
    kind: str
    missing: str
    impossible: str
    how: str
    line: str
    where: str = ""
    instead: bool = False
    plans: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    thing: Loc = ()

    @property
    def about(self) -> str:
        """What lacks it and what it is, e.g. `services.login.targets`."""
        return ".".join(map(str, self.path))


_RANK = {where: rank for rank, where in enumerate(KINDS)}
_OF_NOBODY = 1_000_000
"""Weight of what no service hangs on."""
_NO_TIER = 5
"""After the last, 4."""


def gaps(
    inventory: Inventory, written: Written | None = None, stopped: Mapping[Loc, Sequence[str]] | None = None
) -> tuple[Gap, ...]:
    """Return every gap of the city, the most useful to fill first.

    What stands in the way of everything comes first, then whatever the most important service still lacks, with its
    machines, then the next: one whole service can be drilled, forty halves cannot.

    Args:
        inventory: the city.
        written: says where a line would stand.
        stopped: plans that were tried, by the path of what they lacked.
    """
    weight = _weights(inventory)
    found = sorted(
        (gap_at(inventory, path, written) for path in _paths(inventory)),
        key=lambda one: (weight[one.path[:2]], _RANK[_shape(one.path)]),
    )
    return tuple(replace(one, plans=tuple((stopped or {}).get(one.path, ()))) for one in found)


def gap_at(inventory: Inventory, path: Loc, written: Written | None = None) -> Gap:
    """Tell what is missing at `path`, which a gap or `NotWritten` names."""
    told = KINDS[_shape(path)]
    words = {"name": str(path[1]) if len(path) > 1 else "", "field": str(path[-1])}
    place, line = path, told.line
    if _shape(path) == ("services", "targets"):
        words["field"], place, line = _targets(inventory, path, line)
    elif _shape(path) == ("hosts", "postgres"):
        lacking = inventory.hosts[str(path[1])].postgres[str(path[3])].lacking
        place, line = (*path, lacking[0]), "\n".join(f"{one}: ..." for one in lacking)
    line = _filled(line, words)
    fields = tuple(line.splitlines())
    where, line, instead = ("inventory", line, False) if written is None else written(place, line)
    return Gap(
        path=path,
        kind=told.kind,
        missing=_filled(told.missing, words),
        impossible=_filled(told.impossible, words),
        how=_filled(told.how, words),
        line=line,
        where=where,
        instead=instead,
        fields=fields,
        thing=place[:-1],
    )


def counted(found: Iterable[Gap]) -> Mapping[str, int]:
    """Return how many gaps there are of each kind, the most first."""
    return dict(Counter(one.kind for one in found).most_common())


def _shape(path: Loc) -> tuple[str, ...]:
    """Return the path without the names that the city's people chose."""
    whole = (str(path[0]), *map(str, path[2:4]))
    return whole if whole in KINDS else whole[:2]


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", word)
    return text


def _targets(inventory: Inventory, path: Loc, whole: str) -> tuple[str, Loc, str]:
    targets = inventory.services[str(path[1])].targets
    if targets is None:
        return "RTO, RPO and MTPD", path, whole
    lacking = [name for name in type(targets).model_fields if getattr(targets, name) is None]
    return ", ".join(lacking), (*path, lacking[0]), "\n".join(f"{name}: ..." for name in lacking)


def _weights(inventory: Inventory) -> Mapping[Loc, int]:
    """Say how early each thing's gaps are to be filled; what no service hangs on comes last."""
    dependents = Counter(needed for one in inventory.services.values() for needed in one.needs)
    tiers = _tiers(inventory)
    order = sorted(inventory.services.items(), key=lambda named: (tiers[named[0]], -dependents[named[0]]))
    weight: dict[Loc, int] = {("sites",): -1, ("services",): -1, ("people",): -1}
    weight |= {("mail",): _OF_NOBODY - 2, ("audiences",): _OF_NOBODY - 2}
    weight |= {("sites", name): _OF_NOBODY for name in inventory.sites}
    weight |= {("people", name): 0 for name in inventory.people}
    weight |= {("hosts", name): _OF_NOBODY - 1 for name in inventory.hosts}
    for rank, (name, service) in enumerate(order):
        weight["services", name] = rank
        for host in _machines(service):
            weight["hosts", host] = min(rank, weight.get(("hosts", host), rank))
    return weight


def _tiers(inventory: Inventory) -> Mapping[str, int]:
    """Return each service's tier, or that of the most important one which does not work without it."""
    found: dict[str, int] = {}
    for tier in range(1, _NO_TIER + 1):
        wave = [name for name, one in inventory.services.items() if (one.tier or _NO_TIER) == tier]
        while wave:
            name = wave.pop()
            if name not in found:
                found[name] = tier
                wave += inventory.services[name].needs
    return found


def _machines(service: Service) -> Iterator[str]:
    for hosts in service.machines.values():
        yield from hosts
    if service.database is not None:
        yield from (server.partition("/")[0] for server in service.database.at.values())
    for standing in (service.web_root, service.unit):
        yield from () if standing is None else (place.partition("/")[0] for place in standing.at.values())


def _paths(inventory: Inventory) -> Iterator[Loc]:
    yield from _whole_sections(inventory)
    for name, site in inventory.sites.items():
        for field in ("address", "coordinates", "failure_domains"):
            if field not in site.model_fields_set:
                yield ("sites", name, field)
    yield from (("people", name, "channels") for name, one in inventory.people.items() if not one.channels)
    for name, host in inventory.hosts.items():
        yield from (("hosts", name, field) for field in host.lacking)
        yield from (
            ("hosts", name, "postgres", cluster) for cluster, one in host.postgres.items() if one.lacking
        )
    for name, service in inventory.services.items():
        yield from (("services", name, *more) for more in _of_service(service))


def _whole_sections(inventory: Inventory) -> Iterator[Loc]:
    there = {
        "sites": any(not site.witness for site in inventory.sites.values()),
        "services": inventory.services,
        "people": inventory.people,
        "mail": "mail" in inventory.model_fields_set,
        "audiences": inventory.audiences,
    }
    yield from ((section,) for section, held in there.items() if not held)


def _of_service(service: Service) -> Iterator[Loc]:
    said = service.model_fields_set
    yield from ((name,) for name in ("tier", "without_it", "instead") if getattr(service, name) is None)
    if "probe" not in said:
        yield ("probe",)
    if service.run_by is not None:
        for field in ("contract", "telephone", "promised_rto"):
            if getattr(service.run_by, field) is None:
                yield ("run_by", field)
        return
    targets = service.targets
    if targets is None or any(getattr(targets, name) is None for name in type(targets).model_fields):
        yield ("targets",)
    if service.runs_at is None:
        yield ("runs_at",)
        return
    if "standby" not in service.runs_at.model_fields_set:
        yield ("runs_at", "standby")
    yield from _of_way_in(service, service.runs_at.sites)


def _of_way_in(service: Service, sites: Sequence[str]) -> Iterator[Loc]:
    if service.database is not None:
        yield from (("database", "at", site) for site in sites if site not in service.database.at)
        if len(sites) > 1 and "reached_through" not in service.model_fields_set:
            yield ("reached_through",)
    for name, standing in (("web_root", service.web_root), ("unit", service.unit)):
        if standing is not None:
            yield from ((name, "at", site) for site in sites if site not in standing.at)
    way = service.reached_through
    if way is not None:
        yield from (("reached_through", "backends", site) for site in sites if site not in way.backends)
        if way.address or way.zone is not None:
            yield from (("reached_through", "address", site) for site in sites if site not in way.address)
