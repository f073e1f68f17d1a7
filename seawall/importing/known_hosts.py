"""Public keys from OpenSSH's known_hosts, plain and hashed: what each host was last seen to show, and who says so.

Source: sshd(8), OpenSSH 10, SSH_KNOWN_HOSTS FILE FORMAT; hashed names are `|1|salt|HMAC-SHA1(salt, name)`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from seawall.entries import HostKey
from seawall.importing.decoding import TextFile
from seawall.importing.draft import SSH_PORT, Draft, FoundHost
from seawall.importing.patterns import SIGNS, matches

_BEST_FIRST = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
_WORDS = 3
MOST_HASHES = 3_000_000
"""Names compared with hashed entries; about five seconds' worth."""


@dataclass(slots=True)
class KnownHosts:
    """What one or several files hold. `hashed` are salt, hash and key; `revoked` are keys never to be taken."""

    plain: dict[str, list[str]] = field(default_factory=dict)
    patterns: list[tuple[list[str], str]] = field(default_factory=list)
    hashed: list[tuple[bytes, bytes, str]] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)

    def keys_of(self, name: str) -> Iterator[str]:
        """Every key that is known for `name`, as known_hosts spells it, but the revoked."""
        found = list(self.plain.get(name, ()))
        found += [key for patterns, key in self.patterns if matches(patterns, name)]
        written = name.encode()
        for salt, digest, key in self.hashed:
            if hmac.compare_digest(hmac.digest(salt, written, hashlib.sha1), digest):
                found.append(key)
        return (key for key in dict.fromkeys(found) if key not in self.revoked)


def read_known_hosts(file: TextFile, known: KnownHosts, draft: Draft) -> None:
    """Take the keys of a file into `known`; lines that are none go to `draft`."""
    count = 0
    for number, line in enumerate(file.text.splitlines(), 1):
        place = f"{file.shown}:{number}"
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        marker = words.pop(0) if words[0].startswith("@") else ""
        if len(words) < _WORDS or marker not in {"", "@revoked", "@cert-authority"}:
            draft.wrong(
                place, "this is no line of known_hosts", "Write `NAME ssh-ed25519 AAAA...`, or delete it"
            )
            continue
        key = f"{words[1]} {words[2]}"
        if marker == "@cert-authority":
            draft.notes.append(f"{place}: not taken: a certificate authority is no machine's own key")
        elif not _is_key(key):
            draft.wrong(place, "what stands here is no public key", "Copy the line again, or delete it")
        elif marker == "@revoked":
            known.revoked.add(key)
        else:
            count += 1
            _lay(words[0], key, place, known, draft)
    draft.read.append(f"{file.shown}: {count} key{'' if count == 1 else 's'}")


def pin(draft: Draft, known: KnownHosts) -> int:
    """Give every host without a key the one that is known for it, and return how many were given."""
    wanting = [host for host in draft.hosts.values() if host.host_key is None]
    if len(known.hashed) * sum(len(host.known_as) for host in wanting) > MOST_HASHES:
        draft.notes.append("hashed known_hosts: not looked into: too many hosts and entries to compare")
        known.hashed.clear()
    return sum(_pin(host, known, draft) for host in wanting)


def _pin(host: FoundHost, known: KnownHosts, draft: Draft) -> bool:
    port = host.port or SSH_PORT
    names = sorted(name if port == SSH_PORT else f"[{name}]:{port}" for name in host.known_as)
    keys = dict.fromkeys(key for name in names for key in known.keys_of(name))
    for kind in _BEST_FIRST:
        these = [key for key in keys if key.startswith(f"{kind} ")]
        if len(these) > 1:
            draft.notes.append(
                f"{host.said_in}: {host.name}: two keys of kind {kind} are known, and none was taken"
            )
            return False
        if these:
            host.host_key = these[0]
            return True
    return False


def _lay(names: str, key: str, place: str, known: KnownHosts, draft: Draft) -> None:
    if names.startswith("|1|"):
        try:
            _, _, salt, digest = names.split("|")
            known.hashed.append(
                (base64.b64decode(salt, validate=True), base64.b64decode(digest, validate=True), key)
            )
        except (ValueError, binascii.Error):
            draft.wrong(place, "this hashed name cannot be read", "Copy the line again, or delete it")
        return
    several = names.lower().split(",")
    if any(sign in names for sign in SIGNS):
        known.patterns.append((several, key))
    else:
        for name in several:
            known.plain.setdefault(name, []).append(key)


def _is_key(text: str) -> bool:
    try:
        TypeAdapter(HostKey).validate_python(text)
    except ValidationError:
        return False
    return True
