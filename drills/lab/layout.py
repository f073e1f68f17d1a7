"""What is where in one lab: machines, servers and secret references, as the inventory's own types where it has one.

Written to `lab.json` in the lab's folder before the first machine starts, so that a lab whose maker was killed can
still be understood and taken down; `ready` says that it was brought up to the end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import ValidationError

from drills.lab.credentials import Credentials
from drills.lab.errors import LabError, LabMisused
from drills.lab.folders import LabFolder
from seawall.model import Frozen, Name, SecretRef
from seawall.targets import (
    Balancer,
    Endpoint,
    Host,
    MailRelay,
    Server,
    SlackWorkspace,
    Store,
    Unit,
    WebRoot,
    Zone,
)


class Machine(Frozen):
    """One simulated machine. Its ports stay the same over power cuts.

    Attributes:
        site: north, south or witness; `between` for the link.
        ports: by what answers there.
    """

    name: Name
    site: Name
    address: str
    ports: dict[str, int]

    def at(self, service: str) -> Endpoint:
        """Return where one of its services answers."""
        return Endpoint(address=self.address, port=self.ports[service])


class Route(Frozen):
    """One way over the link: who connects to `enter` at one site comes out at `leads_to` at the other."""

    site: Name
    to: str
    enter: Endpoint
    leads_to: Endpoint


class LabLayout(Frozen):
    """A whole lab.

    Attributes:
        account: the account its servers run as.
        front: where users reach the login service, through the balancer.
        front_socket: the balancer's runtime socket as a file.
        webs: the login service at each site, past the balancer.
        web_roots: the website's folders.
        units: the program for booking a time.
        ssh_key: the operators' private key; its public half lies beside it with `.pub`.
        superuser_password: of the PostgreSQL role `postgres`; on the machine itself it needs none, over the socket.
        app_password: of the role `app`, which the login service uses.
        slack_channels: every channel there is.
        canary: the civil number of a citizen, which must turn up nowhere.
        watched_at: by service of the reference city, the address that answers while it is well.
    """

    folder: Path
    account: str
    ready: bool = False
    machines: tuple[Machine, ...]
    hosts: dict[Name, Host]
    servers: dict[str, Server]
    stores: dict[Name, Store]
    balancer: Balancer
    backend: str
    front: Endpoint
    front_socket: Path
    webs: dict[Name, Endpoint]
    web_roots: dict[str, WebRoot] = {}
    units: dict[str, Unit] = {}
    zone: Zone
    mail: MailRelay
    mailbox: Path
    slack: SlackWorkspace
    slack_messages: Path
    slack_channels: tuple[str, ...]
    power: Endpoint
    routes: tuple[Route, ...]
    ssh_key: SecretRef
    superuser_password: SecretRef
    app_password: SecretRef
    canary: SecretRef
    watched_at: dict[Name, str] = {}

    @property
    def places(self) -> LabFolder:
        """Where its parts lie."""
        return LabFolder(self.folder)

    @property
    def credentials(self) -> Credentials:
        """Its secrets."""
        return Credentials(self.places)

    def machine(self, name: str) -> Machine:
        """Return a machine by name. Raises: LabMisused: there is none."""
        found = next((one for one in self.machines if one.name == name), None)
        if found is None:
            known = ", ".join(one.name for one in self.machines)
            raise LabMisused(
                f"there is no machine {name}", where=str(self.folder), remedy=f"Use one of {known}"
            )
        return found

    def at_site(self, site: str) -> tuple[Machine, ...]:
        """Return every machine of a site. Raises: LabMisused: there is none."""
        found = tuple(one for one in self.machines if one.site == site)
        if not found:
            known = ", ".join(dict.fromkeys(one.site for one in self.machines))
            raise LabMisused(f"there is no site {site}", where=str(self.folder), remedy=f"Use one of {known}")
        return found

    def save(self) -> None:
        """Write it where `load` finds it; the old one stays until the new one is whole."""
        fresh = self.places.layout.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(self.model_dump_json(indent=1))
        fresh.replace(self.places.layout)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the layout of the lab in `folder`.

        Raises:
            LabMisused: there is no lab there. LabError: there is one of another version, or a broken one.
        """
        file = LabFolder(folder.resolve()).layout
        try:
            return cls.model_validate_json(file.read_bytes())
        except OSError as error:
            raise LabMisused(
                f"there is no lab here: {error.strerror}",
                where=str(folder),
                remedy="Start one with seawall lab up",
            ) from error
        except ValidationError as error:
            raise LabError(
                "the lab's description cannot be read; it may be another version's",
                where=str(file),
                remedy="Take the lab down (seawall lab down) and bring it up again",
            ) from error
