"""systemd held in a dict."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from connectors.memory.machines import MachinesInMemory
from connectors.systemd import Shown, Verb
from seawall.actions import Deadline
from seawall.errors import DidNothing
from seawall.targets import Unit

NOT_FOUND = Shown(load="not-found", active="inactive", sub="dead")
RUNNING = Shown(load="loaded", active="active", sub="running", file_state="enabled", invocation="1")
RESTING = Shown(load="loaded", active="inactive", sub="dead", file_state="disabled")


@dataclass(slots=True)
class UnitsInMemory(MachinesInMemory):
    """Every unit there is.

    Attributes:
        units: by host and unit, how each is.
        refuses: hosts that let us look only.
        fails: units that end as soon as they are started, and what is said then.
        slow: units that are still being started when systemctl has gone.
    """

    units: dict[tuple[str, str], Shown] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    fails: dict[str, str] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
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
        if verb == "stop":
            self.units[place] = replace(shown, active="inactive", sub="dead", invocation="")
            return ""
        if unit.unit in self.fails:
            self.units[place] = replace(shown, active="failed", sub="failed")
            return self.fails[unit.unit]
        if verb == "start" and shown.active == "active":
            return ""
        self.started += 1
        state = ("activating", "start") if unit.unit in self.slow else ("active", "running")
        self.units[place] = replace(shown, active=state[0], sub=state[1], invocation=str(self.started))
        return ""
