"""From what a drill gathered to its scorecard. Pure: the same facts give the same page."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from drills.count import Loss, served_since, silences, total
from drills.judge import Observed, judge, judge_mark
from drills.ledger import Tried
from drills.outside import Responded, Told
from drills.primaries import Doubles
from drills.scenario import Expectation, NoTwoPrimaries, Scenario, scenario_bytes
from drills.scorecard import (
    Clock,
    ExpectedLoss,
    Judged,
    Load,
    Moment,
    Phase,
    PhaseName,
    Primaries,
    RunHeld,
    Scorecard,
    Writes,
    seconds,
)
from drills.verdict import verdict
from seawall.inventory import NOT_WRITTEN, Inventory, Targets
from seawall.model import Text

PHASES: tuple[PhaseName, ...] = ("detect", "decide", "execute", "verify")
JUMP = timedelta(milliseconds=50)
"""A wall clock that moved further during a drill makes its log lines hard to lay beside others'."""
LOST_SHOWN = 10


@dataclass(slots=True)
class Held:
    """What a drill gathered, in the order in which it came to know it.

    Attributes:
        fault: when the first fault struck.
        declared: when the response was proposed or declared.
        settled: when the response was over and judged; what follows is bringing things home.
        loss: what was lost until then; None when it could not be counted.
        lost_later: what went missing while things were brought home.
        uncounted: some count could not be made.
        broken_off: why the drill ended before its end.
    """

    began: datetime
    tries: list[Tried] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    findings: list[Text] = field(default_factory=list)
    runs: list[RunHeld] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    lost_later: list[Tried] = field(default_factory=list)
    fault: datetime | None = None
    proposed: datetime | None = None
    declared: datetime | None = None
    responded: Responded | None = None
    settled: datetime | None = None
    ended: datetime | None = None
    loss: Loss | None = None
    uncounted: bool = False
    doubles: Doubles | None = None
    broken_off: Text | None = None
    jumped: timedelta = timedelta()

    @property
    def since(self) -> datetime:
        """What limits count from."""
        return self.fault or self.declared or self.began

    def until_settled(self) -> tuple[Tried, ...]:
        """Return the tries that belong to the response."""
        return tuple(one for one in self.tries if self.settled is None or one.began <= self.settled)

    def observed(self, now: datetime) -> Observed:
        """Return what expectations are judged by."""
        return Observed(
            since=self.since,
            now=now,
            fault=self.fault,
            tries=self.until_settled(),
            told=self.told,
            loss=self._all_lost(),
            doubles=self.doubles,
            proposed=self.proposed,
        )

    def _all_lost(self) -> Loss | None:
        if self.loss is None or self.uncounted:
            return None
        acknowledged = len({one.write for one in self.tries if one.accepted})
        return Loss(acknowledged, (*self.loss.lost, *self.lost_later), self.loss.rpa)


def scorecard_of(held: Held, scenario: Scenario, city: Inventory, *, drill: str, clock: str) -> Scorecard:
    """Measure and judge.

    Args:
        held: what was gathered, to the end or to where it broke off.
        scenario: what was held.
        city: the inventory it was held in.
        drill: the drill's id.
        clock: what instants were read from, in words.
    """
    ended = held.ended or held.began
    seen = held.observed(ended)
    service = city.services[scenario.load.service]
    quiet = silences(seen.tries, since=held.since)
    served = served_since(seen.tries, since=held.since)
    disrupted = held.fault or (quiet[0].began if quiet else None)
    came_back = served is not None and held.settled is not None
    rta = None
    if came_back and served is not None:
        rta = served - disrupted if disrupted and quiet else timedelta()
    expectations = (*(_judged(one, held, seen, city) for one in scenario.expect), judge_mark(held.told))
    lost = None if seen.loss is None else len(seen.loss.lost)
    rpa = None if seen.loss is None else seen.loss.rpa
    return Scorecard(
        drill=drill,
        scenario=scenario.scenario,
        scenario_digest=hashlib.sha256(scenario_bytes(scenario)).hexdigest(),
        title=scenario.title,
        why=scenario.why,
        service=scenario.load.service,
        service_title=service.title,
        without_it=service.without_it or NOT_WRITTEN,
        stops_with_it=tuple(city.services[name].title for name in city.needed_by(scenario.load.service)),
        targets=service.targets,
        approvers=scenario.respond.approved_by if scenario.respond else (),
        load=Load(writers=scenario.load.writers, writes_each_second=scenario.load.writes),
        began=held.began,
        ended=ended,
        clock=Clock(source=clock, jumped=held.jumped),
        disrupted=disrupted,
        declared=held.declared,
        served_again=served if rta else None,
        phases=_phases(held, served if rta else None),
        waited_for_people=_waited(held, served if rta else None),
        rta=rta,
        rta_from_declaration=served - held.declared if rta and served and held.declared else rta,
        rpa=rpa,
        writes=_writes(held, seen, lost),
        primaries=_primaries(held.doubles),
        expectations=expectations,
        runs=tuple(held.runs),
        timeline=_timeline(held, served if rta else None, quiet[0].began if quiet else None),
        findings=_findings(held, scenario, len(quiet), service.targets),
        verdict=verdict(
            targets=service.targets,
            rta=rta,
            rpa=rpa,
            lost=lost,
            expectations=expectations,
            runs=held.runs,
            broken_off=held.broken_off,
        ),
        does_not_prove=DOES_NOT_PROVE,
    )


def _judged(expected: Expectation, held: Held, seen: Observed, city: Inventory) -> Judged:
    judged = judge(expected, seen, city)
    if held.broken_off is None or judged.met or isinstance(expected, NoTwoPrimaries):
        return judged
    because = Text(
        en="The drill was broken off before it could be told", da="Øvelsen blev afbrudt, før det kunne ses"
    )
    return Judged(that=judged.that, met=None, because=because)


def _phases(held: Held, served: datetime | None) -> tuple[Phase, ...]:
    """Divide the time from the fault (or declaration) to served again; the parts add up to it."""
    run = held.responded
    first = run.first_change if run else None
    last = (
        max((at for at in run.changes if served is not None and at <= served), default=first) if run else None
    )
    edges = [held.since, held.declared, first, last, served]
    if served is not None:
        edges = [edge and min(max(edge, held.since), served) for edge in edges]
    spans = [max(end - start, timedelta()) if start and end else None for start, end in pairwise(edges)]
    return tuple(Phase(name=name, lasted=span) for name, span in zip(PHASES, spans, strict=True))


def _waited(held: Held, served: datetime | None) -> timedelta | None:
    """Return how much of the time until users were served again only people were waited for."""
    if held.responded is None or served is None:
        return None
    spans = ((max(begin, held.since), min(end, served)) for begin, end in held.responded.waits)
    return sum((end - begin for begin, end in spans if end > begin), timedelta())


def _writes(held: Held, seen: Observed, lost: int | None) -> Writes:
    acknowledged = [one for one in held.tries if one.accepted]
    gone = () if seen.loss is None else seen.loss.lost[:LOST_SHOWN]
    return Writes(
        acknowledged=len({one.write for one in acknowledged}),
        refused_tries=len(held.tries) - len(acknowledged),
        slowest=max((one.ended - one.began for one in acknowledged), default=None),
        lost=lost,
        lost_first=tuple(f"{one.writer}/{one.seq} {one.ended.isoformat()}" for one in gone),
        refused_for=total(silences(seen.tries, since=seen.since)),
        expected=_expected(held),
    )


def _expected(held: Held) -> ExpectedLoss | None:
    """Return what the people expected to lose who had the response go on without evidence, the larger numbers."""
    said = held.responded.overridden if held.responded else ()
    if not said:
        return None
    return ExpectedLoss(
        by=tuple(dict.fromkeys(one.by for one in said)),
        writes=max(one.lost_writes for one in said),
        seconds=max(one.lost_seconds for one in said),
    )


def _primaries(found: Doubles | None) -> Primaries | None:
    if found is None:
        return None
    return Primaries(
        both_for=found.both_for, unseen_for=found.unseen_for, looks=found.looks, apart=found.apart
    )


def _timeline(held: Held, served: datetime | None, refused: datetime | None) -> tuple[Moment, ...]:
    run = held.responded
    instants = (
        (refused, Text(en="The first write is refused", da="Den første skrivning afvises")),
        (run and run.first_change, Text(en="The first change begins", da="Den første ændring begynder")),
        (
            run and max(run.changes, default=None),
            Text(en="The last change is done", da="Den sidste ændring er færdig"),
        ),
        (served, Text(en="Writes are accepted again", da="Der tages imod igen")),
    )
    found = [Moment(at=at, what=what) for at, what in instants if at]
    return tuple(sorted([*held.moments, *found], key=lambda moment: moment.at))


def _unjudged(targets: Targets | None) -> Iterator[Text]:
    rto, rpo = (None, None) if targets is None else (targets.rto, targets.rpo)
    if rto is None and rpo is None:
        yield Text(
            en="Nobody has set targets for this service; there is nothing to judge the times by",
            da="Ingen har sat mål for tjenesten; der er intet at bedømme tiderne efter",
        )
    elif rto is None or rpo is None:
        name, measured = ("RTO", "RTA") if rto is None else ("RPO", "RPA")
        yield Text(
            en=f"No {name} is written down for this service; {measured} is measured, and not judged",
            da=f"Der er ikke skrevet noget {name} ned for tjenesten; {measured} er målt, men ikke bedømt",
        )


def _findings(held: Held, scenario: Scenario, silent: int, targets: Targets | None) -> tuple[Text, ...]:
    found = [*held.findings, *_unjudged(targets)]
    if silent > 1:
        found.append(
            Text(
                en=f"Users were refused {silent} times; the recovery counts from the last",
                da=f"Brugere blev afvist {silent} gange; genopretningen regnes fra den sidste",
            )
        )
    watched = any(isinstance(one, NoTwoPrimaries) for one in scenario.expect)
    if held.doubles is not None and held.doubles.both and not watched:
        both = held.doubles.both_for
        found.append(
            Text(
                en=f"Two servers took writes at once for {seconds(both)}",
                da=f"To databaser tog imod på én gang i {seconds(both, 'da')}",
            )
        )
    if abs(held.jumped) > JUMP:
        found.append(
            Text(
                en=f"The wall clock moved by {seconds(abs(held.jumped))} during the drill; the times here did not",
                da=f"Uret blev stillet {seconds(abs(held.jumped), 'da')} under øvelsen; tiderne her fulgte ikke med",
            )
        )
    return tuple(found)


DOES_NOT_PROVE = (
    Text(
        en="That a real service is ready: this was the lab, small servers of its own on one machine.",
        da="At en rigtig tjeneste er klar: dette var laboratoriet, små servere på én maskine.",
    ),
    Text(
        en="How long people take: approvals were given at once, by script.",
        da="Hvor lang tid mennesker bruger: godkendelser blev givet straks, af et program.",
    ),
    Text(
        en="How a silent loss looks: a machine killed here refuses connections at once, a lost one says nothing.",
        da="Hvordan et tavst tab ser ud: en maskine, der slås ihjel her, afviser straks; en tabt siger ingenting.",
    ),
    Text(
        en="Anything about other loads, larger databases or longer distances than those of this drill.",
        da="Noget om andre belastninger, større databaser eller længere afstande end øvelsens.",
    ),
)
