"""How much is tried where more would always be better: all of it in `make test`, a tenth of it in `make`."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

AS_MANY = 100
"""Hypothesis' own number, which the profile of `make test` leaves as it is."""
AT_LEAST = 5


def as_many(count: int) -> int:
    """Return so many, or as much fewer of them as the profile asks of everybody."""
    return max(AT_LEAST, count * settings().max_examples // AS_MANY)


def examples(count: int, **more: Any) -> settings:
    """Hold a property to as many examples."""
    return settings(max_examples=as_many(count), deadline=None, **more)
