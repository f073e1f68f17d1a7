"""What the driver costs a step: decide, write it down, act, write down how it ended, beyond what the disk itself takes.

The same lines are written and flushed once more without the driver, in the same folder and in turn with it: the
difference is ours. The steps do nothing, so that nothing hides the cost.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.shape import LEAST, Budget, Measured, Samples, ratio
from seawall.actions import Action, Effect, Occasion, Seen, World
from seawall.drive import drive
from seawall.hands import ThreadHands
from seawall.journal_file import FileJournal
from seawall.model import Frozen, Text
from seawall.plan import Plan, PlannedStep

STEPS = 1_000
MANY = 10_000
PROMISED = 2.0
"""Milliseconds a step, beyond the device's own flush."""


class _Nothing(Frozen):
    """No arguments."""


class _Seen(Seen):
    """What is seen of nothing."""

    well: bool = True


class _Idle:
    """A connector whose one action does nothing."""

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List it."""
        return (Action("idle.pass", Effect.CHANGES, _Nothing, _Seen, self._pass, "Nothing"),)

    def close(self) -> None:
        """Nothing to let go of."""

    def _pass(self, _args: _Nothing, _occasion: Occasion) -> _Seen:
        return _Seen()


def run() -> Measured:
    """Measure steps one after another, steps side by side, and ten times as many of them."""
    kinds = {
        f"{STEPS} steps one after another": chain(STEPS),
        f"{STEPS} steps side by side": wide(STEPS),
        f"{MANY} steps of 1000 services": services(MANY),
    }
    samples, ratios, budgets = [], [], []
    for name, plan in kinds.items():
        driven, flushed = [], []
        for _ in range(LEAST if len(plan.steps) <= STEPS else 1):
            seconds, appends = _driven(plan)
            driven.append(1000 * seconds / len(plan.steps))
            flushed.append(1000 * _flushed(appends) / len(plan.steps))
        ours = Samples(of=f"{name}: driver, ms a step", unit="ms", values=tuple(driven))
        device = Samples(of=f"{name}: the same writes alone", unit="ms", values=tuple(flushed))
        samples += [ours, device]
        ratios.append(ratio(ours, device))
        beyond = ours.median - device.median
        budgets.append(Budget(of=f"{name}, ms a step beyond the disk", at_most=PROMISED, is_now=beyond))
    return Measured(
        question="What does the driver cost a step, with its journal flushed to the disk?",
        samples=tuple(samples),
        ratios=tuple(ratios),
        budgets=tuple(budgets),
        beside="Beside it: the same bytes, written and flushed as often, in the same folder by nothing but write().",
    )


def chain(steps: int) -> Plan:
    """Make a plan whose steps wait for one another."""
    return _plan(_step(n, () if n == 0 else (f"s{n - 1}",)) for n in range(steps))


def wide(steps: int) -> Plan:
    """Make a plan whose steps wait for nobody, spread over hosts."""
    return _plan(_step(n, (), lane=f"host-{n % 20}") for n in range(steps))


def services(steps: int) -> Plan:
    """Make a plan that moves services of ten steps each, five hosts a site."""
    return _plan(_step(n, (f"s{n - 1}",) if n % 10 else (), lane=f"host-{n // 10 % 5}") for n in range(steps))


def _driven(plan: Plan) -> tuple[float, list[bytes]]:
    """Drive the plan; return how long that took, and what went to the disk with each flush."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        with World(_Idle()) as world, FileJournal(path) as journal:
            watched = _Watched(journal)
            began = time.perf_counter()
            drive(plan, watched, ThreadHands(world, _now), _now)
            seconds = time.perf_counter() - began
        lines = path.read_bytes().splitlines(keepends=True)
    appends, at = [], 0
    for count in watched.counts:
        appends.append(b"".join(lines[at : at + count]))
        at += count
    return seconds, appends


def _flushed(appends: Sequence[bytes]) -> float:
    """Return how long the disk takes for the same writes and flushes."""
    with tempfile.TemporaryDirectory() as folder:
        handle = os.open(Path(folder) / "journal.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            began = time.perf_counter()
            for content in appends:
                os.write(handle, content)
                os.fdatasync(handle)
            return time.perf_counter() - began
        finally:
            os.close(handle)


class _Watched:
    """A journal that counts what goes into one flush."""

    def __init__(self, journal: FileJournal) -> None:
        self.append_, self.events, self.counts = journal.append, journal.events, list[int]()

    def append(self, events: Sequence[Any]) -> None:
        """Count, and pass on."""
        self.counts.append(len(events))
        self.append_(events)


def _plan(steps: Any) -> Plan:
    return Plan(
        city="example",
        runbook="idle",
        title=Text(en="Nothing"),
        why=Text(en="To see what it costs"),
        exercise=True,
        parameters={},
        confirm="idle",
        claims=(),
        steps=tuple(steps),
    )


def _step(n: int, after: tuple[str, ...], lane: str = "host") -> PlannedStep:
    return PlannedStep(
        id=f"s{n}",
        does=Text(en="Nothing"),
        uses="idle.pass",
        effect=Effect.CHANGES,
        after=after,
        within=timedelta(seconds=30),
        lanes=(lane,),
    )


def _now() -> datetime:
    return datetime.now(UTC)
