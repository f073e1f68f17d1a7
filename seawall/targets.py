"""What a step can point at, with everything by which the right one is told from the wrong one.

A plan carries these whole, so that what was approved is what is reached, even when a file has been edited since.
Secrets stand here by reference only.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from seawall.lease import Terms
from seawall.model import Duration, Frozen, Name, SecretRef

Account = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")]
"""A login name, as useradd(8) allows it."""
Port = Annotated[int, Field(ge=1, le=65535)]


class Endpoint(Frozen):
    """An address and a port."""

    address: str
    port: Port

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


def _says_nothing(value: object) -> bool:
    return value in (None, "redfish")


class PowerSocket(Frozen):
    """The out-of-band controller that can take the power from one machine, and which machine that is.

    Attributes:
        system: what the controller calls it: a Redfish system's id, or a virtual machine's name in vCenter.
        uuid: by which it is known: a machine's own UUID, or a virtual machine's instance UUID.
        kind: what the controller speaks: a machine's own controller, or a vCenter above its hypervisor.
        bios_uuid: a virtual machine's BIOS UUID, compared besides.
        certificate: the SHA-256 of the controller's certificate; one that a known authority signed when absent.
    """

    url: str
    system: str
    uuid: str
    username: str
    password: SecretRef
    # Left out where they say nothing: a plan that was made before there was such a thing keeps its digest.
    kind: Annotated[Literal["redfish", "vsphere"], Field(exclude_if=_says_nothing)] = "redfish"
    bios_uuid: Annotated[str | None, Field(exclude_if=_says_nothing)] = None
    certificate: Annotated[str | None, Field(pattern=r"^sha256:[0-9a-f]{64}$", exclude_if=_says_nothing)] = (
        None
    )

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if self.bios_uuid is not None and self.kind != "vsphere":
            message = "`bios_uuid` goes with `kind: vsphere`; a machine's own UUID stands in `uuid`"
            raise ValueError(message)
        return self


class Host(Frozen):
    """A machine reached over SSH. `host_key` is its public key as OpenSSH writes it: `ssh-ed25519 AAAA...`."""

    name: Name
    site: Name
    address: str
    port: Port = 22
    user: str
    key: SecretRef
    host_key: str
    hostname: str
    power: PowerSocket | None = None

    def __str__(self) -> str:
        return self.name


class Lease(Frozen):
    """What lets users' programs into a server, and for how long at most: docs/lease.md.

    Attributes:
        term: how long they are let in after the guard has asked, at most.
        drift: by how much two machines' clocks may part in a term, with everything that closes late.
        renew: how often the guard asks.
        clients: where users' programs connect, when that is another address or port than the server's own.
    """

    term: Duration = timedelta(seconds=20)
    drift: Duration = timedelta(seconds=1)
    renew: Duration = timedelta(seconds=4)
    clients: Endpoint | None = None

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        _ = self.terms
        return self

    @property
    def terms(self) -> Terms:
        """The same in seconds. Raises: ValueError, when they do not fit each other."""
        return Terms(*(one.total_seconds() for one in (self.term, self.drift, self.renew)))

    @property
    def takes(self) -> timedelta:
        """How long a step may take that revokes this lease and waits it out."""
        return self.term + self.drift + timedelta(seconds=10)


class Server(Frozen):
    """One PostgreSQL server: where it runs, how it is reached, and how it is recognised.

    Attributes:
        name: `host/cluster`, as the inventory calls it.
        system_identifier: what `pg_control_system()` and `pg_controldata` say; a standby shares its primary's.
        cluster_name: PostgreSQL's `cluster_name`, different at each site.
        data_directory: absolute, on the host.
        binaries: the folder on the host with `pg_ctl` and the rest.
        peers: how the other site's server reaches this one, when that differs from `host.address` and `port`.
        user: the role Seawall connects as; `replicator` the role a standby connects as.
        sudo_as: the account it runs as on its machine, when Seawall logs in there as another one.
        lease: what lets users' programs in, when a guard stands beside it.
    """

    name: str
    host: Host
    port: Port
    data_directory: str
    binaries: str
    cluster_name: str
    system_identifier: str
    database: str
    user: str
    password: SecretRef
    replicator: str
    replicator_password: SecretRef
    peers: Endpoint | None = None
    slot: str | None = None
    sudo_as: Account | None = None
    # Left out where there is none: a plan that was made before there was such a thing keeps its digest.
    lease: Annotated[Lease | None, Field(exclude_if=lambda value: value is None)] = None

    @property
    def program(self) -> str:
        """The one program on its machine that may be run as `sudo_as`; `seawall doctor --needs` writes it."""
        return f"/usr/local/lib/seawall/postgres-{self.name.partition('/')[2]}"

    @property
    def for_peers(self) -> Endpoint:
        """How another server reaches this one for replication and rewind."""
        return self.peers or Endpoint(address=self.host.address, port=self.port)

    def __str__(self) -> str:
        return self.name


class WebRoot(Frozen):
    """A folder that a web server shows as it is.

    Attributes:
        name: `host/root`, as the inventory calls it.
        path: the folder, absolute, on the host.
        alive: an address that answers while the web server there is well, past any balancer.
    """

    name: str
    host: Host
    path: str
    alive: str | None = None

    def __str__(self) -> str:
        return self.name


class Unit(Frozen):
    """A program that systemd starts and stops on a host.

    Attributes:
        name: `host/unit`, as the inventory calls it.
        unit: what systemd calls it, e.g. `appointments.service`.
        sudo: whether starting and stopping it there needs `sudo`, without a password.
        alive: an address that answers while it is well, past any balancer.
    """

    name: str
    host: Host
    unit: str
    sudo: bool = True
    alive: str | None = None

    def __str__(self) -> str:
        return self.name


class Store(Frozen):
    """A bucket in an S3 store at one site."""

    name: Name
    site: Name
    url: str
    region: str = "eu-north-1"
    bucket: str
    access_key: SecretRef
    secret_key: SecretRef

    def __str__(self) -> str:
        return self.name


class Balancer(Frozen):
    """A HAProxy, spoken to over its runtime socket."""

    name: Name
    runtime: Endpoint

    def __str__(self) -> str:
        return self.name


class Zone(Frozen):
    """A DNS zone that takes signed updates (RFC 2136 with TSIG). `key` refers to the base64 secret."""

    name: str
    server: Endpoint
    key_name: str
    key: SecretRef
    algorithm: str = "hmac-sha256"

    def __str__(self) -> str:
        return self.name


class MailRelay(Frozen):
    """The SMTP server that messages leave through."""

    address: str
    port: Port = 25
    sender: str
    username: str | None = None
    password: SecretRef | None = None


class SlackWorkspace(Frozen):
    """A Slack workspace. `url` ends in `/api/`; it differs from Slack's own only in the lab."""

    url: str = "https://slack.com/api/"
    token: SecretRef


def wrong_address(text: str) -> str | None:
    """Say what is wrong with an address to watch a service by; None when nothing is. May hold a password: not repeated.

    >>> wrong_address("https://login.by.dk/alive"), wrong_address("javascript:alert(1)")
    (None, 'an address begins with https://, http:// or dns://')
    """
    if any(one.isspace() or not one.isprintable() for one in text):
        return "an address holds no blanks"
    scheme, sign, rest = text.partition("://")
    if not sign or scheme.lower() not in ("https", "http", "dns"):
        return "an address begins with https://, http:// or dns://"
    host = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    if "@" in host:
        return "an address holds no user and no password; passwords are never written here"
    return None if host.strip(".:[]") else f"an address names a host after {scheme}://"


def _to_watch(text: str) -> str:
    if (wrong := wrong_address(text)) is not None:
        raise ValueError(wrong)
    return text


ProbeAddress = Annotated[str, AfterValidator(_to_watch)]
"""Where a service is looked at: `https://...`, `http://...`, or `dns://NAME`."""
