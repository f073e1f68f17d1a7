"""What a measurement says: samples taken side by side in one run, ratios between them, the budget they must keep.

Only ratios and budgets are compared from one machine to another; seconds are shown so that a person can judge them.
"""

from __future__ import annotations

from statistics import median
from typing import Literal

from pydantic import AwareDatetime

from seawall.model import Frozen

LEAST = 5
"""How many samples a median is taken of, at least."""


class Samples(Frozen):
    """One thing, measured several times. `values` are in `unit`; what counts is their median."""

    of: str
    unit: Literal["s", "ms", "GB/s"]
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.values)

    @property
    def worst(self) -> float:
        """The largest; of a rate, the smallest."""
        return min(self.values) if self.unit == "GB/s" else max(self.values)


class Ratio(Frozen):
    """How many times as much `of` is as `to`, medians."""

    of: str
    to: str
    value: float


class Budget(Frozen):
    """What was promised, and what it is. `at_most` and `is_now` are in the unit of what they speak of."""

    of: str
    at_most: float
    is_now: float

    @property
    def kept(self) -> bool:
        """Whether the promise is kept."""
        return self.is_now <= self.at_most


class Measured(Frozen):
    """What one module measured. `question` is what a reader wants to know; `beside` is what it was held against."""

    question: str
    samples: tuple[Samples, ...]
    ratios: tuple[Ratio, ...] = ()
    budgets: tuple[Budget, ...] = ()
    beside: str = ""


class Result(Frozen):
    """What is written to bench/results/: a measurement, when it was made, on what kind of machine, and with what.

    Attributes:
        busy: how many programs wanted a core in the minute before (the load average), which were not the measurement's.
        versions: of what was measured, ours and others'.
    """

    bench: str
    at: AwareDatetime
    machine: str
    cores: int
    busy: float
    versions: dict[str, str]
    measured: Measured


def ratio(of: Samples, to: Samples) -> Ratio:
    """Compare two medians of the same unit."""
    return Ratio(of=of.of, to=to.of, value=of.median / to.median)
