"""Hands made of plain threads: what a terminal and break-glass runs act with."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from seawall.actions import World
from seawall.attempt import CallToMake, Ending, attempt, unsettled
from seawall.decide import Way
from seawall.journal import Failed


def ending_of(making: CallToMake, world: World, clock: Callable[[], datetime]) -> Ending:
    """Make the call; whatever goes wrong, there is an ending. A connector's own mistake counts as "may have acted"."""
    began = clock()
    try:
        return attempt(making, world, clock)
    except Exception as error:  # noqa: BLE001 - the rim: an ending must come, or the run would hang on a bug
        if making.call.way is Way.PROVE:
            because = f"Seawall itself failed while it looked: {type(error).__name__}"
            return unsettled(making.call, because, began, clock())
        return Failed(
            at=clock(),
            step=making.call.step.id,
            attempt=making.call.attempt,
            undoing=making.call.undoing,
            error="Bug",
            where=making.call.step.id,
            problem=f"Seawall itself failed here: {type(error).__name__}",
            remedy="Look at the target before answering; report this with the run's folder",
            acted=None,
        )


class ThreadHands:
    """One thread a call. Daemon threads: a call that hangs cannot keep the process from ending."""

    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        self._world, self._clock = world, clock
        self._endings: queue.SimpleQueue[Ending] = queue.SimpleQueue()

    def start(self, making: CallToMake) -> None:
        """Begin a call in a thread of its own."""
        threading.Thread(target=self._make, args=(making,), name=making.call.step.id, daemon=True).start()

    def next(self, within: timedelta) -> Ending | None:
        """Wait for an ending."""
        try:
            return self._endings.get(timeout=within.total_seconds())
        except queue.Empty:
            return None

    def _make(self, making: CallToMake) -> None:
        self._endings.put(ending_of(making, self._world, self._clock))
