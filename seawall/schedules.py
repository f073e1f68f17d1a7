"""What should have run when, and what did not: a schedule's due times on the city's clock, held against what ran.

Due times are the ones at which Prefect starts a flow, also in the two nights when the clock is changed: in spring, what
is due in the hour that is left out comes an hour earlier on the clock; in autumn, what is due in the hour that comes
twice comes once, the first time. tests/flows compares them with Prefect's own, year by year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, Field

from seawall.model import Duration, Frozen, Name

GRACE = timedelta(hours=2)
"""How late a schedule may have begun before it is called overdue."""
EARLY = timedelta(minutes=1)
"""How much before its time a run may have begun and still be the one that was due; clocks differ by seconds."""
OFF = "off"
_FIELDS = 5
_CLOCK_CHANGES_BY = timedelta(hours=3)
"""More than any zone moves its clock, so that a search on the local clock misses nothing."""


def _cron(text: str) -> str:
    if len(text.split()) != _FIELDS:
        message = f"{text!r} is not five fields: minute, hour, day, month, weekday, e.g. 30 2 * * *"
        raise ValueError(message)
    try:
        next(CronSim(text, datetime(2026, 1, 1)))  # noqa: DTZ001 - only whether there is any such time
    except CronSimError as error:
        message = f"{text!r}: {str(error).lower()}; the fields are minute, hour, day, month, weekday"
        raise ValueError(message) from error
    except StopIteration:
        message = f"{text!r} is never due"
        raise ValueError(message) from None
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        message = f"{name!r} is no time zone such as Europe/Copenhagen"
        raise ValueError(message) from error
    return name


def _change(said: Any) -> Any:
    return {"off": True} if said == OFF else said


Cron = Annotated[str, AfterValidator(_cron)]
Zone = Annotated[str, AfterValidator(_zone)]
ScheduledFlow = Literal["verify-backups", "drill"]


class Schedule(Frozen):
    """Something that is to run again and again.

    Attributes:
        flow: what runs: backups are verified, or a drill is held.
        cron: minute, hour, day, month, weekday, on the clock of `timezone`.
        given: what the flow is given, e.g. `scenario: lose-a-site`.
        grace: how late it may have begun before it is called overdue.
    """

    name: Name
    flow: ScheduledFlow
    cron: Cron
    timezone: Zone
    given: Mapping[str, str] = {}
    grace: Duration = GRACE


class ScheduleSetting(Frozen):
    """What a city says in `seawall.yaml` about one schedule: a change to one that is there, or one of its own.

    Attributes:
        off: it is not kept; written `nightly: off`.
    """

    off: bool = False
    flow: ScheduledFlow | None = None
    cron: Cron | None = None
    timezone: Zone | None = None
    given: dict[str, str] | None = Field(default=None, alias="with")
    grace: Duration | None = None


ScheduleSettings = dict[Name, Annotated[ScheduleSetting, BeforeValidator(_change)]]


class Ran(Frozen):
    """The last time that something ran, as its journal or scorecard tells.

    Attributes:
        what: the run or the drill, by the name of its folder; or what has never run.
        began: None when it never did.
        ended: None while it is under way, and for one that was interrupted.
        well: whether it ended well; None when it has not ended.
        under_way: whether a process carries it out now.
    """

    what: str
    began: datetime | None
    ended: datetime | None = None
    well: bool | None = None
    under_way: bool = False


class Kept(StrEnum):
    """How a schedule stands."""

    ON_TIME = "on time"
    NOT_DUE = "not yet due"
    UNDER_WAY = "under way"
    OVERDUE = "overdue"
    NOBODY = "kept by nobody"


@dataclass(frozen=True, slots=True)
class ScheduleStanding:
    """How one schedule stands at one moment.

    Attributes:
        kept: the verdict; `overdue` is red, and so is what `ended_badly`.
        next_due: when it is due next.
        missed: the first time it was due and nothing ran; None unless it is overdue.
        late: for how long; None unless it is overdue.
        last: what ran last; None when nothing ever did.
    """

    schedule: Schedule
    kept: Kept
    next_due: datetime | None
    missed: datetime | None = None
    late: timedelta | None = None
    last: Ran | None = None

    @property
    def ended_badly(self) -> bool:
        """Whether it ran when it should, and what ran last did not end well: that is red, too."""
        ran = self.kept in (Kept.ON_TIME, Kept.NOT_DUE)
        return ran and self.last is not None and self.last.well is False


def due_after(schedule: Schedule, at: datetime) -> datetime | None:
    """Return the first time after `at` that a schedule is due, in UTC; None when there is none in 50 years."""
    return next(iter(next_dues(schedule, at, 1)), None)


def due_before(schedule: Schedule, at: datetime) -> datetime | None:
    """Return the last time that a schedule was due, `at` included, in UTC; None when there was none in 50 years."""
    found: set[datetime] = set()
    for one in _dues(schedule, at, back=True):
        if found and one < max(found) - _CLOCK_CHANGES_BY:
            break
        if one <= at:
            found.add(one)
    return max(found, default=None)


def next_dues(schedule: Schedule, at: datetime, count: int) -> tuple[datetime, ...]:
    """Return the next times after `at` that a schedule is due, at most `count`, in UTC."""
    found: set[datetime] = set()
    for one in _dues(schedule, at):
        if len(found) >= count and one > sorted(found)[count - 1] + _CLOCK_CHANGES_BY:
            break
        if one > at:
            found.add(one)
    return tuple(sorted(found)[:count])


def overdue(
    schedule: Schedule, last: Ran | None, *, kept_since: datetime | None, now: datetime
) -> ScheduleStanding:
    """Tell how `schedule` stands at the moment `now`.

    Args:
        schedule: what is to run when.
        last: what is under way, else what ran to its end last. A run by hand counts like any other.
        kept_since: since when something was to start it; None when nothing ever was.
        now: the moment.
    """
    next_due = due_after(schedule, now)
    if kept_since is None:
        return ScheduleStanding(schedule, Kept.NOBODY, next_due, last=last)
    if last is not None and last.under_way:
        return ScheduleStanding(schedule, Kept.UNDER_WAY, next_due, last=last)
    began = last.began if last is not None and last.ended is not None else None
    missed = due_after(schedule, kept_since if began is None else max(kept_since, began + EARLY))
    if missed is not None and missed + schedule.grace <= now:
        return ScheduleStanding(schedule, Kept.OVERDUE, next_due, missed, now - missed, last)
    return ScheduleStanding(schedule, Kept.NOT_DUE if began is None else Kept.ON_TIME, next_due, last=last)


def _dues(schedule: Schedule, at: datetime, *, back: bool = False) -> Iterator[datetime]:
    """Yield due times from before (or after) `at` on; near a change of the clock they may be out of order, or twice."""
    zone = ZoneInfo(schedule.timezone)
    local = at.astimezone(zone).replace(tzinfo=None)
    start = local + _CLOCK_CHANGES_BY if back else local - _CLOCK_CHANGES_BY
    for naive in CronSim(schedule.cron, start, reverse=back):
        # fold=0 is the first of an hour that comes twice; one that is left out is read as if it were summer already.
        there = naive.replace(tzinfo=zone)
        aware = there.astimezone(UTC)
        if aware.astimezone(zone).replace(tzinfo=None) != naive:
            aware = there.replace(fold=1).astimezone(UTC)
        yield aware
