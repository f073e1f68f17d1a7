"""One story: a seed, an incident, faults, people, a run or two; told to its end, with what was seen on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import inf
from pathlib import Path
from typing import Any

from connectors.memory.postgres import ServerInMemory
from seawall.journal import Started
from seawall.plan import Plan
from seawall.targets import Server
from tests.simulation import city
from tests.simulation.dice import Dice
from tests.simulation.disk import Disks, a_folder
from tests.simulation.faults import (
    PLACES,
    Abort,
    ByItself,
    ClockJump,
    Crash,
    DiskFull,
    Fault,
    Freeze,
    GuardHeld,
    GuardKilled,
    Hang,
    MachineLost,
    Partition,
    SecondOperator,
    Split,
    StartedByHand,
    at_exchanges,
    told,
)
from tests.simulation.guards import Guards
from tests.simulation.incidents import Incident, stands_again, start_by_hand, strike
from tests.simulation.invariants import OVERRIDING, wrongs
from tests.simulation.kernel import Kernel, Process
from tests.simulation.network import Machine, Network
from tests.simulation.outside import Wires, machines
from tests.simulation.people import People
from tests.simulation.run import Run, Ties, moment, named
from tests.simulation.setting import Setting
from tests.simulation.signing import REQUESTER, Pen
from tests.simulation.still import Still
from tests.simulation.stores import Stores, wired
from tests.simulation.users import Users
from tests.simulation.virtual import telling

BEGINS = 5.0
"""Seconds into the story when the first operator begins."""
LONGEST = 6 * 3600.0
"""Seconds after which a story is over, whatever state it is in."""
LOOKING = 30.0
"""Seconds in which what is due by itself has looked whether there is a freeze."""
MOST_LIVES = 12
"""So often somebody takes the run up before everybody goes home."""


@dataclass
class Story:
    """What happens, from the first second to the last.

    Attributes:
        lines: what was told, when somebody listens.
        struck: how often each kind of fault, and incident, really struck.
        promotions: of every promotion: when, and whether the old primary accepted writes at that moment.
        wrongs: what must never be, and was.
    """

    setting: Setting
    listen: bool = False
    lines: list[str] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    promotions: list[tuple[float, str]] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    wrongs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Build the world of the story."""
        self.kernel, self.dice = Kernel(), Dice(self.setting.seed ^ 0x5EA)
        self._stopped, self._since, self._before, self._last_comes = False, inf, 0, -LOOKING
        self._jumps = [one for one in self.setting.faults if isinstance(one, ClockJump)]
        self.network = Network(
            self.kernel,
            self.dice,
            self._changed,
            self._happened,
            self.tell,
            self.listen,
            self._machine_starts,
            self._machine_stops,
            self._machine_held,
            machines=machines(),
        )
        self.twin = city.outside()
        self.wires = Wires(self.network, self.twin, self._promoted)
        self.disks = Disks(self.kernel, lambda: self._strikes(DiskFull))
        self.stores = Stores()
        self._places = (lambda: wired(self.network, self.stores)) if self.setting.has_places else None
        self.guards = Guards(self.network, lambda within: wired(self.network, self.stores, within), self.tell)
        self.users = Users(self.network, self.twin.servers, self.tell, self.guards.ways)

    @property
    def plan(self) -> Plan:
        """The plan of the runs that are opened now."""
        has_places = self.setting.has_places
        if self.setting.fails_back and self._is_striking:
            return city.plan_back(has_places=has_places)
        return city.plan(self.setting.mode, has_places=has_places)

    @property
    def old(self) -> str:
        """The server that the service is moved from, by those runs that faults strike."""
        return city.NEW if self.setting.fails_back else city.OLD

    @property
    def _is_striking(self) -> bool:
        return self._since < inf

    def tell(self, who: str, what: str) -> None:
        """Tell one line."""
        if self.listen:
            self.lines.append(f"{self.kernel.now:10.3f}  {who:<14} {what}")

    def play(self) -> Story:
        """Let it all happen, and judge it."""
        with a_folder() as folder, telling(self.kernel):
            with self.disks.in_place(), named(signed=self.setting.is_signed):
                self._let_happen(folder)
            self.wrongs = tuple(wrongs(self))
            for run in self.runs:
                for process in list(run.processes):
                    process.kill()
            for guard in self.guards.processes.values():
                guard.kill()
        return self

    def _let_happen(self, folder: Path) -> None:
        self._folder = folder
        self.still = Still(
            self.kernel,
            folder,
            self.stores,
            self._places,
            lambda: moment(self.kernel.now),
            self.tell,
            lambda place: self._open(place, "schedule"),
        )
        for machine in list(self.network.machines.values()):
            self._machine_starts(machine)
        self.users.begin()
        strike(self.setting.incident, self.network, self.twin, self._is_decided)
        if not self.setting.fails_back:
            self._let_strike()
        self._begin()
        if self.setting.fails_back and self.runs[0].ended is not None and self.promotions:
            self.kernel.run(self.kernel.now + self.dice.between(5, 60, "fails back"))
            stands_again(self.network, self.twin)
            self._let_strike()
            self._begin()
        self.kernel.run(self.kernel.now + 60.0)

    def _let_strike(self) -> None:
        """Let the faults strike whatever is done from now on."""
        faults = self.setting.faults
        self._since, self._before = self.kernel.now, len(self.runs)
        self.network.strike(at_exchanges(faults))
        self.disks.fill({one.write: one.lasts for one in faults if isinstance(one, DiskFull)})
        for fault in faults:
            self._prepare(fault)
            if isinstance(fault, ByItself | SecondOperator):
                self._last_comes = max(self._last_comes, self.kernel.now + BEGINS + fault.at)

    def _begin(self) -> None:
        """Let the first operator begin, and wait until everybody is gone."""
        self.kernel.after(
            BEGINS, lambda: self._open("south", REQUESTER if self.setting.is_signed else "anna")
        )
        self.kernel.run(self.kernel.now + BEGINS)
        while not self._everybody_is_gone() and self.kernel.now < LONGEST:
            self.kernel.run(self.kernel.now + 10.0)

    def _open(self, place: str, by: str) -> None:
        ties = Ties(
            kernel=self.kernel,
            folder=self._folder,
            wires=self.wires,
            places=self._places,
            wall=self._wall,
            tell=self.tell,
            listens=self.listen,
            term_ends=self.stores.term_ends,
            ends_at_places=self.stores.ends,
            begins=self._begins,
            over=self._over,
        )
        people = People(
            self.kernel,
            self.dice,
            tuple(self._of_people()),
            lambda: moment(self.kernel.now),
            lambda step, undoing: self._is_done(run, step, undoing=undoing),
            lambda word: run.say(word),  # noqa: PLW0108 - there is no run yet
            lambda word: run.reopen(word),  # noqa: PLW0108
            self._happened,
            Pen() if self.setting.is_signed else None,
        )
        run = Run(id=f"run{len(self.runs) + 1}", plan=self.plan, place=place, people=people, ties=ties)
        self.runs.append(run)
        people.begin()
        run.carry_on(by, place)

    def _of_people(self) -> Iterator[Fault]:
        """Yield the faults that strike now, as those whom a run asks go by them."""
        for fault in self.setting.faults if self._is_striking else ():
            yield replace(fault, at=self._since + fault.at) if isinstance(fault, Abort) else fault

    def _begins(self, run: Run, process: Process, life: int) -> None:
        """Let a process die when it is to."""
        faults = self.setting.faults if self._is_striking and run is self.runs[self._before] else ()
        ends: list[Crash | MachineLost] = [
            one for one in faults if isinstance(one, Crash) and one.life == life
        ]
        ends += [one for one in faults if isinstance(one, MachineLost) and life == 1]
        if ends:
            end = min(ends, key=lambda one: one.instant)
            process.dies_at, process.crashed = end.instant, lambda: self._happened(end)

    def _over(self, run: Run) -> None:
        """A process that carried the run is gone: somebody sees it, sooner or later, and takes the run up."""
        if run.processes or run.ended is not None or run.lives >= MOST_LIVES:
            return
        after = self.dice.between(0.2, 30.0, "resumes") * run.lives
        self.kernel.after(after, lambda: self._taken_up(run))

    def _taken_up(self, run: Run) -> None:
        if run.processes or run.ended is not None:
            return
        lost = next((one for one in self.setting.faults if isinstance(one, MachineLost)), None)
        if lost is not None and self.struck["MachineLost"] and self.setting.has_places:
            run.carry_on("anna", lost.place)
        else:
            run.carry_on("anna")

    def _machine_starts(self, machine: Machine) -> None:
        for server in self._guarded(machine):
            self.guards.end(server.name)
            self.guards.begin(server)

    def _machine_stops(self, machine: Machine) -> None:
        for server in self._guarded(machine):
            self.guards.end(server.name)

    def _machine_held(self, machine: Machine, lasts: float) -> None:
        for server in self._guarded(machine):
            self.guards.hold(server.name, lasts)

    def _guarded(self, machine: Machine) -> Iterator[Server]:
        if self.setting.has_places:
            servers = city.servers(has_places=True)
            yield from (one for one in servers if one.host.name == machine.name and one.lease is not None)

    def _guard_held(self, fault: GuardHeld) -> None:
        if self.guards.hold(self.old, fault.lasts):
            self._happened(fault)

    def _guard_killed(self, fault: GuardKilled) -> None:
        guard = self.guards.processes.get(self.old)
        if guard is not None:
            guard.kill()
            self._happened(fault)

    def _everybody_is_gone(self) -> bool:
        return self.kernel.now > self._last_comes + LOOKING and all(
            self.kernel.now > run.people.speaks_until
            and not run.processes
            and (run.ended is not None or run.lives >= MOST_LIVES)
            for run in self.runs
        )

    def _prepare(self, fault: Fault) -> None:
        after = self.kernel.after
        match fault:
            case GuardHeld():
                after(fault.at, lambda: self._guard_held(fault))
            case GuardKilled():
                after(fault.at, lambda: self._guard_killed(fault))
            case Hang():
                after(fault.at, lambda: self._hang(fault))
            case Partition():
                after(fault.at, lambda: self._cut(fault, (fault.one, fault.other)))
            case Split():
                after(fault.at, lambda: self._cut(fault, *combinations(PLACES, 2)))
            case ClockJump():
                after(fault.at, lambda: self._happened(fault))
            case Freeze():
                after(fault.at, lambda: self._frozen(fault))
            case ByItself():
                after(fault.at, lambda: self._due(fault))
            case SecondOperator():
                after(BEGINS + fault.at, lambda: self._second(fault))

    def _hang(self, fault: Hang) -> None:
        for run in self.runs:
            for process in run.processes:
                if process.place == fault.place:
                    process.held_until = self.kernel.now + fault.lasts
                    self._happened(fault)

    def _cut(self, fault: Partition | Split, *links: tuple[str, str]) -> None:
        for link in links:
            self.network.cut[frozenset(link)] = self.kernel.now + fault.lasts
        self.twin.servers.link_cut = not self.network.reaches("north", "south")
        self.kernel.after(fault.lasts, self._mend)
        self._happened(fault)

    def _mend(self) -> None:
        self.twin.servers.link_cut = not self.network.reaches("north", "south")

    def _second(self, fault: SecondOperator) -> None:
        first = self.runs[self._before]
        # Without places another machine knows nothing of this one: then it is the same machine, at another terminal.
        place = fault.place if self.setting.has_places else first.place
        self._happened(fault)
        if fault.does == "start":
            self._open(place, "bent")
        elif first.ended is None:
            first.carry_on("bent", place)

    def _frozen(self, fault: Freeze) -> None:
        self._happened(fault)
        self.still.freeze(fault if self.setting.has_places else replace(fault, place="south"))

    def _due(self, fault: ByItself) -> None:
        self._happened(fault)
        self.still.due(fault if self.setting.has_places else replace(fault, place="south"))

    def _strikes(self, kind: type[Any]) -> None:
        self._happened(next(one for one in self.setting.faults if isinstance(one, kind)))

    def _wall(self, place: str) -> float:
        now = self.kernel.now
        return now + sum(one.by for one in self._jumps if one.place == place and self._since + one.at <= now)

    def _is_done(self, run: Run, step: str, *, undoing: bool) -> bool:
        return any(
            act.making is not None
            and (act.making.run, act.making.call.step.id, act.making.call.undoing) == (run.id, step, undoing)
            for act in self.network.acts
        )

    def _changed(self) -> None:
        self.twin.servers.link_cut = not self.network.reaches("north", "south")
        if self._is_striking and not self._stopped and not self.twin.servers.servers[self.old].running:
            self._stopped = True
            for fault in self.setting.faults:
                if isinstance(fault, StartedByHand):
                    self.kernel.after(fault.after, lambda fault=fault: self._meddle(fault))  # type: ignore[misc]
        self.users.write()

    def _is_decided(self) -> bool:
        return any(
            isinstance(event, Started) and event.step.endswith("promote")
            for run in self.runs[self._before :]
            for event in run.written
        )

    def _meddle(self, fault: StartedByHand) -> None:
        if start_by_hand(self.network, self.twin, self.old, self._is_decided):
            self._happened(fault)

    def _promoted(self, one: ServerInMemory) -> None:
        others = [other for other in self.twin.servers.servers.values() if other is not one]
        writable = [other.name for other in others if self.users.accepts(other)]
        if any(len(run.overridden_by) >= OVERRIDING for run in self.runs):
            self.users.is_theirs, writable = True, []  # it is what they answer for
        if writable and self.struck["StartedByHand"] and self._nobody_sees(writable):
            # Somebody has taken the mark away by hand, on a machine that nobody reaches: theirs, and not the engine's.
            self.users.is_theirs = True
            writable = []
        self.promotions.append((self.kernel.now, ", ".join(writable)))

    def _nobody_sees(self, servers: list[str]) -> bool:
        machines = [self.network.machines[name.partition("/")[0]] for name in servers]
        places = {process.place for run in self.runs for process in run.processes}
        return not any(self.network.reaches(place, one.place) for place in places for one in machines)

    def _happened(self, fault: Any) -> None:
        name = fault.kind if isinstance(fault, Incident) else type(fault).__name__
        self.struck[name] += 1
        self.tell("FAULT", told(fault) if not isinstance(fault, Incident) else str(fault))
