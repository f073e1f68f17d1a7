"""Carry a plan out: decide, write it down, act, write down how it ended, repeat. The only loop in the project.

Safe to call again after anything: it starts from the journal, not from memory. Only the driver writes to the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from seawall import decide as deciding
from seawall.actions import Deadline, Enclosure, no_page
from seawall.approve import is_wanted
from seawall.attempt import CallToMake, Ending, limit_of, unsettled
from seawall.decide import Ask, Call, Finish, Question, StepCall, Undo, Way
from seawall.escalating import Line, no_line, to_ask
from seawall.journal import (
    AbortAsked,
    Acknowledged,
    Answered,
    Approved,
    Ended,
    Event,
    Failed,
    Journal,
    Notified,
    Opened,
    Overridden,
    Resumed,
    Retried,
    Settled,
    SignedFromHere,
    Skipped,
    Started,
    WentAlone,
    Word,
)
from seawall.plan import Plan
from seawall.signed_words import GoingOn, lets_go_on
from seawall.state import State
from seawall.steady import boottime, reading
from seawall.step_state import Stand

NOBODY_JUDGES = (
    "yeses to this run are signed, and it is driven where nobody can judge them: set SEAWALL_TRUST there"
)
PAUSE = timedelta(milliseconds=20)
"""How long the loop sleeps on its hands before it looks into the inbox again."""
OVERDUE = timedelta(seconds=5)
"""How long after its limit a call that has not come back is written off as in doubt."""


class Hands(Protocol):
    """The one way the driver acts: threads, Prefect tasks, a simulator, a pretend world."""

    def start(self, making: CallToMake) -> None:
        """Begin a call and return at once; its ending comes out of `next`."""

    def next(self, within: timedelta) -> Ending | None:
        """Return the ending of a call that has come to one, or None when none does within the time."""


class Inbox(Protocol):
    """Where what people say to a run arrives, from whichever screen."""

    def take(self) -> Sequence[Word]:
        """Return what has arrived since the last time, oldest first."""

    def refuse(self, word: Word, why: str) -> None:
        """Put a word aside that was taken just now and does not count, with the reason."""


class Gate(Protocol):
    """Who judges whether a yes counts, where yeses are signed: `seawall.judging`."""

    def take(self, word: Approved, state: State, now: datetime) -> str | None:
        """Take a yes in; say why it does not count, or None when it does."""

    def why_override_does_not_count(self, word: Overridden, state: State, now: datetime) -> str | None:
        """Say why one person's override does not count, or None when it does."""

    def why_word_does_not_count(self, word: GoingOn, state: State, now: datetime) -> str | None:
        """Say why another word that lets the run go on does not count, or None when it does."""

    def why_alone_does_not_count(
        self, said: WentAlone, plan: Plan, run: str, before: tuple[WentAlone, ...], /
    ) -> str | None:
        """Say why two people's word does not let a run go on with one place left, or None when it does."""

    def why_request_does_not_count(self, opened: Opened, plan: Plan) -> str | None:
        """Say why a run's request is not signed by who opened it; None when it is."""


class Hold(Protocol):
    """The right to drive this run, as against whoever would drive it from elsewhere: `seawall.driving`."""

    def covers(self, limit: timedelta, /) -> bool:
        """Tell whether a change with this limit may begin now; if not, it may later. Raises: TermLost."""

    def remarks(self) -> Sequence[Event]:
        """Return what is to be recorded about the hold itself since the last time. Raises: TermLost."""


class OnlyHere:
    """The hold of a run that only this machine knows of: its lock on the journal."""

    def covers(self, _limit: timedelta) -> bool:
        """Cover everything."""
        return True

    def remarks(self) -> Sequence[Event]:
        """Return nothing."""
        return ()


class NoInbox:
    """An inbox that nothing arrives in."""

    def take(self) -> Sequence[Word]:
        """Return nothing."""
        return ()

    def refuse(self, word: Word, why: str) -> None:
        """Have nothing to put aside."""


Watch = Callable[[Event, State], None]


def unwatched(_event: Event, _state: State) -> None:
    """Watch nothing."""


def drive(
    plan: Plan,
    journal: Journal,
    hands: Hands,
    clock: Callable[[], datetime],
    *,
    inbox: Inbox | None = None,
    watch: Watch = unwatched,
    page: Callable[[], Enclosure | None] = no_page,
    line: Line = no_line,
    gate: Gate | None = None,
    hold: Hold | None = None,
    by: str = "seawall",
) -> Finish | Ask:
    """Carry `plan` on from wherever `journal` says it is, until it ends or waits for a person too long.

    `watch` is told every event after it is on disk, with the state as it is by then, and must not raise. `page` gives
    calls that tell people the run's status page, from whichever thread. `line` knows who has the turn in a role, so
    that the next is asked when nobody answers. `gate` judges each yes; without it they are typed, and count as they
    come. `hold` says whether a change may begin; without it the journal's lock is all there is. `by` is who carries
    it on.

    Returns:
        How the run ended, or what it still asks. In the latter case the journal is open: drive it again.
    """
    driver = _Driver(plan, journal, hands, clock, watch, page, line, gate, hold or OnlyHere())
    return driver.carry_on(inbox or NoInbox(), by)


def _changes(call: StepCall) -> bool:
    return call.way is not Way.PROVE and (call.step.changes or call.undoing)


class _Driver:
    """One process's hold on a run."""

    def __init__(  # noqa: PLR0917 - what `drive` was given, in its order
        self,
        plan: Plan,
        journal: Journal,
        hands: Hands,
        clock: Callable[[], datetime],
        watch: Watch,
        page: Callable[[], Enclosure | None],
        line: Line,
        gate: Gate | None,
        hold: Hold,
    ) -> None:
        self._journal, self._hands, self._clock, self._watch = journal, hands, clock, watch
        self._page, self._line, self._gate, self._hold = page, line, gate, hold
        past = tuple(journal.events())
        self._state = State(plan, past)
        self._heard: set[Word] = {
            event
            for event in past
            if isinstance(
                event,
                Approved | Answered | Acknowledged | Notified | AbortAsked | Skipped | Retried | Overridden,
            )
        }
        self._proving: dict[str, tuple[StepCall, datetime]] = {}
        self._inbox: Inbox = NoInbox()
        self._unwritten: list[Event] = []
        self._uptime_is_known = False

    def carry_on(self, inbox: Inbox, by: str) -> Finish | Ask:
        """Go round until there is an end."""
        self._inbox = inbox
        if self._state.ended is not None:  # nothing is written after the end but the word that lets it go on
            self._hear([word for word in inbox.take() if isinstance(word, Skipped | Retried | Overridden)])
            self._write()
        if self._state.last is not None and self._state.ended is None and self._was_begun():
            at, uptime = reading(self._clock)
            self._note([Resumed(at=at, by=by, uptime=uptime)])
            self._uptime_is_known = uptime is not None
        self._say_if_yeses_are_signed_from_here()
        while True:
            if self._state.ended is None:
                self._note(self._hold.remarks())
                self._hear(inbox.take())
            now = self._clock()
            if self._state.ended is None:
                self._note(self._state.yeses.expired(now))
            decision = deciding.decide(self._state, now)
            match decision:
                case Finish():
                    if self._state.ended is None:
                        self._note([Ended(at=self._clock(), outcome=decision.outcome, left=decision.left)])
                    self._write()
                    return decision
                case Call(calls=calls) | Undo(calls=calls) if fresh := self._may_begin(calls):
                    self._begin(fresh)
                    continue
                case Ask(questions=questions) if self._asked_too_long(questions):
                    self._write()
                    return decision
            self._write()
            self._await_an_ending()

    def _was_begun(self) -> bool:
        begun = any(one.attempts or one.asked or one.yeses for one in self._state.steps.values())
        return begun or bool(self._state.under_way)

    def _may_begin(self, calls: Iterable[StepCall]) -> list[StepCall]:
        fresh = [call for call in calls if not (call.way is Way.PROVE and call.step.id in self._proving)]
        return [call for call in fresh if not _changes(call) or self._hold.covers(limit_of(call))]

    def _begin(self, calls: Sequence[StepCall]) -> None:
        (now, uptime), began = reading(self._clock), boottime()
        started = [
            Started(
                at=now,
                step=one.step.id,
                attempt=one.attempt,
                undoing=one.undoing,
                until=now + limit_of(one),
                uptime=None if self._uptime_is_known else uptime,
            )
            for one in calls
            if one.way is not Way.PROVE
        ]
        self._note(started)
        self._write()
        self._uptime_is_known = self._uptime_is_known or bool(started)
        self._proving.update({one.step.id: (one, now) for one in calls if one.way is Way.PROVE})
        run = self._state.opened.run if self._state.opened else "no-run"
        for one in calls:
            exercise, seen = self._state.plan.exercise, self._seen_by(one)
            by = Deadline(began + limit_of(one).total_seconds(), boottime)
            self._hands.start(CallToMake(one, run, exercise, seen, self._page, by))

    def _seen_by(self, call: StepCall) -> Mapping[str, Mapping[str, Any]]:
        return {name: self._state.seen[name] for name in call.step.goes_on_from if name in self._state.seen}

    def _await_an_ending(self) -> None:
        ending = self._hands.next(PAUSE)
        if ending is not None:
            self._take_in(ending)
        else:
            self._write_off_the_overdue()

    def _take_in(self, ending: Ending) -> None:
        if isinstance(ending, Settled):
            self._settle(ending)
        elif self._state.is_current(ending.step, ending.attempt, undoing=getattr(ending, "undoing", False)):
            self._note([ending])

    def _settle(self, ending: Settled) -> None:
        self._proving.pop(ending.step, None)
        one = self._state.steps[ending.step]
        if ending.step in self._state.doubtful and ending.attempt == one.attempts:
            self._note([ending])

    def _write_off_the_overdue(self) -> None:
        now = self._clock()
        for call, began in list(self._proving.values()):
            if now > began + limit_of(call) + OVERDUE:
                self._settle(unsettled(call, "the proof did not come back within its limit", began, now))
        for name in list(self._state.under_way):
            one = self._state.steps[name]
            if one.until is not None and now > one.until + OVERDUE:
                undoing = one.stand is Stand.UNDOING
                self._note(
                    [
                        Failed(
                            at=now,
                            step=name,
                            attempt=one.undo_attempts if undoing else one.attempts,
                            undoing=undoing,
                            error="MayHaveActed",
                            where=name,
                            problem="its limit passed and it did not come back",
                            remedy="Look at the target before answering",
                            acted=None,
                        )
                    ]
                )

    def _asked_too_long(self, questions: Sequence[Question]) -> bool:
        """Ask what was not asked yet, and the next in line; tell whether only those whose time is up are wanted."""
        now, state = self._clock(), self._state
        fresh = to_ask(state, questions, now, self._line)
        self._note(fresh)
        if fresh or state.under_way or self._proving:
            return False
        asked = [state.steps[one.step.id].asked for one in questions]
        return all(one is not None and now > one.until for one in asked)

    def _hear(self, words: Sequence[Word]) -> None:
        for word in words:
            # A word that was written down just before the power went is delivered again.
            if word in self._heard or not (isinstance(word, AbortAsked) or is_wanted(word, self._state)):
                continue
            if why := self._refusal(word):
                self._inbox.refuse(word, why)
            else:
                self._note([word])
                self._heard.add(word)

    def _refusal(self, word: Word) -> str | None:
        if not isinstance(word, Approved | Overridden) and not lets_go_on(word):
            return None
        if self._gate is None:
            return NOBODY_JUDGES if self._state.yeses.signed else None
        match word:
            case Approved():
                return self._gate.take(word, self._state, self._clock())
            case Overridden():
                return self._gate.why_override_does_not_count(word, self._state, self._clock())
            case Skipped() | Retried() | Answered():
                return self._gate.why_word_does_not_count(word, self._state, self._clock())
            case _:
                return None

    def _say_if_yeses_are_signed_from_here(self) -> None:
        """Journal it for a run that was opened where they were typed, or on a request that nobody signed."""
        opened, yeses = self._state.opened, self._state.yeses
        if self._gate is None or opened is None or self._state.ended is not None:
            return
        counts = self._gate.why_request_does_not_count(opened, self._state.plan) is None
        if not yeses.signed or counts < yeses.request_counts:
            self._note([SignedFromHere(at=self._clock(), request_counts=counts)])

    def _note(self, events: Sequence[Event]) -> None:
        """Take in what happened. It is written down with what follows from it, and before anything is waited for."""
        for event in events:
            self._state.apply(event)
        self._unwritten += events

    def _write(self) -> None:
        """Write down what was noted: one flush to the disk for all of it."""
        events, self._unwritten = self._unwritten, []
        if not events:
            return
        self._journal.append(events)
        for event in events:
            self._watch(event, self._state)
