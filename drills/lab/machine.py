"""One simulated machine: a supervisor that adopts everything ever started on it, so that it can be found and ended.

The supervisor is a child subreaper (prctl(2)): a daemon that leaves its parent, as PostgreSQL started over SSH does,
becomes the supervisor's child and nobody else's. Programs that end stay ended; there is no service manager, and
PostgreSQL in particular does not start by itself, since a server that a recovery tool looks after must not come up
writable on its own. Standard library only: a dozen of these start at once.

Run as `python -m drills.lab.machine FOLDER NAME`; it returns when the machine is on, and the machine stays. With the
name of a program it starts that one once more, on a machine that is on.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from drills.lab.errors import LabError
from drills.lab.folders import LabFolder
from drills.lab.processes import is_on, marks, running_on, send, started_at

PATH = "/usr/local/bin:/usr/bin:/bin"
GRACE = 5.0
"""Seconds that programs have to end by themselves when a machine is shut down."""
STARTS_WITHIN = 15.0
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


@dataclass(frozen=True, slots=True)
class Program:
    """Something a machine starts at boot.

    Attributes:
        as_servers: run by the servers' account and not by whoever started the lab.
    """

    name: str
    argv: tuple[str, ...]
    as_servers: bool = False


@dataclass(frozen=True, slots=True)
class Boot:
    """What a machine is and starts. A dataclass and not a model: loading pydantic would double a machine's start.

    Attributes:
        uuid: by which its power controller names it.
        uid: of the servers' account, None when that is whoever started the lab.
        adopts: whether it is a child subreaper. A power controller is none, or the machines it turns on would be its.
    """

    machine: str
    uuid: str
    uid: int | None
    gid: int | None
    programs: tuple[Program, ...]
    adopts: bool = True

    def save(self, folder: LabFolder) -> None:
        """Write it where `load` finds it."""
        folder.boot(self.machine).write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, folder: LabFolder, machine: str) -> Boot:
        """Read it. Raises: LabError: there is no such machine."""
        try:
            read = json.loads(folder.boot(machine).read_text())
            programs = tuple(
                Program(one["name"], tuple(one["argv"]), bool(one["as_servers"]))
                for one in read.pop("programs")
            )
            return cls(**read, programs=programs)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LabError(
                f"there is no machine {machine}, or what it starts cannot be read",
                where=str(folder.boot(machine)),
                remedy="Take the lab down and bring it up again",
            ) from error


def turn_on(folder: LabFolder, machine: str) -> None:
    """Start a machine and everything it starts at boot; leave one that is on as it is.

    Raises:
        LabError: it did not start.
    """
    if is_on(folder, machine):
        return
    log = folder.log(machine, "machine")
    with log.open("ab") as output:
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "drills.lab.machine", str(folder.root), machine],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder.root,
                env={"PATH": PATH, "LANG": "C.UTF-8", "PYTHONPATH": _code(), **marks(folder, machine)},
                start_new_session=True,
                timeout=STARTS_WITHIN,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            ended = -1
    if ended != 0:
        raise LabError(
            f"{machine} did not start: {_last_line(log)}",
            where=str(log),
            remedy="Read the log, then try again",
        )


def start_again(folder: LabFolder, machine: str, program: str) -> bool:
    """Start one of a machine's own programs once more; tell whether it has such a program.

    Another process starts it and is gone: it is nobody's child here, who would have to wait for it.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "drills.lab.machine", str(folder.root), machine, program],
        stdin=subprocess.DEVNULL,
        cwd=folder.root,
        env={"PATH": PATH, "LANG": "C.UTF-8", "PYTHONPATH": _code(), **marks(folder, machine)},
        timeout=STARTS_WITHIN,
        check=False,
    ).returncode
    return ended == 0


def _code() -> str:
    return str(Path(__file__).resolve().parents[2])


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def main(arguments: Sequence[str]) -> int:
    """Be a machine."""
    folder, machine = LabFolder(Path(arguments[0])), arguments[1]
    boot = Boot.load(folder, machine)
    if len(arguments) > 2:  # noqa: PLR2004 - a program of it, to be started once more
        found = [one for one in boot.programs if one.name == arguments[2]]
        for one in found:
            start_program(folder, boot, one)
        return 0 if found else 1
    told, tells = os.pipe()
    if os.fork():
        # Whoever turned the machine on goes on as soon as it runs, and has no child to wait for.
        os.close(tells)
        return 0 if os.read(told, 1) else 1
    os.close(told)
    os.setsid()
    try:
        _supervise(folder, boot, tells)
    except Exception as error:  # noqa: BLE001 - the rim of a daemon: its log is the only place left to say it
        _say(f"{type(error).__name__}: {error}")
    os._exit(1)


def _supervise(folder: LabFolder, boot: Boot, tells: int) -> None:
    power = os.open(folder.state(boot.machine).with_suffix(".power"), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(power, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a machine has one supervisor
    if boot.adopts and ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
    note = folder.state(boot.machine)
    fresh = note.with_suffix(".new")
    fresh.write_text(json.dumps({"pid": os.getpid(), "started": started_at(os.getpid())}))
    fresh.replace(note)
    names = {start_program(folder, boot, program): program.name for program in boot.programs}
    waited = {signal.SIGCHLD, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    os.write(tells, b"1")
    os.close(tells)
    while True:
        _reap(names)
        if signal.sigwait(waited) == signal.SIGTERM:
            _shut_down(folder, boot.machine, names)
            os._exit(0)


def start_program(folder: LabFolder, boot: Boot, program: Program) -> int:
    """Start a program as the machine's own, and return its process id."""
    environment = {
        "PATH": PATH,
        "LANG": "C.UTF-8",
        "HOME": str(folder.home(boot.machine)),
        "PYTHONPATH": _code(),
        "PYTHONUNBUFFERED": "1",
        **marks(folder, boot.machine),
    }
    switch = program.as_servers and boot.uid is not None
    with folder.log(boot.machine, program.name).open("ab") as output:
        process = subprocess.Popen(
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder.home(boot.machine),
            env=environment,
            start_new_session=True,
            user=boot.uid if switch else None,
            group=boot.gid if switch else None,
            extra_groups=[] if switch else None,
        )
    process.returncode = 0  # it outlives whoever started it, and this object, which would warn of that
    return process.pid


def _reap(names: Mapping[int, str]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] in names:
                _say(f"{names[ended[0]]} ended with {os.waitstatus_to_exitcode(ended[1])}")


def _shut_down(folder: LabFolder, machine: str, names: Mapping[int, str]) -> None:
    """End everything in good order: PostgreSQL with SIGINT (its fast shutdown), the rest with SIGTERM, then SIGKILL."""
    deadline = time.monotonic() + GRACE
    asked: set[int] = set()
    while left := [one for one in running_on(folder, machine) if one.pid != os.getpid()]:
        if time.monotonic() > deadline:
            send(left, signal.SIGKILL)
        for one in left:
            if one.pid not in asked and one.parent == os.getpid():
                asked.add(one.pid)
                postmaster = "/postgres " in f"{one.command} "
                send([one], signal.SIGINT if postmaster else signal.SIGTERM)
        time.sleep(0.02)
        _reap(names)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)  # noqa: T201 - the machine's log


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
