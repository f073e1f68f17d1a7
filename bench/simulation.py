"""How many simulated stories are told a second: the engine, its places and its people, from beginning to end.

The stories are those of tests/simulation, told by a program of their own in as many processes as there are cores, as
`make test` tells them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from bench.shape import LEAST, Budget, Measured, Samples

ROOT = Path(__file__).parents[1]
STORIES = 1000
"""Stories of one sample and process. All samples are what `make test` tells, with the start counted five times."""
BUDGET = 60.0
ALL = 10_000
"""`make test` tells so many stories, in a share of its time of so many seconds."""


def run() -> Measured:
    """Measure how long a story takes with every core at it, and what all of the tests' stories would take."""
    each = Samples(
        of="a simulated story, with every core at it",
        unit="ms",
        values=tuple(_told(first) for first in range(0, LEAST * STORIES * _cores(), STORIES * _cores())),
    )
    budget = Budget(of=f"{ALL} stories, s", at_most=BUDGET, is_now=each.median / 1000 * ALL)
    return Measured(
        question=f"How fast are incidents simulated? ({1000 / each.median:.0f} seeds a second)",
        samples=(each,),
        budgets=(budget,),
    )


def _told(first: int) -> float:
    """Return milliseconds a story, wall clock, the start of the programs included."""
    command = [sys.executable, "-m", "tests.simulation", "--many", str(STORIES), "--seed"]
    began = time.perf_counter()
    programs = [
        subprocess.Popen([*command, str(first + n * STORIES)], cwd=ROOT, stdout=subprocess.DEVNULL)
        for n in range(_cores())
    ]
    ended = [one.wait() for one in programs]
    if any(ended):
        message = "a story went wrong: see make test"
        raise RuntimeError(message)
    return (time.perf_counter() - began) * 1000 / STORIES / _cores()


def _cores() -> int:
    return os.cpu_count() or 1
