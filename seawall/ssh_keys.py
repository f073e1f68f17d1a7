"""Public keys as SSH writes them, and whether a signature is theirs. Most commands read no key, and never load this.

Source: RFC 4253 and 5656 (keys), 8332 (RSA with SHA-2), OpenSSH PROTOCOL.u2f (security keys).
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from seawall.ssh_wire import SK_ECDSA, SK_ED25519, TOUCHED, Wire, word, wrong

LEAST_RSA_BITS = 2048
"""NIST SP 800-131A: less is not to be signed with any more."""
CURVES: dict[str, tuple[type[ec.EllipticCurve], type[hashes.HashAlgorithm]]] = {
    "nistp256": (ec.SECP256R1, hashes.SHA256),
    "nistp384": (ec.SECP384R1, hashes.SHA384),
    "nistp521": (ec.SECP521R1, hashes.SHA512),
}
RSA_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "rsa-sha2-256": hashes.SHA256,
    "rsa-sha2-512": hashes.SHA512,
}

Public = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def check_key(blob: bytes) -> None:
    """Check that `blob` is a public key of a kind that is known, in SSH's wire format. Raises: NotASignature."""
    try:
        _public(blob)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise wrong("its public key is none") from error


def fits(key: bytes, signature: bytes, content: bytes) -> bool:
    """Tell whether a signature is this key's over `content`. Raises: NotASignature, where it cannot be anybody's."""
    try:
        return _fits(key, signature, content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise wrong("its numbers are none that its key can give") from error


def _public(blob: bytes) -> tuple[str, Public, bytes]:
    """Return the kind of a key, the key, and for a security key the application it was made for."""
    wire = Wire(blob)
    kind, application = word(wire.string(), "kind of key"), b""
    public: Public
    match kind:
        case "ssh-ed25519" | "sk-ssh-ed25519@openssh.com":
            public = ed25519.Ed25519PublicKey.from_public_bytes(wire.string())
        case "ssh-rsa":
            exponent, modulus = wire.positive(), wire.positive()
            if modulus.bit_length() < LEAST_RSA_BITS:
                raise wrong(f"its RSA key has {modulus.bit_length()} bits, and {LEAST_RSA_BITS} are wanted")
            public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        case _ if kind == SK_ECDSA or kind.removeprefix("ecdsa-sha2-") in CURVES:
            curve = word(wire.string(), "curve")
            if not kind.removesuffix("@openssh.com").endswith(f"-{curve}") or curve not in CURVES:
                raise wrong("its key names two curves")
            point = wire.string()
            if point[:1] != b"\x04":  # RFC 5656 3.1: SSH writes points uncompressed
                raise wrong("its key's point is not written as SSH writes it")
            public = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[curve][0](), point)
        case _:
            raise wrong(f"its key is of a kind that is not known: {kind!r}")
    if kind in (SK_ED25519, SK_ECDSA):
        application = wire.string()
    wire.is_over("the key")
    return kind, public, application


def _fits(key: bytes, signature: bytes, content: bytes) -> bool:
    kind, public, application = _public(key)
    wire = Wire(signature)
    algorithm, raw = word(wire.string(), "algorithm"), wire.string()
    if kind in (SK_ED25519, SK_ECDSA):
        flags, counter = wire.take(1), wire.take(4)
        if not flags[0] & TOUCHED:
            raise wrong("its security key does not say that a person touched it")
        content = hashlib.sha256(application).digest() + flags + counter + hashlib.sha256(content).digest()
    wire.is_over("the signature's numbers")
    try:
        match public:
            case rsa.RSAPublicKey():
                if algorithm not in RSA_HASHES:
                    raise wrong(f"its algorithm is {algorithm!r}, which is not taken from an RSA key")
                if len(raw) != (public.key_size + 7) // 8:
                    raise wrong("its number is not as long as its key")
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
        raise wrong(f"its algorithm is {algorithm!r}, and its key is {kind}")
