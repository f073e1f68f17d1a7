"""What somebody with such machines has lying about: an ssh configuration, known_hosts, and the list of machines.

From these a city's inventory is begun, as with machines of one's own; `docs/tutorial.md` does it. Of the machines that
are reached over SSH only the two with records are among them, so that a first city is small.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from drills.lab.errors import LabMisused
from drills.lab.layout import LabLayout

FILES = ("ssh_config", "known_hosts", "machines.csv")
COLUMNS = ("machine", "site", "what", "address", "port", "number")
_WHAT = {
    "ssh": "SSH",
    "postgres": "PostgreSQL",
    "runtime": "HAProxy, its runtime socket",
    "http": "HTTP",
    "smtp": "mail relay",
    "dns": "name server",
}
"""What answers, by what the lab calls it."""
_SHOWN = ("db", "front", "dns", "mail", "power")
"""Kinds of machines that a service with records needs."""


def write_papers(layout: LabLayout, folder: Path) -> tuple[Path, ...]:
    """Write them into `folder`, in place of older ones.

    Raises:
        LabMisused: the folder cannot be written.
    """
    texts = {
        "ssh_config": "\n".join(_ssh_config(layout)),
        "known_hosts": "\n".join(_known_hosts(layout)),
        "machines.csv": _machines(layout),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise LabMisused(
            f"the papers cannot be written: {error.strerror}",
            where=str(folder),
            remedy="Choose another folder",
        ) from error
    return tuple(folder / name for name in FILES)


def _with_records(layout: LabLayout) -> Mapping[str, int]:
    return {server.host.name: server.port for server in layout.servers.values()}


def _ssh_config(layout: LabLayout) -> Iterator[str]:
    for name in _with_records(layout):
        host = layout.hosts[name]
        yield f"Host {name}"
        yield f"    HostName {host.address}"
        yield f"    Port {host.port}"
        yield f"    User {host.user}"
        yield f"    IdentityFile {host.key.removeprefix('file:')}"


def _known_hosts(layout: LabLayout) -> Iterator[str]:
    for name in _with_records(layout):
        host = layout.hosts[name]
        yield f"[{host.address}]:{host.port} {host.host_key}"


def _machines(layout: LabLayout) -> str:
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(COLUMNS)
    for machine in layout.machines:
        kind = machine.name.partition("-")[2]
        if kind not in _SHOWN:
            continue
        for service, port in ((one, port) for one, port in machine.ports.items() if one in _WHAT):
            what = "power controller" if kind == "power" else _WHAT[service]
            what = "HAProxy, where users come" if (kind, service) == ("front", "http") else what
            table.writerow(
                (machine.name, machine.site, what, machine.address, port, _number(layout, machine.name))
            )
    return written.getvalue()


def _number(layout: LabLayout, machine: str) -> str:
    """Return what the power controller knows a machine by, as it stands on a sticker on it."""
    host = layout.hosts.get(machine)
    return host.power.uuid if host is not None and host.power is not None else ""
