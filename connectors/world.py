"""Everything this project can do to the outside, in one list; and the same list over a city held in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from seawall.actions import Action, Connector, Vault, World
from seawall.inventory import Inventory

if TYPE_CHECKING:
    from connectors.backup import Backup
    from connectors.balancer import Balancers
    from connectors.dns import Dns
    from connectors.files import Files
    from connectors.http import Http
    from connectors.lease import Lease
    from connectors.mail import Mail
    from connectors.objects import Objects
    from connectors.own import OwnActions
    from connectors.postgres import Postgres
    from connectors.power import MachinePower
    from connectors.redfish import RedfishController
    from connectors.slack import Slack
    from connectors.ssh import Ssh
    from connectors.systemd import Systemd
    from connectors.vsphere import VsphereController
    from seawall.expiring import Leases
    from seawall.own_actions import Own
    from seawall.places import Places
    from seawall.plan import Plan

MadeT = TypeVar("MadeT", bound=Connector)


class RealWorld(World):
    """The world outside, for one city. Nothing is connected before the first call, and no vendor's library loaded.

    Its connectors are there by name as well, for `seawall doctor` to let each look at what it knows. Each is made, and
    its module imported, when one of its actions is first asked for: a plan uses a third of them.
    """

    def __init__(self, city: Inventory, vault: Vault, own: Own | None = None) -> None:
        super().__init__(vault=vault)
        self._city, self._secrets, self._own = city, vault, own
        self._made: dict[str, Connector] = {}
        self._making = (
            threading.RLock()
        )  # facts are read side by side, and share what they reach the outside with
        self._all_actions: dict[str, Action[Any, Any]] = {}
        self._told: set[str] = set()
        self._places: Places | None = None
        # By what the names of its actions begin with.
        self._makers: Mapping[str, Callable[[], Connector]] = {
            "postgres": lambda: self.postgres,
            "lease": lambda: self.lease,
            "backup": lambda: self.backup,
            "ssh": lambda: self.shell,
            "systemd": lambda: self.systemd,
            "files": lambda: self.files,
            "power": lambda: self.power,
            "objects": lambda: self.objects,
            "balancer": lambda: self.balancers,
            "dns": lambda: self.dns,
            "http": lambda: self.http,
            "email": lambda: self.mail,
            "slack": lambda: self.slack,
            "own": lambda: self.own_actions,
        }

    @property
    def shell(self) -> Ssh:
        """Hosts over SSH."""
        from connectors.ssh import Ssh

        return self._once("ssh", lambda: Ssh(self._secrets))

    @property
    def systemd(self) -> Systemd:
        """Programs that systemd runs."""
        from connectors.systemctl import Systemctl
        from connectors.systemd import Systemd

        return self._once("systemd", lambda: Systemd(Systemctl(self.shell)))

    @property
    def files(self) -> Files:
        """Files on hosts."""
        from connectors.files import Files
        from connectors.trees import ShellTrees

        return self._once("files", lambda: Files(ShellTrees(self.shell)))

    @property
    def power(self) -> MachinePower:
        """Out-of-band controllers."""
        from connectors.power import Controllers, MachinePower

        wires = Controllers({"redfish": self._redfish, "vsphere": self._vsphere})
        return self._once("power", lambda: MachinePower(wires))

    def _redfish(self) -> RedfishController:
        from connectors.redfish import RedfishController

        return RedfishController(self._secrets)

    def _vsphere(self) -> VsphereController:
        from connectors.vsphere import VsphereController

        return VsphereController(self._secrets)

    @property
    def postgres(self) -> Postgres:
        """PostgreSQL servers."""
        from connectors.postgres import Postgres

        def make() -> Postgres:
            return Postgres(self.shell, self.power, self._secrets, _now, leases=self.leases)

        return self._once("postgres", make)

    @property
    def leases(self) -> Leases:
        """What lets users' programs into databases."""
        from seawall.expiring import Leases

        return Leases(lambda: self.places, _now)

    @property
    def lease(self) -> Lease:
        """Leases, revoked and granted."""
        from connectors.lease import Lease

        return self._once("lease", lambda: Lease(self.leases, self.postgres))

    @property
    def objects(self) -> Objects:
        """Stores of objects."""
        from connectors.objects import Objects
        from connectors.s3 import S3

        return self._once("objects", lambda: Objects(S3(self._secrets)))

    @property
    def backup(self) -> Backup:
        """Backups."""
        from connectors.backup import Backup, PostgresTools

        tools = PostgresTools
        return self._once("backup", lambda: Backup(tools(self.shell, self._secrets), self.objects, _now))

    @property
    def balancers(self) -> Balancers:
        """Balancers."""
        from connectors.balancer import Balancers
        from connectors.haproxy import Haproxy

        return self._once("balancer", lambda: Balancers(Haproxy()))

    @property
    def dns(self) -> Dns:
        """Zones."""
        from connectors.dns import Dns
        from connectors.rfc2136 import Rfc2136

        return self._once("dns", lambda: Dns(Rfc2136(self._secrets)))

    @property
    def http(self) -> Http:
        """Whatever speaks HTTP."""
        from connectors.http import Http, Httpx

        return self._once("http", lambda: Http(Httpx(), self._secrets))

    @property
    def mail(self) -> Mail:
        """E-mail."""
        from connectors.mail import Mail, Smtp
        from connectors.telling import Audiences

        city = self._city
        return self._once("email", lambda: Mail(city.mail, Audiences.of(city), Smtp(self._secrets)))

    @property
    def slack(self) -> Slack:
        """Slack."""
        from connectors.slack import Slack, SlackSdk
        from connectors.telling import Audiences

        city = self._city
        return self._once("slack", lambda: Slack(city.slack, Audiences.of(city), SlackSdk(self._secrets)))

    @property
    def own_actions(self) -> OwnActions:
        """The city's own actions."""
        from connectors.own import OwnActions
        from seawall.own_actions import NOTHING_OWN

        own = self._own or NOTHING_OWN
        return self._once("own", lambda: OwnActions(self.shell, self._city, own))

    @property
    def places(self) -> Places | None:
        """The city's three places, None when it has none. From when they are first asked for, they are looked at."""
        with self._making:
            if self._places is None and self._city.places:
                from connectors.places import places_of
                from seawall.marks import look_at

                self._places = places_of(self._city, self._secrets)
                # Who answers is to be known before anything is decided there: nobody waits for a silent place then.
                threading.Thread(target=look_at, args=(self._places,), name="places", daemon=True).start()
            return self._places

    @property
    def connectors(self) -> Sequence[Connector]:
        """Every connector; those not needed before are made now."""
        return tuple(make() for make in self._makers.values())

    def __getitem__(self, name: str) -> Action[Any, Any]:
        self._tell(name.partition(".")[0])
        return self._all_actions[name]

    def __iter__(self) -> Iterator[str]:
        for prefix in self._makers:
            self._tell(prefix)
        return iter(dict(self._all_actions))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connector in reversed(list(self._made.values())):
            connector.close()
        if self._places is not None:
            self._places.close()

    def _tell(self, prefix: str) -> None:
        """Have the actions of the connector at hand whose names begin so."""
        if prefix in self._told or prefix not in self._makers:
            return
        with self._making:
            self._all_actions.update((one.name, one) for one in self._makers[prefix]().actions())
            self._told.add(prefix)

    def _once(self, name: str, make: Callable[[], MadeT]) -> MadeT:
        with self._making:
            if name not in self._made:
                self._made[name] = make()
            return cast("MadeT", self._made[name])


def real_world(city: Inventory, vault: Vault | None = None, own: Own | None = None) -> RealWorld:
    """Make the world outside, with secrets from where the city's references point unless another `vault` is given.

    `own` are the actions of the city's own files.
    """
    if vault is None:
        from connectors.secrets import Secrets

        vault = Secrets()
    return RealWorld(city, vault, own)


def places_in(world: World) -> Places | None:
    """Return the three places of a world outside; a world in memory has none."""
    return world.places if isinstance(world, RealWorld) else None


def foresee(world: World, plan: Plan) -> None:
    """While a person reads a plan: have the places of a world outside keep it, and tell who holds what it wants."""
    places = places_in(world)
    if places is not None:
        from seawall.claims_at_places import foresee as foresee_claims
        from seawall.copies import foresee_plan

        foresee_claims(places, plan.claims)
        foresee_plan(places, plan.digest, plan.content)


def memory_world(city: Inventory, own: Own | None = None) -> World:
    """Make a world of the same names and types in which everything the city names is well, and nothing is real."""
    from connectors.memory.world import OutsideInMemory
    from seawall.own_actions import NOTHING_OWN

    return OutsideInMemory.of(city, own or NOTHING_OWN).world()


def _now() -> datetime:
    return datetime.now(UTC)
