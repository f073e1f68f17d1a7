"""The lab's city, people at its terminals, and what an auditor sees of it past everything in between."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from drills.lab.faults import heal
from drills.lab.layout import LabLayout
from drills.lab.outside import LabOutside
from drills.lab.plan import clusters
from drills.lab.postgres import start_command
from drills.lab.processes import running, running_on, send
from drills.lab.remote import run_on
from drills.primaries import Doubles, Look, doubles
from seawall.errors import ExitCode
from seawall.inventory import Inventory
from seawall.journal import Asked, Ended, Event, Settled, Started, Succeeded
from seawall.journal_file import read_journal
from seawall.run_folder import RunFolder
from seawall.run_list import find_run, open_runs, run_names

ROOT = Path(__file__).parents[2]
SEAWALL = [sys.executable, "-m", "console.terminal.main"]
OTHER = {"north": "south", "south": "north"}
LIMIT = 240.0
"""Seconds for any one command of these tests; the runbooks' own limits end them long before."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def all(self) -> str:
        return self.out + self.err


@dataclass(frozen=True, slots=True)
class Database:
    """One server as it is: what must be the same before and after anything that changes nothing."""

    in_recovery: bool
    timeline: int
    system_identifier: str
    started: str
    rows: int


def until(holds: Callable[[], Any], what: str, within: float = 120.0) -> Any:
    """Wait, with a limit, until `holds()`, and return what it gave."""
    end = time.monotonic() + within
    while not (found := holds()):
        assert time.monotonic() < end, f"not seen within {within} s: {what}"
        time.sleep(0.005)
    return found


@dataclass
class Command:
    """A `seawall` command under way, in a process of its own."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path
    began: float = field(default_factory=time.monotonic)

    def ended(self, within: float = LIMIT) -> Said:
        """Wait until it ends by itself."""
        code = self.process.wait(within)
        took = time.monotonic() - self.began
        said = Said(code, self.out.read_text(), self.err.read_text(), took)
        assert "Traceback" not in said.all, said.all
        return said

    def kill(self) -> None:
        """Take its power away."""
        self.process.kill()
        self.process.wait(10)


@dataclass
class Scene:
    """A lab with both servers in place, the city that names it, and a folder for what commands say."""

    lab: LabLayout
    city: Path
    inventory: Inventory
    folder: Path
    more: Mapping[str, str] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a terminal of the commander."""
        others = {
            name: value for name, value in os.environ.items() if not name.startswith(("SEAWALL_", "PREFECT_"))
        }
        ours = {
            "SEAWALL_AS": "commander",
            "SEAWALL_CITY": str(self.city),
            "SEAWALL_LAB": str(self.lab.folder),
            "SEAWALL_LANGUAGE": "en",
            "SEAWALL_PREFECT": "off",
            "COLUMNS": "120",
            "PYTHONUNBUFFERED": "1",
        }
        return {**others, **ours, **self.more}

    def begin(self, *words: str, program: Sequence[str] = SEAWALL) -> Command:
        """Begin a command; nobody sits at its terminal."""
        number = len(self.commands)
        out, err = self.folder / f"{number}.out", self.folder / f"{number}.err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [*program, *words],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
        self.commands.append(Command(process, out, err))
        return self.commands[-1]

    def seawall(self, *words: str, within: float = LIMIT, program: Sequence[str] = SEAWALL) -> Said:
        """Carry a command out to its end."""
        return self.begin(*words, program=program).ended(within)

    @property
    def runs(self) -> Path:
        return self.city / "runs"

    def known(self) -> set[str]:
        """The names of every run so far."""
        return set(run_names(self.runs))

    def opened(self, before: set[str], command: Command) -> RunFolder:
        """Wait until the command has opened a run that was not there before."""

        def fresh() -> set[str]:
            assert command.process.poll() is None or self.known() - before, command.err.read_text()
            return self.known() - before

        (name,) = until(fresh, "a run being opened")
        return find_run(self.runs, name)

    def move(
        self,
        to: str,
        mode: str = "planned",
        *,
        runbook: str = "postgres-failover",
        program: Sequence[str] = SEAWALL,
    ) -> tuple[Command, RunFolder]:
        """Begin to move the login service, as an exercise."""
        before = self.known()
        command = self.begin_to_move(to, mode, runbook=runbook, program=program)
        return command, self.opened(before, command)

    def begin_to_move(
        self,
        to: str,
        mode: str = "planned",
        *,
        runbook: str = "postgres-failover",
        program: Sequence[str] = SEAWALL,
    ) -> Command:
        """The same, whether or not a run comes of it."""
        words = (runbook, "service=login", f"to={to}", f"mode={mode}")
        return self.begin("run", *words, "--exercise", "--yes", "login", program=program)

    def refused(self, *words: str) -> str:
        """Begin a run that what its plan would rest on does not allow; return what was said. No run is opened."""
        before = self.known()
        said = self.seawall("run", *words, "--exercise")
        assert said.code == ExitCode.STALE, said.all
        assert self.known() == before
        return " ".join(said.all.split())

    def lose_the_primary(self) -> str:
        """Lose the primary's machine, move the service, and give the machine its power back; return the lost site."""
        was = self.primary()
        self.lab_break("kill-host", f"{was}-db")
        command, run = self.move(OTHER[was], "disaster")
        self.allow(run)
        assert command.ended().code == ExitCode.DONE
        assert self.seawall("lab", "heal").code == ExitCode.DONE
        return was

    def allow(self, run: RunFolder, step: str = "fence") -> None:
        """Say yes from another terminal, once it is asked for."""
        said = self.begin_to_allow(run, step).ended()
        assert said.code == 0, said.all

    def begin_to_allow(self, run: RunFolder, step: str = "fence") -> Command:
        """The same, and look at what comes of it while it is being said."""
        self.wait_until_asked(run, step)
        return self.begin("answer", run.id, step, "yes", "--as", "commander")

    def wait_until_asked(self, run: RunFolder, step: str) -> None:
        """Wait until somebody must say yes to a step."""
        self.wait_for(run, lambda one: isinstance(one, Asked) and one.step == step)

    def wait_for(self, run: RunFolder, wanted: Callable[[Event], bool], within: float = 120.0) -> Event:
        """Wait until such an event is in the journal."""

        def found() -> Event | None:
            events = read_journal(run.journal_path)
            if event := next((one for one in events if wanted(one)), None):
                return event
            assert not events or not isinstance(events[-1], Ended), f"it ended before that: {events[-1]}"
            return None

        event: Event = until(found, "an event of the journal", within)
        return event

    @property
    def outside(self) -> LabOutside:
        return LabOutside(self.lab.folder, self.inventory)

    def database(self, site: str) -> Database:
        """Look at one server, past everything in between."""
        with self._connected(site) as connection:
            row = connection.execute(
                "SELECT pg_is_in_recovery(), (SELECT timeline_id FROM pg_control_checkpoint()),"
                " (SELECT system_identifier::text FROM pg_control_system()), pg_postmaster_start_time()::text,"
                " (SELECT count(*) FROM citizens)"
            ).fetchone()
        assert row is not None
        return Database(*row)

    def timeline(self, site: str = "") -> int:
        """The timeline that the primary writes on, or the one at that site; each promotion begins a new one."""
        with self._connected(site or self.primary()) as connection:
            row = connection.execute("SELECT pg_walfile_name(pg_current_wal_insert_lsn())").fetchone()
        assert row is not None
        return int(row[0][:8], 16)

    def primary(self) -> str:
        """The one site whose server takes writes."""
        (site,) = self.primaries()
        return site

    def primaries(self) -> list[str]:
        """Every site whose server takes writes."""
        return [site for site in OTHER if self._takes_writes(site)]

    def lab_break(self, fault: str, target: str) -> None:
        """Break something of the lab, as a user does."""
        said = self.seawall("lab", "break", fault, target)
        assert said.code == 0, said.all

    def hold_the_stop_of(self, site: str) -> None:
        """Let a stop of the server at a site take until it is let go on: nobody writes the checkpoint it waits for.

        Till it is told to stop, all is well with it. Were all of it held, its standby would notice within seconds.
        """
        there = running_on(self.lab.places, f"{site}-db")
        send([one for one in there if "checkpointer" in one.command], signal.SIGSTOP)

    def follows(self, site: str) -> bool:
        """Whether the server at a site receives from the other, now."""
        try:
            with self._connected(site) as connection:
                row = connection.execute("SELECT status FROM pg_stat_wal_receiver").fetchone()
        except psycopg.Error:
            return False
        return row is not None and row[0] == "streaming"

    def is_stopped(self, site: str) -> bool:
        """Whether the server at a site has ended as one that was told to."""
        return not (Path(self._server(site).data_directory) / "postmaster.pid").exists()

    def marked_as_standby(self, site: str) -> bool:
        """Whether `standby.signal` lies in a server's data directory."""
        return (Path(self._server(site).data_directory) / "standby.signal").exists()

    def write(self, number: int) -> str:
        """Write to the service as a user does; return the site that acknowledged it."""
        at = datetime.now(UTC).isoformat()
        body = json.dumps({"writer": 4711, "seq": number, "at": at}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://{self.lab.front}/ledger", body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(json.load(answer)["site"])

    def _written(self, number: int) -> str | None:
        with contextlib.suppress(OSError):
            return self.write(number)
        return None

    def check_serves(self, site: str) -> None:
        """Assert that users' writes are acknowledged at that site and kept.

        A write may be refused and asked again: a guard that a busy machine held up lets nobody in for a moment.
        """
        number = time.time_ns() % 10**12
        assert until(lambda: self._written(number), "a write that was taken") == site
        assert (4711, number) in self.outside.rows("login")

    @contextmanager
    def no_two_primaries(self) -> Iterator[Mapping[str, Sequence[Look]]]:
        """Watch both servers all the while, by writing to each of them, and assert that never both took it.

        What was seen, by site, is in what this yields when it is over.
        """
        since, watch = datetime.now(UTC), self.outside.watch("login")
        looks: dict[str, Sequence[Look]] = {}
        try:
            yield looks
        finally:
            looks.update(watch.stop())
        found: Doubles = doubles(looks, since=since, until=datetime.now(UTC))
        assert found.looks > 10
        assert found.both == ()

    def is_whole(self) -> bool:
        """Whether nothing is under way, off or held; users reach the one primary, and the other server follows it."""
        taking = self.primaries()
        under_way = [one for one in self.commands if one.process.poll() is None]
        if under_way or open_runs(self.runs) or len(taking) != 1 or not self.follows(OTHER[taking[0]]):
            return False
        there = running(self.lab.places)
        off = {one.name for one in self.lab.machines} - {one.machine for one in there}
        if off or any(one.state == "T" for one in there):
            return False
        return self._written(time.time_ns() % 10**12) == taking[0]

    def bring_home(self) -> None:
        """Leave the lab as it was found: whole, the primary in the north, and the south following it."""
        for command in self.commands:
            if command.process.poll() is None:
                command.kill()
        heal(self.lab.folder)
        for one in open_runs(self.runs):
            self.seawall("abort", one.id, "--undo")
        for cluster in clusters(self.lab):
            # One that was fenced by its power is no standby yet, and would come up as a second primary.
            folder = cluster.data_directory
            if not self._is_served() or (Path(folder) / "standby.signal").exists():
                start = f"pg_ctl -D '{folder}' status >/dev/null || {start_command(cluster)}"
                run_on(self.lab, f"{cluster.site}-db", start, within=90)
        if not self._is_served():
            with self._connected("south") as connection:
                connection.execute("SELECT pg_promote()")
        until(self._is_served, "a primary")
        # One whose lease ran out may run on as a primary that lets nobody in; the failback stops it.
        if "south" in self.primaries():
            before = self.known()
            command = self.begin("run", "postgres-failback", "service=login", "--exercise", "--yes", "login")
            run = self.opened(before, command)
            self.allow(run, "rejoin")
            self.allow(run, "move-back/fence")
            assert command.ended().code == 0, command.out.read_text()
        until(lambda: self.follows("south"), "the south following the north")

    def _is_served(self) -> bool:
        return any(self._takes_writes(site) for site in OTHER)

    def _takes_writes(self, site: str) -> bool:
        try:
            with self._connected(site) as connection:
                row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
        except psycopg.Error:
            return False
        return row is not None and not row[0]

    def _server(self, site: str) -> Any:
        return self.lab.servers[f"{site}-db/login"]

    def _connected(self, site: str) -> psycopg.Connection[Any]:
        server = self._server(site)
        return psycopg.connect(
            host=server.host.address,
            port=server.port,
            dbname=server.database,
            user="postgres",
            password=self.lab.credentials.read("db_postgres"),
            connect_timeout=10,
            autocommit=True,
        )


def begun(run: RunFolder) -> list[str]:
    """The steps in the order in which they were begun; one that was begun again stands there again."""
    events = read_journal(run.journal_path)
    return [one.step for one in events if isinstance(one, Started) and not one.undoing]


def shown_not_to_have_happened(run: RunFolder) -> set[str]:
    """The steps of which a proof told so: also those whose start stood only in the journal's copies."""
    events = read_journal(run.journal_path)
    return {one.step for one in events if isinstance(one, Settled) and one.happened is False}


def successes(run: RunFolder, step: str) -> int:
    events = read_journal(run.journal_path)
    return sum(isinstance(one, Succeeded) and one.step == step and not one.undoing for one in events)


def outcome(run: RunFolder) -> str | None:
    """How it ended, if it has."""
    last = read_journal(run.journal_path)[-1]
    return last.outcome.value if isinstance(last, Ended) else None
