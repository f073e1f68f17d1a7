"""The disasters a lab can have, and their end. Each is done to processes or relays and nothing else.

`kill-host` and `kill-site` kill every program of the machines at once (SIGKILL), SSH too; the power controller at the
witness then truthfully says Off, because nothing of them runs. `stop-process` holds a program (SIGSTOP) so that it
keeps its connections and answers nothing; `stop-guard` and `kill-guard` do that to a database's guard, and
`cut-guard-from-places` silences the places for it. `cut-link` silences what goes between the two sites; see `link` for
what that leaves.

Not like the real thing: a killed machine's address still refuses connections, where one without power would not answer
at all, and its open connections end with a reset instead of silence.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

from pydantic import AwareDatetime

from drills.lab import lease
from drills.lab.errors import LabError, LabMisused
from drills.lab.layout import LabLayout, Machine
from drills.lab.lease import GUARD
from drills.lab.looks import looks, wait_until_answering
from drills.lab.machine import Boot, start_again, turn_on
from drills.lab.plan import LINK, SITES, cut_file
from drills.lab.processes import Running, end, is_on, running, running_on, send
from seawall.model import Frozen

FaultKind = Literal[
    "kill-host", "kill-site", "stop-process", "cut-link", "stop-guard", "kill-guard", "cut-guard-from-places"
]
EVERYTHING = "everything"
STARTS_WITHIN = timedelta(seconds=30)
_LINK_TURNS_WITHIN = 5.0


class Broken(Frozen):
    """A fault that happened.

    Attributes:
        at: just before it began.
        saw: what is there, or no longer there, now.
    """

    at: AwareDatetime
    fault: FaultKind
    target: str
    saw: str


class Healed(Frozen):
    """What was made whole. All three are empty or false when nothing was broken."""

    turned_on: tuple[str, ...]
    continued: int
    link_restored: bool


def break_(folder: Path, fault: str, target: str) -> Broken:
    """Break something of the lab in `folder`, and return when it is broken.

    Args:
        folder: the lab's.
        fault: one of `FaultKind`.
        target: a machine; a site; `machine/program`, or a machine for its main program; `north-south`. For a guard, the
            machine of its database.

    Raises:
        LabMisused: there is no such fault or target. LabError: it could not be done.
    """
    layout = LabLayout.load(folder)
    at = datetime.now(UTC)
    match fault:
        case "kill-host":
            saw = _kill(layout, (layout.machine(target),))
        case "kill-site":
            saw = _kill(layout, layout.at_site(target))
        case "stop-process":
            saw = _stop(layout, target)
        case "stop-guard":
            saw = _stop(layout, f"{_database(layout, target).name}/{GUARD}")
        case "kill-guard":
            saw = _kill_guard(layout, _database(layout, target))
        case "cut-guard-from-places":
            saw = _turn_guard(layout, _database(layout, target), cut=True)
        case "cut-link":
            _check_link(target)
            saw = _turn_link(layout, cut=True)
        case _:
            known = ", ".join(get_args(FaultKind))
            raise LabMisused(f"there is no fault {fault}", where="lab break", remedy=f"Use one of {known}")
    return Broken(at=at, fault=fault, target=target, saw=saw)


def heal(folder: Path, target: str = EVERYTHING) -> Healed:
    """Make whole what was broken: continue what is held, turn machines on, restore the link.

    A machine that was off has its SSH and its services again, but PostgreSQL does not start by itself.

    Args:
        folder: the lab's.
        target: a machine, a site, `north-south`, or `everything`.

    Raises:
        LabMisused: there is no such target. LabError: a machine does not come up.
    """
    layout = LabLayout.load(folder)
    machines = _targets(layout, target)
    names = {machine.name for machine in machines}
    held = [one for one in running(layout.places) if one.machine in names and one.state == "T"]
    send(held, signal.SIGCONT)
    off = tuple(name for name in names if not is_on(layout.places, name))
    for name in off:
        turn_on(layout.places, name)
    for machine in machines:
        if machine.name in off:
            _wait_for(layout, machine)
    for machine in machines:
        if "postgres" in machine.ports:
            _heal_guard(layout, machine)
    restored = LINK in names and cut_file(layout.places).exists()
    if restored:
        _turn_link(layout, cut=False)
    return Healed(turned_on=tuple(sorted(off)), continued=len(held), link_restored=restored)


def restart(layout: LabLayout, machine: str, program: str) -> None:
    """Start one of a machine's own programs again. Raises: LabError: it has no such program."""
    if not start_again(layout.places, machine, program):
        raise LabError(
            f"{program} on {machine} does not start again",
            where=machine,
            remedy=f"Read the logs in {layout.places.logs / machine}",
        )


def _database(layout: LabLayout, target: str) -> Machine:
    machine = layout.machine(target)
    if "postgres" not in machine.ports:
        known = ", ".join(one.name for one in layout.machines if "postgres" in one.ports)
        raise LabMisused(f"{target} has no guard", where="lab break", remedy=f"Use one of {known}")
    return machine


def _guards(layout: LabLayout, machine: Machine) -> list[Running]:
    return [one for one in running_on(layout.places, machine.name) if "connectors.guard" in one.command]


def _kill_guard(layout: LabLayout, machine: Machine) -> str:
    def gone() -> bool:
        send(_guards(layout, machine), signal.SIGKILL)
        return not _guards(layout, machine)

    _until(gone, f"the guard on {machine.name} does not end")
    return f"{machine.name} has no guard"


def _turn_guard(layout: LabLayout, machine: Machine, *, cut: bool) -> str:
    relays = [one for one in running_on(layout.places, machine.name) if "drills.lab.relay" in one.command]
    wanted = _turn(lease.cut_file(layout.places, machine.name), relays, cut=cut)
    return f"the guard's ways from {machine.name} to the places are {wanted}"


def _heal_guard(layout: LabLayout, machine: Machine) -> None:
    if lease.cut_file(layout.places, machine.name).exists():
        _turn_guard(layout, machine, cut=False)
    if not _guards(layout, machine):
        restart(layout, machine.name, GUARD)


def _kill(layout: LabLayout, machines: Collection[Machine]) -> str:
    names = sorted(machine.name for machine in machines)
    if not end(layout.places, names):
        left = ", ".join(str(one.pid) for one in running(layout.places) if one.machine in names)
        raise LabError(
            f"some programs cannot be ended: {left}", where=", ".join(names), remedy="Look at them with ps"
        )
    return f"no program is left of {', '.join(names)}"


def _stop(layout: LabLayout, target: str) -> str:
    name, _, program = target.partition("/")
    machine = layout.machine(name)
    boot = Boot.load(layout.places, machine.name)
    commands = {one.name: " ".join(one.argv) for one in boot.programs}
    if "postgres" in machine.ports:
        commands["postgres"] = ""
    # The main program is the one a machine is there for, which stands last.
    program = program or list(commands)[-1]
    if program not in commands:
        raise LabMisused(
            f"{name} runs no {program}",
            where="lab break",
            remedy=f"Use one of {', '.join(f'{name}/{one}' for one in commands)}",
        )

    def are() -> list[Running]:
        here = running_on(layout.places, name)
        return [
            one
            for one in here
            if (_is_postgres(one) if program == "postgres" else one.command == commands[program])
        ]

    found = are()
    if not found:
        raise LabMisused(
            f"{program} is not running", where=name, remedy="Start it, or heal the machine, first"
        )

    def held() -> bool:
        # A server may have begun another program between the look and the signal.
        going = [one for one in are() if one.state != "T"]
        send(going, signal.SIGSTOP)
        return not going

    _until(held, f"{program} on {name} does not stop")
    return f"{len(are())} programs of {program} on {name} are held"


def _is_postgres(running: Running) -> bool:
    # The postmaster, and its children by the titles they give themselves.
    return running.command.partition(" ")[0].endswith("/postgres") or running.command.startswith("postgres: ")


def _check_link(target: str) -> None:
    if set(target.split("-")) != set(SITES):
        raise LabMisused(f"there is no link {target}", where="lab", remedy=f"Use {'-'.join(SITES)}")


def _turn_link(layout: LabLayout, *, cut: bool) -> str:
    relays = [one for one in running_on(layout.places, LINK) if "drills.lab.link" in one.command]
    return f"the link is {_turn(cut_file(layout.places), relays, cut=cut)}"


def _turn(file: Path, relays: Sequence[Running], *, cut: bool) -> str:
    """Cut what these relays carry, or make it whole, and return what it is then."""
    if cut:
        file.touch(mode=0o600)
    else:
        file.unlink(missing_ok=True)
    send(relays, signal.SIGHUP)
    wanted = "cut" if cut else "whole"
    state = file.with_suffix(".state")
    _until(lambda: not relays or state.read_text() == wanted, f"{file.stem} does not turn {wanted}")
    return wanted


def _targets(layout: LabLayout, target: str) -> tuple[Machine, ...]:
    if target == EVERYTHING:
        return layout.machines
    if target in {machine.site for machine in layout.machines}:
        return layout.at_site(target)
    if target in {machine.name for machine in layout.machines}:
        return (layout.machine(target),)
    _check_link(target)
    return (layout.machine(LINK),)


def _wait_for(layout: LabLayout, machine: Machine) -> None:
    """Wait for everything on a machine that needs no database, and does not rest until somebody starts it."""
    asked = {one.name for one in looks(layout)}
    for service in machine.ports:
        needs_database = service == "postgres" or (
            machine.name.endswith(("-web", "-front")) and service == "http"
        )
        if not needs_database and f"{machine.name}/{service}" in asked:
            wait_until_answering(layout, f"{machine.name}/{service}", STARTS_WITHIN)


def _until(holds: Callable[[], bool], problem: str) -> None:
    deadline = time.monotonic() + _LINK_TURNS_WITHIN
    while not holds():
        if time.monotonic() > deadline:
            raise LabError(problem, where="the lab", remedy="Take the lab down and bring it up again")
        time.sleep(0.005)
