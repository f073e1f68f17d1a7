"""The machines of the city as its people write them down: hosts, database servers, stores, balancers.

What stands here is reached over the network. Passwords and keys are references to where they are kept. What nobody has
written down yet may be missing: `seawall.gaps` lists it, and nothing is sent to a machine that lacks any of it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, Field

from seawall.model import Frozen, Name, SecretRef
from seawall.places import HOW_MANY
from seawall.targets import Account, Endpoint, Lease, Port, PowerSocket


def _host_key(text: str) -> str:
    """Accept a public key as OpenSSH writes it. Source: RFC 4253, 6.6: the blob begins with the algorithm's name."""
    algorithm, _, rest = text.partition(" ")
    try:
        blob = base64.b64decode(rest.split()[0] if rest.split() else "", validate=True)
    except binascii.Error:
        blob = b""
    begins = len(algorithm).to_bytes(4, "big") + algorithm.encode()
    whole = len(blob) == len(begins) + 4 + 32 if algorithm == "ssh-ed25519" else len(blob) > len(begins)
    if not algorithm or not blob.startswith(begins) or not whole:
        message = "this is no public host key; it reads `ssh-ed25519 AAAA...`, as `ssh-keyscan` shows it"
        raise ValueError(message)
    return text


UnitName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9:_.@-]{0,200}\.(service|socket|timer|target|path|mount)$")
]
"""What systemd calls a unit, with its ending. Source: systemd.unit(5)."""

HostKey = Annotated[str, AfterValidator(_host_key)]
"""A machine's public SSH key, e.g. `ssh-ed25519 AAAA...`: what tells the right machine from a wrong one."""


_SERVER_NEEDS = (
    "data_directory",
    "binaries",
    "cluster_name",
    "system_identifier",
    "database",
    "user",
    "password",
    "replicator",
    "replicator_password",
)
_HOST_NEEDS = ("site", "user", "key", "host_key")


class ServerEntry(Frozen):
    """A PostgreSQL server as it stands under its host.

    Attributes:
        data_directory: absolute, on the host.
        binaries: the folder on the host with `pg_ctl` and the rest.
        cluster_name: PostgreSQL's `cluster_name`, different at each site.
        system_identifier: what `pg_controldata` says, in quotes; a standby shares its primary's.
        database: the database that holds the service's records.
        user: the role Seawall connects as.
        password: where that role's password is kept.
        replicator: the role a standby connects as.
        peers: how the other site's server reaches this one, when that differs from the host's address and the port.
        slot: the replication slot that the other site's server uses here.
        sudo_as: the account it runs as, when Seawall logs in there as another one and may work as this one by sudo.
        lease: what lets users' programs in, when a guard stands beside it: docs/lease.md.
    """

    port: Port = 5432
    data_directory: str | None = None
    binaries: str | None = None
    cluster_name: str | None = None
    system_identifier: str | None = None
    database: str | None = None
    user: str | None = None
    password: SecretRef | None = None
    replicator: str | None = None
    replicator_password: SecretRef | None = None
    peers: Endpoint | None = None
    slot: str | None = None
    sudo_as: Account | None = None
    lease: Annotated[Lease | None, Field(exclude_if=lambda value: value is None)] = None

    @property
    def lacking(self) -> tuple[str, ...]:
        """What is not written down yet of what a server is reached and recognised by."""
        return tuple(name for name in _SERVER_NEEDS if getattr(self, name) is None)


def _plain_path(text: str) -> str:
    parts = text.split("/")[1:]
    if not text.startswith("/") or not text.isprintable() or any(part in {"", ".", ".."} for part in parts):
        message = f"{text!r} is no folder's whole path, such as /srv/www/city"
        raise ValueError(message)
    return text


class WebRootEntry(Frozen):
    """A folder that a web server shows as it is, as it stands under its host.

    Attributes:
        path: the folder, absolute, on the host.
        alive: an address that answers while the web server there is well, past any balancer.
    """

    path: Annotated[str, AfterValidator(_plain_path)]
    alive: str | None = None


class UnitEntry(Frozen):
    """A program that systemd starts and stops, as it stands under its host.

    Attributes:
        unit: what systemd calls it, with its ending, e.g. appointments.service.
        sudo: whether starting and stopping it there needs `sudo`, without a password.
        alive: an address that answers while it is well, past any balancer.
    """

    unit: UnitName
    sudo: bool = True
    alive: str | None = None


class HostEntry(Frozen):
    """A machine reached over SSH.

    Attributes:
        address: an IP address; a name would need DNS on the worst of days.
        user: who Seawall logs in as.
        key: where the private key it logs in with is kept.
        host_key: the machine's public key; no command is sent to a machine that shows another.
        hostname: what `hostname` prints there, when that is not its name here.
        power: the out-of-band controller that can take its power.
        postgres: the PostgreSQL servers that run on it, by cluster name.
        web_roots: the folders that a web server on it shows, by a name of their own.
        units: the programs that systemd starts and stops on it, by a name of their own.
    """

    site: Name | None = None
    address: str
    port: Port = 22
    user: str | None = None
    key: SecretRef | None = None
    host_key: HostKey | None = None
    hostname: str | None = None
    power: PowerSocket | None = None
    postgres: dict[Name, ServerEntry] = {}
    web_roots: dict[Name, WebRootEntry] = {}
    units: dict[Name, UnitEntry] = {}

    @property
    def lacking(self) -> tuple[str, ...]:
        """What is not written down yet of what a machine is reached and recognised by."""
        return tuple(name for name in _HOST_NEEDS if getattr(self, name) is None)


class StoreEntry(Frozen):
    """A bucket in an S3 store at a site.

    Attributes:
        access_key: where the access key is kept.
        secret_key: where the secret key is kept.
    """

    site: Name
    url: str
    region: str = "eu-north-1"
    bucket: str
    access_key: SecretRef
    secret_key: SecretRef


class BalancerEntry(Frozen):
    """A HAProxy.

    Attributes:
        runtime: where its runtime socket answers.
        front: where users reach it.
    """

    runtime: Endpoint
    front: Endpoint


class PlaceEntry(Frozen):
    """One of the three places where what must be true everywhere is written down once: docs/places.md.

    Attributes:
        store: the store that it is in.
        bucket: its own bucket there, which keeps no versions.
        access_key: where the access key is kept, when it is not the store's.
        secret_key: where the secret key is kept, when it is not the store's.
    """

    store: Name
    bucket: str = "seawall-places"
    access_key: SecretRef | None = None
    secret_key: SecretRef | None = None


def three_places(places: dict[str, PlaceEntry]) -> dict[str, PlaceEntry]:
    """Let through what can be places: none, or three in three stores. Raises: ValueError."""
    if places and len(places) != HOW_MANY:
        message = f"there are {len(places)} places; there must be three, or none: two sites and a witness"
        raise ValueError(message)
    if len({one.store for one in places.values()}) != len(places):
        message = "two places are in one store, and would be lost together"
        raise ValueError(message)
    return places
