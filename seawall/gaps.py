"""What a city's files do not say yet: what is not possible until they do, and where to write it. Pure.

A gap is no mistake: the city loads, and whatever can do without the missing value works. Nothing is made up for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from seawall.inventory import Inventory, Service
from seawall.yaml_source import Loc

Written = Callable[[Loc, str], tuple[str, str]]
"""Where a line for `path` would stand, `file:line`, and the line as it would read there."""


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
    """

    path: Loc
    kind: str
    missing: str
    impossible: str
    how: str
    line: str
    where: str = ""
    plans: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """What lacks it and what it is, e.g. `services.login.targets`."""
        return ".".join(map(str, self.path))


@dataclass(frozen=True, slots=True)
class _Kind:
    """How gaps of one kind are told. `{name}` stands for what lacks it, `{field}` for the last part of the path."""

    kind: str
    missing: str
    impossible: str
    how: str
    line: str


_KINDS: Mapping[tuple[str, ...], _Kind] = {
    ("sites",): _Kind(
        "sites",
        "the places where services stand",
        "No service can be placed, moved or drilled",
        "Write each place under `sites:`",
        "sites: {north: {title: ...}}",
    ),
    ("people",): _Kind(
        "people",
        "who may act, and how they are reached",
        "Nobody can approve a step, answer a question or be told",
        "Write each under `people:` in inventory/people.yaml",
        "people: {duty-officer: {title: ..., roles: [incident-commander], email: ...}}",
    ),
    ("services", "runs_at"): _Kind(
        "places of services",
        "where {name} runs, or which supplier runs it",
        "Nobody is told that {name} stops when a site is lost, and it cannot be moved",
        "Name its site; or write `run_by:` when a supplier runs it",
        "runs_at: {active: ...}",
    ),
    ("services", "runs_at", "standby"): _Kind(
        "standby sites",
        "the site that takes {name} over",
        "{name} cannot be failed over, only restored",
        "Name the site; or write `standby: null` when there is none",
        "standby: ...",
    ),
    ("services", "database", "at"): _Kind(
        "database servers of services",
        "the server of {name} at {field}",
        "{name} cannot be failed over between its sites",
        "Name the server there as host/cluster",
        "{field}: .../...",
    ),
    ("services", "web_root", "at"): _Kind(
        "web roots of services",
        "the folder that {name} is shown from at {field}",
        "{name} cannot be shown from {field}",
        "Name it as host/root, and write it under `web_roots:` of that host",
        "{field}: .../...",
    ),
    ("services", "unit", "at"): _Kind(
        "units of services",
        "the program of {name} at {field}",
        "{name} cannot be started at {field}",
        "Name it as host/unit, and write it under `units:` of that host",
        "{field}: .../...",
    ),
    ("services", "reached_through"): _Kind(
        "ways in to services",
        "how users come to {name}: its balancer or its name in DNS",
        "Users of {name} cannot be led to its other site",
        "Name its balancer; or write `reached_through: null` when nothing of that is yours to switch",
        "reached_through: {balancer: ..., backend: ..., backends: {...}}",
    ),
    ("services", "reached_through", "backends"): _Kind(
        "ways in to services",
        "the balancer's server for {name} at {field}",
        "Users of {name} cannot be led to {field}",
        "Write its name as the balancer's configuration has it",
        "{field}: ...",
    ),
    ("services", "reached_through", "address"): _Kind(
        "ways in to services",
        "what the DNS name of {name} points to at {field}",
        "The DNS name of {name} cannot be switched to {field}",
        "Write an address, or a host of the inventory",
        "{field}: ...",
    ),
    ("services", "tier"): _Kind(
        "tiers",
        "how early {name} must be back: 1 is first, 4 last",
        "Nobody is told whether to bring {name} back before the others",
        "Ask whoever answers for it",
        "tier: ...",
    ),
    ("services", "targets"): _Kind(
        "targets",
        "what was promised for {name}: {field}",
        "RTA and RPA of {name} cannot be judged",
        "Ask whoever answers for it; write who approved it and when",
        "targets: {rto: ..., rpo: ..., mtpd: ..., approved_by: ..., on: ...}",
    ),
    ("services", "without_it"): _Kind(
        "texts for citizens",
        "what citizens cannot do without {name}",
        "Messages and pages about {name} say `not written down yet` where they should say what it means",
        "Ask whoever answers for it, and write it in Danish and English",
        "without_it: {en: ..., da: ...}",
    ),
    ("services", "instead"): _Kind(
        "texts for citizens",
        "what citizens can do while {name} is down",
        "Messages and pages about {name} say `not written down yet` where they should say what to do",
        "Ask whoever answers for it, and write it in Danish and English",
        "instead: {en: ..., da: ...}",
    ),
    ("services", "probe"): _Kind(
        "probes",
        "how {name} is watched from outside",
        "Nobody sees when {name} goes down, and no drill can measure how long it was away",
        "Write an address that answers while it is well; or `probe: null` when there is none",
        "probe: {read: ..., every: 30s}",
    ),
    ("services", "run_by"): _Kind(
        "contracts with suppliers",
        "{field} of the supplier of {name}",
        "A runbook for {name} cannot say {field}",
        "Look into the contract",
        "{field}: ...",
    ),
    ("hosts", "site"): _Kind(
        "sites of hosts",
        "where {name} stands",
        "No command is sent to {name}: nobody could tell what is lost with which site",
        "Name its site",
        "site: ...",
    ),
    ("hosts", "user"): _Kind(
        "logins of hosts",
        "who Seawall logs in to {name} as",
        "No command is sent to {name}",
        "Make an account there that may do what `seawall doctor --needs` says, and no more",
        "user: ...",
    ),
    ("hosts", "key"): _Kind(
        "logins of hosts",
        "where the private key for {name} is kept",
        "No command is sent to {name}",
        "Write where it is kept, never the key: file:/path, env:NAME, keyring:service/name or vault:path#key",
        "key: ...",
    ),
    ("hosts", "host_key"): _Kind(
        "host keys",
        "the public key that {name} shows",
        "No command is sent to {name}: a stranger in its place could not be told from it",
        "See /etc/ssh/ssh_host_ed25519_key.pub on the machine itself; `ssh-keyscan` may meet a stranger",
        "host_key: ssh-ed25519 ...",
    ),
    ("hosts", "postgres"): _Kind(
        "database servers",
        "by what the server {field} on {name} is reached and recognised",
        "Nothing is read from it, promoted or backed up",
        "Ask it: SHOW data_directory, SHOW cluster_name, SELECT system_identifier FROM pg_control_system()",
        "",
    ),
    ("sites", "address"): _Kind(
        "addresses of sites",
        "street and town of {name}",
        "Nobody who must go to {name} is told where it is",
        "Write street and town",
        "address: ...",
    ),
    ("sites", "coordinates"): _Kind(
        "coordinates of sites",
        "where {name} is on the map",
        "It cannot be told whether {name} lies in the water or under the storm",
        "Write latitude and longitude in degrees",
        "coordinates: [..., ...]",
    ),
    ("sites", "failure_domains"): _Kind(
        "shared fate of sites",
        "what {name} hangs on: grid, basin, fibre",
        "It cannot be told whether {name} is lost together with another site",
        "Name them; or write `failure_domains: []` when it hangs on nothing that others do",
        "failure_domains: [...]",
    ),
}
"""Every kind of gap by where it stands, without names. The order is that in which one thing's gaps are filled."""

_RANK = {where: rank for rank, where in enumerate(_KINDS)}
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
    told = _KINDS[_shape(path)]
    words = {"name": str(path[1]) if len(path) > 1 else "", "field": str(path[-1])}
    place, line = path, told.line
    if _shape(path) == ("services", "targets"):
        words["field"], place, line = _targets(inventory, path, line)
    elif _shape(path) == ("hosts", "postgres"):
        lacking = inventory.hosts[str(path[1])].postgres[str(path[3])].lacking
        place, line = (*path, lacking[0]), "\n".join(f"{one}: ..." for one in lacking)
    line = _filled(line, words)
    where, line = ("inventory", line) if written is None else written(place, line)
    return Gap(
        path=path,
        kind=told.kind,
        missing=_filled(told.missing, words),
        impossible=_filled(told.impossible, words),
        how=_filled(told.how, words),
        line=line,
        where=where,
    )


def counted(found: Iterable[Gap]) -> Mapping[str, int]:
    """Return how many gaps there are of each kind, the most first."""
    return dict(Counter(one.kind for one in found).most_common())


def _shape(path: Loc) -> tuple[str, ...]:
    """Return the path without the names that the city's people chose."""
    whole = (str(path[0]), *map(str, path[2:4]))
    return whole if whole in _KINDS else whole[:2]


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
    order = sorted(
        inventory.services.items(), key=lambda named: (named[1].tier or _NO_TIER, -dependents[named[0]])
    )
    weight: dict[Loc, int] = {("sites",): -1, ("people",): -1}
    weight |= {("sites", name): _OF_NOBODY for name in inventory.sites}
    weight |= {("hosts", name): _OF_NOBODY - 1 for name in inventory.hosts}
    for rank, (name, service) in enumerate(order):
        weight["services", name] = rank
        for host in _machines(service):
            weight["hosts", host] = min(rank, weight.get(("hosts", host), rank))
    return weight


def _machines(service: Service) -> Iterator[str]:
    for hosts in service.machines.values():
        yield from hosts
    if service.database is not None:
        yield from (server.partition("/")[0] for server in service.database.at.values())
    for standing in (service.web_root, service.unit):
        yield from () if standing is None else (place.partition("/")[0] for place in standing.at.values())


def _paths(inventory: Inventory) -> Iterator[Loc]:
    if not any(not site.witness for site in inventory.sites.values()):
        yield ("sites",)
    if not inventory.people:
        yield ("people",)
    for name, site in inventory.sites.items():
        for field in ("address", "coordinates", "failure_domains"):
            if field not in site.model_fields_set:
                yield ("sites", name, field)
    for name, host in inventory.hosts.items():
        yield from (("hosts", name, field) for field in host.lacking)
        yield from (
            ("hosts", name, "postgres", cluster) for cluster, one in host.postgres.items() if one.lacking
        )
    for name, service in inventory.services.items():
        yield from (("services", name, *more) for more in _of_service(service))


def _of_service(service: Service) -> Iterator[Loc]:
    said = service.model_fields_set
    yield from ((name,) for name in ("tier", "without_it", "instead") if getattr(service, name) is None)
    if "probe" not in said:
        yield ("probe",)
    if service.run_by is not None:
        for field in ("telephone", "promised_rto"):
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
        if "reached_through" not in service.model_fields_set:
            yield ("reached_through",)
    for name, standing in (("web_root", service.web_root), ("unit", service.unit)):
        if standing is not None:
            yield from ((name, "at", site) for site in sites if site not in standing.at)
    way = service.reached_through
    if way is not None:
        yield from (("reached_through", "backends", site) for site in sites if site not in way.backends)
        if way.address or way.zone is not None:
            yield from (("reached_through", "address", site) for site in sites if site not in way.address)
