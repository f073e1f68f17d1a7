"""SSH keys for a lab's people, and a trust root that lets them sign, so that signed yeses can be tried on one machine.

The keys have no passphrase and are anew with each lab. They count only where SEAWALL_TRUST names this folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from drills.lab.folders import LabFolder

SCHEDULER = "prefect"
"""Under whose name drills that a schedule begins are asked for: `prefect:...`."""


def trust_of(lab: Path) -> Path:
    """Return a lab's trust root."""
    return LabFolder(lab).root / "trust"


def keys_of(lab: Path) -> Path:
    """Return the folder that holds its people's private keys, one file a name."""
    return LabFolder(lab).root / "people"


def make_people(lab: Path, names: Iterable[str]) -> Path:
    """Make a key for everybody who has none yet, and return the trust root."""
    keys, trust = keys_of(lab), trust_of(lab)
    for folder in (keys, trust):
        folder.mkdir(mode=0o700, exist_ok=True)
    lines = []
    for name in dict.fromkeys((*names, SCHEDULER)):
        if (keys / name).exists():
            continue
        private = Ed25519PrivateKey.generate()
        _append(keys / name, private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        line = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        _append(keys / f"{name}.pub", f"{line} {name} of the lab\n".encode())
        principal = f"{name}:*" if name == SCHEDULER else name
        lines.append(f'{principal} namespaces="seawall-*" {line}\n')
    _append(trust / "allowed_signers", "".join(lines).encode())
    return trust


def _append(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "ab") as file:
        file.write(content)
