"""What a drill measured and how it is judged: one frozen page, written as JSON with stable keys.

Durations in the JSON are seconds; instants are UTC. Everything people read is in English and Danish. A scorecard is
always of an exercise, and says what it does not prove.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from seawall.inventory import Targets
from seawall.journal import Outcome
from seawall.model import Frozen, Language, Name, Text

PhaseName = Literal["detect", "decide", "execute", "verify"]


class Phase(Frozen):
    """One part of the recovery time. `lasted` is None when one of its ends was not seen.

    detect: from the fault to the proposal or declaration. decide: to the first change. execute: to the last change
    that stood between users and their service. verify: to the first of three acknowledged writes in a row.
    """

    name: PhaseName
    lasted: timedelta | None


class Moment(Frozen):
    """One thing that happened, when."""

    at: AwareDatetime
    what: Text


class ExpectedLoss(Frozen):
    """What two people said would be lost when they went on without evidence."""

    by: tuple[str, ...]
    writes: int
    seconds: float


class Writes(Frozen):
    """What users saw, over the whole drill. A refused write is tried again under its number: tries outnumber writes.

    Attributes:
        lost: acknowledged writes that are in the database no more; None when they could not be counted.
        lost_first: the first ten of them, as `writer/number acknowledged-at`.
        refused_for: how long users were refused from the disruption to the end of the response, all stretches
            together; None while they still were.
        slowest: how long the slowest acknowledged write took.
        expected: how many the two people who overrode the fence expected to lose, and how many seconds of them; None
            when nobody overrode anything.
    """

    acknowledged: int
    refused_tries: int
    slowest: timedelta | None
    lost: int | None
    lost_first: tuple[str, ...] = ()
    refused_for: timedelta | None
    expected: Annotated[ExpectedLoss | None, Field(exclude_if=lambda value: value is None)] = None


class Primaries(Frozen):
    """Whether two servers took writes at once, from the first fault to the end.

    Attributes:
        apart: the longest time between two answers of a server while another took writes: what was shorter could pass.
    """

    both_for: timedelta
    unseen_for: timedelta
    looks: int
    apart: timedelta = timedelta()


class Judged(Frozen):
    """One expectation. `met` is None when it cannot be told. `late_by` is set when it came true after its limit."""

    that: Text
    met: bool | None
    because: Text
    late_by: timedelta | None = None


class RunHeld(Frozen):
    """One run that the drill carried out.

    Attributes:
        folder: the run's folder, by name; its journal is the truth about it.
        refused_for: how long users were refused meanwhile.
        lost: acknowledged writes that went missing meanwhile; None when they could not be counted.
    """

    runbook: Name
    folder: str
    outcome: Outcome
    refused_for: timedelta | None
    lost: int | None


class Verdict(Frozen):
    """How the drill ended.

    Attributes:
        kind: `late` is recovered, and a target or limit was missed; `failed` also when it was in time and something
            else that was expected did not hold.
        missed_by: by how much, for `late`.
        because: what it rests on, one sentence each.
    """

    kind: Literal["passed", "late", "failed", "unknown"]
    missed_by: timedelta | None = None
    because: tuple[Text, ...] = ()

    @property
    def headline(self) -> Text:
        """Return the verdict as people say it."""
        if self.kind == "late":
            by = minutes(self.missed_by or timedelta())
            return Text(en=f"Recovered, target missed by {by}", da=f"Genoprettet, målet overskredet med {by}")
        return _HEADLINES[self.kind]


_HEADLINES = {
    "passed": Text(en="Passed", da="Bestået"),
    "failed": Text(en="Failed", da="Ikke bestået"),
    "unknown": Text(en="Not known", da="Uvist"),
}


class Clock(Frozen):
    """What all instants were read from. `jumped` is how far the wall clock moved against the one that never jumps."""

    source: str
    jumped: timedelta


class Load(Frozen):
    """What users did meanwhile."""

    writers: int
    writes_each_second: float


class Scorecard(Frozen):
    """One drill, measured and judged.

    Attributes:
        scenario_digest: SHA-256 of the scenario as it was held, hexadecimal.
        approvers: in whose names the drill's approvals were given, by their names in the inventory.
        stops_with_it: titles of the services that stop when this one does.
        disrupted: when the first fault struck, or in a planned move, the first write was refused.
        rta: from the disruption until writes are accepted again, three in a row; judged against the RTO.
        rta_from_declaration: the same, from the proposal or declaration.
        rpa: how far back the loss reaches. None when it could not be told.
    """

    format: Literal["seawall-scorecard/1"] = "seawall-scorecard/1"
    drill: str
    exercise: Literal[True] = True
    place: Literal["lab"] = "lab"
    scenario: Name
    scenario_digest: str
    title: Text
    why: Text
    service: Name
    service_title: Text
    without_it: Text
    stops_with_it: tuple[Text, ...] = ()
    targets: Targets | None
    approvers: tuple[Name, ...] = ()
    load: Load
    began: AwareDatetime
    ended: AwareDatetime
    clock: Clock
    disrupted: AwareDatetime | None
    declared: AwareDatetime | None
    served_again: AwareDatetime | None
    phases: tuple[Phase, ...]
    waited_for_people: Annotated[timedelta | None, Field(exclude_if=lambda one: one is None)] = None
    rta: timedelta | None
    rta_from_declaration: timedelta | None
    rpa: timedelta | None
    writes: Writes
    primaries: Primaries | None
    expectations: tuple[Judged, ...]
    runs: tuple[RunHeld, ...]
    timeline: tuple[Moment, ...]
    findings: tuple[Text, ...] = ()
    verdict: Verdict
    does_not_prove: tuple[Text, ...]


def seconds(span: timedelta | None, language: Language = "en") -> str:
    """Write a span: `12 ms`, `0.21 s`, `3.9 s`, `15 s`, `04:07 min`, `15 min`, `4 h`; an en dash when not known."""
    if span is None:
        return "–"
    for size, unit in _WHOLE:
        if span and not span % size:
            return f"{span // size} {'t' if unit == 'h' and language == 'da' else unit}"
    if span > timedelta(minutes=1):
        return f"{minutes(span)} min"
    length = span.total_seconds()
    if length < 0.1:  # noqa: PLR2004 - below it, milliseconds read better
        return f"{max(1, round(length * 1000))} ms" if length else "0 s"
    text = f"{length:.2f} s" if length < 1 else f"{length:.1f} s"
    return text.replace(".", ",") if language == "da" else text


_WHOLE = ((timedelta(hours=1), "h"), (timedelta(minutes=1), "min"), (timedelta(seconds=1), "s"))


def minutes(span: timedelta) -> str:
    """Write a span as mm:ss, never 00:00 for one that is longer than nothing: missed by a little is missed."""
    whole = max(round(span.total_seconds()), 1 if span else 0)
    return f"{whole // 60:02}:{whole % 60:02}"
