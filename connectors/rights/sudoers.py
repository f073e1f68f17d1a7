"""sudoers lines with exact words and the digest of exactly one program. No wildcard, no shell, never root.

A `*` in the arguments of a sudoers line also matches spaces and slashes (sudoers(5)), so a line that allows
`pg_ctl -D /srv/* stop` allows other options, too. Here nothing varies: what does comes over standard input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from connectors.postgres.program import digest, program
from connectors.rights.gathered import Rights
from seawall.errors import BadInput
from seawall.targets import Host, Server


def servers_by_sudo(rights: Rights, host: Host) -> tuple[Server, ...]:
    """Return the servers on `host` that are worked on as another account than the one Seawall logs in with."""
    return tuple(server for server in rights.owners if server.host.name == host.name)


def programs(rights: Rights, host: Host) -> Iterator[tuple[Server, str]]:
    """Yield each server's own program, as it must lie on `host`."""
    for server in servers_by_sudo(rights, host):
        yield server, program(server, rights.peers.get(server.name, {}), rights.owners[server])


def lines(rights: Rights, host: Host) -> Iterator[tuple[Server, str, str]]:
    """Yield each line that `host` needs, with its server and the word that it allows."""
    for server, text in programs(rights, host):
        for word in sorted(rights.owners[server]):
            allowed = f"sha256:{digest(text)} {server.program} {word}"
            yield server, word, f"{_account(host)} ALL=({server.sudo_as}) NOPASSWD: {allowed}"


def _account(host: Host) -> str:
    """Return the account, if a sudoers line can hold it as it is. Raises: BadInput."""
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", host.user):
        raise BadInput.one(
            f"{host.user!r} is no account name that a sudoers line can hold",
            where=f"hosts: {host.name}: user",
            remedy="Log in there as an account whose name is made of a-z, 0-9, _ and -",
        )
    return host.user


def files(rights: Rights, host: Host) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every file for `host`, how to install them first."""
    written = [(PurePosixPath(server.program).name, server, text) for server, text in programs(rights, host)]
    if not written:
        return
    head = [
        f"# {host.name}: what {host.user} may do as other accounts, for Seawall; nothing else, and nothing as root.",
        "# Install, as root, in this folder:",
        *(f"#   install -D -o root -g root -m 0755 {name} {server.program}" for name, server, _ in written),
        "#   visudo -cf sudoers && install -o root -g root -m 0440 sudoers /etc/sudoers.d/seawall",
        "# The digest is that of the program: sudo runs no other. After an update of Seawall, or of what the inventory",
        "# says of these servers, write both anew; `seawall doctor` says when.",
    ]
    yield "sudoers", "\n".join((*head, *(line for _, _, line in lines(rights, host)), ""))
    for name, _, text in written:
        yield name, text
