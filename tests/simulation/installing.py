"""Puts virtual time, threads and queues where the product's modules know the real ones, and takes that back."""

from __future__ import annotations

import gc
import queue
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent import futures
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Future
from concurrent.futures._base import DoneAndNotDoneFutures
from functools import cache
from itertools import count
from types import ModuleType
from typing import Any, Self

from connectors import letters
from seawall.actions import Deadline, Enclosure, Occasion
from seawall.messages import Letter
from tests.simulation.virtual import (
    TIME,
    NappingQueue,
    VirtualCondition,
    VirtualEvent,
    VirtualLock,
    VirtualQueue,
    VirtualThread,
    VirtualTimer,
    is_told,
    kernel,
)

PACKAGES = ("seawall.", "connectors.")


class _Module:
    """A module of the standard library with some of its names exchanged."""

    def __init__(self, real: ModuleType, **exchanged: Any) -> None:
        self._real, self._exchanged = real, exchanged

    def __getattr__(self, name: str) -> Any:
        exchanged = self.__dict__["_exchanged"]
        return exchanged[name] if name in exchanged and is_told() else getattr(self.__dict__["_real"], name)


class VirtualFuture:
    """`concurrent.futures.Future`."""

    def __init__(self) -> None:
        self._over = VirtualEvent()
        self._result: Any = None
        self._error: BaseException | None = None

    def done(self) -> bool:
        return self._over.is_set()

    def set_result(self, result: Any) -> None:
        self._result = result
        self._over.set()

    def set_exception(self, error: BaseException) -> None:
        self._error = error
        self._over.set()

    def carry_out(self, call: Callable[[], Any]) -> None:
        try:
            self.set_result(call())
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            self.set_exception(error)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._wait(timeout)
        return self._error

    def result(self, timeout: float | None = None) -> Any:
        self._wait(timeout)
        if self._error is not None:
            raise self._error
        return self._result

    def _wait(self, timeout: float | None) -> None:
        if not self._over.wait(timeout):
            raise TimeoutError


class VirtualExecutor:
    """`concurrent.futures.ThreadPoolExecutor`, with as many threads as are wanted."""

    def __init__(self, max_workers: int | None = None, thread_name_prefix: str = "") -> None:
        del max_workers, thread_name_prefix
        self._futures: list[VirtualFuture] = []

    def submit(self, call: Callable[..., Any], *args: Any) -> VirtualFuture:
        future = VirtualFuture()
        self._futures.append(future)
        VirtualThread(target=future.carry_out, args=(lambda: call(*args),)).start()
        return future

    def map(self, call: Callable[..., Any], *those: Iterable[Any]) -> Iterator[Any]:
        started = [self.submit(call, *one) for one in zip(*those, strict=False)]
        return (one.result() for one in started)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or issubclass(kind, Exception):
            for one in self._futures:
                one._over.wait()


def _virtual_wait(
    those: Iterable[Future[Any]], timeout: float | None = None, return_when: str = ALL_COMPLETED
) -> DoneAndNotDoneFutures[Any]:
    """`concurrent.futures.wait`."""
    if not is_told() or kernel().current is None:
        return _real_wait(those, timeout, return_when)
    left, pause = set(those), 0.002
    end = kernel().now + (1e9 if timeout is None else timeout)
    while True:
        done = {one for one in left if one.done()}
        enough = len(done) == len(left) or (done and return_when == FIRST_COMPLETED)
        if enough or kernel().now >= end:
            return DoneAndNotDoneFutures(done, left - done)
        kernel().sleep(min(pause, end - kernel().now))
        pause *= 1.2


SELDOM = (100_000, 50, 100)
"""When garbage is collected: what a story leaves behind is little, and all that was imported is gone through for it."""
NO_HURRY = Deadline(0.0)
"""What nobody looks at who composes a letter."""
_real_wait = futures.wait
EXCHANGED: Mapping[ModuleType, Mapping[str, Any]] = {
    threading: {
        "Thread": VirtualThread,
        "Lock": VirtualLock,
        "RLock": VirtualLock,
        "Event": VirtualEvent,
        "Condition": VirtualCondition,
        "Timer": VirtualTimer,
    },
    queue: {"SimpleQueue": VirtualQueue, "Queue": VirtualQueue},
}


def install() -> Callable[[], None]:
    """Let every module of the product that is loaded know these; return what takes that back."""
    whole: dict[int, Any] = {id(time): TIME}
    whole[id(futures.ThreadPoolExecutor)] = _chosen(futures.ThreadPoolExecutor, VirtualExecutor)
    whole |= {id(real): _Module(real, **names) for real, names in EXCHANGED.items()}
    whole[id(secrets)] = _Module(secrets, token_hex=_token_hex)
    for real, names in EXCHANGED.items():
        whole |= {id(getattr(real, name)): _chosen(getattr(real, name), ours) for name, ours in names.items()}
    were: list[tuple[ModuleType, str, Any]] = []
    for name, module in list(sys.modules.items()):
        if not name.startswith(PACKAGES):
            continue
        for what, held in list(vars(module).items()):
            if id(held) in whole:
                ours = whole[id(held)]
                if name == "seawall.hands" and held is queue:
                    ours = _Module(queue, SimpleQueue=NappingQueue)
                were.append((module, what, held))
                setattr(module, what, ours)
    collects = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    vars(futures)["wait"] = _virtual_wait
    vars(futures)["Future"] = _chosen(Future, VirtualFuture)
    vars(letters)["compose"] = _composed

    def take_back() -> None:
        gc.set_threshold(*collects)
        vars(futures)["wait"] = _real_wait
        vars(futures)["Future"] = Future
        vars(letters)["compose"] = _compose
        for module, what, held in were:
            setattr(module, what, held)

    return take_back


_tokens, _compose = count(1), letters.compose


def _token_hex(nbytes: int) -> str:
    """`secrets.token_hex`, new each time, and in order: words said at one instant are heard as they were said."""
    return f"{next(_tokens):0{2 * nbytes}x}"


def _composed(
    words: Letter, audience: str, sender: str, occasion: Occasion, page: Enclosure | None = None
) -> bytes:
    """Compose a letter as `connectors.letters` does, once for all stories: nobody in one looks at its date."""
    if not is_told() or page is not None:
        return _compose(words, audience, sender, occasion, page)
    return _composed_once(words, audience, sender, occasion.run, occasion.step)


@cache
def _composed_once(words: Letter, audience: str, sender: str, run: str, step: str) -> bytes:
    return _compose(words, audience, sender, Occasion(NO_HURRY, run, step))


def _chosen(real: Any, ours: Any) -> Callable[..., Any]:
    """Make what a module has imported by its own name: ours while a story is told, else the real one."""
    return lambda *args, **more: (ours if is_told() else real)(*args, **more)  # noqa: PLW0108 - chosen when it is called
