"""What of a lab is there, seen just now and never remembered: machines by their programs, servers by asking them.

A leftover is a program of the lab whose machine has lost its supervisor: somebody killed the supervisor alone, or the
lab's folder went away under it. `lab_down` ends leftovers too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime

from drills.lab.errors import LabError
from drills.lab.folders import LabFolder
from drills.lab.layout import LabLayout, Machine
from drills.lab.looks import Answered, answers
from drills.lab.processes import Running, running, started_at
from seawall.model import Frozen, Name

State = Literal["up", "in part", "down"]


class ServiceStatus(Frozen):
    """One server. `saw` is what it said to what was asked (`how`), or why that was no answer."""

    name: str
    answers: bool
    how: str
    saw: str


class MachineStatus(Frozen):
    """One machine: on while any program of it is there.

    Attributes:
        programs: how many there are.
        stopped: how many of them are held by a signal (SIGSTOP) and answer nothing.
    """

    name: Name
    site: Name
    on: bool
    programs: int
    stopped: int
    how: str
    services: tuple[ServiceStatus, ...]


class Leftover(Frozen):
    """A program that nobody looks after any more."""

    pid: int
    machine: str
    command: str
    how: str


class LabStatus(Frozen):
    """A whole lab, at one time.

    Attributes:
        state: `up` when every machine is on and nothing is left over; whether the servers answer is said one by one.
    """

    folder: Path
    seen_at: AwareDatetime
    state: State
    machines: tuple[MachineStatus, ...]
    leftovers: tuple[Leftover, ...]

    @property
    def all_answer(self) -> bool:
        """Whether the lab is up and every server of it answers."""
        return self.state == "up" and all(one.answers for each in self.machines for one in each.services)


def lab_status(folder: Path) -> LabStatus:
    """Look at the lab in `folder`. A folder without one is a lab that is down; programs left of one are still found."""
    places = LabFolder(folder.resolve())
    found = running(places)
    try:
        layout = LabLayout.load(places.root)
    except LabError:
        layout = None
    orphans = _orphans(places, found)
    machines: tuple[MachineStatus, ...] = ()
    if layout is not None:
        asked = answers(layout)
        machines = tuple(_machine(one, found, asked) for one in layout.machines)
    whole = layout is not None and layout.ready and all(one.on for one in machines) and not orphans
    state: State = "down" if not found else "up" if whole else "in part"
    return LabStatus(
        folder=places.root,
        seen_at=datetime.now(UTC),
        state=state,
        machines=machines,
        leftovers=tuple(
            Leftover(
                pid=one.pid, machine=one.machine, command=one.command[:200], how="its supervisor is gone"
            )
            for one in orphans
        ),
    )


def _machine(machine: Machine, found: tuple[Running, ...], asked: tuple[Answered, ...]) -> MachineStatus:
    own = [one for one in found if one.machine == machine.name]
    return MachineStatus(
        name=machine.name,
        site=machine.site,
        on=bool(own),
        programs=len(own),
        stopped=sum(one.state == "T" for one in own),
        how="counted its programs in /proc",
        services=tuple(
            ServiceStatus(name=one.name.partition("/")[2], answers=one.answers, how=one.how, saw=one.saw)
            for one in asked
            if one.name.partition("/")[0] == machine.name
        ),
    )


def _orphans(places: LabFolder, found: tuple[Running, ...]) -> tuple[Running, ...]:
    supervised = {machine for machine in {one.machine for one in found} if _has_supervisor(places, machine)}
    return tuple(one for one in found if one.machine not in supervised)


def _has_supervisor(places: LabFolder, machine: str) -> bool:
    supervisor = places.supervisor(machine)
    return supervisor is not None and started_at(supervisor.pid) == supervisor.started
