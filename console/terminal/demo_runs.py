"""The runs of the demo: some in this process, and the failover by the `seawall` command, which is killed half-way.

The command is a process of its own, as at three in the morning. It is killed with SIGKILL right after the fence, the
worst moment: the old primary is gone and the new one is not there yet.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from console.terminal.desk import Desk
from console.terminal.screen import words
from console.terminal.surroundings import surroundings, version
from console.terminal.thinking import think
from drills.lab.folders import LabFolder
from drills.lab.processes import marks
from drills.obliging import Obliging
from drills.outside import Responded
from drills.scripted import scripted_request
from flows.server import prefect_environment
from seawall.carrying import carry_out
from seawall.errors import SeawallError
from seawall.hands import ThreadHands
from seawall.journal import Asked, Ended, Event, Resumed, Settled, Succeeded
from seawall.journal_file import read_journal
from seawall.judging import judge_for
from seawall.report.telling import told
from seawall.run_folder import RunFolder, create_run, read_state
from seawall.run_list import find_run
from seawall.state import State
from seawall.steady import steady

Tell = Callable[[str], None]
SEAWALL = [sys.executable, "-m", "console.terminal.main"]
"""The command."""
AT = "operator"
"""The machine of the lab that the command counts as a program of."""
BEGINS_WITHIN = 90.0
"""Seconds for the command to open its run: Python, the city, the plan."""
RUNS_WITHIN = 300.0
"""Seconds for a whole run; the runbooks' own limits end it long before."""
LOOKS_EVERY = 0.01
OPERATOR, COMMANDER = "duty-officer", "commander"
"""Who begins the runs, and who says yes to them: whoever asked for a run cannot allow its steps."""


def in_this_process(desk: Desk, runbook: str, parameters: Mapping[str, str], tell: Tell) -> State:
    """Carry a runbook out as an exercise, with threads, and return how it stands at its end."""
    with desk.open_world() as world:
        plan, _ = think(desk, world, runbook, parameters, exercise=True)
        now = desk.local(surroundings().now())
        sign = scripted_request(plan, OPERATOR, now)
        run = create_run(desk.runs, plan, by=OPERATOR, version=version(), now=now, sign=sign)
        Obliging(run, [COMMANDER], desk.city.inventory, surroundings().now).approve()

        def watch(event: Event, state: State) -> None:
            if event.kind in ("succeeded", "failed", "ended"):
                tell(words(told(event, state.plan)))

        clock = steady(surroundings().now)
        pages = desk.pages(tell)
        gate = judge_for(desk.runs, desk.city.inventory)
        carry_out(run, ThreadHands(world, clock), clock, watch=watch, pages=pages, gate=gate, by=OPERATOR)
    return read_state(run)


@contextmanager
def with_a_wrong_address(desk: Desk) -> Iterator[Desk]:
    """Open the same city with one line of its inventory wrong: the standby's address is the primary's."""
    inventory = desk.city.inventory
    north, south = inventory.hosts["north-db"], inventory.hosts["south-db"]
    port = north.postgres["login"].port
    entry = south.postgres["login"].model_copy(update={"port": port})
    moved = south.model_copy(update={"address": north.address, "postgres": {"login": entry}})
    wrong = inventory.model_copy(update={"hosts": {**inventory.hosts, "south-db": moved}})
    other = Desk(desk.settings, desk.bag)
    other.city = dataclasses.replace(desk.city, inventory=wrong)
    yield other


class Command:
    """Responds in a drill by the `seawall` command; the first run is killed half-way and resumed."""

    def __init__(self, desk: Desk, lab: Path, prefect: str, tell: Tell, *, kill_after: str) -> None:
        self._desk, self._lab, self._prefect = desk, lab, prefect
        self._tell, self._kill_after = tell, kill_after
        self._killed = False
        self.resumed = False
        self.how_it_was_resumed = "The orchestrator was not killed"

    def __call__(
        self, runbook: str, parameters: Mapping[str, str], *, exercise: bool, approved_by: Sequence[str]
    ) -> Responded:
        """Carry a runbook out. Raises: SeawallError when the command does not open a run or does not end it."""
        before = set(self._runs())
        given = [f"{name}={value}" for name, value in parameters.items()]
        kind = ["--exercise"] if exercise else []
        command = self._begin("run", runbook, *given, *kind, "--yes", parameters.get("service", ""))
        run = self._opened(before, command)
        Obliging(run, approved_by, self._desk.city.inventory, surroundings().now).approve()
        if not self._killed:
            self._kill(run, command)
            command = self._begin("resume", run.id)
        self._follow(run, command)
        return Responded.of(run.path, run.plan, read_journal(run.journal_path))

    @property
    def seen_by_prefect(self) -> str:
        """What Prefect has of it, in words; empty when nothing."""
        runs = self._ask("flow_runs/filter")
        tasks = self._ask("task_runs/filter")
        if not runs or not tasks:
            return ""
        states = sorted({str(run.get("state_name")) for run in runs})
        return f"Prefect saw {len(runs)} flow runs ({', '.join(states)}) with {len(tasks)} tasks, one a step"

    def _begin(self, *words_: str) -> subprocess.Popen[bytes]:
        log = self._desk.folder / "drills" / "command.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("ab") as output:
            return subprocess.Popen(
                [*SEAWALL, *words_, "--as", OPERATOR, "--city", str(self._desk.folder)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={
                    **os.environ,
                    **prefect_environment(self._prefect),
                    "SEAWALL_PREFECT": "auto",
                    # It goes with the lab: left by a demo that was killed, it would ask on and hold the service.
                    **marks(LabFolder(self._lab), AT),
                },
            )

    def _runs(self) -> list[str]:
        folder = self._desk.runs
        if not folder.is_dir():
            return []
        # A run that is being opened has a name that begins with a dot.
        return [
            one.name for one in folder.iterdir() if one.name[0] != "." and (one / "journal.jsonl").exists()
        ]

    def _opened(self, before: set[str], command: subprocess.Popen[bytes]) -> RunFolder:
        end = time.monotonic() + BEGINS_WITHIN
        while not (fresh := set(self._runs()) - before):
            if command.poll() is not None or time.monotonic() > end:
                command.kill()
                raise SeawallError(
                    "the command opened no run",
                    where=str(self._desk.folder / "drills" / "command.log"),
                    remedy="Read its last lines there",
                )
            time.sleep(LOOKS_EVERY)
        return find_run(self._desk.runs, fresh.pop())

    def _kill(self, run: RunFolder, command: subprocess.Popen[bytes]) -> None:
        """Kill the orchestrator with SIGKILL as soon as the step is done."""
        self._wait(run, command, lambda events: _is_done(events, self._kill_after))
        command.kill()
        command.wait()
        self._killed = True
        self._tell(f"The orchestrator is killed with SIGKILL, right after {self._kill_after}")

    def _follow(self, run: RunFolder, command: subprocess.Popen[bytes]) -> None:
        events = self._wait(run, command, lambda events: any(isinstance(one, Ended) for one in events))
        command.wait(timeout=30)
        made = [step for event in events if (step := _made(event))]
        twice = sorted({step for step in made if made.count(step) > 1 and run.plan.by_id[step].changes})
        if any(isinstance(event, Resumed) for event in events):
            self.resumed = not twice
            again = f"{', '.join(twice)} was made twice" if twice else "no change was made twice"
            killed = f"The orchestrator was killed right after {self._kill_after}"
            self.how_it_was_resumed = f"{killed}; another went on from its journal, and {again}"

    def _wait(
        self, run: RunFolder, command: subprocess.Popen[bytes], holds: Callable[[Sequence[Event]], bool]
    ) -> Sequence[Event]:
        shown, end = 0, time.monotonic() + RUNS_WITHIN
        while True:
            gone = command.poll() is not None
            events = read_journal(run.journal_path)
            for event in events[shown:]:
                if not isinstance(event, Asked) and event.kind != "started":
                    self._tell(words(told(event, run.plan)))
            shown = len(events)
            if holds(events):
                return events
            if gone or time.monotonic() > end:
                raise SeawallError(
                    "the command ended before its run did" if gone else "the run did not end in time",
                    where=f"run {run.id}",
                    remedy=f"Read {self._desk.folder / 'drills' / 'command.log'}, then `seawall show {run.id}`",
                )
            time.sleep(LOOKS_EVERY)

    def _ask(self, what: str) -> list[dict[str, object]]:
        request = urllib.request.Request(  # noqa: S310 - the embedded server's own address
            f"{self._prefect}/{what}", b"{}", {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - as above
                found = json.load(answer)
        except (OSError, ValueError):
            return []
        return list(found)


def _made(event: Event) -> str:
    """Return the step that the event says was made; empty when it says nothing of the kind."""
    if isinstance(event, Succeeded) or (isinstance(event, Settled) and event.happened is True):
        return event.step
    return ""


def _is_done(events: Sequence[Event], step: str) -> bool:
    return any(isinstance(event, Succeeded) and event.step == step for event in events)
