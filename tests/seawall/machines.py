"""Machines that could all drive the same runs, three places between them, and how one of them is lost."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.memory.places import PlaceInMemory
from seawall.attempt import CallToMake
from seawall.carrying import carry_out, newly_opened
from seawall.copies import journal_row
from seawall.decide import Ask, Finish
from seawall.driving import NOT_KNOWN_YET, AtPlaces
from seawall.marks import MARK, MarkedPlace, mark_of
from seawall.places import Places
from seawall.plan import Plan, PlannedStep
from seawall.run_folder import RunFolder, create_run
from seawall.terms import Term
from tests.fakes import MIDNIGHT, SimulatedHands, SimulatedWorld
from tests.seawall.plans import a_change, a_plan

NAMES = ("north", "south", "witness")
SHORT = timedelta(milliseconds=200)
"""The limit of a call: so long a term must be waited for."""


def quick(*steps: PlannedStep, **more) -> Plan:
    return a_plan(*(one.model_copy(update={"within": SHORT}) for one in steps), **more)


TWO = quick(a_change("fence"), a_change("promote", "fence"), claims=("service:login",))


@dataclass
class City:
    """Three places, and as many machines as a test wants."""

    folder: Path
    stores: list[PlaceInMemory] = field(
        default_factory=lambda: [PlaceInMemory(name, kept={MARK: mark_of(name)}) for name in NAMES]
    )
    world: SimulatedWorld = field(default_factory=SimulatedWorld)

    def at(self, told: list[str] | None = None, alone: tuple[str, str] | None = None) -> AtPlaces:
        places = Places([MarkedPlace(one) for one in self.stores], within=timedelta(seconds=1))
        return AtPlaces(places, (told if told is not None else []).append, alone)

    def run(self, machine: str, plan: Plan = TWO) -> RunFolder:
        return create_run(self.folder / machine, plan, by="anna", version="0", now=MIDNIGHT)

    def carry(
        self, run: RunFolder, *, by: str = "anna", hands=None, at: AtPlaces | None = None
    ) -> Finish | Ask:
        hands = hands or SimulatedHands(self.world)
        with newly_opened(run, self.world.clock, by=by):
            return carry_out(run, hands, self.world.clock, at=at or self.at(), by=by)

    def lines(self, run: RunFolder, store: int) -> bytes:
        """All lines of a run that one place has, in order."""
        prefix = f"{journal_row(run.id)}/"
        kept = self.stores[store].kept
        return b"".join(kept[key] for key in sorted(kept) if key.startswith(prefix))


class Watching(SimulatedHands):
    """Hands that tell what the places had when a call was about to be made."""

    def __init__(self, world: SimulatedWorld, see) -> None:
        super().__init__(world)
        self._see = see

    def start(self, making: CallToMake) -> None:
        self._see(making)
        super().start(making)


class Killed(BaseException):
    """The process is gone."""


class SlowPlace(PlaceInMemory):
    """A place some way off."""

    def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        threading.Event().wait(0.03)
        return super().put_if_absent(key, content, within)


def killed_after(city: City, run: RunFolder, step: str, hands: SimulatedHands | None = None) -> None:
    """Drive a run until the call of a step has been handed over, and no further; then its machine is gone."""
    hands = hands or SimulatedHands(city.world)
    start = hands.start

    def start_and_die(making: CallToMake) -> None:
        start(making)
        if making.call.step.id == step:
            raise Killed

    setattr(hands, "start", start_and_die)  # noqa: B010 - what mypy is right to refuse elsewhere

    def tell(line: str) -> None:
        if line == NOT_KNOWN_YET:  # it would wait until two places answer
            raise Killed

    with pytest.MonkeyPatch.context() as killed:
        killed.setattr(Term, "let_go", lambda term: term.stop())  # a killed process lets go of nothing
        with pytest.raises(Killed):
            carry_out(run, hands, city.world.clock, at=AtPlaces(city.at().places, tell), by="anna")
