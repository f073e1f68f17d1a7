"""How long `seawall status` takes from the shell, in a city of many services that has been run in for years.

Every command is a process of its own, as for a person; Python's bytecode is there already, as after the first use.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cities import SECRETS, make_many
from bench.programs import SEAWALL, as_installed, seconds
from bench.shape import Budget, Measured, Samples, ratio
from seawall.actions import Effect
from seawall.journal import Ended, Event, Outcome, Started, Succeeded
from seawall.model import Text
from seawall.plan import Plan, PlannedStep
from seawall.run_folder import create_run
from seawall.sightings import Condition, Sighting, keep_sightings

ROUNDS = 9
RUNS = 1_000
OPEN = 3
"""Runs that have not ended: they are read whole."""
STEPS = 12
SIZES = {100: 0.3, 1_000: 0.6}
"""Services, and the seconds that the command may take."""
BROKEN = 5


def run() -> Measured:
    """Measure both cities in turn, and beside them what every program in Python costs."""
    with TemporaryDirectory(prefix="seawall-") as temporary:
        folder = Path(temporary)
        environment = {**as_installed(folder / "bytecode"), **SECRETS}
        cities = {size: folder / f"city-{size}" for size in SIZES}
        for size, city in cities.items():
            make_city_in_use(city, size)
        words = {
            "python -c pass": (sys.executable, "-c", "pass"),
            "python -c 'import typer'": (sys.executable, "-c", "import typer"),
            **{
                f"seawall status, {size:,} services, {RUNS:,} runs": (SEAWALL, "status", "--city", str(city))
                for size, city in cities.items()
            },
        }
        for one in words.values():
            seconds(one, environment)
        values: dict[str, list[float]] = {name: [] for name in words}
        for _ in range(ROUNDS):
            for name, one in words.items():
                values[name].append(seconds(one, environment))
    samples = {name: Samples(of=name, unit="s", values=tuple(one)) for name, one in values.items()}
    _, typer, *ours = samples.values()
    return Measured(
        question="How long does it take to see what is broken, and who waits for whom?",
        samples=tuple(samples.values()),
        ratios=tuple(ratio(one, typer) for one in ours),
        budgets=tuple(
            Budget(of=f"{one.of}, seconds", at_most=limit, is_now=one.median)
            for one, limit in zip(ours, SIZES.values(), strict=True)
        ),
        beside=f"{BROKEN} services are down and {OPEN} runs open. Beside it: Python that does nothing, and the command "
        "line's library alone.",
    )


def make_city_in_use(folder: Path, services: int, runs: int = RUNS) -> None:
    """Make a city with so many services, each seen a moment ago, and so many runs, nearly all of which have ended."""
    make_many(folder, services)
    now = datetime.now(UTC)
    for number in range(runs):
        _make_run(folder / "runs", now - timedelta(hours=3 * (runs - number)), ends=number < runs - OPEN)
    seen = {
        name: Sighting(
            looked_at=now,
            told_at=now,
            condition=Condition.DOWN if number < BROKEN else Condition.UP,
            since=now - timedelta(minutes=4),
            up_at=now,
            saw="it answered 200 OK",
        )
        for number, name in enumerate(f"s{number:04d}" for number in range(services))
    }
    keep_sightings(folder / "runs", seen, by="bench")


def _make_run(runs: Path, at: datetime, *, ends: bool) -> None:
    run = create_run(runs, _PLAN, by="bench", version="0", now=at)
    events: list[Event] = []
    for n, step in enumerate(_PLAN.steps):
        begun = at + timedelta(seconds=n + 1)
        events.append(Started(at=begun, step=step.id, attempt=1, until=begun + step.within))
        events.append(Succeeded(at=begun, step=step.id, attempt=1, seen={"note": "x" * 200}, summary="done"))
    events.append(Ended(at=at + timedelta(minutes=1), outcome=Outcome.DONE))
    with run.journal("bench") as journal:
        journal.append(events if ends else events[: STEPS + 1])


_PLAN = Plan(
    city="havnby",
    runbook="verify-backup",
    title=Text(en="Verify a backup by restoring it", da="Efterprøv en backup ved at genskabe den"),
    why=Text(en="To see what it costs"),
    exercise=False,
    parameters={"backup": "login-nightly"},
    confirm="login",
    claims=(),
    steps=tuple(
        PlannedStep(
            id=f"step-{n}",
            does=Text(en="Nothing", da="Intet"),
            uses="idle.pass",
            args={"note": "x" * 200},
            effect=Effect.READS,
            after=(f"step-{n - 1}",) if n else (),
            within=timedelta(seconds=30),
        )
        for n in range(STEPS)
    ),
)
