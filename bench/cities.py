"""A city of many services, as files: each with a database at both sites, twenty to a machine. Nothing of it is real.

Every address is this machine's and every port is closed, so that whoever asks is refused at once.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import yaml

from console.terminal.init import make_city

PER_MACHINE = 20
SITES = {"north": 1, "south": 2}
"""A site, and the third number of its machines' addresses."""
SECRETS = dict.fromkeys(("BENCH", "SEAWALL_DNS_KEY", "SEAWALL_SLACK_TOKEN"), "no secret")
"""The environment that its secrets are read from: a run is not opened without those that its steps ask for."""
CLOSED = 9
"""The discard port, where nobody has listened for decades."""


def make_many(folder: Path, services: int) -> str:
    """Make a city of so many services in `folder`, beside those of the reference city; return the name of the last."""
    make_city(folder)
    names = [f"s{number:04d}" for number in range(services)]
    hosts = {
        f"{site}-many-{first // PER_MACHINE}": _host(
            site, first // PER_MACHINE, names[first : first + PER_MACHINE]
        )
        for site in SITES
        for first in range(0, services, PER_MACHINE)
    }
    entries = {name: _service(number, name) for number, name in enumerate(names)}
    _write(folder / "inventory" / "many-hosts.yaml", {"hosts": hosts})
    _write(folder / "inventory" / "many-services.yaml", {"services": entries})
    return names[-1]


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")


def _host(site: str, number: int, services: list[str]) -> dict[str, Any]:
    name = f"{site}-many-{number}"
    # An ed25519 key in OpenSSH's wire form: two strings, each after its length.
    key = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + hashlib.sha256(name.encode()).digest()
    return {
        "site": site,
        "address": f"127.0.{SITES[site]}.{100 + number}",
        "port": CLOSED,
        "user": "seawall",
        "key": "env:BENCH",
        "host_key": f"ssh-ed25519 {base64.b64encode(key).decode()}",
        "postgres": {name: _server(site, name) for name in services},
    }


def _server(site: str, name: str) -> dict[str, Any]:
    return {
        "port": CLOSED,
        "data_directory": f"/var/lib/postgresql/18/{name}",
        "binaries": "/usr/lib/postgresql/18/bin",
        "cluster_name": f"{name}-{site}",
        "system_identifier": "7574261893311420117",
        "database": name,
        "user": "seawall",
        "password": "env:BENCH",
        "replicator": "replicator",
        "replicator_password": "env:BENCH",
    }


def _service(number: int, name: str) -> dict[str, Any]:
    machine = number // PER_MACHINE
    return {
        "title": {"en": f"Service {number}", "da": f"Tjeneste {number}"},
        "without_it": {"en": "Nobody can use it", "da": "Ingen kan bruge den"},
        "instead": {"en": "Ring 70 00 00 00", "da": "Ring 70 00 00 00"},
        "tier": 2,
        "needs": ["login"],
        "runs_at": {"active": "north", "standby": "south"},
        "database": {"engine": "postgres", "at": {site: f"{site}-many-{machine}/{name}" for site in SITES}},
        "reached_through": {
            "balancer": "front",
            "backend": name,
            "backends": {site: site for site in SITES},
            "zone": "city.example",
            "name": f"{name}.city.example",
            "address": {site: f"{site}-many-{machine}" for site in SITES},
        },
        "probe": {"read": f"http://127.0.0.1:{CLOSED}/{name}", "every": "30s", "misses": 4},
        "targets": {"rto": "1h", "rpo": "5m", "mtpd": "1d", "approved_by": "dr-manager", "on": "2026-10-01"},
    }
