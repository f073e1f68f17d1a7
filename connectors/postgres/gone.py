"""Whether a server's machine is gone, known as soon as it can be.

A machine that is gone keeps a caller waiting for seconds, and the controller of one that is there may be slow. So both
are asked at once. Neither question changes anything: one that is left unanswered can do no harm when its answer comes
later. The machine's own answer counts for more than the controller's, which may have been told of the wrong machine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from seawall.actions import Deadline, Power, Shell
from seawall.errors import Unreachable
from seawall.targets import Host, PowerSocket

if TYPE_CHECKING:
    from concurrent.futures import Future

WAITS = 3.0
"""Seconds: as long as a connection may take. Then the fence itself is tried, and says what is wrong."""
SILENCE = 1.0
"""Seconds in which a machine that is there would have answered (90 ms, measured), though it has no power, they say."""


def has_no_power(
    host: Host, shell: Shell, power: Power, deadline: Deadline, *, silence: float = SILENCE
) -> bool:
    """Tell whether its controller says that this very machine has no power, and the machine does not say otherwise."""
    from concurrent.futures import FIRST_COMPLETED, wait

    socket = host.power
    if socket is None:
        return False
    soon = deadline.at_most(WAITS)
    machine = _begin(lambda: _answers(host, shell, soon))
    controller = _begin(lambda: _says_off(socket, power, soon))
    wait((machine, controller), soon.left, FIRST_COMPLETED)
    if not machine.done():
        if not (controller.done() and controller.result()):
            return False
        wait((machine,), min(silence, soon.left))
        return not (machine.done() and machine.result())
    if machine.result():
        return False
    wait((controller,), soon.left)
    return controller.done() and controller.result()


def _begin(question: Callable[[], bool]) -> Future[bool]:
    from concurrent.futures import Future

    answer: Future[bool] = Future()
    threading.Thread(target=lambda: answer.set_result(question()), name="is it gone", daemon=True).start()
    return answer


def _answers(host: Host, shell: Shell, deadline: Deadline) -> bool:
    try:
        shell.warm(host, deadline)
    except Unreachable:
        return False
    except Exception:  # noqa: BLE001 - another machine answers, say; the fence meets that and refuses
        return True
    return True


def _says_off(socket: PowerSocket, power: Power, deadline: Deadline) -> bool:
    try:
        return power.is_off(socket, deadline)
    except Exception:  # noqa: BLE001 - the fence asks it again, and says what is wrong
        return False
