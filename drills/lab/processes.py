"""Which programs of this computer belong to which machine of a lab, read off the kernel and never remembered.

A program belongs to a machine when its environment says so (every program started there inherits the mark), when its
parent does, or, for PostgreSQL, which writes its title over its environment, when it works in that machine's home.
Standard library only: a power controller's answer waits for this.

Source: proc(5); PostgreSQL 18 src/backend/utils/misc/ps_status.c (PS_USE_CLOBBER_ARGV).
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from drills.lab.folders import LabFolder
from drills.lab.rights import looked_at

LAB_MARK = "SEAWALL_LAB"
MACHINE_MARK = "SEAWALL_LAB_MACHINE"
_PAUSE = 0.002
_KERNEL_THREADS = 2


@dataclass(frozen=True, slots=True)
class Running:
    """A program that is running, or stopped by a signal (state T); what has ended but was not waited for is not.

    Attributes:
        started: in clock ticks since boot; with `pid` it names the program for good.
        machine: the machine of the lab that it runs on.
    """

    pid: int
    parent: int
    started: int
    state: str
    machine: str
    command: str


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    started: int
    state: str


def running(folder: LabFolder) -> tuple[Running, ...]:
    """Find every program of the lab."""
    stats = dict(_stats())
    machines: dict[int, str | None] = {}
    found = []
    for pid, stat in stats.items():
        machine = _machine_of(pid, stats, machines, folder)
        if machine is not None:
            command = _command(pid)
            found.append(Running(pid, stat.parent, stat.started, stat.state, machine, command))
    return tuple(found)


def running_on(folder: LabFolder, machine: str) -> tuple[Running, ...]:
    """Find every program of one machine."""
    return tuple(one for one in running(folder) if one.machine == machine)


def is_on(folder: LabFolder, machine: str) -> bool:
    """Tell whether any program of the machine is there; its supervisor is looked for first, because that is quick."""
    supervisor = folder.supervisor(machine)
    if supervisor is not None and started_at(supervisor.pid) == supervisor.started:
        return True
    return bool(running_on(folder, machine))


def started_at(pid: int) -> int | None:
    """Return when a process began, in clock ticks since boot; None when there is none, or it has ended."""
    stat = _stat(pid)
    return None if stat is None else stat.started


def end(folder: LabFolder, machines: Collection[str] | None = None, *, within: float = 10.0) -> bool:
    """Kill every program of these machines (None: of the lab), supervisors last, until none is left.

    Returns:
        Whether none is left; `within` seconds it takes at most.
    """
    deadline = time.monotonic() + within
    while True:
        left = [one for one in running(folder) if machines is None or one.machine in machines]
        if not left:
            return True
        if time.monotonic() > deadline:
            return False
        supervisors = {_supervisor_pid(folder, one.machine) for one in left}
        others = [one for one in left if one.pid not in supervisors]
        send(others or left, signal.SIGKILL)
        time.sleep(_PAUSE)


def send(to: Collection[Running], number: signal.Signals) -> None:
    """Send a signal to each of these programs that is still the one that was found."""
    for one in to:
        if started_at(one.pid) == one.started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, number)


def marks(folder: LabFolder, machine: str) -> Mapping[str, str]:
    """Return the environment by which everything started on a machine is known again."""
    return {LAB_MARK: str(folder.root), MACHINE_MARK: machine}


def _supervisor_pid(folder: LabFolder, machine: str) -> int | None:
    supervisor = folder.supervisor(machine)
    return supervisor.pid if supervisor else None


def _stats() -> Iterator[tuple[int, _Stat]]:
    for entry in os.listdir("/proc"):  # noqa: PTH208 - hundreds of entries; Path objects double the time
        if entry.isdigit() and (stat := _stat(int(entry))) is not None:
            yield int(entry), stat


def _stat(pid: int) -> _Stat | None:
    try:
        # The name in parentheses may itself hold parentheses and spaces.
        fields = _whole(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    except OSError:
        return None
    state, parent, started = fields[0].decode(), int(fields[1]), int(fields[19])
    if state in "ZX" or parent == _KERNEL_THREADS:
        return None
    return _Stat(parent, started, state)


def _machine_of(
    pid: int, stats: Mapping[int, _Stat], known: dict[int, str | None], folder: LabFolder
) -> str | None:
    if pid not in known:
        known[pid] = None  # a process id that was taken again during the scan could make a ring
        machine = _marked(pid, folder) or _at_home(pid, folder)
        if machine is None and pid in stats:
            machine = _machine_of(stats[pid].parent, stats, known, folder)
        known[pid] = machine
    return known[pid]


def _marked(pid: int, folder: LabFolder) -> str | None:
    environment, mark = looked_at(pid, _environment), f"{LAB_MARK}={folder.root}".encode()
    # Most programs are no lab's, and are passed over without taking what they have apart.
    if mark not in environment or mark not in (told := environment.split(b"\0")):
        return None
    prefix = f"{MACHINE_MARK}=".encode()
    return next((one.removeprefix(prefix).decode() for one in told if one.startswith(prefix)), None)


def _at_home(pid: int, folder: LabFolder) -> str | None:
    # Only PostgreSQL: somebody who reads logs in there with a shell is no program of the lab.
    if not looked_at(pid, _program).endswith(b"/postgres"):
        return None
    place = Path(os.fsdecode(looked_at(pid, _place)))
    return place.relative_to(folder.machines).parts[0] if place.is_relative_to(folder.machines) else None


def _environment(pid: int) -> bytes:
    return _whole(f"/proc/{pid}/environ")


def _whole(path: str) -> bytes:
    """Read a file of the kernel's; Python's file objects would make a search of all processes twice as long."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = b""
        while more := os.read(handle, 65_536):
            found += more
        return found
    finally:
        os.close(handle)


def _program(pid: int) -> bytes:
    return os.readlink(f"/proc/{pid}/exe".encode())  # noqa: PTH115 - as above


def _place(pid: int) -> bytes:
    return os.readlink(f"/proc/{pid}/cwd".encode())  # noqa: PTH115 - as above


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123 - as above
            return file.read().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
