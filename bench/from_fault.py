"""From the fault until users' writes are taken again, found by the service's probe; beside it repmgr, by the same rule.

Each round kills the primary's machine while a user writes every few milliseconds, and counts from the last write
acknowledged before to the first one after. repmgr's user writes into the database, over libpq that looks for the
primary on both machines; ours does so, too, and in rounds of their own writes as a citizen does, through the balancer
and the web service of the site. The rule is the same on both sides: a try a second, and three misses. The
fault strikes halfway between two tries on both, because when it strikes decides more than anything else.
"""

from __future__ import annotations

import secrets
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.place import OPERATOR, SITES, Place, lab, room
from bench.repmgr import NODES, NOT_HERE, Pair, pair, programs, versions
from bench.shape import Budget, Measured, Samples, ratio
from bench.users import RunningUser, pause_after
from console.terminal.carrying import Manner
from console.terminal.responding import Responding
from drills.detect import ProbeWrites, RunningProbe
from drills.lab.folders import LabFolder
from drills.lab.lease import LEASED
from drills.lab.outside import LabOutside
from drills.lab.processes import running_on, send
from seawall.journal import Outcome
from seawall.sightings import Pace

SERVICE = "login"
RUNBOOK = "postgres-failover"
NAME = "login.city.example"
RULE = Pace(timedelta(seconds=1), 3)
ROUNDS = 7
PHASE = 0.5
"""Seconds from the beginning of a try to the fault: what it would be on average, without the second it may differ."""
TRIES = 3
WITHIN = 60.0
AT_MOST = timedelta(seconds=WITHIN)


def run() -> Measured:
    """Measure both, in turn; ours alone where repmgr is not installed."""
    peer = programs()
    ours, front, theirs, fenced = [], [], [], []
    with lab() as here, TemporaryDirectory(prefix="acknowledged-") as folder:
        path = Path(folder) / "acknowledged"
        for _ in range(ROUNDS):
            ours.append(_probed(here, path, AtTheDatabase(here)))
            front.append(_probed(here, path, AtTheFront(here)))
            if peer is not None:
                with pair(peer, room(), RULE) as two:
                    theirs.append(_watched_by_repmgr(two))
                with pair(peer, room(), RULE, fences=True) as two:
                    fenced.append(_watched_by_repmgr(two))
    mine, citizens = _samples("seawall", ours), _samples("seawall, through the front", front)
    lost = _lost("seawall", [*ours, *front])
    if peer is None:
        return Measured(question=QUESTION, samples=(mine, citizens), beside=f"{lost} {NOT_HERE}.")
    other, same = _samples("repmgr", theirs), _samples("repmgr that fences first", fenced)
    return Measured(
        question=QUESTION,
        samples=(mine, citizens, other, same),
        ratios=(ratio(mine, other), ratio(mine, same), ratio(citizens, other)),
        budgets=(
            Budget(of="as many times as long as repmgr", at_most=1.0, is_now=mine.median / other.median),
        ),
        beside=f"{versions(peer)}. By itself it fences nothing: the old primary is believed dead because it does not"
        " answer; ours waits for its power controller to say so, and so does the one that fences first, by a script in"
        f" its promote_command. {lost} {_lost('repmgr', [*theirs, *fenced])}",
    )


QUESTION = (
    "How long after the fault are writes taken again, when it is found by a try a second and three misses?"
)


@dataclass(frozen=True, slots=True)
class Round:
    """What the user saw: the pause in seconds, and how many acknowledged writes are gone."""

    pause: float
    lost: int


def _samples(who: str, rounds: list[Round]) -> Samples:
    return Samples(of=f"{who}: fault to first write", unit="s", values=tuple(one.pause for one in rounds))


def _lost(who: str, rounds: list[Round]) -> str:
    return f"Acknowledged writes lost with {who} in {len(rounds)} faults: {sum(one.lost for one in rounds)}."


class AtTheFront:
    """A user who writes as a citizen does."""

    def __init__(self, here: Place) -> None:
        self._here, self._writer = here, secrets.randbelow(2**31)

    def writes(self, path: Path) -> RunningUser:
        """Let them write."""
        return RunningUser(["http", str(self._here.layout.front), NAME, str(self._writer)], path)

    def kept(self) -> frozenset[int]:
        """Return every write of theirs that is in the new primary."""
        rows = LabOutside(self._here.layout.folder, self._here.desk.city.inventory).rows(SERVICE)
        return frozenset(seq for writer, seq in rows if writer == self._writer)


class AtTheDatabase:
    """A user who writes into whichever database takes it, by the way in that the service itself has."""

    def __init__(self, here: Place) -> None:
        self._here = here
        with here.superuser(here.active) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS written (seq bigint PRIMARY KEY)")
            connection.execute("GRANT SELECT, INSERT ON written TO app")
            connection.execute("TRUNCATE written")

    def writes(self, path: Path) -> RunningUser:
        """Let them write."""
        layout = self._here.layout
        doors = [layout.machine(f"{site}-db").at(LEASED) for site in SITES]
        hosts, ports = ",".join(one.address for one in doors), ",".join(str(one.port) for one in doors)
        who = f"user=app dbname={SERVICE} connect_timeout=2 target_session_attrs=read-write"
        password = {"PGPASSWORD": self._here.secret(layout.app_password)}
        return RunningUser(["libpq", f"host={hosts} port={ports} {who}"], path, password)

    def kept(self) -> frozenset[int]:
        """Return every write of theirs that is in the new primary."""
        with self._here.superuser(self._here.standby) as connection:
            return frozenset(int(seq) for (seq,) in connection.execute("SELECT seq FROM written"))


def _probed(here: Place, path: Path, who: AtTheFront | AtTheDatabase) -> Round:
    """Lose the primary's machine while the probe tries; carry out what it proposes, as a drill does."""
    with here.desk.open_world() as world, _Probe(here).on() as probe:
        responding = Responding(Manner(here.desk, OPERATOR, "off", as_json=True), world, lambda *_: None)
        given = {"service": SERVICE, "to": here.standby, "mode": "disaster"}
        with who.writes(path) as user:
            user.wait(0.0, WITHIN)
            probe.wait_for_try()
            struck = strike(here.layout.places, f"{here.active}-db")
            here.kill(f"{here.active}-db")  # and what was begun meanwhile; the lab knows then what to heal
            _surely(probe.running.suspects(AT_MOST), "nothing was missed")
            responding.foresee(RUNBOOK, given)
            _surely(probe.running.proposed(AT_MOST) is not None, "nothing was proposed")
            done = responding(RUNBOOK, given, exercise=True, approved_by=[OPERATOR])
            _surely(done.outcome is Outcome.DONE, f"the run did not come to its end; see {done.folder}")
            user.wait(struck, WITHIN)
        told = user.acknowledged()
    kept = who.kept()
    here.come_back()
    return Round(pause_after(struck, told), sum(one.seq not in kept for one in told))


def _watched_by_repmgr(two: Pair) -> Round:
    """Lose the primary's machine while repmgrd looks."""
    with two.user() as user:
        user.wait(0.0, WITHIN)
        two.wait_for_look()
        struck = strike(two.places, NODES[0])
        two.kill_primary()
        user.wait(struck + 0.5, WITHIN)
    told = user.acknowledged()
    there = two.numbers()
    return Round(pause_after(struck, told), sum(one.seq not in there for one in told))


@dataclass(slots=True)
class _Probe:
    """The service's own probe, as in a drill; its tries are listened to."""

    here: Place
    running: RunningProbe = field(init=False)
    _tries: int = 0
    _tried: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def on(self) -> Iterator[_Probe]:
        """Try until the block ends."""
        rule = self.here.desk.city.inventory.services[SERVICE].probe
        assert rule is not None
        assert Pace(rule.every, rule.misses) == RULE, "the city's rule for it is what repmgr is told"
        write = ProbeWrites(self.here.layout.front, NAME, writer=secrets.randbelow(2**31))

        def attempt(within: timedelta) -> bool:
            with self._tried:
                self._tries += 1
                self._tried.notify_all()
            return write(within)

        self.running = RunningProbe(rule, attempt)
        try:
            yield self
        finally:
            self.running.stop()

    def wait_for_try(self) -> None:
        """Return as a try begins that is not among the first ones."""
        with self._tried:
            after = max(self._tries, TRIES)
            _surely(self._tried.wait_for(lambda: self._tries > after, WITHIN), "nobody tries the service")


def strike(places: LabFolder, machine: str) -> float:
    """Kill every program of a machine halfway to the next try, all in the same instant. Returns: when it was."""
    at = time.monotonic() + PHASE
    # Found before, or a search of all processes would lie between the instant that was meant and the fault.
    found = running_on(places, machine)
    time.sleep(max(0.0, at - time.monotonic()))
    struck = time.monotonic()
    send(found, signal.SIGKILL)
    return struck


def _surely(happened: bool, otherwise: str) -> None:  # noqa: FBT001 - what was waited for, and nothing else
    if not happened:
        raise TimeoutError(otherwise)
