"""What goes between places: it takes time, it may be cut, and whether an answer comes says nothing of what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from seawall.actions import Deadline
from seawall.attempt import CallToMake
from seawall.errors import CallError, DidNothing, MayHaveActed, Unreachable
from tests.simulation.dice import Dice
from tests.simulation.faults import LateAnswer, LostAnswer, Of, Refused
from tests.simulation.kernel import Kernel

T = TypeVar("T")
CONNECTS = 3.0
"""Seconds after which a connection to what does not answer is given up, as the product's own limit."""
ENDED_AFTER = 2.9
"""Seconds after its limit in which a remote side may still act: `timeout -k` gives it one, then some for the slow."""


def always(_result: object) -> bool:
    """Tell that something was changed, whatever came of it."""
    return True


@dataclass
class Machine:
    """What answers somewhere.

    Attributes:
        held_until: until when it stands still; then it goes on.
        coming: how many exchanges are on their way to it, or being carried out there.
    """

    name: str
    place: str
    up: bool = True
    held_until: float = 0.0
    coming: int = 0
    is_store: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """A change that came into the world: when, what, by which process, and for which attempt of which step."""

    at: float
    what: str
    process: str
    making: CallToMake | None


@dataclass
class Network:
    """The links between places, the machines at their ends, and what they were asked to do.

    Attributes:
        acts: every change that was made, in order.
        asked: how many exchanges of each kind were begun.
        changed: called whenever a machine has done something.
        happened: called with the kind of each fault that really struck.
        started, stopped, held: called when a machine starts, stops, or stands still for so many seconds.
    """

    kernel: Kernel
    dice: Dice
    changed: Callable[[], None]
    happened: Callable[[object], None]
    tell: Callable[[str, str], None]
    listens: bool
    started: Callable[[Machine], None]
    stopped: Callable[[Machine], None]
    held: Callable[[Machine, float], None]
    machines: dict[str, Machine] = field(default_factory=dict)
    cut: dict[frozenset[str], float] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    faults: Mapping[tuple[Of, int], Refused | LostAnswer | LateAnswer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Know the time."""
        kernel = self.kernel
        self._clock = lambda: kernel.now

    def reaches(self, one: str, other: str) -> bool:
        """Tell whether what leaves one place now comes to the other."""
        return one == other or not self.cut or self.kernel.now >= self.cut.get(frozenset((one, other)), 0.0)

    def deadline(self, seconds: float) -> Deadline:
        """Return the deadline that lies so many seconds from now."""
        return Deadline(self.kernel.now + seconds, self._clock)

    def strike(self, faults: Mapping[tuple[Of, int], Refused | LostAnswer | LateAnswer]) -> None:
        """Let these befall exchanges, counted from now on."""
        self.faults = faults
        self.asked.clear()

    def fault_of(self, kind: Of) -> Refused | LostAnswer | LateAnswer | None:
        """Count an exchange, and return what befalls it."""
        self.asked[kind] = n = self.asked[kind] + 1
        return self.faults.get((kind, n)) if self.faults else None

    def exchange(
        self,
        machine: Machine,
        what: str,
        act: Callable[[Deadline], T],
        deadline: Deadline,
        *,
        changes: bool,
        takes: float = 0.0,
        did: Callable[[T], bool] = always,
    ) -> T:
        """Ask a machine to do something, as the thread that runs now, and wait for its answer up to the deadline.

        Args:
            machine: whom.
            what: for whoever reads the story.
            act: what it does; it may raise a CallError.
            deadline: until when to wait, and the limit that travels with it.
            changes: whether it may have acted when its answer is lost.
            takes: seconds from its beginning to its end.
            did: tells by what came of it whether anything was changed.

        Raises:
            Unreachable: nothing was sent, or it only reads and did not answer.
            MayHaveActed: it was sent, and its answer was not seen.
        """
        one = _Exchange(self, machine, what, act, deadline, changes=changes, takes=takes, did=did)
        return one.made()  # type: ignore[no-any-return]


class _Exchange:
    """One thing that a machine is asked."""

    __slots__ = (
        "act",
        "answered",
        "changes",
        "did",
        "error",
        "fault",
        "limit",
        "machine",
        "network",
        "process",
        "result",
        "takes",
        "thread",
        "what",
    )

    def __init__(
        self,
        network: Network,
        machine: Machine,
        what: str,
        act: Callable[[Deadline], Any],
        deadline: Deadline,
        *,
        changes: bool,
        takes: float,
        did: Callable[[Any], bool],
    ) -> None:
        self.network, self.machine, self.what, self.act = network, machine, what, act
        self.changes, self.takes, self.did = changes, takes, did
        current = network.kernel.current
        assert current is not None
        self.thread, self.process = current, current.process
        self.answered = False
        self.result: Any = None
        self.error: CallError | None = None
        self.limit = network.kernel.now + deadline.left
        self.fault: Refused | LostAnswer | LateAnswer | None = None

    def made(self) -> Any:
        """Send, wait, and return or raise what came of it."""
        network, machine, process = self.network, self.machine, self.process
        kernel = network.kernel
        process.instant()
        kind: Of = "store" if machine.is_store else "host"
        self.fault = network.fault_of(kind)
        if self.changes:
            self.fault = network.fault_of("change") or self.fault
        if self.fault is not None:
            network.happened(self.fault)
        gone = not machine.up or not network.reaches(process.place, machine.place)
        if gone or kernel.now >= self.limit or isinstance(self.fault, Refused):
            if gone:
                kernel.sleep(min(CONNECTS, max(0.0, self.limit - kernel.now)))
            raise Unreachable("no connection", where=self.machine.name, remedy="See whether it is up")
        if kind == "host" and network.listens:
            network.tell(process.name, f"asks {machine.name}: {self.what}")
        machine.coming += 1
        kernel.after(self._on_its_way(), self._arrive)
        kernel.wake(self.thread, self.limit - kernel.now)
        kernel.wait()
        process.instant()
        if not self.answered:
            network.tell(self.process.name, f"gives up waiting for {self.machine.name}: {self.what}")
            problem = "it was not seen to end within the limit"
            error = MayHaveActed if self.changes else Unreachable
            raise error(problem, where=self.machine.name, remedy="Look at it")
        if self.error is not None:
            raise self.error
        return self.result

    def _on_its_way(self) -> float:
        kernel, dice = self.network.kernel, self.network.dice
        if isinstance(self.fault, LateAnswer):
            return self.limit - kernel.now + self.fault.share * ENDED_AFTER
        return dice.between(0.001, 0.03, "there") + self.takes

    def _arrive(self) -> None:
        kernel, machine = self.network.kernel, self.machine
        if kernel.now < machine.held_until:
            kernel.at(machine.held_until, self._arrive)
            return
        self._carried_out()
        machine.coming -= 1

    def _carried_out(self) -> None:
        network, kernel, machine = self.network, self.network.kernel, self.machine
        # The limit travels with the command: what comes after it is ended, or never begun.
        if not machine.up or kernel.now > self.limit + ENDED_AFTER:
            return
        if not isinstance(self.fault, LateAnswer) and not network.reaches(self.process.place, machine.place):
            return
        making = self.thread.about
        try:
            self.result = self.act(network.deadline(60.0))
        except CallError as error:
            self.error = error
        if self.changes and self._has_acted():
            about = making if isinstance(making, CallToMake) else None
            network.acts.append(Act(kernel.now, self.what, self.process.name, about))
            if network.listens:
                gone = "" if self.process.alive else " (whoever asked is gone)"
                network.tell(machine.name, f"did: {self.what}{gone}")
        if self.changes:
            network.changed()
        if not isinstance(self.fault, LostAnswer | LateAnswer):
            kernel.after(network.dice.between(0.001, 0.03, "back"), self._answer)

    def _has_acted(self) -> bool:
        if self.error is None:
            return self.did(self.result)
        return self.did is always and not isinstance(self.error, DidNothing)

    def _answer(self) -> None:
        network = self.network
        if network.reaches(self.process.place, self.machine.place) and network.kernel.now <= self.limit:
            self.answered = True
            network.kernel.resume(self.thread)
