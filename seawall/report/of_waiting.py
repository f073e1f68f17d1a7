"""People's time apart from machines': when a run waited for nobody but people, and a step's way through their hands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from seawall.journal import (
    Answered,
    Asked,
    ByHand,
    Ended,
    Escalated,
    Event,
    Failed,
    NotNeeded,
    Resumed,
    Started,
    Succeeded,
    Unanswered,
)
from seawall.report.account import InHands, Passed
from seawall.step_state import StepState


def waits(events: Iterable[Event]) -> Iterator[tuple[datetime, datetime]]:
    """Yield the times in which a question was open and no call was under way, in order."""
    asked: set[str] = set()
    busy: set[str] = set()
    before: datetime | None = None
    for event in events:
        if before is not None and asked and not busy and event.at > before:
            yield before, event.at
        before = event.at
        match event:
            case Asked():
                asked.add(event.step)
            case Answered(answer="cannot"):
                pass  # it is still to be done, by the next in line
            case Answered() | Unanswered() | ByHand():
                asked.discard(event.step)
                busy.discard(event.step)
            case Started():
                asked.discard(event.step)
                busy.add(event.step)
            case Succeeded() | NotNeeded() | Failed():
                busy.discard(event.step)
            case Resumed() | Ended():
                asked.clear()
                busy.clear()


def waited(events: Iterable[Event]) -> float:
    """Return how long only people were waited for, in seconds."""
    return round(sum((end - begin for begin, end in waits(events)), timedelta()).total_seconds(), 3)


def in_hands(one: StepState, asked: datetime | None, events: Iterable[Event]) -> InHands | None:
    """Return a step's way through people's hands; None when nobody took it, passed it on or did it by hand."""
    passed = tuple(
        Passed(at=event.at, before=event.before, because=event.because, to=event.of, person=event.person)
        for event in events
        if isinstance(event, Escalated) and event.step == one.step.id
    )
    taken, by_hand = one.taken, one.by_hand
    if taken is None and by_hand is None and not passed:
        return None
    since = None if taken is None else taken.at
    return InHands(
        taken_at=since,
        taken_by=None if taken is None else taken.by,
        wait_seconds=_seconds(asked, since),
        work_seconds=_seconds(since, one.ended),
        passed_on=passed,
        by_hand=None if by_hand is None else by_hand.by,
        typed_in_by=None if by_hand is None else by_hand.typed_by,
        typed_in_at=None if by_hand is None else by_hand.at,
    )


def _seconds(began: datetime | None, ended: datetime | None) -> float | None:
    return None if began is None or ended is None else round((ended - began).total_seconds(), 3)
