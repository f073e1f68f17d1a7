"""Signatures in OpenSSH's SSHSIG format, read and checked as `ssh-keygen -Y verify` does, without it.

Strict on purpose: what is read back as bytes is what was read, so that no bit of a signature can be turned and leave it
accepted with another meaning. Keys, and the mathematics, are in `ssh_keys`, and loaded when a signature is first read.

Source: OpenSSH PROTOCOL.sshsig (the blob and what is signed), PROTOCOL.u2f (security keys), RFC 4253 and 5656 (keys).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Literal, Protocol

from seawall.ssh_wire import SK_ECDSA, SK_ED25519, TOUCHED, Wire, from_base64, wire_string, word, wrong

BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
MAGIC = b"SSHSIG"
VERSION = 1
LONGEST = 16 * 1024
"""Characters of an armored signature that are read: RSA with 16,384 bits takes 6 kB."""
WIDTH = 70
"""Columns of base64 in a line, as ssh-keygen writes them."""

HashName = Literal["sha256", "sha512"]
HASHES: tuple[HashName, ...] = ("sha256", "sha512")


class Signing(Protocol):
    """Whoever holds a private key: an agent, or a key read from a file."""

    @property
    def public_key(self) -> bytes:
        """The public key as OpenSSH's wire format has it."""

    def sign(self, content: bytes) -> bytes:
        """Return an SSH signature over `content`: RSA with SHA-512. Raises: SeawallError."""


@dataclass(frozen=True, slots=True)
class SshSignature:
    """A signature, taken apart. `key` and `signature` are in SSH's wire format."""

    key: bytes
    namespace: str
    hash_name: HashName
    signature: bytes

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint, as `ssh-keygen -l` shows it."""
        return fingerprint(self.key)

    @property
    def touched(self) -> bool | None:
        """Whether a security key says that a person touched it; None for keys that cannot say."""
        kind = _kind_of(self.key)
        return None if kind not in (SK_ED25519, SK_ECDSA) else bool(self.signature[-5] & TOUCHED)


def fingerprint(key: bytes) -> str:
    """Return a public key's fingerprint, as `ssh-keygen -l` shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def sign(content: bytes, namespace: str, by: Signing) -> str:
    """Sign `content` for `namespace` and return the armored signature. Raises: SeawallError, from who signs."""
    signature = by.sign(_signed_bytes(content, namespace, "sha512"))
    return armor(SshSignature(by.public_key, namespace, "sha512", signature))


def armor(one: SshSignature) -> str:
    """Write a signature as ssh-keygen does."""
    blob = MAGIC + VERSION.to_bytes(4, "big")
    for part in (one.key, one.namespace.encode(), b"", one.hash_name.encode(), one.signature):
        blob += wire_string(part)
    text = base64.b64encode(blob).decode()
    lines = (text[n : n + WIDTH] for n in range(0, len(text), WIDTH))
    return "\n".join((BEGIN, *lines, END)) + "\n"


def read_signature(armored: str) -> SshSignature:
    """Read an armored signature. Nothing is verified yet.

    Raises:
        NotASignature: says what is wrong with it.
    """
    if len(armored) > LONGEST:
        raise wrong(f"it is longer than {LONGEST} characters")
    lines = armored.replace("\r\n", "\n").strip("\n").split("\n")
    if len(lines) < 3 or lines[0] != BEGIN or lines[-1] != END:  # noqa: PLR2004 - first, last and something between
        raise wrong(f"it does not stand between `{BEGIN}` and `{END}`")
    wire = Wire(from_base64("".join(lines[1:-1])))
    if wire.take(len(MAGIC)) != MAGIC:
        raise wrong("it does not begin with SSHSIG")
    if (version := wire.number()) != VERSION:
        raise wrong(f"it is of version {version}, and version {VERSION} is known")
    key, namespace, reserved = wire.string(), word(wire.string(), "namespace"), wire.string()
    hash_name, signature = word(wire.string(), "hash"), wire.string()
    wire.is_over("the signature")
    if not namespace:
        raise wrong("it names no namespace")
    if reserved:
        raise wrong("its reserved part is not empty")
    known = next((one for one in HASHES if one == hash_name), None)
    if known is None:
        raise wrong(f"its hash is {hash_name!r}, which is not known")
    return SshSignature(read_key(key), namespace, known, signature)


def verify(one: SshSignature, content: bytes, namespace: str) -> None:
    """Check that `one` is its key's signature over `content`, given for `namespace`.

    Whether that key may say so is another question: `seawall.signers`.

    Raises:
        NotASignature: it is not; says which.
    """
    from seawall.ssh_keys import fits

    if one.namespace != namespace:
        raise wrong(f"it was given for {one.namespace!r}, and {namespace!r} is wanted")
    if not fits(one.key, one.signature, _signed_bytes(content, namespace, one.hash_name)):
        raise wrong("it does not fit what was signed")


def read_key(blob: bytes) -> bytes:
    """Check that `blob` is a public key of a kind that is known, in SSH's wire format, and return it.

    Raises:
        NotASignature: says what is wrong with it.
    """
    from seawall.ssh_keys import check_key

    check_key(blob)
    return blob


def key_from_line(kind: str, text: str) -> bytes:
    """Read a public key as `ssh-ed25519 AAAA...` gives it. Raises: NotASignature."""
    blob = read_key(from_base64(text))
    if _kind_of(blob) != kind:
        raise wrong(f"the key says of itself that it is {_kind_of(blob)}, and the line says {kind}")
    return blob


def _signed_bytes(content: bytes, namespace: str, hash_name: HashName) -> bytes:
    digest = hashlib.new(hash_name, content).digest()
    parts = (namespace.encode(), b"", hash_name.encode(), digest)
    return MAGIC + b"".join(wire_string(part) for part in parts)


def _kind_of(blob: bytes) -> str:
    return word(Wire(blob).string(), "kind of key")
