"""Makes a new lab in an empty folder: what lies in it, the machines, the database and its standby, the buckets."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import timedelta

from drills.lab import balancer, postgres, store, website
from drills.lab import lease as leases
from drills.lab.account import Account
from drills.lab.credentials import make_credentials
from drills.lab.dns_server import zone_text
from drills.lab.folders import LabFolder
from drills.lab.layout import LabLayout
from drills.lab.lease import LEASE
from drills.lab.looks import wait_until_all_answer, wait_until_answering
from drills.lab.machine import turn_on
from drills.lab.plan import (
    LINK,
    PLACES,
    SITES,
    ZONE,
    backends,
    clusters,
    host_names,
    machine_names,
    new_uuids,
    plan_lab,
    ways_in,
    zone_file,
    zone_records,
)
from drills.lab.ports import free_ports, ports_from
from drills.lab.processes import end
from drills.lab.programs import boots
from drills.lab.remote import run_on
from drills.lab.software import Software, find_software
from seawall.targets import Lease

ANSWERS_WITHIN = timedelta(seconds=30)


def build(
    places: LabFolder,
    account: Account,
    tell: Callable[[str], None],
    *,
    first_port: int | None = None,
    lease: Lease = LEASE,
) -> LabLayout:
    """Make the lab and return it when every server of it answers.

    Raises:
        LabError: a part of it does not come up; what was started may still be running.
    """
    # Reserved until every server listens.
    with contextlib.closing(free_ports() if first_port is None else ports_from(first_port)) as ports:
        return _build(places, account, tell, ports, lease)


def _build(
    places: LabFolder, account: Account, tell: Callable[[str], None], ports: Iterator[int], lease: Lease
) -> LabLayout:
    places.mark.touch(mode=0o600)
    if account.switched:
        tell(f"PostgreSQL does not run as root: the lab's servers and SSH sessions run as {account.name}")
    software = find_software(places, account, tell=tell)
    kept, uuids = make_credentials(places, hosts=host_names(), stores=PLACES), new_uuids()
    layout = plan_lab(places, account.name, software.postgres, kept, uuids, ports=ports, lease=lease)
    _lay_down(layout, software, account)
    for boot in boots(layout, uuids, software, account):
        boot.save(places)
    layout.save()
    tell(f"Turning {len(layout.machines)} machines on at {', '.join(PLACES)}")
    identifier = _make_everything(layout, software, account, tell)
    tell("Waiting until every server answers")
    known = {"system_identifier": identifier}
    servers = {name: server.model_copy(update=known) for name, server in layout.servers.items()}
    layout = layout.model_copy(update={"servers": servers, "ready": True})
    wait_until_all_answer(layout, ANSWERS_WITHIN)
    layout.save()
    return layout


def _lay_down(layout: LabLayout, software: Software, account: Account) -> None:
    """Make every folder and file that must be there before the machines are turned on."""
    places, kept = layout.places, layout.credentials
    for folder in (
        places.machines,
        places.logs,
        places.boot("any").parent,
        places.state("any").parent,
        places.mail,
    ):
        folder.mkdir(mode=0o711)
    places.slack.touch(mode=0o600)
    zone_file(places).write_text(zone_text(ZONE, zone_records(layout)))
    for machine in layout.machines:
        home = places.home(machine.name)
        places.logs.joinpath(machine.name).mkdir(mode=0o700)
        for folder in (home, home / "run", home / "bin"):
            folder.mkdir(mode=0o700)
        hostname = home / "bin" / "hostname"
        hostname.write_text(f"#!/bin/sh\necho {machine.name}\n")
        hostname.chmod(0o755)
        for path in (home / "run", home / "bin", hostname):
            account.own(path)
    for cluster in clusters(layout):
        postgres.prepare(cluster, kept, account)
        leases.prepare(layout, layout.machine(f"{cluster.site}-db"))
    for place in PLACES:
        store.prepare(places.home(f"{place}-store"), place, kept, account)
    for site in SITES:
        machine = layout.machine(f"{site}-web")
        website.prepare(
            places.home(machine.name), machine, software.haproxy, account, active=site == SITES[0]
        )
    balancer.prepare(
        places.home("witness-front"),
        layout.front,
        layout.balancer.runtime,
        backends(layout),
        account,
        ways_in=ways_in(layout),
    )
    for machine in layout.machines:
        account.own(places.home(machine.name))  # last: until here nobody else can have put anything there


def _make_everything(
    layout: LabLayout, software: Software, account: Account, tell: Callable[[str], None]
) -> str:
    """Turn every machine on, fill stores and database, all at once, and return the database's system identifier."""
    at_once, stop = ThreadPoolExecutor(max_workers=20, thread_name_prefix="lab"), threading.Event()
    try:
        machines = {name: at_once.submit(turn_on, layout.places, name) for name in machine_names()}
        made = _Making(layout, machines, stop)
        database = at_once.submit(made.database, software, account, tell)
        for one in as_completed(
            (*machines.values(), *(at_once.submit(made.buckets, place) for place in PLACES))
        ):
            one.result()
        identifier = database.result()
    except BaseException:
        with not_interrupted():
            # What is being waited for ends with the machines; nothing may be started after this.
            stop.set()
            end(layout.places)
            at_once.shutdown(cancel_futures=True)
        raise
    at_once.shutdown()
    return identifier


@contextlib.contextmanager
def not_interrupted() -> Iterator[None]:
    """Let a second Ctrl-C wait: what it would interrupt is the ending itself, which has a limit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(frozen=True, slots=True)
class _Making:
    """What is made on the machines, each as soon as the machines it needs are on."""

    layout: LabLayout
    machines: Mapping[str, Future[None]]
    stop: threading.Event

    def buckets(self, place: str) -> None:
        """Make one store's buckets."""
        name = f"{place}-store"
        self._ready(name, "s3")
        limit = timedelta(seconds=10)
        client = store.client(self.layout.stores[name], self.layout.credentials, place, within=limit)
        try:
            store.make_buckets(client, place)
        finally:
            client.close()

    def database(self, software: Software, account: Account, tell: Callable[[str], None]) -> str:
        """Make the primary and its standby, and return their system identifier."""
        (first, second), kept = clusters(self.layout), self.layout.credentials
        identifier = postgres.initialise(first, kept, software.postgres, account)
        self.machines[LINK].result()
        for cluster in (first, second):
            self._ready(f"{cluster.site}-db", "ssh")
        run_on(self.layout, f"{first.site}-db", postgres.start_command(first), within=30)
        connect = (
            f"host={first.listens.address} port={first.listens.port} user=postgres "
            f"password={kept.read('db_postgres')} connect_timeout=5"
        )
        postgres.fill(connect, kept)
        tell(f"The primary is up at {first.site}; copying it to {second.site}")
        copy = f"{postgres.copy_command(second)} && {postgres.start_command(second)}"
        run_on(self.layout, f"{second.site}-db", copy, within=60)
        return identifier

    def _ready(self, machine: str, service: str) -> None:
        self.machines[machine].result()
        wait_until_answering(self.layout, f"{machine}/{service}", ANSWERS_WITHIN, self.stop)
