"""A place with two sites, users and people, simulated: time passes only when somebody sleeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from drills.detect import Rule
from drills.ledger import Tried, WriteId
from drills.outside import Responded, Told
from drills.primaries import Look
from drills.scenario import Fault, KillSite, Load, StopProcess
from seawall.errors import SeawallError
from seawall.journal import Outcome
from seawall.messages import MARK
from tests.drills.ledgers import NOON

TICK = timedelta(milliseconds=5)
LOOK = timedelta(milliseconds=50)
PROBE = timedelta(seconds=1)
TOOK = timedelta(milliseconds=1)


@dataclass
class SimulatedClock:
    at: datetime = NOON
    source = "a simulated clock"

    def now(self) -> datetime:
        return self.at

    def sleep(self, span: timedelta) -> None:
        assert span >= timedelta()
        self.at += span

    def jumped(self) -> timedelta:
        return timedelta()


@dataclass
class Server:
    alive: bool = True
    primary: bool = False
    answers: bool = True
    held: bool = False
    rows: list[WriteId] = field(default_factory=list)

    def takes_writes(self) -> bool | None:
        return (self.alive and self.primary) if self.answers and not self.held else None


class SimulatedPlace:
    """The outside of a drill. What happens between two instants is worked out when somebody asks, or changes anything.

    Attributes:
        missing: so many of the primary's newest writes the standby lacks when it is promoted.
        sees_survivors: whether the surviving database can be read.
        names_site: whether answers say which site they come from.
    """

    def __init__(self, clock: SimulatedClock) -> None:
        self.clock = clock
        self.servers = {"north": Server(primary=True), "south": Server()}
        self.front = "north"
        self.missing = 0
        self.sees_survivors = True
        self.names_site = True
        self.refuses_from_the_start = False
        self.open: list[str] = []
        self.told: list[Told] = []
        self.broken: list[Fault] = []
        self.heals = 0
        self.heal_fails = False
        self._rule = Rule(3)
        self._writing = False
        self._seqs = [0, 0, 0, 0]
        self._fresh: list[Tried] = []
        self._looks: dict[str, list[Look]] = {"north": [], "south": []}
        self._done = clock.now()
        self._turn = 0

    # what the drill asks

    def users(self, load: Load, ledger: Path) -> SimulatedPlace:
        ledger.write_text("the simulation keeps it in memory\n")
        self.open.append("ledger")
        self._writing = True
        return self

    def tail(self) -> tuple[Tried, ...]:
        self._catch_up()
        fresh, self._fresh = self._fresh, []
        return tuple(fresh)

    def watch(self, service: str) -> _Watch:
        self.open.append("watch")
        return _Watch(self)

    def probe(self, service: str) -> _Probe:
        self.open.append("probe")
        return _Probe(self)

    def stop(self) -> tuple[Tried, ...]:
        self._writing = False
        if "ledger" in self.open:
            self.open.remove("ledger")
        return self.tail()

    def break_(self, fault: Fault) -> None:
        self._catch_up()
        self.broken.append(fault)
        if isinstance(fault, KillSite):
            self.servers[fault.site].alive = False
        if isinstance(fault, StopProcess):
            self.servers[fault.host.partition("-")[0]].held = True

    def heal(self) -> None:
        self._catch_up()
        if self.heal_fails:
            raise SeawallError("the lab does not answer", where="lab", remedy="Look")
        self.heals += 1
        self.broken.clear()
        for server in self.servers.values():
            # A database does not start by itself on a machine that was off.
            server.primary = server.primary and server.alive
            server.alive, server.held = True, False

    def rows(self, service: str) -> set[WriteId]:
        self._catch_up()
        if not self.sees_survivors:
            raise SeawallError("the database does not answer", where="south-db/login", remedy="Look")
        serving = [server for server in self.servers.values() if server.alive and server.primary]
        if not serving:
            raise SeawallError("no database takes writes", where=service, remedy="Look")
        return set(serving[0].rows)

    def messages(self) -> Sequence[Told]:
        return tuple(self.told)

    # what the response does

    def stop_primary(self, site: str) -> None:
        self._catch_up()
        self.servers[site].primary = False

    def promote(self, site: str) -> None:
        self._catch_up()
        old = next(server for name, server in self.servers.items() if name != site)
        new = self.servers[site]
        new.rows = old.rows[: len(old.rows) - self.missing]
        new.primary, self.missing = True, 0

    def point(self, site: str) -> None:
        self._catch_up()
        self.front = site

    def tell(self, *people: str, mark: str = MARK) -> None:
        texts = (f"{mark}: Login er flyttet", f"{mark}\n\nLogin er flyttet til sydhallen.")
        self.told += [Told(self.clock.now(), "email", to, texts) for to in people]

    # what happens meanwhile

    def proposed(self) -> datetime | None:
        self._catch_up()
        return self._rule.proposed

    def missed(self) -> bool:
        self._catch_up()
        return bool(self._rule.missed)

    def looks(self) -> Mapping[str, Sequence[Look]]:
        self._catch_up()
        return self._looks

    def _catch_up(self) -> None:
        while self._done + TICK <= self.clock.now():
            self._done += TICK
            since = self._done - NOON
            if self._writing:
                self._write(self._done)
            if not since % LOOK:
                for name, server in self.servers.items():
                    self._looks[name].append(Look(self._done, self._done + TOOK, server.takes_writes()))
            if not since % PROBE:
                self._rule.saw(served=bool(self._serves()), at=self._done)

    def _serves(self) -> bool:
        return bool(self.servers[self.front].takes_writes()) and not self.refuses_from_the_start

    def _write(self, at: datetime) -> None:
        writer, self._turn = self._turn % 4, self._turn + 1
        write = (writer, self._seqs[writer])
        if self._serves():
            self.servers[self.front].rows.append(write)
            self._seqs[writer] += 1
            site = self.front if self.names_site else None
            self._fresh.append(Tried(*write, at, at + TOOK, site=site))
        else:
            self._fresh.append(Tried(*write, at, at + TOOK, refused="HTTP 503"))


@dataclass
class _Watch:
    place: SimulatedPlace

    def stop(self) -> Mapping[str, Sequence[Look]]:
        if "watch" in self.place.open:
            self.place.open.remove("watch")
        return self.place.looks()


@dataclass
class _Probe:
    place: SimulatedPlace

    def suspects(self, within: timedelta) -> bool:
        until = self.place.clock.now() + within
        while not self.place.missed() and self.place.clock.now() < until:
            self.place.clock.sleep(TICK)
        return self.place.missed()

    def proposed(self, within: timedelta) -> datetime | None:
        until = self.place.clock.now() + within
        while self.place.proposed() is None and self.place.clock.now() < until:
            self.place.clock.sleep(TICK)
        return self.place.proposed()

    def stop(self) -> None:
        if "probe" in self.place.open:
            self.place.open.remove("probe")


@dataclass
class Moves:
    """A response that moves the service to the site it is told, in a tenth of a second."""

    place: SimulatedPlace
    takes: timedelta = timedelta(milliseconds=100)
    fences: bool = True
    mark: str = MARK
    outcome: Outcome = Outcome.DONE
    instead: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], bool, tuple[str, ...]]] = field(default_factory=list)

    def __call__(
        self, runbook: str, parameters: Mapping[str, str], *, exercise: bool, approved_by: Sequence[str]
    ) -> Responded:
        self.asked.append((runbook, dict(parameters), exercise, tuple(approved_by)))
        if runbook in self.instead:
            self.instead[runbook]()
        clock, to = self.place.clock, parameters["to"]
        declared = clock.now()
        clock.sleep(self.takes / 4)
        first = clock.now()
        if self.fences:
            self.place.stop_primary("south" if to == "north" else "north")
        fenced = clock.now()
        clock.sleep(self.takes / 2)
        self.place.promote(to)
        self.place.point(to)
        pointed = clock.now()
        clock.sleep(self.takes / 4)
        self.place.tell("commander@lilleby.example", "clerk@lilleby.example", mark=self.mark)
        return Responded(
            Path(f"runs/{runbook}"), self.outcome, declared, first, (fenced, pointed, clock.now())
        )
