"""Which yeses of a run count: the part of the fold that knows of signatures, their expiry and unsigned requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from seawall.journal import Answered, Approved, Event, Lapsed, Opened, Retried, SignedFromHere, Skipped
from seawall.step_state import Stand, StepState


@dataclass(slots=True)
class Yeses:
    """Every yes of a run, as its journal tells it.

    Attributes:
        steps: the run's steps.
        regroup: told of each step that may wait for people now, or for nobody any more.
        said: every yes that was heard, also those that count no more.
        words: every other word that lets a run go on, as it was heard.
        lapsing: steps that have not started and have yeses that can expire.
        signed: whether a yes counts only when it is signed.
        request_counts: whether somebody signed for the run; each step takes one yes more where nobody did.
    """

    steps: Mapping[str, StepState]
    regroup: Callable[[StepState], None]
    said: list[Approved] = field(default_factory=list)
    words: list[Skipped | Retried | Answered] = field(default_factory=list)
    lapsing: dict[str, None] = field(default_factory=dict)
    signed: bool = False
    request_counts: bool = True

    def apply(self, event: Event) -> None:
        """Fold one event in."""
        match event:
            case Skipped() | Retried() | Answered():
                self.words.append(event)
            case Opened():
                self.signed = event.yeses == "signed"
                if self.signed and event.request is None:
                    self._want_one_more()
            case Approved():
                self._heard(event)
            case Lapsed():
                self._take_back(self.steps[event.step], event.by)
            case SignedFromHere():
                self._count_signed_ones_only()
                if not event.request_counts:
                    self._want_one_more()

    def began(self, step: str) -> None:
        """Note that a step has started: its yeses have done what they were given for."""
        self.lapsing.pop(step, None)

    def expired(self, now: datetime) -> list[Lapsed]:
        """Return the yeses that expired before their steps started, to be journalled."""
        return [
            Lapsed(at=now, step=name, by=yes.by)
            for name in self.lapsing
            for yes in self.steps[name].yeses.values()
            if yes.expires is not None and now > yes.expires
        ]

    def _heard(self, event: Approved) -> None:
        one = self.steps[event.step]
        one.say_yes(event)
        self.said.append(event)
        if event.expires is not None and one.stand is Stand.WAITING:
            self.lapsing[event.step] = None
        if not one.yeses_wanted:
            self.regroup(one)

    def _take_back(self, one: StepState, by: str) -> None:
        one.take_yes_back(by)
        if all(yes.expires is None for yes in one.yeses.values()):
            self.lapsing.pop(one.step.id, None)
        self.regroup(one)

    def _count_signed_ones_only(self) -> None:
        self.signed = True
        for one in self.steps.values():
            if one.stand is Stand.WAITING:
                for by in [yes.by for yes in one.yeses.values() if yes.signed is None]:
                    self._take_back(one, by)

    def _want_one_more(self) -> None:
        self.request_counts = False
        for one in self.steps.values():
            if one.step.approve is not None:
                one.one_more = True
                self.regroup(one)
