"""Whether a server's machine is gone, known as soon as it can be.

A machine that is gone keeps a caller waiting for seconds, and the controller of one that is there may be slow. So both
are asked at once. Neither question changes anything: one that is left unanswered can do no harm when its answer comes
later. The machine's own answer counts for more than the controller's, which may have been told of the wrong machine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from seawall.actions import Deadline, Power, Shell
from seawall.errors import Unreachable, WrongTarget
from seawall.targets import Host, PowerSocket

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

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
    machine = begin(lambda: _answers(host, shell, soon))
    controller = begin(lambda: _says_off(socket, power, soon))
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


def begin(question: Callable[[], T]) -> Future[T]:
    """Ask it in a thread of its own, and return what its answer, or its error, will be."""
    from concurrent.futures import Future

    answer: Future[T] = Future()

    def ask() -> None:
        try:
            answer.set_result(question())
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is asked for
            answer.set_exception(error)

    threading.Thread(target=ask, name="beside", daemon=True).start()
    return answer


def first_of(answers: Iterable[Future[T]], deadline: Deadline) -> None:
    """Wait until one has come that is no error, until all have or one met a wrong target, or until the time is up."""
    from concurrent.futures import FIRST_COMPLETED, wait

    left = set(answers)
    while left and not deadline.passed:
        done, left = wait(left, deadline.left, FIRST_COMPLETED)
        if any(one.exception() is None or isinstance(one.exception(), WrongTarget) for one in done):
            return


def came(answer: Future[T], seconds: float) -> bool:
    """Wait at most so long for an answer; tell whether it came and is no error."""
    from concurrent.futures import wait

    wait((answer,), seconds)
    return answer.done() and answer.exception() is None


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
