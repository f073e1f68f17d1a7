from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import JournalError
from seawall.sightings import (
    AHEAD,
    Condition,
    Look,
    Pace,
    Sighting,
    condition_at,
    fold,
    keep_sightings,
    read_sightings,
    sightings_path,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PACE = Pace(timedelta(seconds=10), 3)
UP, DOWN, UNKNOWN = Condition.UP, Condition.DOWN, Condition.UNKNOWN


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def told(*looks, pace=PACE):
    """Fold looks, each as (seconds, up)."""
    sighting = None
    for seconds, up in looks:
        sighting = fold(sighting, Look(at=at(seconds), up=up, saw=f"{up} at {seconds}"), pace)
    return sighting


def test_what_was_never_looked_at_is_unknown():
    assert condition_at(None, NOON, PACE) is UNKNOWN


def test_one_look_is_enough_to_be_up():
    seen = told((0, True))
    assert (seen.condition, seen.since, seen.up_at) == (UP, at(0), at(0))


def test_it_is_down_after_so_many_misses_in_a_row_and_since_the_first_of_them():
    seen = told((0, True), (10, False), (20, False))
    assert (seen.condition, seen.misses) == (UP, 2)
    seen = told((0, True), (10, False), (20, False), (30, False))
    assert (seen.condition, seen.since, seen.up_at) == (DOWN, at(10), at(0))


def test_a_look_that_hits_begins_the_count_anew():
    seen = told((0, True), (10, False), (20, False), (30, True), (40, False), (50, False))
    assert (seen.condition, seen.since) == (UP, at(0))


def test_what_was_never_up_is_unknown_until_enough_looks_missed():
    assert told((0, False), (10, False)).condition is UNKNOWN
    assert told((0, False), (10, False), (20, False)).since == at(0)


def test_one_look_is_enough_to_be_up_again():
    seen = told((0, False), (10, False), (20, False), (30, True))
    assert (seen.condition, seen.since, seen.misses) == (UP, at(30), 0)


def test_a_look_that_could_not_tell_changes_nothing_and_keeps_nothing_fresh():
    seen = told((0, True), (10, None), (20, None))
    assert (seen.condition, seen.told_at, seen.looked_at) == (UP, at(0), at(20))
    assert condition_at(seen, at(0) + PACE.recent + timedelta(seconds=1), PACE) is UNKNOWN
    assert told((0, None)).condition is UNKNOWN


def test_what_was_not_seen_lately_is_unknown_whatever_it_was():
    for seen in (told((0, True)), told((0, False), (10, False), (20, False))):
        last = seen.told_at
        assert condition_at(seen, last + PACE.recent, PACE) is seen.condition
        assert condition_at(seen, last + PACE.recent + timedelta(seconds=1), PACE) is UNKNOWN


def test_what_was_seen_in_the_future_is_unknown():
    seen = told((0, True))
    assert condition_at(seen, at(0) - AHEAD, PACE) is UP
    assert condition_at(seen, at(0) - AHEAD - timedelta(seconds=1), PACE) is UNKNOWN


def test_after_a_gap_nobody_claims_that_it_was_up_all_the_time():
    assert told((0, True), (500, True)).since == at(500)
    assert told((0, True), (500, False)).condition is UNKNOWN
    assert told((0, True), (10, False), (20, False), (500, False)).misses == 1


def test_after_a_gap_what_was_down_and_is_missed_again_counts_as_down_all_the_time():
    seen = told((0, False), (10, False), (20, False), (500, False))
    assert (seen.condition, seen.since) == (DOWN, at(0))


@given(st.lists(st.tuples(st.integers(1, 200), st.sampled_from([True, False, None])), max_size=40))
def test_up_is_never_told_after_a_miss_count_that_means_down(steps):
    seconds, seen, misses = 0, None, 0
    for wait, up in steps:
        seconds += wait
        seen = fold(seen, Look(at=at(seconds), up=up, saw=""), PACE)
        misses = 0 if up else misses + 1 if up is False and wait <= 30 else misses
        condition = condition_at(seen, at(seconds), PACE)
        if condition is UP:
            assert seen.up_at is not None
            assert at(seconds) - seen.up_at <= PACE.recent * PACE.misses
        if condition is DOWN:
            assert seen.misses >= PACE.misses
        assert seen.since is None or seen.since <= at(seconds)


def test_nothing_kept_is_nothing_seen(tmp_path):
    assert read_sightings(tmp_path / "runs").services == {}


def test_what_is_kept_is_what_is_read(tmp_path):
    seen = {"login": told((0, True), (10, False)), "dns": Sighting(looked_at=NOON)}
    keep_sightings(tmp_path, seen, by="anna")
    assert (read_sightings(tmp_path).by, read_sightings(tmp_path).services) == ("anna", seen)
    assert sightings_path(tmp_path).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_a_damaged_file_says_that_everything_is_unknown(tmp_path, cut):
    keep_sightings(tmp_path, {"login": told((0, True))}, by="anna")
    path = sightings_path(tmp_path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(JournalError) as error:
        read_sightings(tmp_path)
    assert "unknown" in error.value.remedy
    assert "seawall watch" in error.value.remedy
    assert error.value.where == str(path)


def test_a_file_of_another_version_is_damage_too(tmp_path):
    keep_sightings(tmp_path, {}, by="anna")
    path = sightings_path(tmp_path)
    path.write_text(path.read_text().replace('"format":1', '"format":2'))
    with pytest.raises(JournalError):
        read_sightings(tmp_path)
