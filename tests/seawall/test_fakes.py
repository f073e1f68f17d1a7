"""The simulated journal, inbox and hands do what the real ones do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seawall.decide import Way
from seawall.drive import Hands, Inbox
from seawall.hands import ThreadHands
from seawall.journal import Journal, Word
from tests.fakes import Behaviour, MemoryInbox, MemoryJournal, SimulatedDisk, SimulatedHands, SimulatedWorld
from tests.seawall.contracts import HandsContract, InboxContract, JournalContract


class TestMemoryJournal(JournalContract):
    @pytest.fixture
    def journal(self) -> Callable[[], Journal]:
        disk = SimulatedDisk()
        return lambda: MemoryJournal(disk)


class TestMemoryInbox(InboxContract):
    @pytest.fixture
    def words(self) -> list[Word]:
        return []

    @pytest.fixture
    def inbox(self, words: list[Word]) -> Callable[[], Inbox]:
        return lambda: MemoryInbox(words)

    @pytest.fixture
    def put(self, words: list[Word]) -> Callable[[Word], None]:
        return words.append


def a_world() -> SimulatedWorld:
    return SimulatedWorld(behaviours={("badly", Way.ACT): [Behaviour(ends="bug")]})


class TestSimulatedHands(HandsContract):
    @pytest.fixture
    def hands(self) -> Hands:
        return SimulatedHands(a_world())


class BadlyOrWell(SimulatedWorld):
    """A world for hands that do not tell it how their calls go."""

    def _call(self, args, _occasion):
        self._now = Behaviour(ends="bug" if args.step == "badly" else "well")
        return super()._call(args, _occasion)


class TestThreadHands(HandsContract):
    @pytest.fixture
    def hands(self) -> Hands:
        world = BadlyOrWell()
        return ThreadHands(world.world, world.clock)
