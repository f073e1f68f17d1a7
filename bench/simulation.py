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
"""Stories of one sample and process."""
BUDGET = 60.0
ALL = 10_000
"""`make test` tells so many stories, in a share of its time of so many seconds."""


def run() -> Measured:
    """Measure how long a story takes with every core at it, and what all of the tests' stories would take."""
    alone = tuple(_seconds(0, 1) for _ in range(LEAST))
    start = Samples(of="the start of the programs, and a story", unit="s", values=alone)
    told = range(0, LEAST * STORIES * _cores(), STORIES * _cores())
    taken = tuple(_seconds(first, STORIES) - start.median for first in told)
    each = Samples(
        of="a simulated story, with every core at it",
        unit="ms",
        values=tuple(1000 * one / (STORIES - 1) / _cores() for one in taken),
    )
    budget = Budget(
        of=f"{ALL} stories, s", at_most=BUDGET, is_now=start.median + each.median / 1000 * (ALL - _cores())
    )
    return Measured(
        question=f"How fast are incidents simulated? ({1000 / each.median:.0f} seeds a second)",
        samples=(each, start),
        budgets=(budget,),
    )


def _seconds(first: int, stories: int) -> float:
    """Return how long programs take, one a core, that tell so many stories each."""
    command = [sys.executable, "-m", "tests.simulation", "--many", str(stories), "--seed"]
    began = time.perf_counter()
    programs = [
        subprocess.Popen([*command, str(first + n * stories)], cwd=ROOT, stdout=subprocess.DEVNULL)
        for n in range(_cores())
    ]
    ended = [one.wait() for one in programs]
    if any(ended):
        message = "a story went wrong: see make test"
        raise RuntimeError(message)
    return time.perf_counter() - began


def _cores() -> int:
    return os.cpu_count() or 1
