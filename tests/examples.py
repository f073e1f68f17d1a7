"""How many examples a property is held to that wants a number of its own."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

AS_MANY = 100
"""Hypothesis' own number, which the profile of `make test` leaves as it is."""
AT_LEAST = 5


def examples(count: int, **more: Any) -> settings:
    """Ask for so many examples, and for as much fewer of them as the profile asks of everybody: `make`'s, a tenth."""
    return settings(
        max_examples=max(AT_LEAST, count * settings().max_examples // AS_MANY), deadline=None, **more
    )
