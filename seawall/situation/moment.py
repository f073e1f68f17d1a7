"""The values that say how a city is at one moment, each fact with its age; what `seawall status --json` prints."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from seawall.model import Frozen, Text
from seawall.run_list import RunSummary, Standing
from seawall.schedules import Kept
from seawall.sightings import Condition


class ServiceNow(Frozen):
    """How a service is.

    Attributes:
        was: what it was when last seen, of one that is unknown.
        since: since when it is so; down counts from the first miss.
        seen_at: when a look last told how it is.
        age_seconds: how long ago that was.
        watched: whether the inventory says how to look at it.
        misses: looks in a row that missed it.
        saw: what the last look saw.
        needs_down: services it needs, at any distance, that are down.
        drags: of one that is down: the services that need it, at any distance.
        rto_left_seconds: what is left of its RTO, or of what its supplier promised; negative when that is over.
        mtpd_left_seconds: the same of its MTPD.
        responds: the runbook that brings such a service back; None when none that comes with Seawall does.
        run_by, telephone: its supplier's.
    """

    service: str
    title: Text
    tier: int | None = None
    condition: Condition
    was: Condition | None = None
    since: AwareDatetime | None = None
    seen_at: AwareDatetime | None = None
    age_seconds: float | None = None
    watched: bool = True
    misses: int = 0
    saw: str = ""
    without_it: Text | None = None
    instead: Text | None = None
    needs_down: tuple[str, ...] = ()
    drags: tuple[str, ...] = ()
    rto_seconds: float | None = None
    rto_left_seconds: float | None = None
    mtpd_seconds: float | None = None
    mtpd_left_seconds: float | None = None
    responds: str | None = None
    run_by: str | None = None
    telephone: str | None = None


class Wait(Frozen):
    """What a run waits for a person to say. `answers` is what may be said; `of` is a role."""

    step: str
    does: Text
    what: Literal["approval", "person", "doubt", "undo-doubt"]
    of: str
    people: int
    until: AwareDatetime
    left_seconds: float
    answers: str


class StepNow(Frozen):
    """A step under way; negative `left_seconds` when its limit has passed."""

    step: str
    does: Text
    begun: AwareDatetime
    until: AwareDatetime
    left_seconds: float


class RunNow(Frozen):
    """A run that has not ended. `last_at` is of its journal's last line; `in_doubt` are steps of unknown ending."""

    id: str
    runbook: str
    title: Text
    exercise: bool
    standing: Standing
    by: str
    opened_at: AwareDatetime
    last_at: AwareDatetime | None = None
    parameters: dict[str, str] = {}
    waits: tuple[Wait, ...] = ()
    under_way: tuple[StepNow, ...] = ()
    in_doubt: tuple[str, ...] = ()
    problem: str | None = None


class ScheduleNow(Frozen):
    """How a schedule stands; `missed` is the first time that it was due and nothing ran."""

    name: str
    flow: str
    kept: Kept
    next_due: AwareDatetime | None = None
    missed: AwareDatetime | None = None
    late_seconds: float | None = None
    last: str | None = None
    last_began: AwareDatetime | None = None
    last_well: bool | None = None


class Watcher(Frozen):
    """Who looks at the services, since when."""

    by: str
    since: AwareDatetime


class Situation(Frozen):
    """How the city is at one moment.

    Attributes:
        city: what it is called; None when its inventory cannot be read.
        runs: those that have not ended.
        latest: the newest run that has ended.
        drill: the drill that is under way, whose folder has this name; it may be what broke something.
        problems: why something could not be told, in words.
    """

    at: AwareDatetime
    city: Text | None = None
    services: tuple[ServiceNow, ...] = ()
    runs: tuple[RunNow, ...] = ()
    latest: RunSummary | None = None
    schedules: tuple[ScheduleNow, ...] = ()
    watcher: Watcher | None = None
    drill: str | None = None
    problems: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Whether everything is known and nothing needs anybody."""
        return (
            not self.problems
            and all(one.condition is Condition.UP for one in self.services)
            and all(one.standing is Standing.UNDER_WAY for one in self.runs)
            and all(one.kept is not Kept.OVERDUE for one in self.schedules)
        )
