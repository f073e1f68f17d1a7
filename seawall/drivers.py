"""Who drives a run, and from where, as it stands in slots: whom to ask, and what a machine may call its own."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from pydantic import AwareDatetime, ValidationError

from seawall.files import keep_names, make_folder, on_disk, write_whole
from seawall.model import Frozen

WordT = TypeVar("WordT", bound=Frozen)

_FOLDER = ".this-folder"
_MACHINE = Path("/etc/machine-id")


class Driver(Frozen):
    """One process that drives, or wants to.

    Attributes:
        by: the operator.
        machine: the host name, for people.
        folder: names the folder of runs on that machine, and no copy of it. Whoever holds the lock of a run in the
            same folder knows that the process before is gone.
    """

    by: str
    machine: str
    folder: str


class ClaimWord(Frozen):
    """What a claim's slot holds: which run has claimed a thing, and since when."""

    nonce: str
    run: str
    driver: Driver
    at: AwareDatetime

    @classmethod
    def read(cls, content: bytes) -> Self | None:
        """Read a slot's content; None when this version cannot."""
        return _read(cls, content)


class TermWord(Frozen):
    """What a term's slot holds: who drives the run, and for how long after this was sent.

    Attributes:
        lasts: seconds; 0 lets go.
        began: the slot with which this driver took the run up; the round that it writes copies of the journal in.
        begun: `began` of every driver so far, this one last.
    """

    nonce: str
    driver: Driver
    at: AwareDatetime
    lasts: float
    began: int
    begun: tuple[int, ...]

    @classmethod
    def read(cls, content: bytes) -> Self | None:
        """Read a slot's content; None when this version cannot."""
        return _read(cls, content)


def this_driver(runs: Path, by: str) -> Driver:
    """Return this process as a driver of runs in the folder `runs`. Raises: JournalError when the disk fails."""
    path = runs / _FOLDER
    make_folder(runs)
    with on_disk(path):
        if not path.exists():
            write_whole(path, secrets.token_hex(8).encode())
            keep_names(runs)
        at = path.stat()
        name = path.read_text()
        machine = _MACHINE.read_text().strip() if _MACHINE.exists() else ""
    # A copy of the folder on another disk is another folder: the process that drives from there may be alive.
    return Driver(by=by, machine=socket.gethostname(), folder=f"{machine}:{at.st_dev}:{at.st_ino}:{name}")


def nonce() -> str:
    """Return what makes a word nobody else's."""
    return f"{os.getpid()}-{secrets.token_hex(12)}"


def utc_now() -> datetime:
    """Return the time, for words that people read."""
    return datetime.now(UTC)


def _read(kind: type[WordT], content: bytes) -> WordT | None:
    try:
        return kind.model_validate_json(content)
    except ValidationError:
        return None
