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
from pathlib import Path

from drills.lab import store
from drills.lab.account import check_passage, servers_account
from drills.lab.build import build, not_interrupted
from drills.lab.errors import LabError, LabMisused
from drills.lab.folders import LONGEST, LabFolder
from drills.lab.layout import LabLayout
from drills.lab.lease import LEASE
from drills.lab.plan import PLACES
from drills.lab.postgres import free_memory_of_killed
from drills.lab.processes import end, is_on, running
from seawall.targets import Lease

Tell = Callable[[str], None]


def lab_up(folder: Path, *, tell: Tell, first_port: int | None = None, lease: Lease = LEASE) -> LabLayout:
    """Return the lab in `folder`, which is brought up unless it is up already; what is left of an old one goes first.

    `tell` is told, line by line, what is being done. With `first_port` its ports are those from there on, in order.
    `lease` says how long users' programs are let into the databases; that of a lab that is up already stays.

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
            return build(places, account, tell, first_port=first_port, lease=lease)
        except BaseException:
            with not_interrupted():
                tell("It did not come up; ending what was started")
                _end_everything(places)
            raise


def lab_down(folder: Path) -> None:
    """End every program of the lab in `folder` and remove its files; also when it is half there, or down already.

    Raises:
        LabMisused: the folder is not a lab's. LabError: a program of the lab cannot be ended.
    """
    places = LabFolder(folder.resolve())
    if not places.mark.exists():
        # Its programs know their folder's name, also when somebody has removed the folder under them.
        left = bool(running(places))
        _end_everything(places)
        if not left and places.root.exists() and any(one != places.lock for one in places.root.iterdir()):
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


def _end_everything(places: LabFolder) -> None:
    if not end(places):
        left = ", ".join(f"{one.pid} ({one.machine})" for one in running(places))
        raise LabError(
            f"some programs cannot be ended: {left}",
            where=str(places.root),
            remedy="End them by hand (kill -9)",
        )
    for file in places.root.glob("machines/*/pgdata/*/postmaster.pid"):
        free_memory_of_killed(file)
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
