"""Who is on call, as a city writes it down: a weekly rotation, dated turns, swaps, and who stands in.

Times are the city's own wall clock: `monday 08:00` stays eight in the morning when the clocks are put forward. Who is
on duty at an instant is worked out in `seawall.on_duty`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from seawall.model import Frozen, Name

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HANDOVER = re.compile(rf"^({'|'.join(WEEKDAYS)}) ([01]\d|2[0-3]):([0-5]\d)$")
_WALL = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:[ T]([01]\d|2[0-3]):([0-5]\d))?$")
_OF_DAY = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)$")


def _handover(text: str) -> str:
    if not _HANDOVER.match(text):
        message = f"{text!r} is no weekly time such as monday 08:00"
        raise ValueError(message)
    return text


def _wall(text: Any, *, ends: bool) -> datetime:
    """Read `2026-12-24 08:00`, or a whole day: `from` it is its first instant, and `until` it the end of it."""
    if isinstance(text, datetime):
        return text
    match = _WALL.match(text) if isinstance(text, str) else None
    try:
        day = date.fromisoformat(match[1]) if match else None
    except ValueError:
        day = None
    if match is None or day is None:
        message = f"{text!r} is no time such as 2026-12-24 08:00, nor a day such as 2026-12-24"
        raise ValueError(message)
    if match[2] is not None:
        return datetime.combine(day, time(int(match[2]), int(match[3])))
    return datetime.combine(day, time()) + timedelta(days=1 if ends else 0)


def wall_clock(text: str) -> datetime:
    """Read a time of the city's clock, e.g. `2026-12-24 08:00`; a bare day is its first instant. Raises: ValueError."""
    return _wall(text, ends=False)


def _from(text: Any) -> datetime:
    return _wall(text, ends=False)


def _until(text: Any) -> datetime:
    return _wall(text, ends=True)


def _of_day(text: Any) -> time:
    if isinstance(text, time):
        return text
    match = _OF_DAY.match(text) if isinstance(text, str) else None
    if match is None:
        message = f"{text!r} is no time of day such as 08:00"
        raise ValueError(message)
    return time(int(match[1]), int(match[2]))


_AS_WRITTEN = WithJsonSchema({"type": "string", "pattern": _WALL.pattern, "examples": ["2026-12-24 08:00"]})
_WRITE = PlainSerializer(lambda at: at.strftime("%Y-%m-%d %H:%M"), return_type=str)
From = Annotated[datetime, BeforeValidator(_from), _WRITE, _AS_WRITTEN]
Until = Annotated[datetime, BeforeValidator(_until), _WRITE, _AS_WRITTEN]
"""Wall-clock times of the city, without a zone of their own. A bare day is meant whole."""
TimeOfDay = Annotated[
    time,
    BeforeValidator(_of_day),
    PlainSerializer(lambda at: at.strftime("%H:%M"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": _OF_DAY.pattern, "examples": ["08:00"]}),
]
Weekday = Annotated[str, Field(pattern=rf"^({'|'.join(WEEKDAYS)})$")]


class Span(Frozen):
    """A stretch of the city's wall clock: from its first instant up to, and without, its last."""

    from_: Annotated[From, Field(alias="from")]
    until: Until

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.from_ >= self.until:
            message = f"it ends ({self.until:%Y-%m-%d %H:%M}) before it begins ({self.from_:%Y-%m-%d %H:%M})"
            raise ValueError(message)
        return self


class Turn(Span):
    """One person's turn."""

    person: Name


class Weekly(Frozen):
    """People who take over from one another once a week, in this order, over and over.

    Attributes:
        handover: when, on the city's wall clock, e.g. `monday 08:00`.
        since: a day on which the first of `people` took over; nobody is on duty by this rotation before it.
        people: who, in turn.
    """

    handover: Annotated[str, AfterValidator(_handover)]
    since: date
    people: Annotated[tuple[Name, ...], Field(min_length=1)]

    @property
    def weekday(self) -> int:
        """The day of the week, 0 for Monday."""
        return WEEKDAYS.index(self.handover.partition(" ")[0])

    @property
    def at(self) -> time:
        """The time of day."""
        return time.fromisoformat(self.handover.partition(" ")[2])

    @model_validator(mode="after")
    def _begins_on_that_day(self) -> Self:
        if self.since.weekday() != self.weekday:
            nearest = self.since - timedelta(days=(self.since.weekday() - self.weekday) % 7)
            message = (
                f"since: {self.since} is a {WEEKDAYS[self.since.weekday()]}, and the handover is on a "
                f"{WEEKDAYS[self.weekday]}; that week's was {nearest}"
            )
            raise ValueError(message)
        return self


class Hours(Frozen):
    """When somebody must be on duty, when that is not round the clock.

    Attributes:
        days: the days of the week; every day when absent.
        from_: from this time of day.
        until: up to this time of day.
    """

    days: tuple[Weekday, ...] = WEEKDAYS
    from_: Annotated[TimeOfDay, Field(alias="from")]
    until: TimeOfDay

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.from_ >= self.until:
            message = f"from ({self.from_:%H:%M}) must come before until ({self.until:%H:%M})"
            raise ValueError(message)
        return self


class Duty(Frozen):
    """Who is on call in one role.

    Attributes:
        weekly: a rotation.
        dated: turns by date; they go before the rotation.
        swaps: holidays and swaps; they go before everything else.
        hours: when somebody must be on duty; round the clock when absent.
        deputies: who stands in when the one on duty is away or does not answer, the first first.
    """

    weekly: Weekly | None = None
    dated: tuple[Turn, ...] = ()
    swaps: tuple[Turn, ...] = ()
    hours: Hours | None = None
    deputies: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.weekly is None and not self.dated:
            message = "a duty says who has it: `weekly:` or `dated:`"
            raise ValueError(message)
        return self

    @property
    def people(self) -> tuple[str, ...]:
        """Everyone who is named in it, each once."""
        rotation = () if self.weekly is None else self.weekly.people
        turns = (turn.person for turn in (*self.dated, *self.swaps))
        return tuple(dict.fromkeys((*rotation, *turns, *self.deputies)))
