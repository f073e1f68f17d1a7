"""A primary in the north and its standby in the south, real on the lab or in memory, and what can befall them."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import signal
import socket
import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from connectors.lease import Lease
from connectors.memory.lease import PassingClock
from connectors.memory.places import PlaceInMemory
from connectors.memory.postgres import PostgresInMemory, Row, ServerInMemory, ServersInMemory
from connectors.memory.power import ControllerInMemory, PoweredInMemory
from connectors.memory.secrets import SecretsInMemory
from connectors.memory.ssh import MachineInMemory, SshInMemory
from connectors.places import places_of
from connectors.postgres import Postgres
from connectors.postgres.connector import PostgresServers
from connectors.postgres.host import HostSide
from connectors.power import MachinePower
from connectors.redfish import RedfishController
from connectors.secrets import Secrets
from connectors.ssh import Ssh
from drills.lab import faults, processes
from drills.lab.inventory import technical_facts
from drills.lab.layout import LabLayout
from drills.lab.plan import clusters
from drills.lab.postgres import start_command
from drills.lab.remote import run_on
from seawall.actions import World
from seawall.errors import DidNothing
from seawall.expiring import Leases
from seawall.inventory import Inventory
from seawall.leasing import take_up
from seawall.places import Places
from seawall.targets import Endpoint, Host, PowerSocket, Server
from seawall.targets import Lease as ServerLease
from tests.connectors.servers import free_port, occasion

TURNING = ("postgres.promote", "postgres.rejoin", "postgres.rebuild")
"""Changes after which the two are not what they were at first, whatever is started and stopped."""


class _Gone(BaseException):
    """The process is gone."""


class Pair(ABC):
    """Two servers, what is asked of them, and what befalls them.

    Attributes:
        now: the clock evidence is dated by.
        turned: they are no longer what they were at first: that one the primary, that one its standby.
    """

    north: Server
    south: Server
    world: World
    postgres: PostgresServers
    turned = False

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def perform(self, name: str, seconds: float = 30, **args: Any) -> Any:
        try:
            return self.world.perform(name, args, occasion(seconds))
        except DidNothing:
            name = ""  # a promise that everything is as it was
            raise
        finally:
            self.turned |= name in TURNING

    def fail_over(self) -> Any:
        """Move the primary from north to south, the evidence being whatever can be had."""
        evidence = self.perform("postgres.fence", server=self.north)
        return self.perform("postgres.promote", server=self.south, old=self.north, evidence=evidence)

    def begin_to_rejoin(self, server: Server, primary: Server, last: str) -> None:
        """Let a process that makes `server` follow be gone as soon as that script has ended."""
        self.turned = True
        with self.gone_after(last), contextlib.suppress(_Gone):
            self.perform("postgres.rejoin", 60, server=server, primary=primary)

    @contextlib.contextmanager
    def gone_after(self, last: str) -> Iterator[None]:
        """Let whoever has a script carried out be gone when it has ended."""
        host = type(self.host_side)
        whole = host.run

        def run(*args: Any, **values: Any) -> Any:
            told = whole(*args, **values)
            if args[2][-1] == last:
                raise _Gone
            return told

        setattr(host, "run", run)  # noqa: B010 - what mypy is right to refuse elsewhere
        try:
            yield
        finally:
            setattr(host, "run", whole)  # noqa: B010 - the same

    @property
    def host_side(self) -> HostSide:
        """The way to the machines' scripts."""
        return self.postgres._host

    @abstractmethod
    def at_work(self, server: Server) -> AbstractContextManager[None]:
        """Let a command that somebody else began be at work on a server's machine."""

    @abstractmethod
    def break_a_rewind_off(self, server: Server) -> None:
        """Leave a server as one whose machine lost its power while it was rewound."""

    @abstractmethod
    def write(self, server: Server, *words: str) -> None:
        """Commit a row a word, as users do."""

    @abstractmethod
    def words(self, server: Server) -> set[str]:
        """Read every word that was written."""

    @abstractmethod
    def crash(self, server: Server) -> None:
        """Kill every process of a server at once; its machine goes on."""

    @abstractmethod
    def lose(self, server: Server) -> None:
        """Take the machine away, SSH and all; its power controller goes on."""

    @abstractmethod
    def come_back(self, server: Server) -> None:
        """Let the machine come back; the server on it does not start by itself."""

    @abstractmethod
    def start_guard(self, server: Server) -> None:
        """Start a server's guard anew; it has said its word if it may, or been told that it may not."""

    @abstractmethod
    def lose_places(self, *which: int) -> None:
        """Let these of the three places (0, 1, 2) answer no more."""

    @abstractmethod
    def bring_back_place(self, which: int) -> None:
        """Let a place answer again, with what it held."""

    @abstractmethod
    def hold(self, server: Server) -> None:
        """Let a server's processes be there and do nothing."""

    @abstractmethod
    def cut_link(self) -> None:
        """Let nothing pass between the sites."""

    @abstractmethod
    def restore_link(self) -> None:
        """Let it pass again."""

    @abstractmethod
    def start(self, server: Server) -> None:
        """Start a server as it lies there, as a service manager would."""

    @abstractmethod
    def unmark(self, server: Server) -> None:
        """Take away the mark that would let it start as a standby."""

    @abstractmethod
    def lose_controller(self) -> None:
        """Let nobody answer any more where machines' power is told and taken."""

    @abstractmethod
    def runs(self, server: Server) -> bool:
        """Tell whether any process of it is there."""

    @abstractmethod
    def wipe(self, server: Server) -> None:
        """Empty its data directory."""

    @abstractmethod
    def kept(self, server: Server, folder: str) -> set[str]:
        """Read the words that were kept aside there."""


class PairInMemory(Pair):
    """The pair in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.north, self.south = _server("north"), _server("south")
        self._outside = ServersInMemory()
        for server, follows in ((self.north, None), (self.south, self.north)):
            self._outside.servers[server.name] = ServerInMemory.of(server, follows=follows)
        self._machines = {
            _door(server): MachineInMemory(server.host.host_key, server.host.hostname)
            for server in (self.north, self.south)
        }
        self._powered = {
            server.name: PoweredInMemory(server.host.name, _power(server).uuid)
            for server in (self.north, self.south)
        }
        for server in (self.north, self.south):
            self._powered[server.name].changed = partial(self._changed, server)
        self._controller = ControllerInMemory({_power(self.north).url: list(self._powered.values())})
        shell, power = SshInMemory(self._machines), MachinePower(self._controller)
        vault = SecretsInMemory({"env:PASSWORD": "a-password"})
        self.stores = [PlaceInMemory(name) for name in ("north", "south", "witness")]
        self.places, clock = Places(self.stores, within=timedelta(seconds=1)), PassingClock()
        self.leases = leases = Leases(lambda: self.places, lambda: self.now, clock, clock.sleep)
        postgres = PostgresInMemory(self._outside, shell, power, vault, lambda: self.now, leases=leases)
        self.lease = Lease(leases, postgres)
        self.world, self.postgres = World(shell, power, postgres, self.lease, vault=vault), postgres
        for server in (self.north, self.south):
            self.start_guard(server)

    @contextlib.contextmanager
    def at_work(self, server: Server) -> Iterator[None]:
        self._machines[_door(server)].busy = True
        yield
        self._machines[_door(server)].busy = False

    def break_a_rewind_off(self, server: Server) -> None:
        self._one(server).rewinding = True

    def write(self, server: Server, *words: str) -> None:
        one = self._one(server)
        assert one.running
        assert not one.in_recovery
        one.log += [Row(one.timeline, "public.words", word) for word in words]

    def words(self, server: Server) -> set[str]:
        self._outside.catch_up()
        return {row.text for row in self._one(server).log if row.table == "public.words"}

    def crash(self, server: Server) -> None:
        self._outside.catch_up()
        one = self._one(server)
        one.running, one.clean, one.held = False, False, False

    def lose(self, server: Server) -> None:
        self._changed(server, False)
        self._powered[server.name].on = False

    def come_back(self, server: Server) -> None:
        self._machines[_door(server)].up = True
        self._powered[server.name].on = True

    def start_guard(self, server: Server) -> None:
        """A guard that was started now, and says what it has to say."""
        assert server.lease is not None
        take_up(self.places, server.name, server.lease.terms, guard=f"guard {server}", boot="boot")

    def lose_places(self, *which: int) -> None:
        for one in which:
            self.stores[one].down = True

    def bring_back_place(self, which: int) -> None:
        self.stores[which].down = False

    def hold(self, server: Server) -> None:
        self._one(server).held = True

    def cut_link(self) -> None:
        self._outside.catch_up()
        self._outside.link_cut = True

    def restore_link(self) -> None:
        self._outside.link_cut = False

    def start(self, server: Server) -> None:
        self._one(server).start()

    def unmark(self, server: Server) -> None:
        self._one(server).marked = False

    def lose_controller(self) -> None:
        self._controller.machines.clear()

    def let_controller_lie(self, server: Server) -> None:
        """Let it say Off, about a machine that goes on."""
        self._powered[server.name].on = False

    def runs(self, server: Server) -> bool:
        return self._one(server).running

    def wipe(self, server: Server) -> None:
        self._one(server).empty = True

    def kept(self, server: Server, folder: str) -> set[str]:
        return {row.text for row in self._one(server).kept[folder] if row.table == "public.words"}

    def set_retry_interval(self, server: Server, interval: timedelta) -> None:
        self._one(server).retry_interval = interval

    def _one(self, server: Server) -> ServerInMemory:
        return self._outside.servers[server.name]

    def _changed(self, server: Server, on: bool) -> None:
        if not on:
            self.crash(server)
            self._machines[_door(server)].up = False


def _of_places(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in ("stores", "places")}


def _server(site: str) -> Server:
    number = {"north": 1, "south": 2}[site]
    uuid = f"0b6ef1c4-5c41-4f4f-8f0e-6f3d6b1f2a1{number}"
    host = Host(
        name=f"{site}-db",
        site=site,
        address=f"127.0.{number}.10",
        user="seawall",
        key="env:KEY",
        host_key=f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{site}",
        hostname=f"{site}-db",
        power=PowerSocket(
            url="http://127.0.3.80",
            system=f"{site}-db",
            uuid=uuid,
            username="seawall",
            password="env:PASSWORD",
        ),
    )
    return Server(
        name=f"{site}-db/login",
        host=host,
        port=5432,
        data_directory=f"/srv/{site}/login",
        binaries="/usr/lib/postgresql/18/bin",
        cluster_name=f"login-{site}",
        system_identifier="7710720274044061083",
        database="login",
        user="seawall",
        password="env:PASSWORD",
        replicator="replicator",
        replicator_password="env:PASSWORD",
        lease=ServerLease(),
    )


def _door(server: Server) -> Endpoint:
    return Endpoint(address=server.host.address, port=server.host.port)


def _power(server: Server) -> PowerSocket:
    assert server.host.power is not None
    return server.host.power


class PairInLab(Pair):
    """The pair of a lab, whose files, as they were at first, are laid back when they are turned."""

    def __init__(self, lab: LabLayout) -> None:
        super().__init__()
        self.lab = lab
        self.north, self.south = lab.servers["north-db/login"], lab.servers["south-db/login"]
        self.vault = Secrets()
        self.shell, power = Ssh(self.vault), MachinePower(RedfishController(self.vault))
        self.city = Inventory.model_validate(
            {"city": {"name": "lab", "title": "Lab"}, "sites": {}, **_of_places(technical_facts(lab))}
        )
        self.places = places_of(self.city, self.vault)
        self.leases = leases = Leases(lambda: self.places, lambda: self.now)
        self.postgres = Postgres(self.shell, power, self.vault, lambda: self.now, leases=leases)
        self.lease = Lease(leases, self.postgres)
        self.world = World(self.shell, power, self.postgres, self.lease, vault=self.vault)
        self._sql(self.north, "CREATE TABLE words (word text PRIMARY KEY)")
        for server in (self.north, self.south):
            stop = f"pg_ctl -D '{server.data_directory}' -m fast -w stop </dev/null >/dev/null"
            run_on(lab, server.host.name, stop, within=30)
        for server in (self.north, self.south):
            _copy(Path(server.data_directory), self._first(server))
        self._lay_back()

    def fresh(self) -> None:
        """Make everything as it was at first."""
        self.now = datetime.now(UTC)
        faults.heal(self.lab.folder)
        if self.turned:
            self._lay_back()
        else:
            self._start_again()
        self._grant_again()

    def _grant_again(self) -> None:
        """Let both guards hold their leases, whatever was revoked."""
        assert self.places is not None
        for server in (self.north, self.south):
            peer = self.south if server is self.north else self.north
            if not self.perform("lease.may-be-held", server=server, peer=peer).holds:
                self.perform("lease.grant", server=server, peer=peer)
            self._until(partial(self._is_held, server), f"nobody holds the lease of {server}")

    def _is_held(self, server: Server) -> bool:
        assert server.lease is not None
        assert server.lease.clients is not None
        if self.perform("lease.state", server=server).says != "held":
            return False
        try:
            socket.create_connection((server.lease.clients.address, server.lease.clients.port), 1).close()
        except OSError:
            return False
        return True

    @contextlib.contextmanager
    def at_work(self, server: Server) -> Iterator[None]:
        over = f"/tmp/over-{secrets.token_hex(8)}"
        command = f"until [ -e {over} ]; do sleep 0.05; done; rm {over}"
        with contextlib.closing(Ssh(self.vault)) as other:
            other.warm(server.host, occasion(60).deadline)
            at_work = threading.Thread(target=other.run, args=(server.host, command, occasion(120).deadline))
            at_work.start()
            yield
            assert self.shell.run(server.host, f"touch {over}", occasion(60).deadline).status == 0
            at_work.join()

    def break_a_rewind_off(self, server: Server) -> None:
        self.turned = True
        kept = f"{server.data_directory}.configuration"
        keep = f"mkdir -m 0700 '{kept}' && cp -p '{server.data_directory}'/*.conf '{kept}/'"
        run_on(self.lab, server.host.name, keep, within=30)

    def write(self, server: Server, *words: str) -> None:
        for word in words:
            self._sql(server, "INSERT INTO words VALUES (%s)", word)

    def words(self, server: Server) -> set[str]:
        return {row[0] for row in self._sql(server, "SELECT word FROM words")}

    def crash(self, server: Server) -> None:
        processes.send(self._processes(server), signal.SIGKILL)
        self._until(lambda: not self.runs(server), f"{server} still runs")

    def lose(self, server: Server) -> None:
        faults.break_(self.lab.folder, "kill-host", server.host.name)

    def come_back(self, server: Server) -> None:
        faults.heal(self.lab.folder, server.host.name)

    def start_guard(self, server: Server) -> None:
        guards = [
            one
            for one in processes.running_on(self.lab.places, server.host.name)
            if "connectors.guard" in one.command
        ]
        processes.send(guards, signal.SIGKILL)
        faults.restart(self.lab, server.host.name, "guard")

    def lose_places(self, *which: int) -> None:
        for one in which:
            faults.break_(self.lab.folder, "kill-host", list(self.lab.stores)[one])

    def bring_back_place(self, which: int) -> None:
        faults.heal(self.lab.folder, list(self.lab.stores)[which])

    def hold(self, server: Server) -> None:
        self.turned = True  # what it was told meanwhile it hears when it goes on
        faults.break_(self.lab.folder, "stop-process", f"{server.host.name}/postgres")

    def cut_link(self) -> None:
        faults.break_(self.lab.folder, "cut-link", "north-south")

    def restore_link(self) -> None:
        faults.heal(self.lab.folder, "north-south")

    def start(self, server: Server) -> None:
        self.turned = True  # it may have been started as something else
        self._start(server)

    def _start(self, server: Server) -> None:
        cluster = next(one for one in clusters(self.lab) if one.site == server.host.site)
        run_on(self.lab, server.host.name, start_command(cluster), within=30)

    def unmark(self, server: Server) -> None:
        self.turned = True
        Path(server.data_directory, "standby.signal").unlink()

    def lose_controller(self) -> None:
        faults.break_(self.lab.folder, "kill-host", "witness-power")

    def runs(self, server: Server) -> bool:
        return bool(self._processes(server))

    def wipe(self, server: Server) -> None:
        self.turned = True
        shutil.rmtree(server.data_directory)

    def kept(self, server: Server, folder: str) -> set[str]:
        files = Path(folder).joinpath("rows").glob("public.words.jsonl")
        lines = [line for file in files for line in file.read_text().splitlines()]
        return {line.split('"')[3] for line in lines}

    def scratch_of(self, server: Server) -> Server:
        """Restore a copy of a server beside it, under another name and port, and return it."""
        self.turned = True
        place = Path(server.data_directory).with_name("login-scratch")
        _copy(self._first(server), place)
        port = free_port(server.host.address)
        options = f"-c port={port} -c cluster_name=scratch -c primary_conninfo= -c primary_slot_name="
        start = f"pg_ctl -D '{place}' -l '{place}.log' -o '{options}' -w start </dev/null >/dev/null"
        run_on(self.lab, server.host.name, start, within=30)
        return server.model_copy(
            update={"port": port, "data_directory": str(place), "cluster_name": "scratch"}
        )

    def set_retry_interval(self, server: Server, interval: timedelta) -> None:
        milliseconds = round(interval.total_seconds() * 1000)
        self._sql(server, f"ALTER SYSTEM SET wal_retrieve_retry_interval = {milliseconds}")
        self._sql(server, "SELECT pg_reload_conf()")

    def _sql(self, server: Server, statement: str, *args: str) -> list[Any]:
        import psycopg

        with psycopg.connect(
            host=server.host.address,
            port=server.port,
            dbname=server.database,
            user="postgres",
            password=self.vault.secret(self.lab.superuser_password),
            connect_timeout=60,
            autocommit=True,
        ) as connection:
            found = connection.execute(statement.encode(), args)
            return found.fetchall() if found.description else []

    def _processes(self, server: Server) -> list[processes.Running]:
        here = processes.running_on(self.lab.places, server.host.name)
        return [
            one
            for one in here
            if one.command.startswith("postgres: ") or one.command.partition(" ")[0].endswith("/postgres")
        ]

    def _first(self, server: Server) -> Path:
        return Path(server.data_directory).parents[1] / "first"

    def _lay_back(self) -> None:
        for server in (self.north, self.south):
            self.crash(server)
            place = Path(server.data_directory)
            for beside in place.parent.glob("login*"):
                shutil.rmtree(beside) if beside.is_dir() else beside.unlink()
            _copy(self._first(server), place)
            self._start(server)
        self._wait()
        self.turned = False

    def _start_again(self) -> None:
        """Start what was stopped; mark and settings as they were at first."""
        for server in (self.north, self.south):
            if server is self.north:
                Path(server.data_directory, "standby.signal").unlink(missing_ok=True)
            if not self.runs(server):
                self._start(server)
        self._wait()
        self._sql(self.north, "TRUNCATE words")
        for server in (self.north, self.south):
            self._sql(server, "ALTER SYSTEM RESET ALL")
            self._sql(server, "SELECT pg_reload_conf()")

    def _wait(self) -> None:
        self._until(
            lambda: self.perform("postgres.is-standby-of", server=self.south, primary=self.north).holds,
            "the standby does not receive",
        )

    def _until(self, holds: Any, what: str) -> None:
        from tests.connectors.conftest import until

        until(holds, what, 120)


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", "--sparse=always", str(source), str(target)], check=True)  # with its owner
