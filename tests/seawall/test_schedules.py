"""What was due is held against what ran; in the nights when the clock is changed too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from seawall.schedules import EARLY, Kept, Ran, Schedule, due_after, due_before, next_dues, overdue

HOME = ZoneInfo("Europe/Copenhagen")
NOON = datetime(2026, 11, 21, 12, tzinfo=HOME)
CRONS = st.sampled_from(
    ["30 2 * * *", "0 10 * * 2", "*/7 * * * *", "0 * * * *", "45 1,2,3 * * *", "0 3 29 2 *", "59 23 L * *"]
)
START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(), timedelta(days=1800)).map(lambda later: START + later)


def schedule(cron: str = "30 2 * * *", *, grace: timedelta = timedelta(hours=2)) -> Schedule:
    return Schedule(
        name="nightly", flow="verify-backups", cron=cron, timezone="Europe/Copenhagen", grace=grace
    )


def ran(began: datetime, *, well: bool = True) -> Ran:
    return Ran(what="a-run", began=began, ended=began + timedelta(minutes=5), well=well)


def local(at: datetime | None) -> str:
    assert at is not None
    return f"{at.astimezone(HOME):%Y-%m-%d %H:%M %Z}"


def test_a_time_is_due_on_the_citys_clock_in_summer_and_in_winter():
    july = datetime(2026, 7, 1, 12, tzinfo=HOME)

    assert due_after(schedule(), july) == datetime(2026, 7, 2, 0, 30, tzinfo=UTC)
    assert due_after(schedule(), NOON) == datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("eve", "dues"),
    [
        # In the night of the change the hour from two to three is left out: half past two is half past one.
        ("2027-03-27", ["2027-03-28 01:30 CET", "2027-03-29 02:30 CEST"]),
        # The hour from two to three comes twice: it is due the first time.
        ("2026-10-24", ["2026-10-25 02:30 CEST", "2026-10-26 02:30 CET"]),
    ],
)
def test_when_the_clock_is_changed_every_night_is_due_once(eve: str, dues: list[str]):
    found = next_dues(schedule(), datetime.fromisoformat(f"{eve}T12:00+01:00"), 2)

    assert [local(one) for one in found] == dues


@given(CRONS, MOMENTS)
def test_what_is_due_next_is_later_and_nothing_is_due_between(cron: str, at: datetime):
    after = due_after(schedule(cron), at)
    assert after is not None

    assert after > at
    assert due_before(schedule(cron), after) == after
    before = due_before(schedule(cron), at)
    assert before is not None
    assert before <= at
    assert due_before(schedule(cron), after - timedelta(seconds=1)) == before


@given(CRONS, MOMENTS, st.integers(1, 6))
def test_next_dues_are_the_ones_that_come_one_after_another(cron: str, at: datetime, count: int):
    one_by_one = []
    here = at
    for _ in range(count):
        following = due_after(schedule(cron), here)
        assert following is not None
        one_by_one.append(here := following)

    assert list(next_dues(schedule(cron), at, count)) == one_by_one


@given(MOMENTS, st.timedeltas(timedelta(), timedelta(days=400)))
def test_a_nightly_schedule_is_due_once_in_every_24_hours_give_or_take_an_hour(
    at: datetime, later: timedelta
):
    first = due_after(schedule(), at + later)
    assert first is not None
    second = due_after(schedule(), first)
    assert second is not None

    assert timedelta(hours=22) < second - first < timedelta(hours=26)


def test_nothing_is_overdue_before_its_first_time_since_it_is_kept():
    stands = overdue(schedule(), None, kept_since=NOON, now=NOON + timedelta(hours=14))

    assert (stands.kept, local(stands.next_due)) == (Kept.NOT_DUE, "2026-11-22 02:30 CET")


def test_what_never_ran_is_overdue_after_its_first_time_and_its_grace():
    due = datetime(2026, 11, 22, 2, 30, tzinfo=HOME)

    in_time = overdue(schedule(), None, kept_since=NOON, now=due + timedelta(hours=2, seconds=-1))
    late = overdue(schedule(), None, kept_since=NOON, now=due + timedelta(days=3))

    assert in_time.kept is Kept.NOT_DUE
    assert (late.kept, late.missed, late.late) == (Kept.OVERDUE, due, timedelta(days=3))


def test_a_run_by_hand_after_the_missed_time_ends_being_overdue():
    due = datetime(2026, 11, 22, 2, 30, tzinfo=HOME)
    now = due + timedelta(hours=8)

    before = overdue(schedule(), ran(due - timedelta(hours=1)), kept_since=NOON, now=now)
    after = overdue(schedule(), ran(due + timedelta(hours=7)), kept_since=NOON, now=now)

    assert (before.kept, before.missed) == (Kept.OVERDUE, due)
    assert after.kept is Kept.ON_TIME


def test_a_run_that_began_seconds_early_is_the_one_that_was_due():
    due = datetime(2026, 11, 22, 2, 30, tzinfo=HOME)
    began = due - timedelta(milliseconds=300)

    assert overdue(schedule(), ran(began), kept_since=NOON, now=due + timedelta(hours=9)).kept is Kept.ON_TIME


def test_one_that_was_interrupted_has_not_run():
    due = datetime(2026, 11, 22, 2, 30, tzinfo=HOME)
    cut = Ran(what="a-run", began=due)

    assert overdue(schedule(), cut, kept_since=NOON, now=due + timedelta(hours=3)).kept is Kept.OVERDUE
    going_on = cut.model_copy(update={"under_way": True})
    assert overdue(schedule(), going_on, kept_since=NOON, now=due + timedelta(hours=3)).kept is Kept.UNDER_WAY


def test_a_schedule_that_nobody_ever_kept_is_not_called_overdue():
    assert overdue(schedule(), None, kept_since=None, now=NOON).kept is Kept.NOBODY


@given(
    CRONS,
    MOMENTS,
    st.timedeltas(timedelta(), timedelta(days=30)),
    st.timedeltas(timedelta(), timedelta(days=60)),
)
def test_a_schedule_whose_every_due_ran_in_time_is_never_overdue(
    cron: str, since: datetime, lateness: timedelta, passed: timedelta
):
    one = schedule(cron)
    now = since + passed
    required = due_before(one, now - one.grace)
    # Ran late, but within its grace.
    last = ran(required + min(lateness, one.grace)) if required is not None and required > since else None

    assert overdue(one, last, kept_since=since, now=now).kept is not Kept.OVERDUE


@given(CRONS, MOMENTS, st.timedeltas(timedelta(), timedelta(days=60)))
def test_a_schedule_that_missed_one_due_and_its_grace_is_overdue(cron: str, since: datetime, more: timedelta):
    one = schedule(cron)
    missed = due_after(one, since)
    assert missed is not None
    now = missed + one.grace + more

    for last in (None, ran(missed - EARLY - timedelta(seconds=1))):
        stands = overdue(one, last, kept_since=since, now=now)
        assert stands.kept is Kept.OVERDUE
        assert stands.missed is not None
        assert stands.missed <= missed or last is None
        assert stands.late == now - stands.missed


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("30 2 * *", "is not five fields"),
        ("* * * * * *", "is not five fields"),
        ("@daily", "is not five fields"),
        ("61 2 * * *", "bad minute"),
        ("0 0 31 2 *", "bad day-of-month"),
        ("0 0 * * mandag", "bad day-of-week"),
    ],
)
def test_a_time_that_is_none_says_what_is_wrong(cron: str, why: str):
    with pytest.raises(ValidationError, match=why):
        schedule(cron)


def test_a_zone_that_is_none_is_refused():
    with pytest.raises(ValidationError, match="no time zone such as Europe/Copenhagen"):
        Schedule(name="n", flow="drill", cron="0 1 * * *", timezone="Europe/Kobenhavn")
