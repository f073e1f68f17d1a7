"""What every journal, inbox and pair of hands must do, the real ones and the simulated ones alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from seawall.attempt import CallToMake, Ending
from seawall.decide import StepCall, Way
from seawall.drive import Hands, Inbox
from seawall.journal import (
    AbortAsked,
    Approved,
    Ended,
    Event,
    Failed,
    Journal,
    Outcome,
    Started,
    Succeeded,
    Word,
)
from tests.fakes import MIDNIGHT
from tests.seawall.plans import a_change

EVENTS: list[Event] = [
    Started(at=MIDNIGHT, step="fence", attempt=1, until=MIDNIGHT + timedelta(seconds=20)),
    Succeeded(at=MIDNIGHT, step="fence", attempt=1, seen={"ø": [1, 2.5, None, True]}, summary="æøå"),
    Ended(at=MIDNIGHT, outcome=Outcome.DONE),
]


class JournalContract:
    """`journal` opens the same journal again and again, as one process after another would."""

    def test_what_was_appended_is_there_in_order(self, journal: Callable[[], Journal]) -> None:
        one = journal()
        one.append(EVENTS[:1])
        one.append(EVENTS[1:])
        assert list(one.events()) == EVENTS

    def test_the_next_process_finds_it_and_goes_on_from_it(self, journal: Callable[[], Journal]) -> None:
        journal().append(EVENTS[:2])
        again = journal()
        assert list(again.events()) == EVENTS[:2]
        again.append(EVENTS[2:])
        assert list(journal().events()) == EVENTS

    def test_appending_nothing_changes_nothing(self, journal: Callable[[], Journal]) -> None:
        one = journal()
        one.append([])
        assert not list(one.events())

    def test_what_the_outside_said_never_costs_the_record_of_it(self, journal: Callable[[], Journal]) -> None:
        said = {"bad": "\udcff", "half": float("nan"), "deep": [float("inf"), {"x": "\ud800"}], "big": 2**70}
        one = journal()
        one.append([Succeeded(at=MIDNIGHT, step="a", attempt=1, seen=said, summary="\udcff")])
        (read,) = journal().events()
        assert read == Succeeded(
            at=MIDNIGHT,
            step="a",
            attempt=1,
            seen={"bad": "\\udcff", "half": None, "deep": [None, {"x": "\\ud800"}], "big": 2**70},
            summary="\\udcff",
        )


class InboxContract:
    """`inbox` opens the inbox anew, as the next process would; `put` says a word to the run."""

    yes = Approved(at=MIDNIGHT, step="fence", by="anna", how="typed")
    stop = AbortAsked(at=MIDNIGHT, by="bo", why="wrong hall", undo=True)

    def test_nothing_was_said(self, inbox: Callable[[], Inbox]) -> None:
        assert list(inbox().take()) == []

    def test_the_oldest_comes_first(self, inbox: Callable[[], Inbox], put: Callable[[Word], None]) -> None:
        put(self.yes)
        put(self.stop)
        assert list(inbox().take()) == [self.yes, self.stop]

    def test_a_word_comes_once(self, inbox: Callable[[], Inbox], put: Callable[[Word], None]) -> None:
        one = inbox()
        put(self.yes)
        assert list(one.take()) == [self.yes]
        put(self.stop)
        assert list(one.take()) == [self.stop]
        assert list(one.take()) == []
        assert list(inbox().take()) == []

    def test_a_word_taken_just_before_the_power_went_comes_again(
        self, inbox: Callable[[], Inbox], put: Callable[[Word], None]
    ) -> None:
        put(self.yes)
        assert list(inbox().take()) == [self.yes]
        assert list(inbox().take()) == [self.yes]

    def test_a_word_that_does_not_count_is_put_aside_and_comes_no_more(
        self, inbox: Callable[[], Inbox], put: Callable[[Word], None]
    ) -> None:
        one = inbox()
        put(self.yes)
        put(self.stop)
        assert list(one.take()) == [self.yes, self.stop]
        one.refuse(self.yes, "it is typed")
        assert list(inbox().take()) == [self.stop]
        assert list(one.take()) == []


class HandsContract:
    """`hands` act in a world where changing `well` goes well and changing `badly` is a bug of the connector."""

    def ending(self, hands: Hands, step: str) -> Ending:
        hands.start(CallToMake(StepCall(a_change(step), Way.ACT, 1), "run", exercise=True, seen={}))
        ending = None
        for _ in range(500):
            if (ending := hands.next(timedelta(milliseconds=10))) is not None:
                break
        assert ending is not None
        return ending

    def test_the_ending_of_what_was_started_comes_out(self, hands: Hands) -> None:
        ending = self.ending(hands, "well")
        assert isinstance(ending, Succeeded)
        assert ending.step == "well"

    def test_none_comes_when_nothing_was_started(self, hands: Hands) -> None:
        assert hands.next(timedelta(milliseconds=1)) is None

    def test_a_connectors_own_mistake_is_an_ending_in_doubt(self, hands: Hands) -> None:
        ending = self.ending(hands, "badly")
        assert isinstance(ending, Failed)
        assert (ending.error, ending.acted) == ("Bug", None)
