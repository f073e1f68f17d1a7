"""What dies is started again, later each time, and never given up."""

from __future__ import annotations

import itertools
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from console.terminal.serve.patience import (
    FIRST,
    FORGIVEN_AFTER,
    LONGEST,
    SLOWLY,
    TOO_MANY,
    Life,
    seen_dead,
    seen_up,
)

SECOND = timedelta(seconds=1)
LIVES = st.lists(st.timedeltas(timedelta(), timedelta(hours=1)), max_size=40)
"""How long a program lives each time it is started; a short one never comes up."""


def lived(lives: list[timedelta], *, comes_up_after: timedelta = SECOND) -> list[tuple[timedelta, Life]]:
    """Start a program as soon as it may be, each time it dies, and return each start and the life before it."""
    now, life, starts = timedelta(), Life(), []
    for length in lives:
        now = max(now, life.not_before)
        starts.append((now, life))
        if length >= comes_up_after:
            life = seen_up(life, now + comes_up_after)
        now += length
        if life.up_since is not None:
            life = seen_up(life, now)
        life = seen_dead(life, now)
    return [*starts, (max(now, life.not_before), life)]


@given(LIVES)
def test_a_program_that_ended_is_always_started_again_and_never_later_than_slowly(lives: list[timedelta]):
    starts = lived(lives)

    for length, (began, _), (again, life) in zip(lives, starts, starts[1:], strict=False):
        assert FIRST <= again - began - length <= SLOWLY
        assert life.may_start(again)
        assert not life.may_start(again - timedelta(milliseconds=1))


@given(st.integers(1, 40))
def test_a_program_that_dies_at_once_is_started_less_and_less_often(deaths: int):
    starts = [began for began, _ in lived([timedelta()] * deaths)]
    waits = [after - before for before, after in itertools.pairwise(starts)]

    assert waits == sorted(waits)
    assert waits[: TOO_MANY - 1] == [min(LONGEST, FIRST * 2**n) for n in range(min(deaths, TOO_MANY - 1))]
    assert set(waits[TOO_MANY - 1 :]) <= {SLOWLY}


@given(LIVES)
def test_in_an_hour_a_program_is_started_a_bounded_number_of_times_unless_it_lives(lives: list[timedelta]):
    short = [min(length, FORGIVEN_AFTER - 2 * SECOND) for length in lives]
    starts = [began for began, _ in lived(short)]

    for first in starts:
        soon = [one for one in starts if first <= one < first + timedelta(hours=1)]
        assert len(soon) <= TOO_MANY + timedelta(hours=1) // SLOWLY + 1


def test_it_is_red_after_too_many_deaths_and_well_again_after_being_up_for_long():
    life = Life()
    for n in range(TOO_MANY):
        assert not life.red
        life = seen_dead(life, n * LONGEST)
    assert life.red

    now = timedelta(hours=1)
    life = seen_up(life, now)
    assert seen_up(life, now + FORGIVEN_AFTER - SECOND).red
    assert not seen_up(life, now + FORGIVEN_AFTER).red
    assert life.restarts == TOO_MANY
