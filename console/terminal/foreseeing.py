"""A plan made before it is asked for: while a service has missed once and nobody has declared anything yet.

It changes nothing, and weakens nothing: what a plan rests on is looked at again right before it is done, as with every
plan that waited for a yes. Only that the plan is there, and what it needs is at hand, when somebody declares.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from seawall.plan import Plan

FRESH = timedelta(seconds=30)
"""How old a foreseen plan may be when it is asked for; after that the world is looked at anew."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan is made of."""

    runbook: str
    parameters: Mapping[str, str]
    exercise: bool


Make = Callable[[Asked], Plan]
"""Make a plan, and begin to have ready what it needs. Raises: SeawallError."""


@dataclass(slots=True)
class _Foreseen:
    asked: Asked
    began: float
    thread: threading.Thread
    plan: Plan | None = None


@dataclass(slots=True)
class Foreseeing:
    """Makes plans, one of them ahead of time."""

    make: Make
    _foreseen: _Foreseen | None = field(default=None, init=False)

    def begin(self, asked: Asked) -> None:
        """Begin to make a plan that may be asked for soon; return at once. Raises nothing."""
        thread = threading.Thread(target=lambda: self._make(ahead), name="foreseeing", daemon=True)
        self._foreseen = ahead = _Foreseen(asked, time.monotonic(), thread)
        thread.start()

    def plan(self, asked: Asked) -> Plan:
        """Return the plan: the one foreseen, once, if it is of the same and fresh. Raises: SeawallError."""
        ahead, self._foreseen = self._foreseen, None
        if ahead is not None and ahead.asked == asked:
            ahead.thread.join(FRESH.total_seconds())
            if ahead.plan is not None and time.monotonic() - ahead.began <= FRESH.total_seconds():
                return ahead.plan
        return self.make(asked)

    def _make(self, ahead: _Foreseen) -> None:
        try:
            ahead.plan = self.make(ahead.asked)
        except Exception:  # noqa: BLE001 - whoever asks for the plan makes it again, and is told then
            return
