"""How long a command takes from the shell: help, a plan among many services, a break-glass run's first action.

Every command is a process of its own, as for a person; Python's bytecode is there already, as after the first use.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cities import SECRETS, make_many
from bench.programs import SEAWALL, as_installed, seconds
from bench.shape import Budget, Measured, Samples, ratio
from seawall.journal import Started
from seawall.journal_file import read_journal
from seawall.loading import PRODUCT

ROUNDS = 9
SIZES = (100, 1_000)
RUNBOOK = "postgres-failover"


def run() -> Measured:
    """Measure each command, in turn."""
    with TemporaryDirectory(prefix="seawall-") as temporary:
        folder = Path(temporary)
        timed = _commands(folder, {**as_installed(folder / "bytecode"), **SECRETS})
        for one in timed.values():
            one()
        values: dict[str, list[float]] = {name: [] for name in timed}
        for _ in range(ROUNDS):
            for name, one in timed.items():
                values[name].append(one())
    samples = {name: Samples(of=name, unit="s", values=tuple(one)) for name, one in values.items()}
    empty, typer, *ours = samples.values()
    limits = (0.3, 0.3, 0.6, 0.6)
    return Measured(
        question="How long does a command take from the shell?",
        samples=tuple(samples.values()),
        ratios=(*(ratio(one, typer) for one in ours), ratio(typer, empty)),
        budgets=tuple(
            Budget(of=f"{one.of}, seconds", at_most=limit, is_now=one.median)
            for one, limit in zip(ours, limits, strict=True)
        ),
        beside="Beside it: Python that does nothing, and Python that imports the command line's library.",
    )


def _commands(folder: Path, environment: Mapping[str, str]) -> Mapping[str, Callable[[], float]]:
    cities = {size: folder / f"city-{size}" for size in SIZES}
    names = {size: make_many(city, size) for size, city in cities.items()}
    for city in cities.values():
        _leave_out_facts(city)
    nobody_answers = folder / "city-without-places"
    make_many(nobody_answers, SIZES[0])
    _leave_out_facts(nobody_answers)
    _leave_out_places(nobody_answers)

    def command(*words: str) -> Callable[[], float]:
        return lambda: seconds(words, environment)

    def plan(size: int) -> Callable[[], float]:
        given = f"service={names[size]}"
        return command(SEAWALL, "plan", RUNBOOK, given, "--city", str(cities[size]))

    small, large = SIZES
    return {
        "python -c pass": command(sys.executable, "-c", "pass"),
        "python -c 'import typer'": command(sys.executable, "-c", "import typer"),
        "seawall --help": command(SEAWALL, "--help"),
        f"seawall plan, {small} services, without the facts": plan(small),
        f"seawall plan, {large} services, without the facts": plan(large),
        f"seawall run --without-prefect, {small} services, without facts and places: first action": lambda: (
            _first_action(nobody_answers, names[small], environment)
        ),
    }


def _leave_out_facts(city: Path) -> None:
    """Give the city a copy of the runbook that reads no facts: how long others take to answer is theirs."""
    lines = (PRODUCT / f"{RUNBOOK}.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    start = lines.index("facts:\n")
    end = next(at for at in range(start + 1, len(lines)) if not lines[at].startswith("  "))
    (city / "runbooks" / f"{RUNBOOK}.yaml").write_text(
        "".join([*lines[:start], *lines[end:]]), encoding="utf-8"
    )


def _leave_out_places(city: Path) -> None:
    """Let the city have no places: nobody answers there, and then no run is begun."""
    hosts = city / "inventory" / "hosts.yaml"
    text, found = re.subn(r"^places:\n(?:  .*\n)+", "", hosts.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert found == 1, "the reference city has places"
    hosts.write_text(text, encoding="utf-8")


def _first_action(city: Path, service: str, environment: Mapping[str, str]) -> float:
    """Return the time from the process's start to the first step's; its server refuses, and the run ends there."""
    before = set((city / "runs").iterdir())
    words = [
        SEAWALL,
        "run",
        RUNBOOK,
        f"service={service}",
        "--yes",
        service,
        "--exercise",
        "--as",
        "commander",
    ]
    began = time.time()
    seconds([*words, "--without-prefect", "--city", str(city)], environment, may_fail=True)
    (fresh,) = (one for one in set((city / "runs").iterdir()) - before if one.name[0] != ".")
    first = next(event for event in read_journal(fresh / "journal.jsonl") if isinstance(event, Started))
    return first.at.timestamp() - began
