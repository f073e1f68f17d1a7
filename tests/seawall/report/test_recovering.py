"""A supplier's promise is judged by what was seen, from where it counts; what was lost there is not measured."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from seawall.journal import FIRST, Answered, Asked, Event, Line, Opened, Succeeded, WentAlone, line_for
from seawall.model import Text
from seawall.plan import Plan, Promise
from seawall.report.account import Report
from seawall.report.making import make_report
from seawall.report.markdown import to_markdown
from seawall.report.page import to_page
from seawall.signed import Signed
from tests.fakes import MIDNIGHT
from tests.seawall.plans import a_look, a_persons, a_plan

ZONE = ZoneInfo("Europe/Copenhagen")
THEIRS = Promise(
    service="register", supplier="Registerhuset", rto=timedelta(minutes=15), since="call", served_again="back"
)
OURS = Promise(service="login", supplier=None, rto=timedelta(minutes=15), since=None, served_again="back")


def after(minutes: float):
    return MIDNIGHT + timedelta(minutes=minutes)


def report_of(*events: Event, promise: Promise | None = THEIRS) -> Report:
    plan: Plan = a_plan(a_persons("call"), a_look("back", "call")).model_copy(update={"promise": promise})
    opened = Opened(
        at=MIDNIGHT,
        run="r",
        plan=plan.digest,
        runbook=plan.runbook,
        title=plan.title,
        exercise=True,
        by="anna",
        version="0",
    )
    lines: list[Line] = []
    for event in (opened, *events):
        lines.append(line_for(event, n=len(lines) + 1, prev=lines[-1].hash if lines else FIRST))
    return make_report(plan, lines, run="r", made_at=after(600), version="0")


def called(at: float) -> list[Event]:
    asked = Asked(at=MIDNIGHT, step="call", what="person", of="duty-officer", until=after(15))
    return [asked, Answered(at=after(at), step="call", by="bo", answer="happened", note="SAG-1")]


def back(at: float) -> Event:
    return Succeeded(at=after(at), step="back", attempt=1, seen=None, summary="it answers")


@pytest.mark.parametrize(("minutes", "kept"), [(16.9, True), (17, True), (17.1, False), (40, False)])
def test_a_promise_counts_from_the_call_and_is_judged_to_the_instant(minutes, kept):
    told = report_of(*called(2), back(minutes)).recovery
    assert told is not None
    assert told.kept is kept
    assert told.judged_seconds == round((minutes - 2) * 60, 3)
    assert told.rta_seconds == round(minutes * 60, 3)
    assert told.rpa_seconds is None


def test_what_is_not_back_yet_is_late_only_when_it_is():
    assert report_of(*called(2)).recovery.kept is None  # type: ignore[union-attr]
    late = report_of(
        *called(2), Asked(at=after(40), step="call", what="doubt", of="operator", until=after(50))
    )
    assert late.recovery.kept is False  # type: ignore[union-attr]
    assert late.recovery.judged_seconds is None  # type: ignore[union-attr]
    assert report_of().recovery.kept is None  # type: ignore[union-attr]


def test_a_run_without_a_promise_says_nothing_of_it():
    told = report_of(*called(2), back(5), promise=None)
    assert told.recovery is None
    assert "recovery" not in told.model_dump()
    assert "Against the promise" not in to_markdown(told, "en", ZONE)


def test_it_reads_in_both_languages_in_every_form():
    told = report_of(*called(2), back(40))
    for form in (to_markdown, to_page):
        english, danish = form(told, "en", ZONE), form(told, "da", ZONE)
        for text in (
            "38 min, and 15 min was promised by Registerhuset: missed by 23 min",
            "40 min from the beginning of the run",
            "not measured: Registerhuset runs it, and nothing of ours is written there",
        ):
            assert text in english
        for text in (
            "38 min, og Registerhuset har lovet 15 min: overskredet med 23 min",
            "ikke målt: Registerhuset driver den, og intet af vores skrives der",
        ):
            assert text in danish


def test_what_a_person_noted_stands_in_the_timeline_in_both_languages():
    told = report_of(*called(2), back(5))
    (said,) = (one.text for one in told.timeline if one.kind == "answered")
    assert said.en == "call: bo said that it happened; noted: SAG-1 (typed)"
    assert said.in_("da") == "call: bo sagde, at det er sket; noteret: SAG-1 (tastet)"


def test_our_own_promise_is_the_citys_and_counts_from_the_beginning():
    text = to_markdown(report_of(*called(2), back(5), promise=OURS), "en", ZONE)
    assert "5 min, and 15 min was promised by the city: kept" in text
    assert "not measured: only a drill counts it" in text
    assert "Away in all" not in text


def test_a_report_of_it_reads_back_what_it_writes():
    told = report_of(*called(2), back(40))
    assert Report.model_validate_json(told.model_dump_json()) == told
    assert Text.model_validate(told.title) == told.title


@pytest.mark.parametrize(
    ("signatures", "how"), [((), "typed"), ((Signed(statement="{}", signature="x"),) * 2, "signed")]
)
def test_a_run_that_two_let_go_on_with_one_place_left_is_told_and_whether_they_signed(signatures, how):
    alone = WentAlone(at=after(1), by=("bo", "erik"), silent=("north", "south"), signatures=signatures)
    report = report_of(alone)
    said = report.timeline[1]
    assert said.by == "bo, erik"
    assert (
        said.text.en
        == f"bo and erik let the run go on without a majority of the places; silent: north, south ({how})"
    )
    assert said.text.en in to_markdown(report, "en", ZONE)
    assert "lod kørslen gå videre" in to_page(report, "da", ZONE)
