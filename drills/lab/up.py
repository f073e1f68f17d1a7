"""Brings a lab up and takes it down. Whatever stops it on the way up, nothing of it is left running.

A lab's folder is made anew each time: what is in it is of no use without the programs, and a lab that remembers would
not be the same twice.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from drills.lab import balancer, postgres, store
from drills.lab.account import Account, check_passage, servers_account
from drills.lab.credentials import make_credentials
from drills.lab.dns_server import zone_text
from drills.lab.errors import LabError, LabMisused
from drills.lab.folders import LONGEST, LabFolder
from drills.lab.layout import LabLayout
from drills.lab.looks import wait_until_all_answer, wait_until_answering
from drills.lab.machine import turn_on
from drills.lab.plan import (
    LINK,
    PLACES,
    ZONE,
    clusters,
    host_names,
    machine_names,
    new_uuids,
    plan_lab,
    zone_file,
    zone_records,
)
from drills.lab.processes import end, is_on, running
from drills.lab.programs import boots
from drills.lab.remote import run_on
from drills.lab.software import Software, find_software

ANSWERS_WITHIN = timedelta(seconds=30)
Tell = Callable[[str], None]


def lab_up(folder: Path, *, tell: Tell) -> LabLayout:
    """Return the lab in `folder`, which is brought up unless it is up already; what is left of an old one goes first.

    `tell` is told, line by line, what is being done.

    Raises:
        LabMisused: the folder cannot be a lab's. LabError: a part does not come up. Nothing is left running then.
    """
    places, account = _checked(folder), servers_account()
    with _held(places):
        found = _running_lab(places)
        if found is not None:
            tell("The lab is up already")
            return found
        if places.mark.exists():
            tell("Removing what is left of an earlier lab")
            _remove(places)
        try:
            return _bring_up(places, account, tell)
        except BaseException:
            tell("It did not come up; ending what was started")
            _end_everything(places)
            raise


def lab_down(folder: Path) -> None:
    """End every program of the lab in `folder` and remove its files; also when it is half there, or down already.

    Raises:
        LabMisused: the folder is not a lab's. LabError: a program of the lab cannot be ended.
    """
    places = LabFolder(folder.resolve())
    if not places.root.exists():
        return
    if not places.mark.exists():
        if any(places.root.iterdir()):
            raise _not_a_lab(places)
        return
    with _held(places):
        _remove(places)


@contextlib.contextmanager
def _held(places: LabFolder) -> Iterator[None]:
    """Keep others from bringing this lab up, down or to harm meanwhile. Raises: LabError: they are at it."""
    handle = os.open(places.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LabError(
            "somebody else is bringing this lab up or down",
            where=str(places.root),
            remedy="Wait until that is over, or choose another folder",
        ) from error
    else:
        yield
    finally:
        os.close(handle)


def _checked(folder: Path) -> LabFolder:
    """Make the folder, or find that it is one a lab can have."""
    if folder.is_symlink():
        raise LabMisused(
            "the lab's folder is a symbolic link", where=str(folder), remedy="Name what it leads to"
        )
    places = LabFolder(folder.resolve())
    if len(str(places.root)) > LONGEST:
        raise LabMisused(
            f"the folder's path has {len(str(places.root))} characters, and Unix sockets allow the lab {LONGEST}",
            where=str(folder),
            remedy="Choose a shorter one, such as /var/tmp/lab",
        )
    account = servers_account()
    check_passage(places.root, account)
    try:
        places.root.mkdir(mode=0o711, parents=True, exist_ok=True)
        if places.root.stat().st_uid != os.geteuid():
            raise LabMisused(
                "the folder belongs to another account",
                where=str(folder),
                remedy="Choose a folder of your own",
            )
        if not places.mark.exists() and any(one != places.lock for one in places.root.iterdir()):
            raise _not_a_lab(places)
        places.root.chmod(0o711)
        check_passage(places.root, account)
    except OSError as error:
        raise LabMisused(
            f"the folder cannot be made: {error.strerror}", where=str(folder), remedy="Choose another one"
        ) from error
    return places


def _not_a_lab(places: LabFolder) -> LabMisused:
    return LabMisused(
        "there are files here, and none of them says that this is a lab's folder",
        where=str(places.root),
        remedy="Choose an empty folder, or one that does not exist",
    )


def _running_lab(places: LabFolder) -> LabLayout | None:
    try:
        found = LabLayout.load(places.root)
    except LabError:
        return None
    all_on = found.ready and all(is_on(places, machine.name) for machine in found.machines)
    return found if all_on else None


def _bring_up(places: LabFolder, account: Account, tell: Tell) -> LabLayout:
    places.mark.touch(mode=0o600)
    if account.switched:
        tell(f"PostgreSQL does not run as root: the lab's servers and SSH sessions run as {account.name}")
    software = find_software(places, account, tell=tell)
    kept, uuids = make_credentials(places, hosts=host_names(), stores=PLACES), new_uuids()
    layout = plan_lab(places, account.name, software.postgres, kept, uuids)
    _lay_down(layout, account)
    for boot in boots(layout, uuids, software, account):
        boot.save(places)
    layout.save()
    tell(f"Turning {len(layout.machines)} machines on at {', '.join(PLACES)}")
    with ThreadPoolExecutor(max_workers=20, thread_name_prefix="lab") as at_once:
        machines = {name: at_once.submit(turn_on, places, name) for name in machine_names()}
        buckets = [at_once.submit(_make_bucket, layout, place, machines) for place in PLACES]
        database = at_once.submit(_make_database, layout, software, account, machines, tell)
        for one in (*machines.values(), *buckets):
            one.result()
        identifier = database.result()
    tell("Waiting until every server answers")
    known = {"system_identifier": identifier}
    servers = {name: server.model_copy(update=known) for name, server in layout.servers.items()}
    layout = layout.model_copy(update={"servers": servers, "ready": True})
    wait_until_all_answer(layout, ANSWERS_WITHIN)
    layout.save()
    return layout


def _lay_down(layout: LabLayout, account: Account) -> None:
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
    for place in PLACES:
        store.prepare(places.home(f"{place}-store"), place, kept, account)
    balancer.prepare(
        places.home("witness-front"), layout.front, layout.balancer.runtime, layout.webs, account
    )
    for machine in layout.machines:
        account.own(places.home(machine.name))  # last: until here nobody else can have put anything there


def _make_bucket(layout: LabLayout, place: str, machines: dict[str, Future[None]]) -> None:
    name = f"{place}-store"
    machines[name].result()
    wait_until_answering(layout, f"{name}/s3", ANSWERS_WITHIN)
    store.make_bucket(
        store.client(layout.stores[name], layout.credentials, place, within=timedelta(seconds=10))
    )


def _make_database(
    layout: LabLayout,
    software: Software,
    account: Account,
    machines: dict[str, Future[None]],
    tell: Tell,
) -> str:
    """Make the primary and its standby, and return their system identifier."""
    (first, second), kept = clusters(layout), layout.credentials
    identifier = postgres.initialise(first, kept, software.postgres, account)
    for name in (f"{first.site}-db", f"{second.site}-db", LINK):
        machines[name].result()
    for name in (f"{first.site}-db", f"{second.site}-db"):
        wait_until_answering(layout, f"{name}/ssh", ANSWERS_WITHIN)
    run_on(layout, f"{first.site}-db", postgres.start_command(first), within=30)
    connect = (
        f"host={first.listens.address} port={first.listens.port} user=postgres "
        f"password={kept.read('db_postgres')} connect_timeout=5"
    )
    postgres.fill(connect, kept)
    tell(f"The primary is up at {first.site}; copying it to {second.site}")
    copy = f"{postgres.copy_command(second)} && {postgres.start_command(second)}"
    run_on(layout, f"{second.site}-db", copy, within=60)
    return identifier


def _end_everything(places: LabFolder) -> None:
    if not end(places):
        left = ", ".join(f"{one.pid} ({one.machine})" for one in running(places))
        raise LabError(
            f"some programs cannot be ended: {left}",
            where=str(places.root),
            remedy="End them by hand (kill -9)",
        )
    with contextlib.suppress(LabError):
        layout = LabLayout.load(places.root)
        for place in PLACES:
            for socket in store.sockets(layout.machine(f"{place}-store").ports):
                with contextlib.suppress(OSError):
                    socket.unlink()


def _remove(places: LabFolder) -> None:
    _end_everything(places)
    for one in places.root.iterdir():
        # The mark goes last: a removal that is interrupted can be taken up again.
        if one in {places.mark, places.lock}:
            continue
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one)
        else:
            one.unlink()
    places.mark.unlink()
