"""Carry out the run in a folder with whatever hands are given: the same for a terminal, a Prefect flow and a go-bag.

Holds the run's claims and its journal while it drives; both are let go by the kernel when the process dies.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from seawall.alone import AloneGate, check_alone_counts
from seawall.claims import claim
from seawall.decide import Ask, Finish
from seawall.drive import Gate, Hands, Hold, Inbox, OnlyHere, Watch, drive, unwatched
from seawall.driving import AtPlaces, driven
from seawall.errors import Busy, JournalError
from seawall.escalating import Line, no_line
from seawall.inbox import FileInbox
from seawall.journal import Ended, Event, Journal, Opened, Outcome, Word
from seawall.judging import judge_without_city
from seawall.places import PlaceSilent
from seawall.reviews import note_glass
from seawall.run_folder import RunFolder
from seawall.state import State

if TYPE_CHECKING:
    from seawall.page.keeping import Pages


class Turns(Protocol):
    """Who has the turn in a role, and how those are told who are asked next because nobody answered."""

    def line(self, role: str, at: datetime) -> tuple[str, ...]:
        """Return the names of those who have the turn at an instant, and who stand in, the first first."""

    def saw(self, event: Event, state: State) -> None:
        """Take note that something happened, and tell people where they must know. Raises nothing and does not wait."""

    def take(self) -> Sequence[Word]:
        """Return what came of the telling; as from an inbox, again until it is asked for the next time."""


@dataclass(frozen=True, slots=True)
class _Both:
    """An inbox of what people say, and of what came of telling them."""

    first: Inbox
    second: Turns

    def take(self) -> Sequence[Word]:
        return (*self.first.take(), *self.second.take())

    def refuse(self, word: Word, why: str) -> None:
        self.first.refuse(word, why)


def carry_out(
    run: RunFolder,
    hands: Hands,
    clock: Callable[[], datetime],
    *,
    watch: Watch = unwatched,
    pages: Pages | None = None,
    turns: Turns | None = None,
    gate: Gate | None = None,
    at: AtPlaces | None = None,
    by: str,
) -> Finish | Ask:
    """Carry the run on from wherever its journal says it is. `pages` tells the city about it meanwhile.

    `turns` knows whom to ask next when nobody answers; without it a role is asked as a whole, and nobody after it.
    `gate` judges each yes (`seawall.judging.judge_for`); without it no yes counts where yeses are signed.
    `at` are the city's three places; without them only this machine knows that the run is carried out.

    Raises:
        BadInput: two people let it go on alone, and did not sign for that where yeses are signed.
        Busy: another process carries it out, or another run holds what it wants.
        TermLost: another machine drives it now.
        PlaceSilent: too few of the city's places answer.
        JournalError: its journal cannot be used; Tampered when it was changed.
    """
    plan = run.plan
    gate = gate or judge_without_city(run.opened)
    check_alone_counts(run, at, gate, clock)
    with _covered(run, at, clock, by) as (journal, hold):
        inbox: Inbox = FileInbox(run)
        line: Line = no_line
        if turns is not None:
            inbox, line, watch = _Both(inbox, turns), turns.line, _each(turns.saw, watch)
        note_glass(run, journal.events())
        watch = _each(_noting_glass(run), watch)
        if pages is None:
            return drive(
                plan, journal, hands, clock, inbox=inbox, watch=watch, line=line, gate=gate, hold=hold, by=by
            )
        with pages.following(run, tuple(journal.events()), clock) as page:

            def show(event: Event, _state: State) -> None:
                page.saw(event)

            watch = _each(show, watch)
            return drive(
                plan,
                journal,
                hands,
                clock,
                inbox=inbox,
                watch=watch,
                page=page.current,
                line=line,
                gate=gate,
                hold=hold,
                by=by,
            )


def _noting_glass(run: RunFolder) -> Watch:
    def watch(event: Event, _state: State) -> None:
        # It is in the journal, and is noted again by whoever takes the run up: a full disk must not stop the run.
        with contextlib.suppress(JournalError):
            note_glass(run, [event])

    return watch


def _each(first: Watch, second: Watch) -> Watch:
    def watch(event: Event, state: State) -> None:
        first(event, state)
        second(event, state)

    return watch


@contextlib.contextmanager
def _covered(
    run: RunFolder, at: AtPlaces | None, clock: Callable[[], datetime], by: str
) -> Iterator[tuple[Journal, Hold]]:
    """Hold the run here, and at the city's places where it has any."""
    with claim(run.runs, run.plan.claims, run.id, by), run.journal(by) as file:
        if at is None:
            yield file, OnlyHere()
            return
        with driven(run, file, at, clock, by) as both:
            yield both


@contextlib.contextmanager
def held(
    run: RunFolder,
    clock: Callable[[], datetime],
    by: str,
    at: AtPlaces | None = None,
    gate: AloneGate | None = None,
) -> Iterator[Journal]:
    """Hold the run as `carry_out` does, and begin nothing: to type in what a paper says.

    Raises:
        Busy: another process carries it out, or another run holds what it wants.
        PlaceSilent: too few of the city's places answer.
        JournalError: its journal cannot be used; Tampered when it was changed.
    """
    check_alone_counts(run, at, gate or judge_without_city(run.opened), clock)
    with _covered(run, at, clock, by) as (journal, _):
        yield journal


@contextlib.contextmanager
def newly_opened(run: RunFolder, clock: Callable[[], datetime], *, by: str) -> Iterator[None]:
    """Carry `run` out in here when it was opened just now: if another run keeps it out, it is over.

    Left open it would be the last run, and whoever resumes the last run would begin it when the other is over.
    """
    try:
        yield
    except (Busy, PlaceSilent):
        with contextlib.suppress(Busy, JournalError), run.journal(by) as journal:
            if all(isinstance(event, Opened) for event in journal.events()):
                journal.append([Ended(at=clock(), outcome=Outcome.REFUSED)])
        raise
