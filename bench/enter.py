"""From the operator's Enter to a write that users see accepted: the command's start, the plan, the run, all of it.

The primary's machine is lost already. The target's name is given, and the fence approved, by script; what people need
for that comes on top. Once as a Prefect flow, with a Prefect server running, and once without.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.place import OPERATOR, Place, lab, now
from bench.programs import ENDS_WITHIN, SEAWALL, as_installed
from bench.shape import Budget, Measured, Samples, ratio
from drills.count import served_since
from drills.ledger_running import RunningLedger
from drills.obliging import Obliging
from flows.server import prefect_environment, prefect_server
from seawall.journal import Started
from seawall.journal_file import read_journal
from seawall.run_folder import RunFolder

ROUNDS = 5
WRITERS, WRITES = 2, 50.0
FIRST_ACTION = 0.6


def run() -> Measured:
    """Measure both ways, in turn."""
    with (
        TemporaryDirectory(prefix="prefect-") as temporary,
        prefect_server(Path(temporary)) as url,
        lab() as here,
    ):
        plain = as_installed(Path(temporary) / "bytecode")
        ways = {
            "as a Prefect flow": ((), {**plain, **prefect_environment(url), "SEAWALL_PREFECT": "on"}),
            "--without-prefect": (("--without-prefect",), plain),
        }
        served: dict[str, list[float]] = {name: [] for name in ways}
        acted: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(ROUNDS + 1):
            for name, (words, environment) in ways.items():
                first, back = _entered(here, words, environment)
                if number:  # the first one writes Python's bytecode
                    acted[name].append(first)
                    served[name].append(back)
    samples = [
        Samples(of=f"{name}: writes accepted again", unit="s", values=tuple(of))
        for name, of in served.items()
    ]
    firsts = [Samples(of=f"{name}: first action", unit="s", values=tuple(of)) for name, of in acted.items()]
    return Measured(
        question="How long after the operator's Enter are writes accepted again?",
        samples=(*samples, *firsts),
        ratios=(ratio(*samples), ratio(*firsts)),
        budgets=(
            Budget(
                of="seconds to the first action without Prefect",
                at_most=FIRST_ACTION,
                is_now=firsts[1].median,
            ),
        ),
        beside="Counted from the process's start, by a ledger on the users' side; powered-off evidence.",
    )


def _entered(here: Place, words: tuple[str, ...], environment: Mapping[str, str]) -> tuple[float, float]:
    """Lose the primary's machine and run the command; return when its first step began, and when users were served."""
    here.kill(f"{here.active}-db")
    before = set(here.desk.runs.iterdir())
    command = [SEAWALL, "run", "postgres-failover", "service=login", f"to={here.standby}", "--yes", "login"]
    with TemporaryDirectory(prefix="ledger-") as folder:
        ledger = RunningLedger(
            here.layout.front,
            Path(folder) / "ledger",
            name="login.city.example",
            writers=WRITERS,
            writes=WRITES,
            at_most=timedelta(minutes=2),
        )
        with ledger:
            began = now()
            with subprocess.Popen(
                [*command, "--exercise", "--as", OPERATOR, *words, "--city", str(here.desk.folder)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            ) as program:
                run = _opened(here, before, program)
                Obliging(run, [OPERATOR], here.desk.city.inventory, now).approve()
                status = program.wait(ENDS_WITHIN)
            tries = ledger.stop()
    if status:
        raise subprocess.CalledProcessError(status, command)
    here.come_back()
    served = served_since(tries, since=began)
    assert served is not None
    first = next(event for event in read_journal(run.journal_path) if isinstance(event, Started))
    return (first.at - began).total_seconds(), (served - began).total_seconds()


def _opened(here: Place, before: set[Path], program: subprocess.Popen[bytes]) -> RunFolder:
    end = time.monotonic() + ENDS_WITHIN
    while True:
        # One that is being made has a name that begins with a dot.
        for one in set(here.desk.runs.iterdir()) - before:
            if one.name[0] != ".":
                return RunFolder(here.desk.runs, one.name)
        if program.poll() is not None or time.monotonic() > end:
            program.kill()
            message = "the command opened no run"
            raise RuntimeError(message)
        time.sleep(0.002)
