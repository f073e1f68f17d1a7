"""The HAProxy before the services: a backend each, a server a site, moved over its runtime socket alone.

It checks nothing by itself: which site serves is the runbook's to say, and a balancer that follows health would hide
whether it did.

Source: HAProxy 2.8 management guide, "set server <b>/<s> state [ ready | drain | maint ]".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from drills.lab.account import Account
from drills.lab.machine import Program
from seawall.targets import Endpoint

BACKEND = "login"
NAMES = {"website": "www", "appointments": "tid"}
"""By what users' names for them begin; every other name is the login service's."""


def prepare(
    home: Path,
    front: Endpoint,
    admin: Endpoint,
    backends: Mapping[str, Mapping[str, Endpoint]],
    account: Account,
    *,
    ways_in: Mapping[str, Endpoint],
) -> None:
    """Lay down its configuration.

    `backends`: each service at each site; all but the first site begin in maintenance. `ways_in`: where a service is
    reached without its name, as whoever watches it does.
    """
    written = "\n\n".join(_backend(name, servers) for name, servers in backends.items())
    chosen = "\n".join(
        f"    use_backend {name} if {{ req.hdr(host) -i -m beg {NAMES[name]}. }}"
        for name in backends
        if name in NAMES
    )
    nameless = "\n\n".join(
        f"frontend {name}-watched\n    bind {at}\n    default_backend {name}" for name, at in ways_in.items()
    )
    conf = home / "haproxy.cfg"
    conf.write_text(f"""\
global
    maxconn 2000
    nbthread 1
    stats socket {home}/run/admin.sock mode 600 level admin
    stats socket ipv4@{admin} level admin
    stats timeout 1m

defaults
    mode http
    retries 0
    timeout connect 500ms
    timeout queue 500ms
    timeout client 30s
    timeout http-request 5s
    timeout server 3s

frontend login
    bind {front}
{chosen}
    default_backend {BACKEND}

{nameless}

{written}
""")
    account.own(conf)


def _backend(name: str, servers: Mapping[str, Endpoint]) -> str:
    active = next(iter(servers))
    lines = (f"    server {site} {at}{'' if site == active else ' disabled'}" for site, at in servers.items())
    return "\n".join((f"backend {name}", *lines))


def program(haproxy: Path, home: Path) -> Program:
    """Return what the front's machine starts."""
    return Program("haproxy", (str(haproxy), "-db", "-f", str(home / "haproxy.cfg")), as_servers=True)
