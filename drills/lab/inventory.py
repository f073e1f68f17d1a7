"""The lab as the reference city's inventory: its technical file, with everything in it the lab's own."""

from __future__ import annotations

import functools
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

import drills
from drills.lab import alive
from drills.lab.layout import LabLayout
from drills.lab.store import PLACES_BUCKET
from seawall.entries import (
    BalancerEntry,
    HostEntry,
    PlaceEntry,
    ServerEntry,
    StoreEntry,
    UnitEntry,
    WebRootEntry,
)
from seawall.errors import BadInput
from seawall.inventory import Inventory
from seawall.loading.city_files import yaml_files
from seawall.model import Frozen
from seawall.targets import Unit, WebRoot
from seawall.yaml_source import read_yaml

EntryT = TypeVar("EntryT", bound=Frozen)
FILE = "hosts.yaml"
_EARLIER_LAB = re.compile(r"http://127\.0\.[1-4]\.\d+:\d+(/\S*)")
_DEEP = len(("services", "a service", "probe", "read"))
_HEAD = """\
# The lab's machines, written by `seawall lab up` and good as long as that lab is up. Secrets are files in its folder.
"""


def write_inventory(layout: LabLayout, folder: Path) -> Path:
    """Write the reference city into `folder`, with this lab as its technical file.

    Files of the city that are there already stay as they are; `hosts.yaml` is written anew. So is where a service is
    watched, wherever the reference city or an earlier lab had said it: a city's own address stays.

    Returns:
        The file that names the lab.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted((Path(drills.__file__).parent / "city" / "inventory").glob("*.yaml")):
        if file.name != FILE and not (folder / file.name).exists():
            shutil.copyfile(file, folder / file.name)
    written = folder / FILE
    fresh = written.with_suffix(".new")
    fresh.write_text(
        _HEAD + yaml.safe_dump(technical_facts(layout), sort_keys=False, width=200, allow_unicode=True)
    )
    fresh.replace(written)
    for file in yaml_files(folder):
        _point_probes(file, layout.watched_at)
    return written


def _point_probes(file: Path, watched_at: Mapping[str, str]) -> None:
    """Point the probes in a file at this lab. A file that cannot be read stays; `seawall check` says what is wrong."""
    try:
        source = read_yaml(file, may_be_empty=True)
    except BadInput:
        return
    services = source.value.get("services") if isinstance(source.value, dict) else None
    if not isinstance(services, dict):
        return
    lines, changed = list(source.lines), False
    for service, address in watched_at.items():
        spot = source.spot(("services", service, "probe", "read"))
        written = source.written(spot.value).strip("\"'")
        if len(spot.reached) != _DEEP or not _may_be_pointed(written, service):
            continue
        start, end = spot.value.start_mark, spot.value.end_mark
        line = lines[start.line]
        lines[start.line] = f'{line[: start.column]}"{address}"{line[end.column :]}'
        changed = True
    if changed:
        fresh = file.with_suffix(".new")
        fresh.write_text("\n".join(lines), encoding="utf-8")
        fresh.replace(file)


def _may_be_pointed(written: str, service: str) -> bool:
    earlier = _EARLIER_LAB.fullmatch(written)
    at_first = _reference_services()[service]["probe"]["read"]
    return written == at_first or (earlier is not None and earlier[1] in {"/", alive.path(service)})


@functools.cache
def _reference_services() -> Any:
    return read_yaml(Path(drills.__file__).parent / "city" / "inventory" / "services.yaml").value["services"]


def technical_facts(layout: LabLayout) -> dict[str, Any]:
    """Return what hosts.yaml holds, section by section, as `Inventory` reads it."""
    servers: dict[str, dict[str, ServerEntry]] = {name: {} for name in layout.hosts}
    for server in layout.servers.values():
        host, _, cluster = server.name.partition("/")
        servers[host][cluster] = ServerEntry(**server.model_dump(exclude={"name", "host"}))
    roots = _on_hosts(layout, layout.web_roots.values(), WebRootEntry)
    units = _on_hosts(layout, layout.units.values(), UnitEntry)
    sections: dict[str, dict[str, Frozen] | Frozen] = {
        "hosts": {
            name: HostEntry(
                **host.model_dump(exclude={"name"}),
                postgres=servers[name],
                web_roots=roots[name],
                units=units[name],
            )
            for name, host in layout.hosts.items()
        },
        "stores": {
            name: StoreEntry(**one.model_dump(exclude={"name"})) for name, one in layout.stores.items()
        },
        "places": {
            one.site: PlaceEntry(store=name, bucket=PLACES_BUCKET) for name, one in layout.stores.items()
        },
        "balancers": {
            layout.balancer.name: BalancerEntry(runtime=layout.balancer.runtime, front=layout.front)
        },
        "zones": {layout.zone.name: layout.zone},
        "mail": layout.mail,
        "slack": layout.slack,
    }
    assert set(sections) <= set(Inventory.model_fields)
    return {name: _plain(section) for name, section in sections.items()}


def _on_hosts(
    layout: LabLayout, targets: Iterable[WebRoot | Unit], entry: type[EntryT]
) -> dict[str, dict[str, EntryT]]:
    found: dict[str, dict[str, EntryT]] = {name: {} for name in layout.hosts}
    for one in targets:
        host, _, name = one.name.partition("/")
        found[host][name] = entry(**one.model_dump(exclude={"name", "host"}))
    return found


def _plain(section: dict[str, Frozen] | Frozen) -> Any:
    if isinstance(section, Frozen):
        return section.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return {name: _plain(one) for name, one in section.items()}
