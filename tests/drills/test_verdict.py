from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.scorecard import Judged, RunHeld, Verdict, minutes, seconds
from drills.verdict import verdict
from seawall.inventory import Targets
from seawall.journal import Outcome
from seawall.model import Text

SECOND = timedelta(seconds=1)
TARGETS = Targets(
    rto=900 * SECOND, rpo=30 * SECOND, mtpd=14400 * SECOND, approved_by="dr-manager", on=date(2026, 10, 1)
)
GOOD = Judged(that=Text(en="It works"), met=True, because=Text(en="After 4 s"))
FALSE = Judged(that=Text(en="It works"), met=False, because=Text(en="Never"))
LATE = Judged(that=Text(en="It works"), met=False, because=Text(en="After 20 s"), late_by=5 * SECOND)
UNKNOWN = Judged(that=Text(en="It works"), met=None, because=Text(en="Nobody looked"))
RUN = RunHeld(runbook="failover", folder="r1", outcome=Outcome.DONE, refused_for=SECOND, lost=0)


def judged(
    *expectations: Judged, rta: float | None = 4, rpa: float | None = 0, lost: int | None = 0, **more
) -> Verdict:
    return verdict(
        targets=more.pop("targets", TARGETS),
        rta=None if rta is None else rta * SECOND,
        rpa=None if rpa is None else rpa * SECOND,
        lost=lost,
        expectations=expectations or (GOOD,),
        runs=more.pop("runs", (RUN,)),
        **more,
    )


def test_in_time_and_all_well_is_passed():
    assert judged().kind == "passed"
    assert judged().headline.en == "Passed"


def test_a_drill_that_meets_its_rto_and_fails_verification_is_failed():
    assert judged(GOOD, FALSE, rta=4).kind == "failed"


def test_one_that_passes_late_is_recovered_target_missed_by_so_much():
    found = judged(rta=900 + 192)
    assert found.kind == "late"
    assert found.headline.en == "Recovered, target missed by 03:12"
    assert found.headline.da == "Genoprettet, målet overskredet med 03:12"


def test_a_limit_of_the_scenario_that_was_missed_is_late_too():
    assert judged(LATE).missed_by == 5 * SECOND


def test_an_rpo_that_was_missed_is_late_by_the_difference():
    assert judged(rpa=42, lost=9).missed_by == 12 * SECOND


def test_late_says_the_most_it_was_missed_by():
    assert judged(LATE, rta=1000, rpa=31).missed_by == 100 * SECOND


def test_a_loss_that_reaches_nobody_knows_how_far_is_failed():
    assert judged(rpa=None, lost=3).kind == "failed"


def test_a_service_that_did_not_come_back_is_failed():
    assert judged(rta=None).kind == "failed"


def test_what_cannot_be_told_is_not_known_and_never_passed():
    assert judged(UNKNOWN).kind == "unknown"
    assert judged(lost=None, rpa=None).kind == "unknown"


def test_false_outweighs_unknown_and_unknown_outweighs_late():
    assert judged(FALSE, UNKNOWN, LATE).kind == "failed"
    assert judged(UNKNOWN, LATE).kind == "unknown"


def test_a_drill_that_was_broken_off_is_not_known_whatever_was_seen_until_then():
    assert judged(FALSE, broken_off=Text(en="Ctrl-C")).kind == "unknown"


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.DONE])
def test_a_run_that_did_not_go_through_fails_the_drill(outcome):
    assert judged(runs=(RUN, RUN.model_copy(update={"outcome": outcome}))).kind == "failed"


def test_without_targets_only_what_was_expected_counts():
    assert judged(rta=10_000, targets=None).kind == "passed"


def test_every_verdict_but_passed_says_why():
    for found in (judged(FALSE), judged(LATE), judged(UNKNOWN), judged(rta=1000), judged(rta=None)):
        assert found.because
        assert all(one.en and one.da for one in found.because)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0 s"), (0.0003, "1 ms"), (0.012, "12 ms"), (0.214, "0.21 s"), (3.94, "3.9 s"), (15, "15 s"),
        (247.2, "04:07 min"), (900, "15 min"), (14400, "4 h"), (60, "1 min"),
    ],
)  # fmt: skip
def test_a_span_is_written_as_people_say_it(length, text):
    assert seconds(timedelta(seconds=length)) == text


def test_danish_has_a_decimal_comma_and_its_own_hours():
    assert (seconds(3.94 * SECOND, "da"), seconds(14400 * SECOND, "da"), seconds(None, "da")) == (
        "3,9 s",
        "4 t",
        "–",
    )


@given(st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(hours=2)))
def test_missed_by_something_is_never_missed_by_nothing(span):
    assert minutes(span) != "00:00"
