"""A person's own SSH key, for signing: held by their ssh-agent, or read from a file whose passphrase is asked for.

No key and no passphrase is kept anywhere. The agent is spoken to directly, because it may wait for a touch or a yes of
its own, and every wait has a limit.

Source: draft-ietf-sshm-ssh-agent (messages 11 to 14, flag 4); ssh-agent of OpenSSH 9.2, tried 2026-11.
"""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from seawall.errors import BadInput, DidNothing, Unreachable
from seawall.files import read_named
from seawall.ssh_wire import NotASignature, Wire, wire_string
from seawall.sshsig import Signing, fingerprint, key_from_line

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

T = TypeVar("T")
ANSWERS_WITHIN = timedelta(seconds=60)
"""How long an agent may take: a person has to find the security key and touch it."""
ASK_IDENTITIES, IDENTITIES, ASK_SIGN, SIGNED = 11, 12, 13, 14
RSA_SHA2_512 = 4
LARGEST = 256 * 1024
"""OpenSSH's own limit for a message of an agent."""
LONGEST_FILE = 64 * 1024


@dataclass(frozen=True, slots=True)
class AgentKey:
    """A key that an agent holds."""

    path: str
    public_key: bytes
    comment: str

    def sign(self, content: bytes) -> bytes:
        """Have the agent sign. Raises: Unreachable, DidNothing."""
        question = (
            bytes([ASK_SIGN])
            + wire_string(self.public_key)
            + wire_string(content)
            + RSA_SHA2_512.to_bytes(4, "big")
        )
        answer = _ask(self.path, question)
        if answer[:1] != bytes([SIGNED]):
            raise DidNothing(
                f"the ssh-agent did not sign with {self.comment or fingerprint(self.public_key)}",
                where=self.path,
                remedy="Unlock it, touch the security key when it blinks, or sign with a file: --key FILE",
            )
        return _taken(answer, lambda wire: wire.string())


def agent_keys(environ: Mapping[str, str] | None = None) -> tuple[AgentKey, ...]:
    """Return the keys that this person's agent holds; none when there is no agent.

    Raises:
        Unreachable: SSH_AUTH_SOCK names one, and it does not answer.
    """
    path = (os.environ if environ is None else environ).get("SSH_AUTH_SOCK")
    if not path:
        return ()
    answer = _ask(path, bytes([ASK_IDENTITIES]))
    if answer[:1] != bytes([IDENTITIES]):
        return ()

    def keys(wire: Wire) -> tuple[AgentKey, ...]:
        return tuple(
            AgentKey(path, wire.string(), wire.string().decode(errors="replace"))
            for _ in range(wire.number())
        )

    return _taken(answer, keys)


def key_from_file(path: Path, ask_passphrase: Callable[[], str], held: Sequence[AgentKey] = ()) -> Signing:
    """Read a key from a file; a public one stands for the key that the agent holds.

    Raises:
        BadInput: it is no key, its passphrase is another, or the agent does not hold it.
    """
    shown = str(path)
    content = read_named(
        path.expanduser(),
        shown,
        at_most=LONGEST_FILE,
        name_what="Name a private key, e.g. ~/.ssh/id_ed25519",
        when_larger="Name a private key, e.g. ~/.ssh/id_ed25519",
    )
    if not content.startswith(b"-----BEGIN"):
        return _held(content, shown, held)
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    passphrase = None
    while True:
        try:
            return FileKey(load_ssh_private_key(content, passphrase))
        except (TypeError, ValueError, UnsupportedAlgorithm) as error:
            # cryptography says with a ValueError or TypeError, and in words alone, that a passphrase is wanted.
            if passphrase is None and "assw" in str(error):
                passphrase = ask_passphrase().encode()
                continue
            problem = "the passphrase is another" if passphrase is not None else "it is no private SSH key"
            remedy = "Try again; a security key's file wants an agent: ssh-add FILE"
            raise BadInput.one(problem, where=shown, remedy=remedy) from error


class FileKey:
    """A key read from a file, in memory for as long as the command runs."""

    def __init__(self, private: PrivateKeyTypes) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        self._private = private
        line = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        self.public_key = base64.b64decode(line.split()[1])

    def sign(self, content: bytes) -> bytes:
        """Sign. Raises: BadInput for a kind of key that does not sign here."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        match self._private:
            case ed25519.Ed25519PrivateKey() as key:
                return wire_string(b"ssh-ed25519") + wire_string(key.sign(content))
            case rsa.RSAPrivateKey() as key:
                raw = key.sign(content, padding.PKCS1v15(), hashes.SHA512())
                return wire_string(b"rsa-sha2-512") + wire_string(raw)
            case ec.EllipticCurvePrivateKey() as key:
                digest = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}[
                    key.curve.key_size
                ]
                pair = decode_dss_signature(key.sign(content, ec.ECDSA(digest)))
                raw = b"".join(wire_string(one.to_bytes(one.bit_length() // 8 + 1, "big")) for one in pair)
                return wire_string(f"ecdsa-sha2-nistp{key.curve.key_size}".encode()) + wire_string(raw)
            case _:
                raise BadInput.one(
                    "keys of this kind do not sign here",
                    where="--key",
                    remedy="Use ed25519, ECDSA or RSA: ssh-keygen -t ed25519",
                )


def _held(content: bytes, shown: str, held: Sequence[AgentKey]) -> AgentKey:
    words = content.decode(errors="replace").split()
    try:
        public = key_from_line(*words[:2]) if len(words) > 1 else None
    except NotASignature:
        public = None
    if public is None:
        remedy = "Name a private key, or the .pub of one that the agent holds"
        raise BadInput.one("it is no SSH key", where=shown, remedy=remedy)
    for one in held:
        if one.public_key == public:
            return one
    remedy = f"Name the private key, or give it to the agent: ssh-add {shown.removesuffix('.pub')}"
    raise BadInput.one("the ssh-agent does not hold this key", where=shown, remedy=remedy)


def _ask(path: str, question: bytes) -> bytes:
    remedy = "Start one (ssh-agent), or sign with a file: --key FILE"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
            agent.settimeout(ANSWERS_WITHIN.total_seconds())
            agent.connect(path)
            agent.sendall(wire_string(question))
            length = int.from_bytes(_exactly(agent, 4), "big")
            if length > LARGEST:
                raise Unreachable("what answers is no ssh-agent", where=path, remedy=remedy)
            return _exactly(agent, length)
    except OSError as error:
        problem = f"the ssh-agent does not answer: {error.strerror or error}"
        raise Unreachable(problem, where=path, remedy=remedy) from error


def _exactly(agent: socket.socket, count: int) -> bytes:
    content = b""
    while len(content) < count:
        more = agent.recv(count - len(content))
        if not more:
            raise ConnectionResetError
        content += more
    return content


def _taken(answer: bytes, read: Callable[[Wire], T]) -> T:
    wire = Wire(answer)
    wire.take(1)
    try:
        return read(wire)
    except NotASignature as error:
        problem = "the ssh-agent answers what nobody can read"
        raise DidNothing(problem, where="SSH_AUTH_SOCK", remedy="Sign with a file: --key FILE") from error
