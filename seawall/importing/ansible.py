"""Hosts from an Ansible inventory, in INI or YAML: their addresses, ports, users and groups. Nothing is executed.

Of variables only those that say how a host is reached are read; passwords and what is vaulted are never looked at.

Source: Ansible's documentation, "How to build your inventory" (core 2.19): a host's own variables go before those of
its groups, a child group's before its parent's, of two as deep the one last in the alphabet, and `all` comes last; what
stands in `host_vars/` and `group_vars/` goes before what the inventory says of the same kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from seawall.importing.draft import Draft, FoundHost, safe_name
from seawall.loading.cycles import cycles

WANTED = {
    "ansible_host": "address",
    "ansible_ssh_host": "address",
    "ansible_port": "port",
    "ansible_ssh_port": "port",
    "ansible_user": "user",
    "ansible_ssh_user": "user",
    "ansible_ssh_private_key_file": "key",
    "ansible_private_key_file": "key",
    "ansible_connection": "connection",
}
"""The variables that are read, and what each says."""

MOST_HOSTS = 50_000
_RANGE = re.compile(r"\[([0-9]+|[a-zA-Z]):([0-9]+|[a-zA-Z])(?::([0-9]+))?\]")
_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Value:
    """A variable's value and its place; None when it is vaulted."""

    text: str | None
    place: str


@dataclass(slots=True)
class Group:
    """A group: its hosts, its variables, and the groups below it."""

    hosts: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Value] = field(default_factory=dict)
    children: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Groups:
    """All of an inventory, as its file divides it.

    Attributes:
        hosts: each host's own variables.
        beside, beside_hosts: the variables of groups and hosts that stand in folders beside the inventory.
    """

    draft: Draft
    groups: dict[str, Group] = field(default_factory=dict)
    hosts: dict[str, dict[str, Value]] = field(default_factory=dict)
    said_in: dict[str, str] = field(default_factory=dict)
    beside: dict[str, dict[str, Value]] = field(default_factory=dict)
    beside_hosts: dict[str, dict[str, Value]] = field(default_factory=dict)

    def group(self, name: str) -> Group:
        """Return the group, made when it is new."""
        return self.groups.setdefault(name, Group())

    def add(self, group: str, written: str, variables: dict[str, Value], place: str) -> None:
        """Add a host, or a range of them, to a group."""
        try:
            for name in spelled_out(written, MOST_HOSTS - len(self.hosts)):
                self.group(group).hosts.setdefault(name, place)
                self.said_in.setdefault(name, place)
                self.hosts.setdefault(name, {}).update(variables)
        except ValueError as error:
            self.draft.wrong(place, str(error), "Write a range as web[01:03], its first before its last")

    def finish(self) -> None:
        """Check that no group holds itself, and take every host into the draft."""
        for loop in cycles({name: tuple(one.children) for name, one in self.groups.items()}):
            place = self.groups[loop[0]].children[loop[1]]
            problem = f"groups hold one another in a circle: {' -> '.join(loop)}"
            self.draft.wrong(place, problem, "Remove one of them from the other's children")
        if self.draft.mistakes:
            return
        above = self._above()
        for name, own in self.hosts.items():
            self._take(name, own, above)

    def _above(self) -> dict[str, list[str]]:
        """Return the groups of each host, those first whose variables go before the others'."""
        parents: dict[str, list[str]] = {}
        for name, group in self.groups.items():
            for child in group.children:
                parents.setdefault(child, []).append(name)
        depth = self._depths()
        of_group = {name: list(_wave(name, parents)) for name in self.groups}
        found: dict[str, list[str]] = {}
        for name, group in self.groups.items():
            for host in group.hosts:
                found.setdefault(host, []).extend(of_group[name])
        return {
            host: [
                *sorted({*groups} - {"all"}, key=lambda one: (depth.get(one, 0), one), reverse=True),
                "all",
            ]
            for host, groups in found.items()
        }

    def _depths(self) -> dict[str, int]:
        """Return how far below `all` each group stands, by its longest way; no group holds itself."""
        waits = dict.fromkeys(self.groups, 0)
        for group in self.groups.values():
            for child in group.children:
                waits[child] += 1
        depth = dict.fromkeys(self.groups, 1)
        ready = [name for name, count in waits.items() if count == 0]
        while ready:
            name = ready.pop()
            for child in self.groups[name].children:
                depth[child] = max(depth[child], depth[name] + 1)
                waits[child] -= 1
                if waits[child] == 0:
                    ready.append(child)
        return depth

    def _take(self, name: str, own: dict[str, Value], above: dict[str, list[str]]) -> None:
        groups = above.get(name, ["all"])
        said: dict[str, Value] = {}
        in_file = (self.groups[group].variables for group in groups if group in self.groups)
        beside = (self.beside.get(group, {}) for group in groups)
        for variables in (self.beside_hosts.get(name, {}), own, *beside, *in_file):
            for variable, value in variables.items():
                said.setdefault(WANTED[variable], value)
        place = self.said_in[name]
        if said.get("connection", Value("", "")).text == "local" or name == "localhost":
            self.draft.notes.append(f"{place}: not taken: {name} is the machine Ansible itself runs on")
            return
        stands_under = safe_name(name)
        if not stands_under:
            self.draft.wrong(place, f"nothing of {name!r} can stand in a name", "Give it a name with a to z")
            return
        if stands_under in self.draft.hosts:
            other = self.draft.hosts[stands_under].said_in
            problem = f"{name!r} and a host at {other} would both be called `{stands_under}`"
            self.draft.wrong(place, problem, "Rename one of the two")
            return
        address = self._text(said, "address") or name
        host = FoundHost(stands_under, address, place, known_as={name.lower(), address.lower(), stands_under})
        host.user = self._text(said, "user")
        host.groups = [one for one in groups if one not in {"all", "ungrouped"}]
        host.port = self._port(said)
        key = self._text(said, "key")
        host.key = f"file:{key}" if key is not None and key.startswith("/") else None
        if key is not None and host.key is None:
            where = said["key"].place
            self.draft.notes.append(
                f"{where}: not taken: the key file {key}, which is not named from the root"
            )
        self.draft.hosts[stands_under] = host

    def _text(self, said: dict[str, Value], of: str) -> str | None:
        value = said.get(of)
        if value is None:
            return None
        if value.text is None:
            self.draft.notes.append(f"{value.place}: not read: the {of} is vaulted")
            return None
        if "{{" in value.text or "{%" in value.text:
            self.draft.notes.append(
                f"{value.place}: not taken: the {of} is a template, which only Ansible can fill"
            )
            return None
        return value.text.strip() or None

    def _port(self, said: dict[str, Value]) -> int | None:
        text = self._text(said, "port")
        if text is None:
            return None
        if text.isdecimal() and len(text) <= _DIGITS and 0 < int(text) < 65536:  # noqa: PLR2004 - TCP's ports
            return int(text)
        self.draft.wrong(said["port"].place, f"{text!r} is no port", "Write a number from 1 to 65535")
        return None


def _wave(name: str, parents: dict[str, list[str]]) -> Iterator[str]:
    seen, wave = {name}, [name]
    while wave:
        yield from wave
        wave = [
            one
            for one in dict.fromkeys(up for here in wave for up in parents.get(here, ()))
            if one not in seen
        ]
        seen.update(wave)


def spelled_out(written: str, at_most: int = MOST_HOSTS) -> Iterator[str]:
    """Spell out the ranges in a host's name.

    >>> list(spelled_out("web[08:10].dk")), list(spelled_out("db-[a:c]")), list(spelled_out("x[0:4:2]"))
    (['web08.dk', 'web09.dk', 'web10.dk'], ['db-a', 'db-b', 'db-c'], ['x0', 'x2', 'x4'])

    Raises:
        ValueError: a range is none, or there would be more than `at_most` hosts.
    """
    match = _RANGE.search(written)
    if match is None:
        if "[" in written or "]" in written:
            message = f"{written!r} holds a range that cannot be read"
            raise ValueError(message)
        yield written
        return
    count = 0
    for middle in _range(written, match):
        for rest in spelled_out(written[match.end() :], at_most):
            count += 1
            if count > at_most:
                message = f"{written!r} is more than {at_most:,} hosts"
                raise ValueError(message)
            yield f"{written[: match.start()]}{middle}{rest}"


def _range(written: str, match: re.Match[str]) -> Iterator[str]:
    first, last, step = match[1], match[2], int((match[3] or "1")[:9])
    numbers = first.isdigit() and last.isdigit()
    if first.isdigit() is not last.isdigit() or step < 1 or max(len(first), len(last)) > 9:  # noqa: PLR2004 - digits
        message = f"{written!r} holds a range that cannot be read"
        raise ValueError(message)
    begin, end = (int(first), int(last)) if numbers else (ord(first), ord(last))
    if begin > end:
        message = f"{written!r} holds a range that ends before it begins"
        raise ValueError(message)
    width = len(first) if first.startswith("0") else 0
    return (str(n).zfill(width) if numbers else chr(n) for n in range(begin, end + 1, step))
