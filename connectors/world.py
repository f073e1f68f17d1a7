"""Everything this project can do to the outside, in one list; and the same list over a city held in memory."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.backup import Backup, PostgresTools
from connectors.balancer import Balancers
from connectors.dns import Dns
from connectors.haproxy import Haproxy
from connectors.http import Http, Httpx
from connectors.mail import Mail, Smtp
from connectors.objects import Objects
from connectors.own import OwnActions
from connectors.postgres import Postgres
from connectors.power import Redfish, RedfishController
from connectors.rfc2136 import Rfc2136
from connectors.s3 import S3
from connectors.secrets import Secrets
from connectors.slack import Slack, SlackSdk
from connectors.ssh import Ssh
from connectors.telling import Audiences
from seawall.actions import Vault, World
from seawall.inventory import Inventory
from seawall.own_actions import NOTHING_OWN, Own


class RealWorld(World):
    """The world outside, for one city. Nothing is connected before the first call, and no vendor's library loaded.

    Its connectors are there by name as well, for `seawall doctor` to let each look at what it knows.
    """

    def __init__(self, city: Inventory, vault: Vault, own: Own = NOTHING_OWN) -> None:
        people = Audiences.of(city)
        self.shell = Ssh(vault)
        self.power = Redfish(RedfishController(vault))
        self.postgres = Postgres(self.shell, self.power, vault, _now)
        self.objects = Objects(S3(vault))
        self.backup = Backup(PostgresTools(self.shell, vault), self.objects, _now)
        self.balancers = Balancers(Haproxy())
        self.dns = Dns(Rfc2136(vault))
        self.http = Http(Httpx(), vault)
        self.mail = Mail(city.mail, people, Smtp(vault))
        self.slack = Slack(city.slack, people, SlackSdk(vault))
        super().__init__(
            self.postgres,
            self.backup,
            self.shell,
            self.power,
            self.objects,
            self.balancers,
            self.dns,
            self.http,
            self.mail,
            self.slack,
            OwnActions(self.shell, city, own),
            vault=vault,
        )


def real_world(city: Inventory, vault: Vault | None = None, own: Own = NOTHING_OWN) -> RealWorld:
    """Make the world outside, with secrets from where the city's references point unless another `vault` is given.

    `own` are the actions of the city's own files.
    """
    return RealWorld(city, vault or Secrets(), own)


def memory_world(city: Inventory, own: Own = NOTHING_OWN) -> World:
    """Make a world of the same names and types in which everything the city names is well, and nothing is real."""
    from connectors.memory.world import OutsideInMemory

    return OutsideInMemory.of(city, own).world()


def _now() -> datetime:
    return datetime.now(UTC)
