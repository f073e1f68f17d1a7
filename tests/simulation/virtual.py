"""The product's own clocks, threads and queues, on virtual time: what its modules know as `time` and `threading`.

Nothing of the product is changed for this: while a story is told, the names stand for these. Outside a story, and in
threads that are no simulated ones, they are the real ones.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import get_ident
from typing import Any, Self

from tests.simulation.kernel import Kernel, Thread

MIDNIGHT = 1_795_230_000.0
"""When every story begins: 2026-11-21 03:00 UTC, as a Unix time."""
LEAST_NAP, NAPS = 0.1, 0.5
"""A process that has waited for a second may oversleep by so much of it, as on a busy machine: half an hour of waiting
for a person is 100 rounds of the driver's loop, and not 90,000."""

_telling: list[Kernel] = []
_TELLS = get_ident()
"""The one real thread in which stories are told; their own are greenlets in it."""


def is_told() -> bool:
    """Tell whether a story is told just now, and here: threads that other tests left behind are none of its own."""
    return bool(_telling) and get_ident() == _TELLS


def kernel() -> Kernel:
    """Return the kernel of the story that is told now."""
    return _telling[-1]


def _thread() -> Thread:
    current = _telling[-1].current
    assert current is not None
    return current


class VirtualTime:
    """`time`, as far as the product uses it. BOOTTIME and MONOTONIC never jump; the wall clock is its machine's own."""

    CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME = (
        time.CLOCK_BOOTTIME,
        time.CLOCK_MONOTONIC,
        time.CLOCK_REALTIME,
    )
    perf_counter = staticmethod(time.perf_counter)

    def monotonic(self) -> float:
        return _telling[-1].now if _telling and get_ident() == _TELLS else time.monotonic()

    def monotonic_ns(self) -> int:
        return int(self.monotonic() * 1e9)

    def clock_gettime(self, which: int) -> float:
        if not (_telling and get_ident() == _TELLS):
            return time.clock_gettime(which)
        return self.time() if which == time.CLOCK_REALTIME else _telling[-1].now

    def time(self) -> float:
        if not is_told():
            return time.time()
        current = kernel().current
        return MIDNIGHT + (kernel().now if current is None else current.process.wall())

    def time_ns(self) -> int:
        return int(self.time() * 1e9)

    def sleep(self, seconds: float) -> None:
        if not is_told():
            time.sleep(seconds)
        elif seconds > 0:
            kernel().sleep(seconds)


class VirtualThread:
    """`threading.Thread`: its process may die before it is begun, and after."""

    def __init__(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        name: str = "",
        *,
        daemon: bool = True,
    ) -> None:
        self.name, self.daemon = name, daemon
        self._run = lambda: target(*args, **(kwargs or {}))
        self._thread: Thread | None = None
        self._about = args[0] if args and hasattr(args[0], "call") else None

    def start(self) -> None:
        process = _thread().process
        process.instant()
        # What a thread of a call begins on its own account belongs to that call.
        self._thread = kernel().spawn(process, self._run, self._about or _thread().about)
        process.instant()

    def is_alive(self) -> bool:
        return self._thread is not None and not self._thread.dead

    def join(self, timeout: float | None = None) -> None:
        end = kernel().now + (1e9 if timeout is None else timeout)
        while self.is_alive() and kernel().now < end:
            kernel().sleep(min(0.01, end - kernel().now))


class VirtualCondition:
    """`threading.Condition`: whoever waits is woken by somebody else's notice, or by its own time."""

    def __init__(self, lock: VirtualLock | None = None) -> None:
        self._lock = lock or VirtualLock()
        self._waiting: list[Thread] = []

    def __enter__(self) -> Self:
        self._lock.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        thread = _thread()
        self._lock.release()
        self._waiting.append(thread)
        try:
            if timeout is not None:
                kernel().wake(thread, timeout)
            kernel().wait()
        finally:
            woken = thread not in self._waiting
            if not woken:
                self._waiting.remove(thread)
            self._lock.acquire()
        return woken

    def wait_for(self, holds: Callable[[], bool], timeout: float | None = None) -> bool:
        end = kernel().now + (1e9 if timeout is None else timeout)
        while not holds():
            if kernel().now >= end:
                return False
            self.wait(end - kernel().now)
        return True

    def notify(self, n: int = 1) -> None:
        for thread in self._waiting[:n]:
            kernel().wake(thread)
        del self._waiting[:n]

    def notify_all(self) -> None:
        self.notify(len(self._waiting))


class VirtualLock:
    """`threading.Lock`, and `RLock` where nobody takes it twice."""

    def __init__(self) -> None:
        self._holder: Thread | None = None

    def acquire(self) -> bool:
        one = _telling[-1]
        while self._holder is not None and self._holder.process.alive and not self._holder.dead:
            one.sleep(0.001)
        self._holder = one.current
        return True

    def release(self) -> None:
        self._holder = None

    def __enter__(self) -> Self:
        if self._holder is None:
            self._holder = _telling[-1].current
        else:
            self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._holder = None


class VirtualEvent:
    """`threading.Event`."""

    def __init__(self) -> None:
        self._set, self._changed = False, VirtualCondition()

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True
        self._changed.notify_all()

    def clear(self) -> None:
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        if not self._set:
            self._changed.wait_for(self.is_set, timeout)
        return self._set


class VirtualTimer(VirtualThread):
    """`threading.Timer`."""

    def __init__(self, interval: float, function: Callable[..., Any], args: tuple[Any, ...] = ()) -> None:
        self._cancelled = False

        def later() -> None:
            kernel().sleep(interval)
            if not self._cancelled:
                function(*args)

        super().__init__(target=later)

    def cancel(self) -> None:
        self._cancelled = True


class VirtualQueue:
    """`queue.SimpleQueue` and `queue.Queue`. Whoever waits long for something oversleeps; a `nudge` ends that."""

    naps = False

    def __init__(self, maxsize: int = 0) -> None:
        del maxsize
        self._those: deque[Any] = deque()
        self._waiting: list[Thread] = []
        self._idle_since = kernel().now

    def put(self, one: Any, *_args: Any, **_more: Any) -> None:
        self._those.append(one)
        one = _telling[-1]
        self._idle_since = one.now
        if self._waiting:
            one.wake(self._waiting.pop(0))

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        one, thread = _telling[-1], _thread()
        end = one.now + (1e9 if timeout is None else timeout)
        while not self._those and block and one.now < end:
            self._waiting.append(thread)
            if timeout is not None:
                nap = LEAST_NAP + (one.now - self._idle_since) * NAPS if self.naps else 0.0
                one.wake(thread, max(timeout, min(nap, thread.process.longest_nap)))
            one.wait()
            if thread in self._waiting:
                self._waiting.remove(thread)
            if self.naps:
                break
        if not self._those:
            raise queue.Empty
        self._idle_since = one.now
        return self._those.popleft()

    def get_nowait(self) -> Any:
        return self.get(block=False)

    def empty(self) -> bool:
        return not self._those

    def nudge(self) -> None:
        """Something has come, or somebody has said something: whoever sleeps looks up."""
        self._idle_since = kernel().now
        for thread in self._waiting:
            kernel().wake(thread)
        self._waiting.clear()


class NappingQueue(VirtualQueue):
    """The queue that the driver's hands wait at; what is said to its process wakes it up."""

    naps = True

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        _thread().process.nudged = self.nudge


TIME = VirtualTime()


@contextmanager
def telling(one: Kernel) -> Iterator[None]:
    """Tell a story: what the product calls time is this kernel's."""
    _telling.append(one)
    try:
        yield
    finally:
        _telling.pop()
