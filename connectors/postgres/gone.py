"""Whether a server's machine is gone, known as soon as it can be.

A machine that is gone keeps a caller waiting for seconds, and the controller of one that is there may be slow. So both
are asked at once, and whoever knows first is believed. Neither question changes anything: one that is left unanswered
can do no harm when its answer comes later.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from seawall.actions import Deadline, Power, Shell
from seawall.targets import Host

WAITS = 3.0
"""Seconds: as long as a connection may take. Then the fence itself is tried, and says what is wrong."""


def has_no_power(host: Host, shell: Shell, power: Power, deadline: Deadline) -> bool:
    """Tell whether the controller says, before the machine answers, that this very machine has no power."""
    socket = host.power
    if socket is None:
        return False
    soon = deadline.at_most(WAITS)
    known: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def answers() -> None:
        shell.warm(host, soon)
        known.put(False)

    def controller_says() -> None:
        known.put(power.is_off(socket, soon))

    _begin(answers, otherwise=lambda: None)  # silence is no answer; the controller's counts
    _begin(controller_says, otherwise=lambda: known.put(False))
    try:
        return known.get(timeout=soon.left)
    except queue.Empty:
        return False


def _begin(question: Callable[[], None], *, otherwise: Callable[[], None]) -> None:
    def ask() -> None:
        try:
            question()
        except Exception:  # noqa: BLE001 - the fence meets whatever is wrong there, and says it
            otherwise()

    threading.Thread(target=ask, name="is it gone", daemon=True).start()
