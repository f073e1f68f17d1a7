from __future__ import annotations

import threading
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from drills.primaries import Look, PrimaryWatch, doubles
from seawall.errors import Unreachable
from tests.drills.ledgers import at

ANSWERS = st.sampled_from([True, False, None])


def looks(answers: dict[float, bool | None], took: float = 0.004) -> list[Look]:
    return [Look(at(began), at(began + took), accepted) for began, accepted in answers.items()]


def steps(*answers: bool | None, first: float = 0.0) -> list[Look]:
    return looks({round(first + number * 0.05, 3): answer for number, answer in enumerate(answers)})


def test_one_after_the_other_is_no_double():
    found = doubles({"north": steps(True, True, False, False), "south": steps(False, False, False, True)},
                    since=at(0), until=at(0.2))  # fmt: skip
    assert (found.both, found.unseen, found.looks) == ((), (), 8)


def test_both_at_once_are_counted_for_as_long_as_both_were_seen_to_write():
    found = doubles({"north": steps(*[True] * 10), "south": steps(False, *[True] * 6, False, False, False)},
                    since=at(0), until=at(0.5))  # fmt: skip
    assert found.both_for == at(0.3) - at(0.054)


def test_a_single_write_beside_a_living_primary_is_counted():
    found = doubles({"north": steps(True, True, True, True), "south": steps(False, True, False, False)},
                    since=at(0), until=at(0.2))  # fmt: skip
    assert found.both_for == timedelta(milliseconds=4)


def test_a_server_that_answers_nothing_while_the_other_writes_is_unseen():
    found = doubles({"north": steps(*[None] * 20), "south": steps(*[True] * 20)},
                    since=at(0), until=at(1))  # fmt: skip
    assert found.both_for == timedelta()
    assert found.unseen_for > timedelta(milliseconds=900)


def test_a_server_that_cannot_be_asked_for_a_moment_makes_the_watch_coarser_and_says_by_how_much():
    found = doubles({"north": steps(True, None, None, None, False), "south": steps(False, False, *[True] * 3)},
                    since=at(0), until=at(0.25))  # fmt: skip
    assert (found.both, found.unseen) == ((), ())
    assert found.apart == at(0.204) - at(0.004)


def test_what_was_not_asked_while_nobody_else_wrote_makes_nothing_coarser():
    found = doubles({"north": steps(True, None, None, False, False), "south": steps(False, False, False, False, True)},
                    since=at(0), until=at(0.25))  # fmt: skip
    assert found.apart == at(0.204) - at(0.154)


def test_a_write_cut_off_before_the_other_side_writes_hides_nothing():
    found = doubles({"north": steps(True, None, False, False), "south": steps(False, False, False, True)},
                    since=at(0), until=at(0.2))  # fmt: skip
    assert found.unseen == ()


def test_a_server_nobody_looked_at_is_unseen_all_the_time():
    found = doubles({"north": [], "south": steps(*[True] * 20)}, since=at(0), until=at(1))
    assert found.unseen_for == at(0.95) - at(0.004)


def test_a_hole_in_the_looking_is_unseen():
    found = doubles({"north": looks({0.0: False, 0.9: False}), "south": steps(*[True] * 20)},
                    since=at(0), until=at(0.95))  # fmt: skip
    assert found.unseen_for > timedelta(milliseconds=850)


def test_only_the_time_asked_about_counts():
    found = doubles(
        {"north": steps(*[True] * 10), "south": steps(*[True] * 10)}, since=at(0.1), until=at(0.2)
    )
    assert found.both_for == timedelta(milliseconds=100)


@given(st.lists(ANSWERS, min_size=1, max_size=30), st.lists(ANSWERS, min_size=1, max_size=30))
def test_what_is_counted_lies_within_the_time_and_needs_both(north, south):
    found = doubles({"north": steps(*north), "south": steps(*south)}, since=at(0), until=at(2))
    assert timedelta() <= found.both_for <= timedelta(seconds=2)
    if found.both:
        assert True in north
        assert True in south


@given(st.lists(st.booleans(), min_size=12, max_size=40))
def test_two_servers_that_never_write_at_once_are_never_reported(pattern):
    """Even when each stops and the other begins within one step."""
    north = steps(*pattern)
    south = steps(*[not one for one in pattern], first=0.0)
    shifted = [Look(one.began, one.ended, one.accepted) for one in south]
    found = doubles({"north": north, "south": shifted}, since=at(0), until=at(len(pattern) * 0.05))
    assert found.both == ()


def test_the_watch_looks_at_each_server_though_another_hangs():
    hangs, seen = threading.Event(), threading.Event()
    asked = iter(range(1000))

    def writes() -> bool:
        if next(asked) >= 3:
            seen.set()
        return True

    def stalls() -> bool | None:
        hangs.wait(10)
        raise Unreachable("no answer", where="north", remedy="Look")

    watch = PrimaryWatch({"north": stalls, "south": writes}, step=timedelta(milliseconds=1))
    assert seen.wait(10)
    hangs.set()
    found = watch.stop()
    assert all(look.accepted for look in found["south"])
    assert [look.accepted for look in found["north"]][:1] == [None]


def test_a_look_that_could_tell_nothing_is_followed_by_another_at_once():
    answers, twice = iter([None, False]), threading.Event()

    def breaks() -> bool | None:
        answer = next(answers)
        if answer is False:
            twice.set()
        return answer

    watch = PrimaryWatch({"north": breaks}, step=timedelta(minutes=1))
    assert twice.wait(5), "the next look waited for its step"
    watch.stop()
