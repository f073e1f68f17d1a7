"""Hands made of Prefect tasks, one a call. No call waits long for Prefect, and none is made twice.

A call is made inside its task when Prefect comes to it within PATIENCE, and else in a plain thread; whoever takes it
first makes it. Its ending goes from there straight to the driver, never through Prefect's futures or states.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextvars import Context, copy_context
from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from seawall.actions import World
from seawall.attempt import CallToMake, Ending, limit_of
from seawall.decide import Way
from seawall.drive import OVERDUE
from seawall.hands import ending_of
from seawall.journal import Failed as FailedCall
from seawall.journal import NotNeeded, Settled, Succeeded

PATIENCE = 0.25
"""Seconds Prefect has to come to a call; it takes 5 ms. Once it was late, the rest of the run does not wait for it."""
RECORDS_AT_MOST = 64
"""Tasks that may be unfinished in Prefect; while it hangs, not every call of a long run may leave a thread there."""


class Turn:
    """One call, made by whoever takes it first.

    Attributes:
        ending: how it ended, once `over` is set.
    """

    __slots__ = ("_free", "ending", "making", "over", "since")

    def __init__(self, making: CallToMake) -> None:
        self.making, self.since = making, time.monotonic()
        self.over = threading.Event()
        self.ending: Ending | None = None
        self._free = threading.Lock()

    def take(self) -> bool:
        """Take the call, or learn that somebody else did."""
        return self._free.acquire(blocking=False)

    @property
    def taken(self) -> bool:
        """Whether somebody took it."""
        return self._free.locked()

    @property
    def name(self) -> str:
        """What Prefect calls its task: the step's id, and what the call is for when it is not the step itself."""
        call = self.making.call
        return call.step.id if call.way is Way.ACT else f"{call.step.id}: {call.way}"


class PrefectHands:
    """The driver's hands inside a flow.

    Prefect learns a step's id and how its call ended; arguments and what was seen stay in the journal.

    Attributes:
        notes: what went wrong between us and Prefect, for the person who looks for a task that is missing there.
    """

    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        self.notes: list[str] = []
        self._world, self._clock = world, clock
        self._endings: queue.SimpleQueue[Ending] = queue.SimpleQueue()
        self._waiting: list[Turn] = []
        self._records: set[threading.Thread] = set()
        self._patience = PATIENCE
        self._stopped = threading.Event()

    def start(self, making: CallToMake) -> None:
        """Begin a call and return at once. Raises: KeyboardInterrupt after `stop`."""
        self._raise_if_stopped()
        turn = Turn(making)
        if len(self._records) < RECORDS_AT_MOST:
            self._waiting.append(turn)
            # A thread of ours, for a task's `submit` can refuse and its pool keeps the interpreter from ending.
            record = threading.Thread(
                target=self._in_task, args=(turn, copy_context()), name=turn.name, daemon=True
            )
            self._records.add(record)
            record.start()
        else:
            self._in_thread(turn)

    def next(self, within: timedelta) -> Ending | None:
        """Wait for an ending. Raises: KeyboardInterrupt after `stop`."""
        self._raise_if_stopped()
        self._make_what_waits_too_long()
        try:
            return self._endings.get(timeout=within.total_seconds())
        except queue.Empty:
            return None

    def stop(self) -> None:
        """End the driver that uses these hands, from another thread, as Ctrl-C would: within its next pause."""
        self._stopped.set()

    def close(self, within: timedelta) -> bool:
        """Give Prefect time to take in how the last calls ended; tell whether it did."""
        end = time.monotonic() + within.total_seconds()
        for record in list(self._records):
            record.join(max(0.0, end - time.monotonic()))
        return not self._records

    def _in_task(self, turn: Turn, context: Context) -> None:
        @task(
            name=turn.making.call.step.uses or "step",
            task_run_name="{step}",
            retries=0,
            persist_result=False,
            cache_policy=NO_CACHE,
        )
        def call(step: str) -> State[None]:  # noqa: ARG001 - the only thing Prefect is told
            self._make_once(turn)
            turn.over.wait((limit_of(turn.making.call) + OVERDUE).total_seconds())
            return shown(turn.ending)

        try:
            context.run(call, turn.name)
        except BaseException as error:  # noqa: BLE001 - whatever Prefect does, the call is made
            self.notes.append(f"{turn.name}: {type(error).__name__} in Prefect")
        finally:
            self._make_once(turn)
            self._records.discard(threading.current_thread())

    def _in_thread(self, turn: Turn) -> None:
        threading.Thread(target=self._make_once, args=(turn,), name=turn.name, daemon=True).start()

    def _make_what_waits_too_long(self) -> None:
        now = time.monotonic()
        self._waiting = [turn for turn in self._waiting if not turn.taken]
        for turn in self._waiting:
            if now - turn.since >= self._patience:
                self.notes.append(f"{turn.name}: Prefect was late")
                self._patience = 0.0
                self._in_thread(turn)

    def _make_once(self, turn: Turn) -> None:
        if turn.take():
            turn.ending = ending_of(turn.making, self._world, self._clock)
            self._endings.put(turn.ending)
            turn.over.set()

    def _raise_if_stopped(self) -> None:
        if self._stopped.is_set():
            raise KeyboardInterrupt


def shown(ending: Ending | None) -> State[None]:
    """Return the state that Prefect shows for a call that came to this ending, or to none within its limit."""
    match ending:
        case Succeeded():
            return Completed()
        case NotNeeded():
            return Completed(name="NotNeeded", message="It was already so")
        case Settled():
            return _settled(ending)
        case FailedCall():
            name = "InDoubt" if ending.acted is None else "Failed"
            return Failed(name=name, message=f"{ending.error}: {ending.problem}. {ending.remedy}")
        case None:
            return Failed(name="InDoubt", message="Its limit passed and it did not come back")


def _settled(ending: Settled) -> State[None]:
    match ending.happened:
        case True:
            return Completed(name="Settled", message="It happened")
        case False:
            return Completed(name="Settled", message="It did not happen")
        case None:
            return Failed(name="Unknown", message="The proof could not tell")
