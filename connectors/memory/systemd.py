"""systemd held in a dict."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from connectors.memory.machines import MachinesInMemory
from connectors.systemd import RESTS, RUNS, Shown, Verb
from seawall.actions import Deadline
from seawall.errors import DidNothing
from seawall.targets import Unit

NOT_FOUND = Shown(load="not-found", active="inactive", sub="dead")
RUNNING = Shown(load="loaded", active="active", sub="running", file_state="enabled", last_invocation="1")
RESTING = Shown(load="loaded", active="inactive", sub="dead", file_state="disabled")


MASKED = Shown(load="masked", active="inactive", sub="dead", file_state="masked")


@dataclass(slots=True)
class UnitsInMemory(MachinesInMemory):
    """Every unit there is.

    Attributes:
        units: by host and unit, how each is.
        refuses: hosts that let us look only.
        fails: units that end as soon as they are started, and what is said then.
        slow: units that are still being started, or stopped, when systemctl has gone; see `settle`.
        stubborn: units that are killed when they were asked to stop.
        kept: units that nobody may stop.
    """

    units: dict[tuple[str, str], Shown] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    fails: dict[str, str] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    stubborn: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    started: int = 1

    def show(self, unit: Unit, deadline: Deadline) -> Shown:
        """Tell how a unit is. See `connectors.systemd.Units`."""
        self._reach(unit.host, deadline)
        return self.units.get((unit.host.name, unit.unit), NOT_FOUND)

    def order(self, unit: Unit, verb: Verb, deadline: Deadline) -> str:
        """Change it. See `connectors.systemd.Units`."""
        self._reach(unit.host, deadline)
        if unit.host.name in self.refuses:
            raise DidNothing("it was refused: Access denied", where=str(unit), remedy="Let it be run there")
        place = (unit.host.name, unit.unit)
        shown = self.units[place]
        if shown.load == "masked" and verb != "stop":
            return f"Failed to {verb} {unit.unit}: Unit {unit.unit} is masked."
        if unit.unit in self.kept and verb != "start":
            return f"Failed to {verb} {unit.unit}: it may be requested by dependency only"
        if shown.active in (RESTS if verb == "stop" else RUNS) and verb != "restart":
            return ""
        if unit.unit in self.fails:
            self.units[place] = replace(shown, active="failed", sub="failed")
            return self.fails[unit.unit]
        job = ("deactivating", "stop-sigterm") if verb == "stop" else ("activating", "start")
        self.units[place] = replace(shown, active=job[0], sub=job[1])
        if unit.unit not in self.slow:
            self.settle(*place)
        return ""

    def settle(self, host: str, unit: str) -> None:
        """Let a job end that goes on."""
        shown = self.units[host, unit]
        if shown.active == "activating":
            self.started += 1
            self.units[host, unit] = replace(
                shown, active="active", sub="running", last_invocation=str(self.started)
            )
        if shown.active == "deactivating":
            state = ("failed", "failed") if unit in self.stubborn else ("inactive", "dead")
            self.units[host, unit] = replace(shown, active=state[0], sub=state[1])
