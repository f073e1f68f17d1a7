"""A run told on two printed sheets to those who answer for the city: what, whom, how long, what was lost, who decided.

Whatever was not measured is said to be so. However long the run, it is two sheets: parts of the work are told together,
and what is left out is counted; the other report has every event.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from itertools import accumulate, chain, groupby
from typing import Any, TypeVar

import jinja2

from seawall.inventory import Inventory, Targets
from seawall.journal import AbortAsked, Answered, Approved, ByHand, Event, Opened, Resumed
from seawall.messages import MARK
from seawall.model import Language, Text
from seawall.page.discreet import clipped
from seawall.page.sheets_words import DECISIONS, HEADINGS, SENTENCES, decided_how
from seawall.page.status import Said, Status
from seawall.page.words import EXERCISE, KINDS
from seawall.plan import Plan, PlannedStep, Promise
from seawall.report.account import Report, StepAccount
from seawall.report.dates import day, day_and_hour, hour
from seawall.report.figures import plain, span
from seawall.report.roles import role, starter
from seawall.report.words import STANDS

MOST_PARTS, MOST_NAMES, MOST_SERVICES = 8, 6, 2
LINES_OF_DECISIONS, LINES_OF_TROUBLES, LINES_OF_TOLD = 17, 6, 3
"""So much of each fits two sheets, however long their words are."""
LONGEST, LONGEST_SERVICE, LONGEST_NAME = 110, 170, 40
"""Characters of one entry, of what citizens cannot do without a service, and of a name."""
LINE, NARROW_LINE, NAME_LINE = 95, 56, 22
"""Characters that fit one printed line, one beside two columns, and one in the column of names."""
OPEN_LINES = 5
One = TypeVar("One")
_PART = re.compile("[/@]")
DIGITS = 16
"""Of a digest, on paper; the other report has it whole."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured from outside, when somebody did: a drill's scorecard.

    Attributes:
        rta: from the disruption until it worked again; None when it did not, or that was not seen.
        lost: confirmed entries that were lost, of `entries`; None when they could not be counted.
    """

    rta: timedelta | None
    lost: int | None
    entries: int


@dataclass(frozen=True, slots=True)
class Span:
    """One length of time against what was promised."""

    what: Text
    measured: str
    promised: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Part:
    """Steps of the work that belong together."""

    what: Text
    began: datetime | None
    seconds: float | None
    stands: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person said, when."""

    at: datetime
    who: Text
    what: Text
    does: Text | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """All that the sheets are made of.

    Attributes:
        report: the run, told for auditors.
        status: the same run, told for citizens.
        decisions: what people said.
        city: its title.
        targets: what was promised for the service it is about, when it is about one.
        promise: by what the run itself is judged, when its runbook says so.
        measured: what was measured from outside.
    """

    report: Report
    status: Status
    decisions: tuple[Decision, ...]
    city: Text
    targets: Targets | None
    promise: Promise | None = None
    measured: Measured | None = None


def targets_of(status: Status, inventory: Inventory) -> Targets | None:
    """Return what was promised for the first of a run's services."""
    names = status.concern.services
    return inventory.services[names[0]].targets if names else None


def decisions_of(events: Sequence[Event], plan: Plan) -> tuple[Decision, ...]:
    """Return what people decided. They go by the names that they have in the journal, with the role they acted in."""
    return tuple(_decisions(events, plan))


def to_sheets(told: Told, language: Language, zone: tzinfo) -> str:
    """Write the sheets as one HTML page that prints on two sheets of A4."""
    report, status = told.report, told.status

    def sentence(key: str, **values: Any) -> str:
        return SENTENCES[key].in_(language).format(**values)

    decisions = _fitting(
        [(one, one.who.in_(language)[:LONGEST_NAME], _decided(one, language)) for one in told.decisions],
        LINES_OF_DECISIONS,
        lambda one: max(_lines(one[1], NAME_LINE), _lines(one[2], NARROW_LINE)),
    )
    troubles, people = (
        _fitting(
            [(one, _said(one, language)) for one in ones], most, lambda one: _lines(one[1] + "00.00.00", LINE)
        )
        for ones, most in ((status.troubles, LINES_OF_TROUBLES), (status.told, LINES_OF_TOLD))
    )
    return _template().render(
        told=told,
        report=report,
        status=status,
        language=language,
        kind=KINDS["exercise" if report.exercise else "real"].in_(language),
        mark=MARK,
        exercise=EXERCISE.in_(language),
        happened=list(_happened(told, language, zone)),
        services=status.services[:MOST_SERVICES],
        more_services=len(status.services) - MOST_SERVICES + status.more["affected"],
        leaning=_leaning(status, language),
        spans=_spans(told, language),
        lost=_lost(told, language),
        parts=_parts(report, language),
        decisions=decisions,
        more_decisions=len(told.decisions) - len(decisions),
        troubles=troubles,
        more_troubles=len(status.troubles) - len(troubles) + status.more["troubles"],
        people=people,
        more_people=len(status.told) - len(people) + status.more["told"],
        open_lines=range(OPEN_LINES),
        digits=DIGITS,
        heading=lambda key: HEADINGS[key].in_(language),
        sentence=sentence,
        tell=lambda text, most=LONGEST: _tell(text, language, most),
        span=lambda seconds: span(seconds, language),
        hour=lambda at: (
            "-"
            if at is None
            else at.astimezone(zone).strftime("%H.%M.%S" if language == "da" else "%H:%M:%S")
        ),
        utc=lambda at: (
            "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        ),
        made=sentence("made", version=report.seawall, at=day_and_hour(report.made_at, zone, language)),
        longest_service=LONGEST_SERVICE,
    )


def _fitting(ones: Sequence[One], most: int, lines: Callable[[One], int]) -> Sequence[One]:
    """Return as many of these, from the first on, as fit so many lines."""
    return [one for one, so_far in zip(ones, accumulate(map(lines, ones)), strict=True) if so_far <= most]


def _lines(words: str, width: int) -> int:
    return -(-len(words) // width) or 1


def _tell(text: Text, language: Language, most: int) -> str:
    return plain(clipped(text, most).in_(language))


def _said(one: Said, language: Language) -> str:
    before = f"{one.before.in_(language)}: " if one.before else ""
    after = f", {one.after.in_(language)}" if one.after else ""
    return before + _tell(one.text, language, LONGEST) + after


def _decided(one: Decision, language: Language) -> str:
    does = "" if one.does is None else _tell(one.does, language, LONGEST)
    return one.what.in_(language).format(does=does)


def _decisions(events: Sequence[Event], plan: Plan) -> Iterator[Decision]:
    for event in events:
        match event:
            case Opened() | Resumed():
                yield Decision(event.at, starter(event.by), DECISIONS[event.kind])
            case Approved() | Answered() | ByHand():
                kind = decided_how(event)
                step = plan.by_id.get(event.step)
                does = Text(en=event.step) if step is None else step.does
                at = event.when if isinstance(event, ByHand) else event.at
                yield Decision(at, _acting(event.by, step), DECISIONS[kind], does)
            case AbortAsked():
                yield Decision(
                    event.at, starter(event.by), DECISIONS["abort-undo" if event.undo else "abort-asked"]
                )
            case _:
                pass


def _acting(by: str, step: PlannedStep | None) -> Text:
    """Name a person with the role that the step asked for, when the name does not say it already."""
    asked = None if step is None else step.by or (step.approve.by if step.approve else None)
    if asked is None or asked == by:
        return Text(en=by)
    called = role(asked)
    return Text(en=f"{by} ({called.en.removeprefix('the ')})", da=f"{by} ({called.in_('da')})")


def _happened(told: Told, language: Language, zone: tzinfo) -> Iterator[str]:
    report, status = told.report, told.status
    began = (
        SENTENCES["began"]
        .in_(language)
        .format(
            day=day(report.opened_at, zone, language),
            hour=hour(report.opened_at, zone, language),
            who=plain(starter(report.opened_by).in_(language))[:LONGEST],
            title=_tell(report.title, language, LONGEST),
        )
    )
    yield began[:1].upper() + began[1:]
    yield _tell(report.why, language, LONGEST)
    yield report.verdict.in_(language)
    if report.left and report.outcome != "done":
        yield SENTENCES["left"].in_(language).format(count=len(report.left))
    if status.checked is not None and status.checks:
        check = _tell(status.checks[-1].text, language, LONGEST)
        yield (
            SENTENCES["seen"]
            .in_(language)
            .format(hour=_capital(hour(status.checked, zone, language)), check=check)
        )
    elif status.changes:
        yield SENTENCES["unseen"].in_(language)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _leaning(status: Status, language: Language) -> str:
    leaning = (one.title for one in status.affected if one.through is not None)
    names = [_tell(one, language, LONGEST_NAME) for one in leaning]
    shown = ", ".join(names[:MOST_NAMES])
    left = len(names) - MOST_NAMES + status.more["affected"]
    more = f" {SENTENCES['more'].in_(language).format(count=left)}" if left > 0 else ""
    return SENTENCES["leans"].in_(language).format(names=shown + more) if names else ""


def _spans(told: Told, language: Language) -> Iterator[Span]:
    def say(key: str, **values: Any) -> str:
        return SENTENCES[key].in_(language).format(**values)

    report, status = told.report, told.status
    rto = told.promise.rto if told.promise else told.targets.rto if told.targets else None
    promised = say("nothing-promised") if rto is None else span(rto.total_seconds(), language)
    measured = told.measured.rta if told.measured else None
    if status.concern.reach == "touches":
        yield Span(
            SENTENCES["from-disruption"],
            say("not-measured") if measured is None else span(measured.total_seconds(), language),
            promised,
            say("cannot-tell") if measured is None or rto is None else _against(measured, rto, language),
        )
    if told.promise is not None:
        served = _served(report, told.promise)
        yield Span(
            SENTENCES["as-promised"],
            say("not-seen") if served is None else span(served.total_seconds(), language),
            promised,
            say("cannot-tell") if served is None else _against(served, told.promise.rto, language),
        )
    elif status.changes:
        until = None if status.checked is None else status.checked - report.opened_at
        # The disruption began before the work did, so that a short piece of work proves nothing, and a long one does.
        over = until is not None and rto is not None and until > rto
        yield Span(
            SENTENCES["from-start"],
            say("not-seen") if until is None else span(until.total_seconds(), language),
            promised,
            _against(until, rto, language) if over and until and rto else say("cannot-tell"),
        )
    waited = (
        f" ({say('people')}: {span(report.waited_for_people, language)})" if report.waited_for_people else ""
    )
    yield Span(SENTENCES["in-all"], span(report.seconds, language) + waited, "", "")


def _served(report: Report, promise: Promise) -> timedelta | None:
    """Measure what was promised: from where the promise counts, until it was seen to be back."""
    ends = {one.id: one.ended for one in report.steps if one.stand == "done"}
    began = report.opened_at if promise.since is None else ends.get(promise.since)
    served = ends.get(promise.served_again)
    return served - began if began and served else None


def _against(measured: timedelta, promised: timedelta, language: Language) -> str:
    if measured <= promised:
        return SENTENCES["kept"].in_(language)
    over = span((measured - promised).total_seconds(), language)
    return SENTENCES["missed"].in_(language).format(by=over)


def _lost(told: Told, language: Language) -> str:
    if told.promise is not None and told.promise.supplier is not None:
        return (
            SENTENCES["lost-theirs"]
            .in_(language)
            .format(supplier=plain(told.promise.supplier)[:LONGEST_NAME])
        )
    rpo = told.targets.rpo if told.targets else None
    promised = "" if rpo is None else span(rpo.total_seconds(), language)
    one = told.measured
    if one is not None and one.lost is not None:
        return (
            SENTENCES["lost-measured"]
            .in_(language)
            .format(lost=one.lost, all=one.entries, rpo=promised or "-")
        )
    return SENTENCES["lost-unknown" if rpo else "lost-nothing-promised"].in_(language).format(rpo=promised)


def _parts(report: Report, language: Language) -> list[Part]:
    """Tell the steps one by one when they are few; else together with those beside them, so that none is left out."""
    ran = [one for one in report.steps if one.skipped is None]
    groups = [[one] for one in ran]
    if len(groups) > MOST_PARTS:
        groups = [list(ones) for _, ones in groupby(ran, key=lambda one: _PART.split(one.id)[0])]
    if len(groups) > MOST_PARTS:
        groups = [list(chain(*groups[first:last])) for first, last in _shares(len(groups))]
    return [_part(ones, language) for ones in groups]


def _shares(many: int) -> Iterator[tuple[int, int]]:
    return ((n * many // MOST_PARTS, (n + 1) * many // MOST_PARTS) for n in range(MOST_PARTS))


def _part(ones: Sequence[StepAccount], language: Language) -> Part:
    done = sum(one.stand in ("done", "not needed") for one in ones)
    began = min((one.started for one in ones if one.started), default=None)
    ended = max((one.ended for one in ones if one.ended), default=None)
    wrong = _wrong(ones)
    if len(ones) == 1:
        stands = STANDS[ones[0].stand].in_(language)
        return Part(ones[0].does, began, ones[0].seconds, stands)
    stands = SENTENCES["parts"].in_(language).format(done=done, all=len(ones))
    stands += SENTENCES["failed"].in_(language).format(count=wrong) if wrong else ""
    what = _from_to(ones[0].does, ones[-1].does)
    seconds = (ended - began).total_seconds() if began and ended else None
    return Part(what, began, seconds, stands)


def _from_to(first: Text, last: Text) -> Text:
    """Name several steps by the first and the last of them."""
    half = NARROW_LINE // 2 - 2
    ends = [clipped(one, half) for one in (first, last)]
    return Text(en=" … ".join(one.en for one in ends), da=" … ".join(one.in_("da") for one in ends))


def _wrong(ones: Sequence[StepAccount]) -> int:
    return sum(one.stand in ("failed", "in doubt", "undo failed", "undo in doubt") for one in ones)


@cache
def _template() -> jinja2.Template:
    source = files("seawall.page").joinpath("sheets.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)
