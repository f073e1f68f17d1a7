"""People's SSH keys for tests: held in memory, or by a security key that is played here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from seawall.sshsig import fingerprint

CURVES: dict[str, tuple[type[ec.EllipticCurve], type[hashes.HashAlgorithm]]] = {
    "nistp256": (ec.SECP256R1, hashes.SHA256),
    "nistp384": (ec.SECP384R1, hashes.SHA384),
    "nistp521": (ec.SECP521R1, hashes.SHA512),
}


def string(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


def mpint(number: int) -> bytes:
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big"))


def pair(der: bytes) -> bytes:
    return b"".join(mpint(one) for one in decode_dss_signature(der))


Private = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Key:
    """A private key and the kind of it."""

    private: Private

    @property
    def line(self) -> str:
        return (
            self.private.public_key()
            .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
            .decode()
        )

    @property
    def public_key(self) -> bytes:
        import base64

        return base64.b64decode(self.line.split()[1])

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public_key)

    def pem(self, passphrase: str | None = None) -> bytes:
        once = serialization.PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(1)  # as ssh-keygen -a 1
        locked = once.build(passphrase.encode()) if passphrase else serialization.NoEncryption()
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, locked
        )

    def sign(self, content: bytes) -> bytes:
        match self.private:
            case ed25519.Ed25519PrivateKey():
                return string(b"ssh-ed25519") + string(self.private.sign(content))
            case rsa.RSAPrivateKey():
                raw = self.private.sign(content, padding.PKCS1v15(), hashes.SHA512())
                return string(b"rsa-sha2-512") + string(raw)
            case _:
                curve = f"nistp{self.private.curve.key_size}"
                der = self.private.sign(content, ec.ECDSA(CURVES[curve][1]()))
                return string(f"ecdsa-sha2-{curve}".encode()) + string(pair(der))


@dataclass(frozen=True)
class SecurityKey:
    """A security key as OpenSSH's PROTOCOL.u2f has it: it signs with its flags and a counter."""

    private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    flags: int = 1
    counter: int = 7
    application: bytes = b"ssh:"

    @property
    def kind(self) -> bytes:
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return b"sk-ssh-ed25519@openssh.com"
        return b"sk-ecdsa-sha2-nistp256@openssh.com"

    @property
    def public_key(self) -> bytes:
        raw = self.private.public_key()
        if isinstance(raw, ed25519.Ed25519PublicKey):
            point = string(raw.public_bytes_raw())
        else:
            form = serialization.PublicFormat.UncompressedPoint
            point = string(b"nistp256") + string(raw.public_bytes(serialization.Encoding.X962, form))
        return string(self.kind) + point + string(self.application)

    def sign(self, content: bytes) -> bytes:
        told = bytes([self.flags]) + self.counter.to_bytes(4, "big")
        content = hashlib.sha256(self.application).digest() + told + hashlib.sha256(content).digest()
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            raw = self.private.sign(content)
        else:
            raw = pair(self.private.sign(content, ec.ECDSA(hashes.SHA256())))
        return string(self.kind) + string(raw) + told


def ed25519_key() -> Key:
    return Key(ed25519.Ed25519PrivateKey.generate())


def ecdsa_key(curve: str) -> Key:
    return Key(ec.generate_private_key(CURVES[curve][0]()))


def rsa_key(bits: int = 2048) -> Key:
    return Key(rsa.generate_private_key(65537, bits))
