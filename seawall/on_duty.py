"""Who is on duty at an instant, until when, and who stands in. Pure: the inventory and an instant give the answer.

The wall clock of the city decides: a turn that ends at 08:00 ends at eight by that clock, also in the weeks when it is
put forward or back. Exactly one person is on duty by a rotation at every instant; where nobody is, that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from seawall.duties import WEEKDAYS, Duty, Weekly
from seawall.inventory import Inventory

WEEK = timedelta(days=7)
LOOKS_AHEAD = timedelta(days=35)
"""How far ahead the next handover and hours without cover are looked for."""

Because = Literal["rotation", "date", "swap", "deputy", "nobody", "outside hours", "no roster"]


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who is on duty in a role.

    Attributes:
        person: None when nobody is.
        because: by what, or why nobody is.
        instead_of: whose turn it is, when that person is away.
        deputies: whom to ask when the person does not answer, the first first.
    """

    role: str
    person: str | None
    because: Because
    instead_of: str | None = None
    deputies: tuple[str, ...] = ()

    @property
    def uncovered(self) -> bool:
        """Whether somebody should be on duty and nobody is."""
        return self.because == "nobody"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which who is on duty does not change. `until` is where the looking ended, for the last of them."""

    since: datetime
    until: datetime
    on_duty: OnDuty


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which the city's clock first shows `wall`; a time that is left out, as if it were not."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def on_duty(inventory: Inventory, role: str, at: datetime) -> OnDuty:
    """Return who is on duty in `role` at an instant."""
    duty = inventory.duties.get(role)
    if duty is None:
        return OnDuty(role, None, "no roster")
    zone = ZoneInfo(inventory.city.timezone)
    if not _within_hours(duty, at, zone):
        return OnDuty(role, None, "outside hours")
    person, because = _in_turn(duty, at, zone)
    if person is None:
        there = _there(inventory, role, duty.deputies, at, ())
        return OnDuty(role, None, "nobody", None, there)
    stand_ins = _stand_ins(inventory, role, person, at)
    if not is_away(inventory, person, at):
        return OnDuty(role, person, because, None, stand_ins)
    if not stand_ins:
        return OnDuty(role, None, "nobody", person)
    return OnDuty(role, stand_ins[0], "deputy", person, stand_ins[1:])


def stretches(inventory: Inventory, role: str, since: datetime, until: datetime) -> Iterator[Stretch]:
    """Yield who is on duty in `role`, stretch by stretch, without a gap and without an overlap."""
    edges = sorted({one for one in _edges(inventory, role, since, until) if since < one < until})
    begins, now = since, on_duty(inventory, role, since)
    for edge in edges:
        then = on_duty(inventory, role, edge)
        if then != now:
            yield Stretch(begins, edge, now)
            begins, now = edge, then
    yield Stretch(begins, until, now)


def handover(inventory: Inventory, role: str, at: datetime) -> tuple[datetime, OnDuty] | None:
    """Return when another person takes over next, and who; None when nobody does within five weeks."""
    ahead = list(stretches(inventory, role, at, at + LOOKS_AHEAD))
    first = ahead[0].on_duty.person
    return next(((one.since, one.on_duty) for one in ahead[1:] if one.on_duty.person != first), None)


def gaps_in_cover(inventory: Inventory, role: str, since: datetime, until: datetime) -> Iterator[Stretch]:
    """Yield the times in which somebody should be on duty and nobody is."""
    return (one for one in stretches(inventory, role, since, until) if one.on_duty.uncovered)


def is_away(inventory: Inventory, person: str, at: datetime) -> bool:
    """Tell whether a person has said that they are away then."""
    zone = ZoneInfo(inventory.city.timezone)
    spans = inventory.people[person].away if person in inventory.people else ()
    return any(instant(one.from_, zone) <= at < instant(one.until, zone) for one in spans)


def _in_turn(duty: Duty, at: datetime, zone: ZoneInfo) -> tuple[str | None, Because]:
    for turn in duty.swaps:
        if instant(turn.from_, zone) <= at < instant(turn.until, zone):
            return turn.person, "swap"
    for turn in duty.dated:
        if instant(turn.from_, zone) <= at < instant(turn.until, zone):
            return turn.person, "date"
    week = None if duty.weekly is None else _week(duty.weekly, at, zone)
    if duty.weekly is None or week is None:
        return None, "nobody"
    return duty.weekly.people[week % len(duty.weekly.people)], "rotation"


def _week(weekly: Weekly, at: datetime, zone: ZoneInfo) -> int | None:
    """Return how many handovers lie behind `at`, the first not counted; None before the first."""
    week = (at.astimezone(zone).date() - weekly.since).days // 7
    if at < _begins(weekly, week, zone):
        week -= 1
    return None if week < 0 else week


def _begins(weekly: Weekly, week: int, zone: ZoneInfo) -> datetime:
    return instant(datetime.combine(weekly.since + week * WEEK, weekly.at), zone)


def _within_hours(duty: Duty, at: datetime, zone: ZoneInfo) -> bool:
    if duty.hours is None:
        return True
    day = at.astimezone(zone).date()
    begins, ends = (instant(datetime.combine(day, one), zone) for one in (duty.hours.from_, duty.hours.until))
    return WEEKDAYS[day.weekday()] in duty.hours.days and begins <= at < ends


def _stand_ins(inventory: Inventory, role: str, person: str, at: datetime) -> tuple[str, ...]:
    own = inventory.people[person].deputies if person in inventory.people else ()
    return _there(inventory, role, (*own, *inventory.duties[role].deputies), at, (person,))


def _there(
    inventory: Inventory, role: str, people: tuple[str, ...], at: datetime, without: tuple[str, ...]
) -> tuple[str, ...]:
    """Return those who may act as `role` and are not away, each once."""
    may = inventory.with_role(role)
    return tuple(
        one
        for one in dict.fromkeys(people)
        if one in may and one not in without and not is_away(inventory, one, at)
    )


def _edges(inventory: Inventory, role: str, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield every instant at which who is on duty may change."""
    duty = inventory.duties.get(role)
    if duty is None:
        return
    zone = ZoneInfo(inventory.city.timezone)
    people = {*duty.people, *(one for name in duty.people for one in _deputies(inventory, name))}
    away = (span for name in people if name in inventory.people for span in inventory.people[name].away)
    for span in (*duty.dated, *duty.swaps, *away):
        yield instant(span.from_, zone)
        yield instant(span.until, zone)
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    if duty.weekly is not None:
        week = max(0, (first - duty.weekly.since).days // 7)
        while duty.weekly.since + week * WEEK <= last:
            yield _begins(duty.weekly, week, zone)
            week += 1
    day = first
    while duty.hours is not None and day <= last:
        yield instant(datetime.combine(day, duty.hours.from_), zone)
        yield instant(datetime.combine(day, duty.hours.until), zone)
        day += timedelta(days=1)


def _deputies(inventory: Inventory, person: str) -> tuple[str, ...]:
    return inventory.people[person].deputies if person in inventory.people else ()
