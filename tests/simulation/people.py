"""People: they say yes, look and tell what is so; or late, or wrongly, or not at all; and somebody may say stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from seawall.journal import AbortAsked, Answered, Approved, Asked, Ended, Event, Overridden, Word
from seawall.state import State
from tests.simulation.dice import Dice
from tests.simulation.faults import Abort, BadYes, Fault, LatePerson, NoAnswer, Override, WrongPerson
from tests.simulation.kernel import Kernel
from tests.simulation.signing import COMMANDER, DEPUTY, REQUESTER, How, Pen

SURE = 3.5
"""Seconds after an attempt's limit when whoever looks can tell: nothing of it acts any more."""


@dataclass
class People:
    """Everybody whom a run asks.

    Attributes:
        is_done: tells whether a step's change, or its taking back, was made.
        say: puts a word into the run's inbox.
        reopen: puts one into the inbox of a run that has ended, and takes it up.
        speaks_until: when somebody may still say something to a run that has ended.
        pen: what they sign with, where there is a trust root.
        explicit: steps about which somebody said what is not so; what follows is theirs.
    """

    kernel: Kernel
    dice: Dice
    faults: Sequence[Fault]
    now: Callable[[], datetime]
    is_done: Callable[[str, bool], bool]
    say: Callable[[Word], None]
    reopen: Callable[[Overridden], None]
    happened: Callable[[object], None]
    pen: Pen | None = None
    explicit: set[str] = field(default_factory=set)
    _asked: dict[str, int] = field(default_factory=dict)
    speaks_until: float = 0.0
    _has_overridden: bool = False

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
            self.kernel.after(takes, lambda: self._answer(event, kind, state))
            if kind == "approval" and self.pen is not None:
                self._say_what_must_not_count(event, state, takes * 0.5)
        if isinstance(event, Ended):
            for fault in self.faults:
                if isinstance(fault, Override):
                    self._override(fault, state)

    def _say_what_must_not_count(self, asked: Asked, state: State, after: float) -> None:
        for fault in self.faults:
            if isinstance(fault, BadYes):
                self.happened(fault)
                self.kernel.after(after, lambda how=fault.how: self._bad_yes(asked, state, how))  # type: ignore[misc]

    def _bad_yes(self, asked: Asked, state: State, how: How) -> None:
        assert self.pen is not None
        self.say(self.pen.bad_yes(state, asked.step, self.now(), how))

    def _override(self, fault: Override, state: State) -> None:
        step = next((name for name in state.failed if state.steps[name].step.override is not None), None)
        if step is None or self._has_overridden:
            return
        self._has_overridden = True
        self.speaks_until = self.kernel.now + fault.after + fault.people
        self.happened(fault)
        for n, by in enumerate((COMMANDER, DEPUTY)[: fault.people]):
            self.kernel.after(fault.after + n, lambda by=by: self._go_on_without(step, by, state))  # type: ignore[misc]

    def _go_on_without(self, step: str, by: str, state: State) -> None:
        word = Overridden(
            at=self.now(), step=step, by=by, lost_writes=9, lost_seconds=2.0, why="it is under water"
        )
        self.reopen(word if self.pen is None else self.pen.override(state, word))

    def _answer(self, asked: Asked, kind: str, state: State) -> None:
        wrong = next(self._of(WrongPerson, kind), None)
        if wrong is not None:
            self.happened(wrong)
            self.explicit.add(asked.step)
        match asked.what:
            case "approval" if wrong is not None:
                self.say(Answered(at=self.now(), step=asked.step, by="bo", answer="no"))
            case "approval":
                yes = Approved(at=self.now(), step=asked.step, by="bo", how="typed")
                for word in [yes] if self.pen is None else self.pen.yeses(state, asked.step, self.now()):
                    self.say(word)
            case "person":
                self._say_signed(
                    Answered(at=self.now(), step=asked.step, by="dora", answer="happened"), state
                )
            case what:
                done = self.is_done(asked.step, what == "undo-doubt") is (wrong is None)
                answer: Any = "happened" if done else "did-not-happen"
                self._say_signed(Answered(at=self.now(), step=asked.step, by="erik", answer=answer), state)

    def _say_signed(self, word: Answered, state: State) -> None:
        if self.pen is not None and word.answer == "happened":
            by = COMMANDER if state.steps[word.step].step.by is None else REQUESTER
            word = self.pen.answer(state, word.model_copy(update={"by": by}))
        self.say(word)

    def _of(self, kind: type[Any], who: str) -> Iterator[Any]:
        return (one for one in self.faults if isinstance(one, kind) and one.who == who)
