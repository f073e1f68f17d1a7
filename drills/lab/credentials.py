"""Every secret of one lab, made anew when it is brought up: one file each, readable by whoever started it alone."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from drills.lab.folders import LabFolder

CANARY_NAME = "Kanarie Fuglsang"
"""A citizen who lives in no city: where this name's number turns up, personal data got out."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where each secret lies; `ref` is how an inventory refers to it."""

    folder: LabFolder

    def path(self, name: str) -> Path:
        """Return the file that holds it."""
        return self.folder.secrets / name

    def ref(self, name: str) -> str:
        """Return `file:/...`."""
        return f"file:{self.path(name)}"

    def read(self, name: str) -> str:
        """Return the secret itself."""
        return self.path(name).read_text().strip()

    def write(self, name: str, secret: str) -> None:
        """Keep a secret."""
        path = self.path(name)
        path.touch(mode=0o600)
        path.write_text(secret)


def make_credentials(folder: LabFolder, *, hosts: Iterable[str], stores: Iterable[str]) -> Credentials:
    """Make every secret anew. `hosts` get an SSH host key each, `stores` an access key."""
    import asyncssh

    kept = Credentials(folder)
    folder.secrets.mkdir(mode=0o700, exist_ok=True)
    for name in ("ssh_key", *(f"host_key_{host}" for host in hosts)):
        key = asyncssh.generate_private_key("ssh-ed25519", comment=name)
        kept.write(name, key.export_private_key().decode())
        kept.write(f"{name}.pub", key.export_public_key().decode().strip())
    for role in ("postgres", "seawall", "replicator", "app"):
        kept.write(f"db_{role}", secrets.token_urlsafe(18))
    for store in stores:
        kept.write(f"s3_{store}_access", f"LAB{secrets.token_hex(8).upper()}")
        kept.write(f"s3_{store}_secret", secrets.token_urlsafe(30))
    kept.write("tsig", base64.b64encode(secrets.token_bytes(32)).decode())
    kept.write("slack_token", f"xoxb-lab-{secrets.token_hex(16)}")
    kept.write("power_password", secrets.token_urlsafe(18))
    # Month 99, so that it can be nobody's; the last six digits differ from lab to lab.
    kept.write("canary", f"9999{secrets.randbelow(10**2):02d}-{secrets.randbelow(10**4):04d}")
    return kept


def host_key(kept: Credentials, host: str) -> str:
    """Return a host's public key as OpenSSH writes it, without the comment."""
    return " ".join(kept.read(f"host_key_{host}.pub").split()[:2])
