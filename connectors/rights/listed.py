"""Every single right as one line that can be installed as it stands, with what was seen of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connectors.rights import policies, sql, sudoers
from connectors.rights.gathered import Actions, Rights
from connectors.rights.ports import line_of
from connectors.rights.seen import words
from seawall.targets import PowerSocket

State = Literal["there", "missing", "not-known", "only-a-drill-tells"]
Kind = Literal["log-in", "sudo", "tool", "grant", "port", "bucket", "balancer", "zone", "power"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One right.

    Attributes:
        kind: what sort of thing it is.
        about: the inventory's name for where it is needed.
        right: in words.
        line: as it is installed there.
        needed_by: the actions that need it.
    """

    kind: Kind
    about: str
    right: str
    line: str
    needed_by: tuple[str, ...]
    state: State = "not-known"


Seen = Mapping[tuple[str, str, str], bool | None]
"""By kind of sight, place and right: there, missing, or asked for and not to be told by reading."""


def listed(rights: Rights, seen: Seen) -> Iterator[Listed]:
    """Yield every right, a place after another."""
    yield from _on_hosts(rights, seen)
    yield from _in_databases(rights, seen)
    yield from _ports(rights, seen)
    yield from _elsewhere(rights, seen)


def _on_hosts(rights: Rights, seen: Seen) -> Iterator[Listed]:
    for host in rights.hosts:
        reached = any(key[:2] == ("programs", host.name) for key in seen)
        line = f"the public half of {host.key} in ~{host.user}/.ssh/authorized_keys"
        yield Listed(
            "log-in",
            host.name,
            f"account {host.user}",
            line,
            tuple(_names(rights.programs.get(host, {}))),
            "there" if reached else "not-known",
        )
        for allowed in sudoers.lines(rights, host):
            right = " ".join(allowed.words)
            state = _state(seen, "sudo", host.name, right)
            yield Listed("sudo", host.name, right, allowed.text, allowed.needed_by, state)
        for name, actions in rights.programs.get(host, {}).items():
            state = _state(seen, "programs", host.name, name)
            yield Listed("tool", host.name, name, name, tuple(actions), state)


def _in_databases(rights: Rights, seen: Seen) -> Iterator[Listed]:
    for role, granted in rights.roles.items():
        servers = sorted(server.name for server in rights.servers[role])
        for grant, text in sql.statements(role, granted):
            right = grant.right if grant else "role"
            states = {_state(seen, "role", f"{role.name}@{server}", right) for server in servers}
            worst: State = "missing" if "missing" in states else "there" if "there" in states else "not-known"
            if grant is None:
                known = {_any(seen, f"{role.name}@{server}") for server in servers}
                worst = "there" if "there" in known else "not-known"
            actions = tuple(granted[grant]) if grant else tuple(_names(granted))
            yield Listed("grant", ", ".join(servers), f"{role.name}: {right}", text, actions, worst)


def _ports(rights: Rights, seen: Seen) -> Iterator[Listed]:
    for way, actions in rights.ways.items():
        line = line_of(way)
        yield Listed(
            "port", way.to, words(way), line, tuple(actions), _state(seen, "way", way.to, words(way))
        )


def _elsewhere(rights: Rights, seen: Seen) -> Iterator[Listed]:
    for store, allowed in rights.buckets.items():
        for key, actions in allowed.items():
            only: Mapping[tuple[str, str], Actions] = {key: actions}
            line = json.dumps(policies.policy(store.bucket, only)["Statement"][0])
            right = policies.words(*key)
            state = _state(seen, "bucket", store.name, right)
            yield Listed("bucket", store.name, right, line, tuple(actions), state)
    for balancer, levels in rights.balancers.items():
        wanted = "admin" if "admin" in levels else "user"
        line = f"stats socket ipv4@{balancer.runtime} level {wanted}"
        state = _state(seen, "level", balancer.name, f"level {wanted}")
        yield Listed("balancer", balancer.name, f"level {wanted}", line, tuple(_names(levels)), state)
    for zone, updates in rights.zones.items():
        for (name, record), actions in updates.items():
            if name:
                line = f'update-policy {{ grant "{zone.key_name}" name {name.rstrip(".")}. {record}; }};'
                yield Listed(
                    "zone", zone.name, f"update {name} {record}", line, tuple(actions), "only-a-drill-tells"
                )
    for host, kinds in rights.controllers.items():
        right = "Operator" if True in kinds else "ReadOnly"
        line = _at_controller(host.power, right) if host.power is not None else ""
        yield Listed("power", host.name, right, line, tuple(_names(kinds)), "only-a-drill-tells")


def _at_controller(socket: PowerSocket, right: str) -> str:
    if socket.kind == "redfish":
        return f"Redfish role {right} for {socket.username} on {socket.system}"
    switch = "VirtualMachine.Interact.PowerOff and .PowerOn" if right == "Operator" else "System.Read"
    return f"vCenter privileges {switch} for {socket.username} on the virtual machine {socket.system} and no other"


def _state(seen: Seen, kind: str, place: str, right: str) -> State:
    if (kind, place, right) not in seen:
        return "not-known"
    found = seen[kind, place, right]
    return "only-a-drill-tells" if found is None else "there" if found else "missing"


def _any(seen: Seen, place: str) -> State:
    found = [value for (kind, at, _), value in seen.items() if kind == "role" and at == place]
    return "there" if any(found) else "not-known"


def _names(of: Mapping[Any, Actions]) -> Iterator[str]:
    yield from dict.fromkeys(name for actions in of.values() for name in actions)
