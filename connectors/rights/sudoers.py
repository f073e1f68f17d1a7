"""sudoers lines with exact words, and the digest of a program where it is ours. No wildcard, and never a shell.

A `*` in the arguments of a sudoers line also matches spaces and slashes (sudoers(5)), so a line that allows
`pg_ctl -D /srv/* stop` allows other options, too. Here nothing varies: what does comes over standard input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Line:
    """One line of sudoers.

    Attributes:
        account: as which account.
        words: the one command that it allows, program first.
        text: the line itself.
        needed_by: the actions that need it.
    """

    account: str
    words: tuple[str, ...]
    text: str
    needed_by: tuple[str, ...]


def lines(rights: Rights, host: Host) -> Iterator[Line]:
    """Yield each line that `host` needs."""
    for server, text in programs(rights, host):
        for word, actions in sorted(rights.owners[server].items()):
            account, words = str(server.sudo_as), (server.program, word)
            allowed = f"{_account(host)} ALL=({account}) NOPASSWD: sha256:{digest(text)} {' '.join(words)}"
            yield Line(account, words, allowed, tuple(actions))
    for command, needed_by in sorted(rights.commands.get(host, {}).items()):
        escaped = " ".join(map(_escaped, command))
        yield Line("root", command, f"{_account(host)} ALL=(root) NOPASSWD: {escaped}", tuple(needed_by))


def _escaped(word: str) -> str:
    r"""Write a word of a command so that sudoers takes it as it is, and for nothing else.

    Source: sudoers(5), "Special characters": `\\` becomes one backslash before the word is matched as a pattern, in
    which a backslash escapes again; so one that is meant takes four.
    """
    return re.sub(r"[,:=*?\[\]!\s#]", r"\\\g<0>", word.replace("\\", r"\\\\"))


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
    allowed = list(lines(rights, host))
    if not allowed:
        return
    as_root = any(line.account == "root" for line in allowed)
    head = [
        f"# {host.name}: what {host.user} may do by sudo, for Seawall; nothing else, and never a shell.",
        "# Install, as root, in this folder:",
        *(f"#   install -D -o root -g root -m 0755 {name} {server.program}" for name, server, _ in written),
        "#   visudo -cf sudoers && install -o root -g root -m 0440 sudoers /etc/sudoers.d/seawall",
    ]
    if written:
        head += [
            "# The digest is that of the program: sudo runs no other. After an update of Seawall, or of what the",
            "# inventory says of these servers, write both anew; `seawall doctor` says when.",
        ]
    if as_root:
        head += [
            "# As root, these commands alone, word for word: systemd asks for root to start and stop a unit."
        ]
    yield "sudoers", "\n".join((*head, *(line.text for line in allowed), ""))
    for name, _, text in written:
        yield name, text
