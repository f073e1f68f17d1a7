from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from drills.count import count_lost
from drills.judge import Observed, judge, judge_mark, still_open
from drills.ledger import Tried
from drills.outside import Told
from drills.primaries import Doubles, Span
from drills.scenario import Expectation
from seawall.messages import MARK
from tests.drills.ledgers import accepted, at, refused
from tests.drills.small_city import small_city

CITY = small_city()
READ = TypeAdapter[Expectation](Expectation)
ACCEPTS = {"that": "service accepts writes", "service": "login", "at": "south", "within": "15s"}
TOLD = {"that": "people are told", "audience": "coordinators", "by": "email", "within": "60s"}


def expectation(**fields: object) -> Expectation:
    return READ.validate_python(fields)


def seen(*tries: Tried, now: float = 100, **more) -> Observed:
    return Observed(since=at(0), now=at(now), fault=at(0), tries=tries, told=more.pop("told", ()), **more)


def back_at(seconds: float, site: str | None = "south") -> tuple[Tried, ...]:
    return (refused(0, 0.1), *(accepted(seq, seconds + seq / 10, site=site) for seq in range(5)))


def mail(to: str, seconds: float, text: str = MARK) -> Told:
    return Told(at(seconds), "email", to, (text,))


@pytest.mark.parametrize(("seconds", "met", "late"), [(4, True, None), (15, True, None), (18, False, 3)])
def test_accepting_writes_is_met_in_time_and_late_after_it(seconds, met, late):
    judged = judge(expectation(**ACCEPTS), seen(*back_at(seconds)), CITY)
    assert judged.met is met
    assert judged.late_by == (timedelta(seconds=late) if late else None)


def test_accepting_writes_never_is_false_and_not_late():
    judged = judge(expectation(**ACCEPTS), seen(refused(0, 1), accepted(0, 2, site="south")), CITY)
    assert (judged.met, judged.late_by) == (False, None)


def test_accepting_writes_at_another_site_is_false():
    assert judge(expectation(**ACCEPTS), seen(*back_at(4, "north")), CITY).met is False


def test_a_service_that_does_not_say_where_it_answers_from_is_not_known():
    assert judge(expectation(**ACCEPTS), seen(*back_at(4, None)), CITY).met is None


def test_without_a_site_any_will_do():
    wanted = expectation(that="service accepts writes", service="login", within="15s")
    assert judge(wanted, seen(*back_at(4, None)), CITY).met is True


@pytest.mark.parametrize(
    ("both", "unseen", "looks", "met"),
    [
        ((), (), 100, True),
        ((Span(at(1), at(2)),), (), 100, False),
        ((), (Span(at(1), at(2)),), 100, None),
        ((), (), 0, None),
    ],
)
def test_two_primaries_are_false_and_what_was_not_seen_is_not_known(both, unseen, looks, met):
    found = seen(doubles=Doubles(both, unseen, looks))
    assert judge(expectation(that="no two primaries"), found, CITY).met is met


def test_a_watch_that_is_not_over_tells_nothing():
    assert judge(expectation(that="no two primaries"), seen(), CITY).met is None


def test_lost_writes_are_counted_or_not_known():
    tries = [accepted(seq, seq) for seq in range(10)]
    loss = count_lost(tries, {(0, seq) for seq in range(7)}, disruption=at(20))
    counted = expectation(that="every lost write is counted")
    assert judge(counted, seen(loss=loss), CITY).met is True
    assert judge(counted, seen(loss=loss), CITY).because.en == "3 of 10 acknowledged writes are lost"
    assert judge(counted, seen(), CITY).met is None
    assert judge(expectation(that="lost writes", at_most=3), seen(loss=loss), CITY).met is True
    assert judge(expectation(that="lost writes", at_most=2), seen(loss=loss), CITY).met is False
    assert judge(expectation(that="lost writes", at_most=2), seen(), CITY).met is None


def test_refused_for_longer_than_said_is_late_and_still_refused_is_false():
    wanted = expectation(that="writes are refused", at_most="1s")
    assert judge(wanted, seen(*back_at(0.5)), CITY).met is True
    assert judge(wanted, seen(*back_at(3)), CITY).late_by == at(2) - refused(0, 0.1).began
    still = judge(wanted, seen(refused(0, 1)), CITY)
    assert (still.met, still.late_by) == (False, None)


def test_people_are_told_when_the_last_of_them_is():
    told = (mail("commander@lilleby.example", 5), mail("clerk@lilleby.example", 70))
    judged = judge(expectation(**TOLD), seen(told=told), CITY)
    assert (judged.met, judged.late_by) == (False, timedelta(seconds=10))
    assert (
        judge(expectation(**TOLD), seen(told=(*told, mail("clerk@lilleby.example", 6))), CITY).late_by
        is not None
    )


def test_one_who_was_not_told_is_counted_and_not_named():
    judged = judge(expectation(**TOLD), seen(told=(mail("commander@lilleby.example", 5),)), CITY)
    assert judged.met is False
    assert judged.because.en == "1 of 2 got nothing"


def test_a_message_of_before_tells_nobody():
    told = (mail("commander@lilleby.example", -5), mail("clerk@lilleby.example", -5))
    assert judge(expectation(**TOLD), seen(told=told), CITY).met is False


def test_an_audience_without_the_channel_cannot_be_told():
    judged = judge(expectation(**{**TOLD, "by": "slack"}), seen(), CITY)
    assert judged.met is False


def test_nothing_proposed_is_met_and_a_proposal_is_false():
    wanted = expectation(that="nothing is proposed", within="60s")
    assert judge(wanted, seen(), CITY).met is True
    assert judge(wanted, seen(proposed=at(4)), CITY).met is False


@pytest.mark.parametrize("texts", [("Login er flyttet",), (MARK, "Login"), (f"  {MARK}",)])
def test_one_message_without_the_mark_is_enough(texts):
    told = (mail("a@lilleby.example", 1), Told(at(2), "slack", "C1", texts))
    judged = judge_mark(told)
    assert judged.met is False
    assert "@" not in judged.because.en


def test_messages_with_the_mark_are_fine_and_so_are_none():
    assert judge_mark((mail("a@lilleby.example", 1, f"{MARK}: Login"),)).met is True
    assert judge_mark(()).met is True


@pytest.mark.parametrize(
    ("wanted", "found", "waits"),
    [
        (ACCEPTS, seen(refused(0, 1), now=5), True),
        (ACCEPTS, seen(*back_at(4), now=5), False),
        (ACCEPTS, seen(*back_at(20), now=30), False),
        (TOLD, seen(now=5), True),
        ({"that": "nothing is proposed", "within": "60s"}, seen(now=5), True),
        ({"that": "nothing is proposed", "within": "60s"}, seen(now=61), False),
        ({"that": "nothing is proposed", "within": "60s"}, seen(now=5, proposed=at(4)), False),
        ({"that": "no two primaries"}, seen(now=5), False),
    ],
)
def test_waiting_ends_when_nothing_can_come_true_any_more(wanted, found, waits):
    assert still_open(expectation(**wanted), found, CITY) is waits
