"""Read the facts a plan is made with: READS calls side by side. What cannot be read within its limit is unknown."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seawall.actions import Deadline, Occasion, Seen, World
from seawall.errors import CallError
from seawall.holding import FactToRead

GRACE = 0.5
"""Seconds a call may take to come back after its limit, before it is given up."""


@dataclass(frozen=True, slots=True)
class FactRead:
    """One fact, or why it is unknown."""

    name: str
    uses: str
    seen: Seen | None
    problem: str = ""


def fact_step(name: str) -> str:
    """Return what a call that reads the fact `name` is made for, where another would name its step."""
    return f"fact {name}"


def read_facts(wanted: Sequence[FactToRead], world: World, *, exercise: bool) -> Mapping[str, FactRead]:
    """Read facts side by side, within the longest of its limits. No outside fault raises anything."""
    if not wanted:
        return {}
    came: queue.SimpleQueue[FactRead] = queue.SimpleQueue()
    for one in wanted:
        # Daemon threads: a call that hangs must not keep the process from ending.
        threading.Thread(
            target=lambda one=one: came.put(_read(one, world, exercise)), name=f"fact {one.name}", daemon=True
        ).start()
    end = time.monotonic() + max(one.within.total_seconds() for one in wanted) + GRACE
    found: dict[str, FactRead] = {}
    while len(found) < len(wanted) and (left := end - time.monotonic()) > 0:
        try:
            fact = came.get(timeout=left)
        except queue.Empty:
            break
        found[fact.name] = fact
    return {
        one.name: found.get(one.name) or FactRead(one.name, one.uses, None, "no answer within its limit")
        for one in wanted
    }


def _read(one: FactToRead, world: World, exercise: bool) -> FactRead:  # noqa: FBT001 - the run's nature, passed on
    occasion = Occasion(Deadline.within(one.within), step=fact_step(one.name), exercise=exercise)
    try:
        return FactRead(one.name, one.uses, world.perform(one.uses, one.args, occasion))
    except CallError as error:
        return FactRead(one.name, one.uses, None, f"{error.where}: {error.problem}")
    except Exception as error:  # noqa: BLE001 - the rim: a connector's bug makes a fact unknown, never a plan impossible
        return FactRead(one.name, one.uses, None, f"Seawall itself failed here: {type(error).__name__}")
