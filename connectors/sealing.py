"""Secrets sealed to people's SSH keys, so that each of these people, and nobody else, can open them without a server.

The format is age's (age-encryption.org/v1) with SSH recipients: `age -d -i ~/.ssh/id_ed25519` opens it without Seawall.
An agent cannot help here: it signs, and opens nothing; the key's file is needed.

Source: C2SP age.md and the age manual, `SSH keys`, read 2026-11: ssh-ed25519 and ssh-rsa are taken, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from seawall.errors import BadInput

TAKEN = ("ssh-ed25519", "ssh-rsa")
USUAL = ("id_ed25519", "id_rsa")
"""What people's keys are called in `~/.ssh`."""
LARGEST_KEY = 64 * 1024


def seal(content: bytes, keys: Mapping[str, Sequence[str]]) -> bytes:
    """Return `content` sealed to people's public keys.

    Args:
        content: what is sealed.
        keys: the lines of their public keys, by person.

    Raises:
        BadInput: with every person whose keys cannot open anything.
    """
    import pyrage  # type: ignore[import-untyped]  # it carries no types

    recipients = []
    for person, lines in keys.items():
        taken = [line for line in lines if line.split(" ", 1)[0] in TAKEN]
        if not taken:
            kinds = ", ".join(sorted({line.split(" ", 1)[0] for line in lines})) or "none"
            remedy = "Name an ed25519 or RSA key of theirs; keys in hardware and ECDSA keys can sign, but open nothing"
            raise BadInput.one(
                f"{person} has no key that opens something ({kinds})", where=f"--for {person}", remedy=remedy
            )
        for line in taken:
            try:
                recipients.append(pyrage.ssh.Recipient.from_str(" ".join(line.split()[:2])))
            except pyrage.RecipientError as error:
                problem = f"a public key of {person} cannot be used: {error}"
                raise BadInput.one(
                    problem, where=f"--for {person}", remedy="Correct it, or name another"
                ) from None
    return bytes(pyrage.encrypt(content, recipients))


def unseal(
    sealed: bytes, key: Path | None, passphrase: Callable[[Path], str | None], *, sealed_to: str
) -> bytes:
    """Open what was sealed, in memory alone.

    Args:
        sealed: what `seal` returned.
        key: the file of a private key; the usual ones in `~/.ssh` are tried when absent.
        passphrase: asks for a key's passphrase; None when nobody can be asked.
        sealed_to: for whom it is, in words.

    Raises:
        BadInput: no key here opens it; says which were tried, and for whom it is.
    """
    import pyrage

    tried = []
    for path in [key] if key is not None else [Path.home() / ".ssh" / name for name in USUAL]:
        if key is None and not path.exists():
            continue
        tried.append(str(path))
        try:
            return bytes(
                pyrage.decrypt(sealed, [pyrage.ssh.Identity.from_buffer(_plain_key(path, passphrase))])
            )
        except pyrage.IdentityError as error:
            raise BadInput.one(
                f"this key opens nothing: {error}", where=str(path), remedy=_NAME_A_KEY
            ) from None
        except pyrage.DecryptError:
            continue
    with_what = f"with {', '.join(tried)}" if tried else "here: there is no key in ~/.ssh"
    raise BadInput.one(
        f"its secrets cannot be opened {with_what}; they are sealed to {sealed_to}",
        where="--unseal-with" if key is not None else "the go-bag's secrets",
        remedy="Ask one of these people, or name the file of their private key: --unseal-with FILE",
    )


_NAME_A_KEY = "Name the file of an ed25519 or RSA private key: --unseal-with FILE"


def _plain_key(path: Path, passphrase: Callable[[Path], str | None]) -> bytes:
    """Read a private key; one under a passphrase is opened in memory."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_KEY + 1)
    except OSError as error:
        problem = f"the key cannot be read: {(error.strerror or str(error)).lower()}"
        raise BadInput.one(problem, where=str(path), remedy=_NAME_A_KEY) from None
    try:
        opened = _opened(raw, path, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        problem = "this is no private key that can be read, or the passphrase is wrong"
        raise BadInput.one(problem, where=str(path), remedy=_NAME_A_KEY) from error
    if not isinstance(opened, ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise BadInput.one("a key of this kind opens nothing", where=str(path), remedy=_NAME_A_KEY)
    form = serialization.PrivateFormat.OpenSSH
    return opened.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _opened(raw: bytes, path: Path, passphrase: Callable[[Path], str | None]) -> object:
    from cryptography.hazmat.primitives import serialization

    is_ssh = b"BEGIN OPENSSH PRIVATE KEY" in raw
    load = serialization.load_ssh_private_key if is_ssh else serialization.load_pem_private_key
    try:
        return load(raw, None)
    except (ValueError, TypeError) as error:
        if "password" not in str(error).lower():
            raise
    said = passphrase(path)
    if said is None:
        remedy = "Type it at a terminal, or name a key without one: --unseal-with FILE"
        raise BadInput.one(
            "the key has a passphrase, and nobody can be asked for it", where=str(path), remedy=remedy
        )
    return load(raw, said.encode())
