"""Signatures in OpenSSH's SSHSIG format, read and checked as `ssh-keygen -Y verify` does, without it.

Strict on purpose: what is read back as bytes is what was read, so that no bit of a signature can be turned and leave it
accepted with another meaning.

Source: OpenSSH PROTOCOL.sshsig (the blob and what is signed), PROTOCOL.u2f (security keys), RFC 4253 and 5656 (keys).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Literal, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from seawall.errors import SeawallError

BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
MAGIC = b"SSHSIG"
VERSION = 1
LONGEST = 16 * 1024
"""Characters of an armored signature that are read: RSA with 16,384 bits takes 6 kB."""
WIDTH = 70
"""Columns of base64 in a line, as ssh-keygen writes them."""
LEAST_RSA_BITS = 2048
"""NIST SP 800-131A: less is not to be signed with any more."""
TOUCHED = 0x01
"""The flag of a security key that says a person touched it. OpenSSH PROTOCOL.u2f."""

HashName = Literal["sha256", "sha512"]
HASHES: tuple[HashName, ...] = ("sha256", "sha512")
CURVES: dict[str, tuple[type[ec.EllipticCurve], type[hashes.HashAlgorithm]]] = {
    "nistp256": (ec.SECP256R1, hashes.SHA256),
    "nistp384": (ec.SECP384R1, hashes.SHA384),
    "nistp521": (ec.SECP521R1, hashes.SHA512),
}
SK_ED25519, SK_ECDSA = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
RSA_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "rsa-sha2-256": hashes.SHA256,
    "rsa-sha2-512": hashes.SHA512,
}


class NotASignature(SeawallError):
    """What was given is no signature, or none by this key over these bytes."""


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
        raise _wrong(f"it is longer than {LONGEST} characters")
    lines = armored.replace("\r\n", "\n").strip("\n").split("\n")
    if len(lines) < 3 or lines[0] != BEGIN or lines[-1] != END:  # noqa: PLR2004 - first, last and something between
        raise _wrong(f"it does not stand between `{BEGIN}` and `{END}`")
    wire = Wire(_base64("".join(lines[1:-1])))
    if wire.take(len(MAGIC)) != MAGIC:
        raise _wrong("it does not begin with SSHSIG")
    if (version := wire.number()) != VERSION:
        raise _wrong(f"it is of version {version}, and version {VERSION} is known")
    key, namespace, reserved = wire.string(), _word(wire.string(), "namespace"), wire.string()
    hash_name, signature = _word(wire.string(), "hash"), wire.string()
    wire.is_over("the signature")
    if not namespace:
        raise _wrong("it names no namespace")
    if reserved:
        raise _wrong("its reserved part is not empty")
    known = next((one for one in HASHES if one == hash_name), None)
    if known is None:
        raise _wrong(f"its hash is {hash_name!r}, which is not known")
    return SshSignature(read_key(key), namespace, known, signature)


def verify(one: SshSignature, content: bytes, namespace: str) -> None:
    """Check that `one` is its key's signature over `content`, given for `namespace`.

    Whether that key may say so is another question: `seawall.signers`.

    Raises:
        NotASignature: it is not; says which.
    """
    if one.namespace != namespace:
        raise _wrong(f"it was given for {one.namespace!r}, and {namespace!r} is wanted")
    try:
        good = _holds(one.key, one.signature, _signed_bytes(content, namespace, one.hash_name))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _wrong("its numbers are none that its key can give") from error
    if not good:
        raise _wrong("it does not fit what was signed")


def read_key(blob: bytes) -> bytes:
    """Check that `blob` is a public key of a kind that is known, in SSH's wire format, and return it.

    Raises:
        NotASignature: says what is wrong with it.
    """
    try:
        _public(blob)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _wrong("its public key is none") from error
    return blob


def key_from_line(kind: str, text: str) -> bytes:
    """Read a public key as `ssh-ed25519 AAAA...` gives it. Raises: NotASignature."""
    blob = read_key(_base64(text))
    if _kind_of(blob) != kind:
        raise _wrong(f"the key says of itself that it is {_kind_of(blob)}, and the line says {kind}")
    return blob


def _signed_bytes(content: bytes, namespace: str, hash_name: HashName) -> bytes:
    digest = hashlib.new(hash_name, content).digest()
    parts = (namespace.encode(), b"", hash_name.encode(), digest)
    return MAGIC + b"".join(wire_string(part) for part in parts)


Public = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def _kind_of(blob: bytes) -> str:
    return _word(Wire(blob).string(), "kind of key")


def _public(blob: bytes) -> tuple[str, Public, bytes]:
    """Return the kind of a key, the key, and for a security key the application it was made for."""
    wire = Wire(blob)
    kind, application = _word(wire.string(), "kind of key"), b""
    public: Public
    match kind:
        case "ssh-ed25519" | "sk-ssh-ed25519@openssh.com":
            public = ed25519.Ed25519PublicKey.from_public_bytes(wire.string())
        case "ssh-rsa":
            exponent, modulus = wire.positive(), wire.positive()
            if modulus.bit_length() < LEAST_RSA_BITS:
                raise _wrong(f"its RSA key has {modulus.bit_length()} bits, and {LEAST_RSA_BITS} are wanted")
            public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        case _ if kind == SK_ECDSA or kind.removeprefix("ecdsa-sha2-") in CURVES:
            curve = _word(wire.string(), "curve")
            if not kind.removesuffix("@openssh.com").endswith(f"-{curve}") or curve not in CURVES:
                raise _wrong("its key names two curves")
            point = wire.string()
            if point[:1] != b"\x04":  # RFC 5656 3.1: SSH writes points uncompressed
                raise _wrong("its key's point is not written as SSH writes it")
            public = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[curve][0](), point)
        case _:
            raise _wrong(f"its key is of a kind that is not known: {kind!r}")
    if kind in (SK_ED25519, SK_ECDSA):
        application = wire.string()
    wire.is_over("the key")
    return kind, public, application


def _holds(key: bytes, signature: bytes, content: bytes) -> bool:
    kind, public, application = _public(key)
    wire = Wire(signature)
    algorithm, raw = _word(wire.string(), "algorithm"), wire.string()
    if kind in (SK_ED25519, SK_ECDSA):
        flags, counter = wire.take(1), wire.take(4)
        if not flags[0] & TOUCHED:
            raise _wrong("its security key does not say that a person touched it")
        content = hashlib.sha256(application).digest() + flags + counter + hashlib.sha256(content).digest()
    wire.is_over("the signature's numbers")
    try:
        match public:
            case rsa.RSAPublicKey():
                if algorithm not in RSA_HASHES:
                    raise _wrong(f"its algorithm is {algorithm!r}, which is not taken from an RSA key")
                if len(raw) != (public.key_size + 7) // 8:
                    raise _wrong("its number is not as long as its key")
                public.verify(raw, content, padding.PKCS1v15(), RSA_HASHES[algorithm]())
            case ed25519.Ed25519PublicKey():
                _same(algorithm, kind)
                public.verify(raw, content)
            case _:
                _same(algorithm, kind)
                pair = Wire(raw)
                der = encode_dss_signature(pair.positive(), pair.positive())
                pair.is_over("the signature's numbers")
                public.verify(der, content, ec.ECDSA(CURVES[f"nistp{public.curve.key_size}"][1]()))
    except InvalidSignature:
        return False
    return True


def _same(algorithm: str, kind: str) -> None:
    if algorithm != kind:
        raise _wrong(f"its algorithm is {algorithm!r}, and its key is {kind}")


class Wire:
    """SSH's way of writing numbers and strings, read from the front. RFC 4251, section 5.

    Each raises NotASignature when there is not enough left, or it is not written the one way.
    """

    def __init__(self, content: bytes) -> None:
        self._left = content

    def take(self, count: int) -> bytes:
        """Read so many bytes."""
        if count > len(self._left):
            raise _wrong("it is cut short")
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def number(self) -> int:
        """Read a number of 32 bits."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Read a string: its length, and itself."""
        return self.take(self.number())

    def positive(self) -> int:
        """Read a number of any length that is greater than nothing."""
        raw = self.string()
        if not raw or raw[0] & 0x80 or (raw[0] == 0 and (len(raw) == 1 or not raw[1] & 0x80)):
            raise _wrong("a number in it is not written as SSH writes positive numbers")
        return int.from_bytes(raw, "big")

    def is_over(self, what: str) -> None:
        """Check that nothing follows."""
        if self._left:
            raise _wrong(f"{len(self._left)} bytes follow after {what}")


def wire_string(part: bytes) -> bytes:
    """Write a string as SSH does."""
    return len(part).to_bytes(4, "big") + part


_PRINTABLE = re.compile(r"[\x21-\x7e]*")


def _word(raw: bytes, what: str) -> str:
    word = raw.decode("ascii", "replace")
    if not _PRINTABLE.fullmatch(word):
        raise _wrong(f"its {what} is no plain word")
    return word


def _base64(text: str) -> bytes:
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _wrong("it is no base64") from error
    if base64.b64encode(blob).decode() != text:
        raise _wrong("its base64 is not written the one way it can be")
    return blob


def _wrong(problem: str) -> NotASignature:
    return NotASignature(
        problem, where="the signature", remedy="Sign again with `seawall approve`, or `ssh-keygen -Y sign`"
    )
