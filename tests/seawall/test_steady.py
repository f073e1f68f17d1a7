from __future__ import annotations

from datetime import UTC, datetime, timedelta

from seawall.steady import steady

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def test_a_wall_clock_that_is_set_under_a_run_moves_none_of_its_limits():
    wall = [NIGHT]
    clock = steady(lambda: wall[0])
    before = clock()
    wall[0] += timedelta(hours=1)
    assert timedelta() <= clock() - before < timedelta(minutes=1)
    assert clock() < NIGHT + timedelta(minutes=1)


def test_it_goes_on_by_itself():
    clock = steady(lambda: NIGHT)
    first = clock()
    assert NIGHT <= first <= clock()
