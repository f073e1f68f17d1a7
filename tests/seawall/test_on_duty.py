"""Who is on duty: by the city's wall clock, one at every instant, also when the clocks are put forward and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from seawall.duties import WEEKDAYS, Duty
from seawall.inventory import Inventory
from seawall.on_duty import gaps_in_cover, handover, instant, is_away, on_duty, stretches

ZONES = ("Europe/Copenhagen", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
NAMES = ("ada", "bo", "carl", "dina")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def city(
    duty: dict[str, Any] | None = None, *, zone: str = "Europe/Copenhagen", **people: dict[str, Any]
) -> Inventory:
    """A city in which everybody may be on call, with one duty."""
    everybody = {
        name: {"title": name.title(), "roles": ["on-call"], "email": f"{name}@example.dk"}
        | people.get(name, {})
        for name in NAMES
    }
    return Inventory.model_validate(
        {
            "city": {"name": "town", "title": "Town", "timezone": zone},
            "sites": {},
            "people": everybody,
            "duties": {} if duty is None else {"on-call": duty},
        }
    )


def weekly(
    handed: str = "monday 08:00", since: str = "2026-01-05", people: tuple[str, ...] = NAMES[:2]
) -> dict[str, Any]:
    return {"weekly": {"handover": handed, "since": since, "people": list(people)}}


def wall(text: str, zone: str = "Europe/Copenhagen") -> datetime:
    return instant(datetime.fromisoformat(text), ZoneInfo(zone))


@st.composite
def rotations(draw) -> Inventory:
    """A weekly rotation in some zone, with a handover at any time of the day: also at one that a change leaves out."""
    since = draw(st.dates(date(2025, 1, 1), date(2026, 12, 31)))
    at = draw(st.sampled_from([time(0), time(2), time(2, 30), time(3), time(8), time(23, 59)]) | st.times())
    people = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    handed = f"{WEEKDAYS[since.weekday()]} {at:%H:%M}"
    return city(weekly(handed, str(since), tuple(people)), zone=draw(st.sampled_from(ZONES)))


@st.composite
def duties(draw) -> Inventory:
    """Anything a city may write: a rotation, dated turns, swaps, hours, people away, and deputies."""
    begins = datetime.fromisoformat("2026-10-01")
    spans = st.tuples(st.integers(0, 60 * 24), st.integers(1, 20 * 24)).map(
        lambda one: {
            "from": f"{begins + timedelta(hours=one[0]):%Y-%m-%d %H:%M}",
            "until": f"{begins + timedelta(hours=one[0] + one[1]):%Y-%m-%d %H:%M}",
        }
    )
    turns = st.lists(
        st.tuples(spans, st.sampled_from(NAMES)).map(lambda one: {**one[0], "person": one[1]}), max_size=3
    )
    duty: dict[str, Any] = {
        "dated": draw(turns),
        "swaps": draw(turns),
        "deputies": draw(st.lists(st.sampled_from(NAMES))),
    }
    if draw(st.booleans()) or not duty["dated"]:
        duty |= weekly(since="2026-10-05", people=tuple(draw(st.lists(st.sampled_from(NAMES), min_size=1))))
    if draw(st.booleans()):
        duty["hours"] = {"from": "02:15", "until": "17:30", "days": ["monday", "sunday"]}
    people = {
        name: {"away": draw(st.lists(spans, max_size=2)), "deputies": draw(st.lists(st.sampled_from(NAMES)))}
        for name in NAMES
    }
    return city(duty, zone=draw(st.sampled_from(ZONES)), **people)


def instants():
    hours = round(timedelta(days=3 * 365) / timedelta(minutes=1))
    return st.integers(0, hours).map(
        lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    )


@given(rotations(), instants())
def test_from_the_first_handover_on_somebody_is_always_on_duty(inventory, at):
    rotation = inventory.duties["on-call"].weekly
    begins = instant(datetime.combine(rotation.since, rotation.at), ZoneInfo(inventory.city.timezone))
    found = on_duty(inventory, "on-call", at)
    assert (found.person is None) == (at < begins)
    assert found.because == ("nobody" if at < begins else "rotation")


@given(rotations())
def test_a_handover_is_at_its_time_by_the_citys_clock_whatever_is_done_to_the_clock(inventory):
    rotation, zone = inventory.duties["on-call"].weekly, ZoneInfo(inventory.city.timezone)
    begins = instant(datetime.combine(rotation.since, rotation.at), zone)
    turns = list(stretches(inventory, "on-call", begins, begins + timedelta(days=400)))
    if len(rotation.people) == 1:
        assert len(turns) == 1
        return
    for one, then in pairwise(turns):
        assert abs((one.until - one.since) - timedelta(days=7)) <= timedelta(hours=1)
        assert one.until == then.since
        shown = one.until.astimezone(zone)
        left_out = shown.replace(tzinfo=None) != datetime.combine(shown.date(), rotation.at)
        wanted = datetime.combine(shown.date(), rotation.at).replace(tzinfo=zone)
        exists = wanted.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wanted.replace(tzinfo=None)
        assert not (left_out and exists), shown
        people = rotation.people
        assert people[(people.index(one.on_duty.person) + 1) % len(people)] == then.on_duty.person


@given(duties(), st.integers(0, 70 * 24 * 4))
def test_the_stretches_say_at_every_instant_what_on_duty_says(inventory, quarters):
    begins = datetime(2026, 9, 25, tzinfo=UTC)
    ends = begins + timedelta(days=75)
    found = list(stretches(inventory, "on-call", begins, ends))
    assert found[0].since == begins
    assert found[-1].until == ends
    assert all(one.until == then.since for one, then in pairwise(found))
    for one in found:
        asked = (one.since, one.until - timedelta(seconds=1), one.since + (one.until - one.since) / 2)
        assert all(on_duty(inventory, "on-call", at) == one.on_duty for at in asked)
    at = begins + timedelta(minutes=15 * quarters)
    assert next(one for one in found if one.since <= at < one.until).on_duty == on_duty(
        inventory, "on-call", at
    )


@given(duties(), st.integers(0, 70 * 24))
def test_nobody_who_is_away_is_on_duty_or_stands_in(inventory, hours):
    at = datetime(2026, 9, 25, tzinfo=UTC) + timedelta(hours=hours)
    found = on_duty(inventory, "on-call", at)
    named = [one for one in (found.person, *found.deputies) if one is not None]
    assert not any(is_away(inventory, one, at) for one in named)
    assert len(set(named)) == len(named)


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (SPRING, "2026-03-29T00:59:59", "2026-03-29T01:00:00"),
        (AUTUMN, "2026-10-25T00:29:59", "2026-10-25T00:30:00"),
    ],
)
def test_a_handover_in_the_hour_of_the_change_is_made_once(day, before, after):
    """02:30 is left out in spring, when it is 03:30 at once, and comes twice in autumn, when the first counts."""
    since = day - timedelta(weeks=10)
    inventory = city(weekly("sunday 02:30", str(since)))
    until = datetime.fromisoformat(before).replace(tzinfo=UTC) + timedelta(minutes=30 if day == SPRING else 0)
    then = datetime.fromisoformat(after).replace(tzinfo=UTC) + timedelta(minutes=30 if day == SPRING else 0)
    assert on_duty(inventory, "on-call", until).person == "bo"
    assert on_duty(inventory, "on-call", then).person == "ada"
    assert on_duty(inventory, "on-call", then + timedelta(hours=2)).person == "ada"


def test_a_swap_goes_before_a_date_and_a_date_before_the_rotation():
    span = {"from": "2026-11-16 08:00", "until": "2026-11-17 08:00"}
    duty = {**weekly(), "dated": [{**span, "person": "carl"}]}
    assert on_duty(city(weekly()), "on-call", wall("2026-11-16 12:00")).person == "bo"
    assert on_duty(city(duty), "on-call", wall("2026-11-16 12:00")).person == "carl"
    assert on_duty(
        city({**duty, "swaps": [{**span, "person": "dina"}]}), "on-call", wall("2026-11-16 12:00")
    ).person == ("dina")
    assert on_duty(city(duty), "on-call", wall("2026-11-17 08:00")).person == "bo"


def test_whoever_is_away_is_stood_in_for_by_their_own_deputy_first():
    away = {"away": [{"from": "2026-11-20", "until": "2026-11-20"}], "deputies": ["carl"]}
    inventory = city({**weekly(), "deputies": ["dina", "ada"]}, bo=away)
    found = on_duty(inventory, "on-call", wall("2026-11-20 23:59"))
    assert (found.person, found.because, found.instead_of) == ("carl", "deputy", "bo")
    assert found.deputies == ("dina", "ada")
    assert on_duty(inventory, "on-call", wall("2026-11-21 00:00")).person == "bo"


def test_a_deputy_without_the_role_stands_in_for_nobody():
    away = {"away": [{"from": "2026-11-20", "until": "2026-11-20"}], "deputies": ["carl"]}
    inventory = city(weekly(), bo=away, carl={"roles": ["driver"]})
    found = on_duty(inventory, "on-call", wall("2026-11-20 12:00"))
    assert (found.person, found.because, found.instead_of) == (None, "nobody", "bo")


def test_hours_without_anybody_are_named_and_hours_outside_are_none():
    inventory = city({"dated": [{"from": "2026-11-16", "until": "2026-11-17", "person": "ada"}]})
    since, until = wall("2026-11-15 12:00"), wall("2026-11-19 00:00")
    assert [(one.since, one.until) for one in gaps_in_cover(inventory, "on-call", since, until)] == [
        (since, wall("2026-11-16 00:00")),
        (wall("2026-11-18 00:00"), until),
    ]
    inventory = city({**weekly(), "hours": {"from": "08:00", "until": "16:00", "days": ["monday"]}})
    assert list(gaps_in_cover(inventory, "on-call", since, until)) == []
    assert on_duty(inventory, "on-call", wall("2026-11-16 15:59")).person == "bo"
    assert on_duty(inventory, "on-call", wall("2026-11-16 16:00")).because == "outside hours"
    assert on_duty(inventory, "on-call", wall("2026-11-17 12:00")).because == "outside hours"


def test_the_next_handover_is_to_another_person():
    at, then = handover(city(weekly()), "on-call", wall("2026-11-21 12:00")) or (None, None)
    assert at == wall("2026-11-23 08:00")
    assert then is not None
    assert then.person == "ada"
    assert handover(city(weekly(people=("ada",))), "on-call", wall("2026-11-21 12:00")) is None


def test_a_role_without_a_roster_says_so():
    assert on_duty(city(), "on-call", wall("2026-11-21 12:00")).because == "no roster"
    assert handover(city(), "on-call", wall("2026-11-21 12:00")) is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (weekly("mandag 08:00"), "no weekly time"),
        (weekly("monday 25:00"), "no weekly time"),
        (weekly(since="2026-11-17"), "that week's was 2026-11-16"),
        (weekly(people=()), "at least 1"),
        ({}, "says who has it"),
        ({"dated": [{"from": "2026-11-17", "until": "2026-11-16", "person": "ada"}]}, "before it begins"),
        ({"dated": [{"from": "2026-11-31", "until": "2026-12-01", "person": "ada"}]}, "no time such as"),
        ({**weekly(), "hours": {"from": "17:00", "until": "08:00"}}, "must come before"),
        ({**weekly(), "hours": {"from": "8", "until": "16:00"}}, "no time of day"),
    ],
)
def test_what_cannot_be_meant_is_said(wrong, said):
    with pytest.raises(ValidationError, match=said):
        Duty.model_validate(wrong)


@given(duties())
def test_a_duty_reads_back_what_it_writes(inventory):
    duty = inventory.duties["on-call"]
    assert Duty.model_validate_json(duty.model_dump_json(by_alias=True)) == duty
