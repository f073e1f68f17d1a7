"""The values that say how a city is at one moment, each fact with its age; what `seawall status --json` prints."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from seawall.doubts import Doubt
from seawall.freezing import Freeze
from seawall.model import Frozen, Text
from seawall.on_duty import Because
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


class Who(Frozen):
    """Who a role is now, by the names of the inventory.

    Attributes:
        on_duty: None when nobody is, or when the role has no roster.
        instead_of: whose turn it is, when that person is away.
        deputies: whom to ask when the person does not answer, the first first.
        handover_at, handover_to: when another takes over next, and who.
        may_act: everybody who has the role.
    """

    on_duty: str | None = None
    because: Because
    instead_of: str | None = None
    deputies: tuple[str, ...] = ()
    handover_at: AwareDatetime | None = None
    handover_to: str | None = None
    may_act: tuple[str, ...] = ()


class Wait(Frozen):
    """What a run waits for a person to say.

    Attributes:
        of: the role that is asked.
        answers: what may be said.
        who: who the role is now; None when the inventory cannot be read.
    """

    step: str
    does: Text
    what: Literal["approval", "person", "doubt", "undo-doubt"]
    of: str
    people: int
    until: AwareDatetime
    left_seconds: float
    answers: str
    who: Who | None = None


class StepNow(Frozen):
    """A step under way; negative `left_seconds` when its limit has passed."""

    step: str
    does: Text
    begun: AwareDatetime
    until: AwareDatetime
    left_seconds: float


class PaperYes(Frozen):
    """A step that was done by hand on yeses which stand on a paper only."""

    step: str
    by: tuple[str, ...]
    typed_by: str


class RunNow(Frozen):
    """A run that has not ended.

    Attributes:
        last_at: of its journal's last line.
        in_doubt: steps of unknown ending.
        doubts: what is known of each of these, and what each answer leads to.
        unverified: yeses that stand on a paper only.
    """

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
    doubts: tuple[Doubt, ...] = ()
    unverified: tuple[PaperYes, ...] = ()
    problem: str | None = None


class ScheduleNow(Frozen):
    """How a schedule stands.

    Attributes:
        missed: the first time that it was due and nothing ran.
        ended_badly: whether it ran when it should, and what ran last did not end well.
    """

    name: str
    flow: str
    kept: Kept
    next_due: AwareDatetime | None = None
    missed: AwareDatetime | None = None
    late_seconds: float | None = None
    last: str | None = None
    last_began: AwareDatetime | None = None
    last_well: bool | None = None
    ended_badly: bool = False


class ServeNow(Frozen):
    """How `seawall serve` stands, which starts what is scheduled; `well` is None where it has never run."""

    well: bool | None
    saw: str
    remedy: str = ""


class Watcher(Frozen):
    """Who looks at the services, since when."""

    by: str
    since: AwareDatetime


class GoBagNow(Frozen):
    """How a go-bag is that the city keeps, as far as its first page tells; `go-bag verify` reads all of it.

    Attributes:
        path: where it is kept.
        good_for_seconds: how old it may become, by the settings of today.
        changed: files of the city that are no longer what is in it.
        problem: why it cannot be told, e.g. because there is none.
    """

    path: str
    made_at: AwareDatetime | None = None
    made_by: str | None = None
    age_seconds: float | None = None
    good_for_seconds: float
    changed: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def too_old(self) -> bool:
        """Whether it is older than the city's policy."""
        return self.age_seconds is not None and self.age_seconds > self.good_for_seconds

    @property
    def well(self) -> bool:
        """Whether somebody who takes it has what there is today."""
        return self.problem is None and not self.changed and not self.too_old


class ReviewOwed(Frozen):
    """A review that nobody has given yet of a run in which somebody broke the glass.

    Attributes:
        by: who broke it, and so cannot review it.
    """

    run: str
    since: AwareDatetime
    by: tuple[str, ...]


class Situation(Frozen):
    """How the city is at one moment.

    Attributes:
        city: what it is called; None when its inventory cannot be read.
        runs: those that have not ended.
        latest: the newest run that has ended.
        go_bags: those that the city keeps, where its settings say so.
        reviews: those that are owed because somebody broke the glass, the oldest first.
        drill: the drill that is under way, whose folder has this name; it may be what broke something.
        problems: why something could not be told, in words.
        freezes: those that nobody has lifted, as far as is known on this machine.
    """

    at: AwareDatetime
    city: Text | None = None
    services: tuple[ServiceNow, ...] = ()
    runs: tuple[RunNow, ...] = ()
    latest: RunSummary | None = None
    schedules: tuple[ScheduleNow, ...] = ()
    serve: ServeNow | None = None
    watcher: Watcher | None = None
    drill: str | None = None
    go_bags: tuple[GoBagNow, ...] = ()
    reviews: tuple[ReviewOwed, ...] = ()
    problems: tuple[str, ...] = ()
    freezes: tuple[Freeze, ...] = ()

    @property
    def well(self) -> bool:
        """Whether everything is known and nothing needs anybody."""
        return (
            not self.problems
            and all(one.condition is Condition.UP for one in self.services)
            and all(one.standing is Standing.UNDER_WAY for one in self.runs)
            and not any(one.kept is Kept.OVERDUE or one.ended_badly for one in self.schedules)
            and (self.serve is None or self.serve.well is not False)
            and all(one.well for one in self.go_bags)
            and not self.reviews
            and not self.freezes
        )
