"""The one program that may be run as a server's own account, written for that server from the inventory.

It holds the same scripts that are sent to a machine where Seawall logs in as that account, one a word.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable, Iterator, Sequence

from connectors.postgres.scripts import script
from seawall.targets import Server

PARTS: dict[str, tuple[str, ...]] = {
    "look": ("look",),
    "identity": ("identity",),
    "history": ("history",),
    "divergence": ("count", "divergence"),
    "fence": ("stop", "fence"),
    "unfence": ("noted", "start", "stop", "unfence"),
    "start-standby": ("noted", "start", "start-standby"),
    "keep": ("stop", "noted", "quiet", "count", "keep"),
    "rewind": ("password", "stop", "follow", "rewind"),
    "start-following": ("password", "noted", "start", "stop", "follow", "start-following"),
    "rebuild": ("password", "noted", "start", "stop", "follow", "rebuild"),
}
"""What each word is made of: files of `shell/`."""
MAY_BE_EMPTY = ("rebuild",)
"""Words for a data directory in which nothing at all may lie, too."""

_HEAD = """\
#!/bin/sh
# {name}: all that Seawall may do as {account} on this machine, by these words: {words}.
# Written by `seawall doctor --needs --as sudoers`. Owned by root, mode 0755; the sudoers lines hold its digest.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
"""


def program(server: Server, peers: Iterable[Server], words: Iterable[str]) -> str:
    """Write the program. The same inventory gives the same bytes, and so the digest that sudo compares.

    Args:
        server: whose files it works in.
        peers: the servers it may come to follow; no other may be named to it.
        words: what it knows to do; a word that nothing here uses is not in it.
    """
    known = sorted(set(words))
    return "".join(
        (
            _HEAD.format(name=server.name, account=server.sudo_as, words=", ".join(known)),
            *(f"{name}={shlex.quote(value)}\n" for name, value in _fixed(server)),
            script("prelude"),
            _peers(peers),
            script("program"),
            'case "$1" in\n',
            *(_branch(word) for word in known),
            "*) refuse 'it does not know that word' ;;\nesac\n",
        )
    )


def digest(text: str) -> str:
    """Return the SHA-256 of a program, hexadecimal, as sudoers and sha256sum write it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _fixed(server: Server) -> Iterator[tuple[str, str]]:
    yield "SELF", server.program
    yield "D", server.data_directory
    yield "B", server.binaries
    yield "IDENTIFIER", server.system_identifier
    yield "CLUSTER", server.cluster_name
    yield "ROLE", server.user
    yield "DATABASE", server.database


def _peers(peers: Iterable[Server]) -> str:
    cases = "".join(_peer(one) for one in sorted(peers, key=lambda one: one.name))
    return f'peer() {{\ncase "$1" in\n{cases}*) refuse "there is no peer called $1" ;;\nesac\n}}\n'


def _peer(peer: Server) -> str:
    values = (
        ("HOST", peer.for_peers.address),
        ("PORT", str(peer.for_peers.port)),
        ("REPLICATOR", peer.replicator),
        ("DATABASE", peer.database),
        ("SLOT", peer.slot or ""),
    )
    return (
        f"{shlex.quote(peer.name)}) {' '.join(f'{name}={shlex.quote(value)}' for name, value in values)} ;;\n"
    )


def _branch(word: str) -> str:
    compare = "compare-what-is-there" if word in MAY_BE_EMPTY else "compare"
    return f"{word})\n{script(compare, *PARTS[word])};;\n"


def word_of(parts: Sequence[str]) -> str:
    """Return the word for these parts. Raises: KeyError when there is none, which is a bug."""
    word = parts[-1]
    if PARTS[word] != tuple(parts):
        raise KeyError(word)
    return word
