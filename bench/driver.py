"""What the driver costs a step: decide, write it down, act, write down how it ended, beyond what the disk itself takes.

The disk's share is timed in the very same run, call by call, and taken off; beside it the same lines are written and
flushed once more by nothing but write(). The steps do nothing, so that nothing hides the cost.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

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
        f"{MANY} steps of {MANY // 10} services": services(MANY),
    }
    samples, ratios, budgets = [], [], []
    for name, plan in kinds.items():
        rounds = [_driven(plan) for _ in range(LEAST)]
        each = len(plan.steps) / 1000
        in_all = Samples(of=f"{name}: in all", unit="ms", values=tuple(one.seconds / each for one in rounds))
        beyond = Samples(
            of=f"{name}: beyond the disk",
            unit="ms",
            values=tuple((one.seconds - one.on_disk) / each for one in rounds),
        )
        alone = Samples(
            of=f"{name}: the same writes alone", unit="ms", values=tuple(one.alone / each for one in rounds)
        )
        samples += [in_all, beyond, alone]
        ratios.append(ratio(in_all, alone))
        budgets.append(
            Budget(of=f"{name}, ms a step beyond the disk", at_most=PROMISED, is_now=beyond.median)
        )
    return Measured(
        question="What does the driver cost a step, with its journal flushed to the disk? (milliseconds a step)",
        samples=tuple(samples),
        ratios=tuple(ratios),
        budgets=tuple(budgets),
        beside="Beside it: the same bytes, written and flushed as often, in the same folder by nothing but write().",
    )


def idle_world() -> World:
    """Make the world in which the steps of these plans do nothing."""
    return World(_Idle())


def chain(steps: int) -> Plan:
    """Make a plan whose steps wait for one another."""
    return _plan(_step(n, () if n == 0 else (f"s{n - 1}",)) for n in range(steps))


def wide(steps: int) -> Plan:
    """Make a plan whose steps wait for nobody, spread over hosts."""
    return _plan(_step(n, (), lane=f"host-{n % 20}") for n in range(steps))


def services(steps: int) -> Plan:
    """Make a plan that moves services of ten steps each, five hosts a site."""
    return _plan(_step(n, (f"s{n - 1}",) if n % 10 else (), lane=f"host-{n // 10 % 5}") for n in range(steps))


@dataclass(frozen=True, slots=True)
class _Round:
    """Seconds: of one run, of its writes and flushes, and of the same writes and flushes alone."""

    seconds: float
    on_disk: float
    alone: float


def _driven(plan: Plan) -> _Round:
    """Drive the plan, then write what it wrote once more."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        with idle_world() as world, FileJournal(path) as journal, _Stopwatch() as disk:
            watched = _Watched(journal)
            began = time.perf_counter()
            drive(plan, watched, ThreadHands(world, _now), _now)
            seconds = time.perf_counter() - began
        lines = path.read_bytes().splitlines(keepends=True)
    appends, at = [], 0
    for count in watched.counts:
        appends.append(b"".join(lines[at : at + count]))
        at += count
    return _Round(seconds, disk.seconds, _flushed(appends))


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


class _Stopwatch:
    """Times every write and flush that this process makes meanwhile; nothing else here writes."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._write, self._flush = os.write, os.fdatasync

    def __enter__(self) -> Self:
        def write(handle: int, content: Any, /) -> int:
            began = time.perf_counter()
            written = self._write(handle, content)
            self.seconds += time.perf_counter() - began
            return written

        def flush(fd: Any) -> None:
            began = time.perf_counter()
            self._flush(fd)
            self.seconds += time.perf_counter() - began

        os.write, os.fdatasync = write, flush
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.write, os.fdatasync = self._write, self._flush


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
