"""People: they say yes, look and tell what is so; or late, or wrongly, or not at all; and somebody may say stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from seawall.journal import AbortAsked, Answered, Approved, Asked, Event, Word
from seawall.state import State
from tests.simulation.dice import Dice
from tests.simulation.faults import Abort, Fault, LatePerson, NoAnswer, WrongPerson
from tests.simulation.kernel import Kernel

SURE = 3.5
"""Seconds after an attempt's limit when whoever looks can tell: nothing of it acts any more."""


@dataclass
class People:
    """Everybody whom a run asks.

    Attributes:
        is_done: tells whether a step's change, or its taking back, was made.
        say: puts a word into the run's inbox.
        explicit: steps about which somebody said what is not so; what follows is theirs.
    """

    kernel: Kernel
    dice: Dice
    faults: Sequence[Fault]
    now: Callable[[], datetime]
    is_done: Callable[[str, bool], bool]
    say: Callable[[Word], None]
    happened: Callable[[object], None]
    explicit: set[str] = field(default_factory=set)
    _asked: dict[str, int] = field(default_factory=dict)

    def begin(self) -> None:
        """Let whoever says stop do so."""
        for fault in self.faults:
            if isinstance(fault, Abort):
                self.kernel.at(fault.at, lambda fault=fault: self._stop(fault))  # type: ignore[misc]

    def _stop(self, fault: Abort) -> None:
        self.happened(fault)
        self.say(AbortAsked(at=self.now(), by="carl", why="enough", undo=fault.undo))

    def watch(self, event: Event, state: State) -> None:
        """See what a run asks."""
        if isinstance(event, Asked):
            kind = "doubt" if event.what.endswith("doubt") else event.what
            silent = next(self._of(NoAnswer, kind), None)
            count = self._asked[kind] = self._asked.get(kind, 0) + 1
            if silent is not None and count <= silent.times:
                self.happened(silent)
                return
            late = next(self._of(LatePerson, kind), None)
            takes = self.dice.between(0.5, 8, "people")
            if late is not None:
                self.happened(late)
                takes = late.takes
            until = state.steps[event.step].until
            if kind == "doubt" and until is not None:
                takes = max(takes, (until - self.now()).total_seconds() + SURE)
            self.kernel.after(takes, lambda: self._answer(event, kind))

    def _answer(self, asked: Asked, kind: str) -> None:
        wrong = next(self._of(WrongPerson, kind), None)
        if wrong is not None:
            self.happened(wrong)
            self.explicit.add(asked.step)
        match asked.what:
            case "approval" if wrong is not None:
                self.say(Answered(at=self.now(), step=asked.step, by="bo", answer="no"))
            case "approval":
                self.say(Approved(at=self.now(), step=asked.step, by="bo", how="typed"))
            case "person":
                self.say(Answered(at=self.now(), step=asked.step, by="dora", answer="happened"))
            case what:
                done = self.is_done(asked.step, what == "undo-doubt") is (wrong is None)
                answer: Any = "happened" if done else "did-not-happen"
                self.say(Answered(at=self.now(), step=asked.step, by="erik", answer=answer))

    def _of(self, kind: type[Any], who: str) -> Iterator[Any]:
        return (one for one in self.faults if isinstance(one, kind) and one.who == who)
