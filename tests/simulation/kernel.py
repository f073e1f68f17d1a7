"""Time that only passes when everybody waits: a queue of what will happen, and processes that step in its order.

Threads of a simulated process are greenlets: real ones, handing a baton on, take 25 us a step, these 0.4 (measured),
and 10,000 seeds in a minute leave a seed 12 ms. One runs at a time, always in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from greenlet import getcurrent, greenlet


class PowerCut(BaseException):
    """The process is gone, between two instructions. No Exception: nothing may catch it."""


class Process:
    """One process somewhere: its threads, whether it lives, and until when it is held up.

    Attributes:
        place: where it runs.
        came_to_an_end: it was over by itself.
        instants: how many effects it has begun and ended; it may die at any of them.
        longest_nap: by so many seconds at most it may oversleep.
        dies_at: the instant at which it dies.
        wall: the time that its machine's clock shows, in seconds since the story began.
        nudged: called when somebody has said something to it.
        crashed: called when it dies at the instant it was to die at.
    """

    def __init__(self, kernel: Kernel, name: str, place: str) -> None:
        self.kernel, self.name, self.place = kernel, name, place
        self.alive, self.came_to_an_end = True, False
        self.held_until = 0.0
        self.instants = 0
        self.longest_nap = 20.0
        self.dies_at: int | None = None
        self.wall: Callable[[], float] = lambda: kernel.now
        self.threads: list[Thread] = []
        self.nudged: Callable[[], None] = lambda: None
        self.crashed: Callable[[], None] = lambda: None
        self.at_end: list[Callable[[], None]] = []

    def instant(self) -> None:
        """Come to an instant between two effects: the process may be over here."""
        if not self.alive:
            raise PowerCut
        self.instants += 1
        if self.dies_at is not None and self.instants >= self.dies_at:
            self.crashed()
            self.kill()
            raise PowerCut

    def kill(self) -> None:
        """End it, however far it has come. What it has sent goes on."""
        if not self.alive:
            return
        self.alive = False
        for thread in list(self.threads):
            # One that has not begun never will.
            if thread.begun and thread.greenlet is not getcurrent():
                self.kernel.end(thread)
        for one in self.at_end:
            one()


class Thread:
    """One line of instructions of a process.

    Attributes:
        greenlet: in which it runs; one that another thread is through with, where there is one.
        begun: whether it has run yet.
        dead: whether it is over.
    """

    __slots__ = ("_what", "about", "begun", "dead", "greenlet", "process", "turn")

    def __init__(self, process: Process, run: Callable[[], Any], about: object = None) -> None:
        self.process, self.about = process, about
        self.turn = 0
        self.begun = self.dead = False
        self.greenlet: greenlet | None = None
        self._what = run
        process.threads.append(self)

    def go_on(self) -> None:
        """Run until it waits, or is over."""
        if self.greenlet is None:
            self.begun = True
            self.greenlet = _idle.pop() if _idle else _begun()
            self.greenlet.parent = self.process.kernel.main
            self.greenlet.switch(self)
        else:
            self.greenlet.switch()

    def run(self) -> None:
        """Run to the end."""
        try:
            self._what()
        except PowerCut:
            return
        finally:
            self.dead = True
            if self in self.process.threads:
                self.process.threads.remove(self)


_idle: list[greenlet] = []
"""Greenlets that are through with a thread and wait for the next: a new one takes the system 16 kB each time."""


def _begun() -> greenlet:
    one = greenlet(_carry)
    one.switch()
    return one


def _carry() -> None:
    """Run one thread after another, each to its end."""
    this = getcurrent()
    while True:
        assert this.parent is not None
        this.parent.switch().run()
        _idle.append(this)


class Kernel:
    """Virtual time, in seconds since the story began, and what is still to come."""

    def __init__(self) -> None:
        self.now = 0.0
        self.current: Thread | None = None
        self.steps = 0
        self.main = getcurrent()
        self._coming: list[tuple[float, int, Callable[[], None] | Thread, int]] = []
        self._count = 0

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Let something happen at a time; what was said first of the same time happens first."""
        self._count = count = self._count + 1
        heappush(self._coming, (max(self.now, when), count, what, 0))

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        """Let something happen some time from now."""
        self._count = count = self._count + 1
        heappush(self._coming, (self.now + seconds, count, what, 0))

    def spawn(self, process: Process, run: Callable[[], Any], about: object = None) -> Thread:
        """Begin a thread of `process`, as soon as whoever runs now waits."""
        thread = Thread(process, run, about)
        self.wake(thread)
        return thread

    def wake(self, thread: Thread, after: float = 0.0) -> None:
        """Let a thread that waits go on, unless something else has woken it by then."""
        self._count = count = self._count + 1
        heappush(self._coming, (self.now + after if after > 0.0 else self.now, count, thread, thread.turn))

    def resume(self, thread: Thread) -> None:
        """Let a thread go on until it waits. A process that is held up goes on when it no longer is.

        Called only from what comes, never from a thread.
        """
        process = thread.process
        if not process.alive or thread.dead:
            return
        if self.now < process.held_until:
            self.wake(thread, process.held_until - self.now)
            return
        before, self.current = self.current, thread
        thread.turn += 1
        thread.go_on()
        self.current = before

    def wait(self) -> None:
        """Wait, as the thread that runs now, until somebody wakes it."""
        thread = self.current
        assert thread is not None
        if not thread.process.alive:
            raise PowerCut
        self.main.switch()
        if not thread.process.alive:
            raise PowerCut

    def sleep(self, seconds: float) -> None:
        """Wait so long, as the thread that runs now."""
        thread = self.current
        assert thread is not None
        self.wake(thread, seconds)
        self.wait()

    def end(self, thread: Thread) -> None:
        """Unwind a thread of a process that died; whatever it still tries to do meets the same end."""
        before, self.current = self.current, thread
        assert thread.greenlet is not None
        thread.greenlet.parent = getcurrent()
        thread.greenlet.throw(PowerCut)
        self.current = before

    def run(self, until: float) -> None:
        """Let everything happen that comes up to `until`."""
        coming = self._coming
        while coming and coming[0][0] <= until:
            when, _, what, turn = heappop(coming)
            self.now = when
            self.steps += 1
            if not isinstance(what, Thread):
                what()
            elif what.turn == turn:
                self.resume(what)
        self.now = max(self.now, until)

    @property
    def idle(self) -> bool:
        """Whether nothing is to come any more."""
        return not self._coming
