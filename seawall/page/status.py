"""What may be said of a run to people who are no engineers. Pure: the same run at the same time says the same.

Unknown is said as unknown. A service is called checked only when the run's own last look at it held.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from seawall.errors import BadInput
from seawall.inventory import Inventory, Service
from seawall.journal import Outcome
from seawall.model import Text
from seawall.page.checked import checks_of, when_checked
from seawall.page.discreet import Discreet, clipped
from seawall.page.words import NOT_ALL, TAKING_BACK, TROUBLES, by, yes_from
from seawall.plan import Plan, PlannedStep
from seawall.report.dates import on_the_minute
from seawall.report.roles import CHANNELS, role
from seawall.runbook import Runbook
from seawall.sightings import Condition, Pace, Sighting, condition_at
from seawall.state import State
from seawall.step_state import OVER, Stand

MOST_SERVICES, MOST_DONE, MOST_NOW, MOST_TROUBLES = 20, 12, 6, 6
"""So much of each is told, so that the page stays under 100 KB and two sheets."""
LONGEST_TITLE = 60
"""Characters of a service's title."""

Reach = Literal["touches", "names", "copies", "unsaid"]
"""What a run has to do with services: it changes some, is only about some, works on their copies, or nobody said."""

Work = Literal["under-way", "waits", "halted", "doubt", "done", "failed", "refused", "stopped", "taken-back"]
_ENDS: Mapping[Outcome, Work] = {
    Outcome.DONE: "done",
    Outcome.FAILED: "failed",
    Outcome.REFUSED: "refused",
    Outcome.ABORTED: "stopped",
    Outcome.UNDONE: "taken-back",
    Outcome.NO_LONGER_HOLDS: "failed",
}


@dataclass(frozen=True, slots=True)
class Concern:
    """The services that a run is about, by name, and how."""

    reach: Reach
    services: tuple[str, ...] = ()
    titles: tuple[Text, ...] = ()

    @classmethod
    def with_(cls, reach: Reach, names: Iterable[str], services: Mapping[str, Service]) -> Self:
        """Make one of the services of these names, each once, as far as the city knows them."""
        known = tuple(name for name in dict.fromkeys(names) if name in services)
        return cls(reach, known, tuple(clipped(services[name].title, LONGEST_TITLE) for name in known))


@dataclass(frozen=True, slots=True)
class Affected:
    """A service that citizens may be without. `through` is the title of the one that would drag it along."""

    title: Text
    without_it: Text | None
    instead: Text | None
    through: Text | None


@dataclass(frozen=True, slots=True)
class Said:
    """One thing in plain words, and when it was so. `text` is the city's; `before` and `after` are ours, around it."""

    text: Text
    at: datetime | None = None
    before: Text | None = None
    after: Text | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """What the watch saw of the run's services.

    Attributes:
        condition: down when one of them was, up when all were, unknown when not all were seen lately.
        at: when that was seen.
        since: since when one of them was down; None when none was, or that is not known.
        up_at: when all of them were last seen to work.
    """

    condition: Condition
    at: datetime | None = None
    since: datetime | None = None
    up_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What a page says.

    Attributes:
        checked: when the run saw that its services are in order; None as long as it did not.
        outside: what was seen of them from outside; None in an exercise, which says nothing of the real ones.
        checks: what it looks at for that, and when it saw it.
        next_update: by when the page is written again, whatever happens; None when nobody promised.
        waits_for: the role whose yes or work is waited for.
        now, done, troubles, told: what is being done, was done, went wrong, and who was told.
        more: how many of each are not shown.
    """

    run: str
    title: Text
    why: Text
    exercise: bool
    changes: bool
    concern: Concern
    work: Work
    began: datetime
    written: datetime
    next_update: datetime | None
    telephone: str | None
    checked: datetime | None
    outside: Outside | None
    checks: tuple[Said, ...]
    affected: tuple[Affected, ...]
    waits_for: Text | None
    now: tuple[Said, ...]
    done: tuple[Said, ...]
    troubles: tuple[Said, ...]
    told: tuple[Said, ...]
    more: Mapping[str, int]

    @property
    def services(self) -> tuple[Affected, ...]:
        """The services the run is about, without those that lean on them."""
        return tuple(one for one in self.affected if one.through is None)


@dataclass(frozen=True, slots=True)
class Known:
    """What a page needs to know of the city beside the run."""

    inventory: Inventory
    runbooks: Mapping[str, Runbook]
    every: timedelta
    telephone: str | None = None


def concern_of(plan: Plan, known: Known) -> Concern:
    """Say which services a plan is about: those it claims, else those that its runbook takes as parameters."""
    services = known.inventory.services
    claimed = Concern.with_("touches", map(_service_in, plan.claims), services)
    if claimed.services and plan.changes:
        return claimed
    runbook = None
    with contextlib.suppress(BadInput):  # somebody may have broken its file since
        runbook = known.runbooks.get(plan.runbook)
    given = [
        (runbook.parameters[name].type, value)
        for name, value in plan.parameters.items()
        if runbook is not None and name in runbook.parameters
    ]
    named = Concern.with_("names", (value for kind, value in given if kind == "service"), services)
    backups = [known.inventory.backups.get(value) for kind, value in given if kind == "backup"]
    copies = Concern.with_("copies", (one.service for one in backups if one is not None), services)
    return next((one for one in (named, copies) if one.services), Concern("unsaid"))


def status_of(
    state: State,
    known: Known,
    *,
    now: datetime,
    halted: bool = False,
    sightings: Mapping[str, Sighting] | None = None,
) -> Status:
    """Say how a run stands.

    Args:
        state: the run, folded.
        known: what is known of the city.
        now: the time that is written on the page.
        halted: nobody drives it any more though it has not ended.
        sightings: what was last seen of each service.
    """
    plan, discreet = state.plan, Discreet(known.inventory)
    concern = concern_of(plan, known)
    opened = state.opened.at if state.opened else now
    work = _work(state, halted=halted)
    affected = tuple(_affected(concern, known.inventory))
    open_ = state.ended is None and not halted
    now_, done = tuple(_now(state)), _done(state)
    troubles, told = tuple(_troubles(state)), tuple(_told(state, known.inventory))
    return Status(
        run=state.opened.run if state.opened else "",
        title=discreet.text(plan.title),
        why=discreet.text(plan.why),
        exercise=plan.exercise,
        changes=plan.changes,
        concern=concern,
        work=work,
        began=opened,
        written=now,
        next_update=on_the_minute(now + known.every) if open_ else None,
        telephone=known.telephone,
        checked=when_checked(state),
        outside=None if plan.exercise else _outside(concern, known.inventory, sightings or {}, now),
        checks=discreet.all(
            Said(one.does, state.steps[one.id].ended if state.steps[one.id].stand is Stand.DONE else None)
            for one in checks_of(plan)[:MOST_NOW]
        ),
        affected=affected[:MOST_SERVICES],
        waits_for=_waits_for(state),
        now=discreet.all(now_[:MOST_NOW]),
        done=discreet.all(done[-MOST_DONE:]),
        troubles=discreet.all(troubles[-MOST_TROUBLES:]),
        told=told[-MOST_DONE:],
        more={
            "affected": max(0, len(affected) - MOST_SERVICES),
            "now": max(0, len(now_) - MOST_NOW),
            "done": max(0, len(done) - MOST_DONE),
            "troubles": max(0, len(troubles) - MOST_TROUBLES),
            "told": max(0, len(told) - MOST_DONE),
        },
    )


def _service_in(claim: str) -> str:
    kind, _, name = claim.partition(":")
    return name if kind == "service" else ""


def _work(state: State, *, halted: bool) -> Work:
    if state.ended is not None:
        return _ENDS[state.ended.outcome]
    if halted:
        return "halted"
    if state.doubtful:
        return "doubt"
    return "waits" if not state.under_way and _waits_for(state) is not None else "under-way"


def _waits_for(state: State) -> Text | None:
    if state.ended is not None:
        return None
    waiting = [one.asked.of for name in state.for_people if (one := state.steps[name]).asked is not None]
    waiting += [one.asked.of for name in state.doubtful if (one := state.steps[name]).asked is not None]
    return role(waiting[0]) if waiting else None


def _affected(concern: Concern, inventory: Inventory) -> Iterator[Affected]:
    if concern.reach == "copies":
        return
    about = [(name, None) for name in concern.services]
    seen = set(concern.services)
    dragged: list[tuple[str, str | None]] = []
    for name in concern.services:
        dragged += [(one, name) for one in inventory.needed_by(name) if one not in seen]
        seen.update(inventory.needed_by(name))
    dragged.sort(key=lambda one: inventory.services[one[0]].tier or 9)
    for name, through in [*about, *dragged]:
        service: Service = inventory.services[name]
        leans_on = None if through is None else clipped(inventory.services[through].title, LONGEST_TITLE)
        without, instead = (text and clipped(text) for text in (service.without_it, service.instead))
        yield Affected(clipped(service.title, LONGEST_TITLE), without, instead, leans_on)


def _outside(
    concern: Concern, inventory: Inventory, sightings: Mapping[str, Sighting], now: datetime
) -> Outside:
    seen = [
        (one, condition_at(one, now, Pace(probe.every, probe.misses)))
        for name in concern.services
        if (one := sightings.get(name)) is not None and (probe := inventory.services[name].probe) is not None
    ]
    up_at = [one.up_at for one, _ in seen if one.up_at is not None]
    last_up = min(up_at) if up_at and len(up_at) == len(concern.services) else None
    if down := [one for one, condition in seen if condition is Condition.DOWN]:
        since = [one.since for one in down if one.since is not None]
        return Outside(Condition.DOWN, max(one.looked_at for one in down), min(since, default=None), last_up)
    if (
        seen
        and all(condition is Condition.UP for _, condition in seen)
        and len(seen) == len(concern.services)
    ):
        return Outside(Condition.UP, min(one.looked_at for one, _ in seen), None, last_up)
    return Outside(Condition.UNKNOWN, up_at=last_up)


def _now(state: State) -> Iterator[Said]:
    """Tell what is under way, taken back or in somebody's hands, in plain words."""
    for name in state.under_way:
        one = state.steps[name]
        yield Said(one.step.does, one.begun, TAKING_BACK if one.stand is Stand.UNDOING else None)
    if state.ended is not None:
        return
    for name in state.for_people:
        one = state.steps[name]
        if one.asked is not None:
            who = role(one.asked.of)
            yield Said(one.step.does, one.asked.at, by(who) if one.step.by is not None else yes_from(who))


def _done(state: State) -> list[Said]:
    done = [
        Said(one.step.does, one.ended)
        for one in state.steps.values()
        if one.stand in OVER - {Stand.SKIPPED, Stand.OVERRIDDEN}
        and one.ended is not None
        and not _is_telling(one.step)
    ]
    return sorted(done, key=lambda one: (one.at is None, one.at))


def _troubles(state: State) -> Iterator[Said]:
    """Name what went wrong or is not known, by what it was for: why is for engineers, and may name machines."""
    for one in state.steps.values():
        kind = "refused" if one.refused else one.stand.value
        if kind in TROUBLES:
            yield Said(one.step.does, one.ended, TROUBLES[kind])


def _is_telling(step: PlannedStep) -> bool:
    return isinstance(step.args.get("audience"), str) and "message" in step.args


def _told(state: State, inventory: Inventory) -> Iterator[Said]:
    for one in state.steps.values():
        if _is_telling(one.step) and one.stand in (Stand.DONE, Stand.NOT_NEEDED):
            seen: Mapping[str, Any] = state.seen.get(one.step.id) or {}
            audience = str(one.step.args["audience"])
            title = inventory.audiences[audience].title if audience in inventory.audiences else role(audience)
            after = CHANNELS.get(str(seen.get("channel")))
            yield Said(title, one.ended, after=NOT_ALL if seen.get("refused") else after)
