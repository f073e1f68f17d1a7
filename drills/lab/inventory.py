"""The lab as the reference city's inventory: its technical file, with everything in it the lab's own."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml

import drills
from drills.lab.layout import LabLayout
from seawall.entries import BalancerEntry, HostEntry, ServerEntry, StoreEntry, UnitEntry, WebRootEntry
from seawall.inventory import Inventory
from seawall.model import Frozen
from seawall.targets import Unit, WebRoot

EntryT = TypeVar("EntryT", bound=Frozen)
FILE = "hosts.yaml"
_HEAD = """\
# The lab's machines, written by `seawall lab up` and good as long as that lab is up. Secrets are files in its folder.
"""


def write_inventory(layout: LabLayout, folder: Path) -> Path:
    """Write the reference city into `folder`, with this lab as its technical file.

    Files of the city that are there already stay as they are; `hosts.yaml` is written anew.

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
    return written


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
