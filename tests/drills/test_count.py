from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.count import VERIFIED, count_lost, served_since, silences, total
from drills.ledger import Tried, WriteId
from tests.drills.ledgers import NOON, accepted, at, refused
from tests.examples import examples

SECONDS = st.floats(0, 100, allow_nan=False).map(lambda seconds: round(seconds, 3))


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[Tried, ...]:
    """Any ledger: some writers, each with numbers in order, some refused first."""
    tries = []
    for writer in range(draw(st.integers(1, 4))):
        instants = sorted(draw(st.lists(SECONDS, max_size=30)))
        for seq, instant in enumerate(instants):
            if draw(st.booleans()):
                tries.append(refused(seq, instant, writer=writer))
            tries.append(accepted(seq, instant + 0.005, writer=writer))
    return tuple(draw(st.permutations(tries)))


@st.composite
def disasters(draw: st.DrawFn) -> tuple[tuple[Tried, ...], frozenset[WriteId]]:
    """Any ledger, and any part of it that survived, with rows of somebody else's beside it."""
    tries = draw(ledgers())
    writes = sorted({one.write for one in tries})
    kept = draw(st.sets(st.sampled_from(writes))) if writes else set()
    strangers = draw(st.sets(st.tuples(st.integers(1000, 1010), st.integers(0, 9)), max_size=5))
    return tries, frozenset(kept | strangers)


@given(disasters(), st.none() | SECONDS.map(at))
def test_every_acknowledged_write_is_either_there_or_counted_as_lost(disaster, disruption):
    tries, survivors = disaster
    loss = count_lost(tries, survivors, disruption=disruption)
    acknowledged = {one.write for one in tries if one.accepted}
    assert {one.write for one in loss.lost} == acknowledged - survivors
    assert len(loss.lost) == len(acknowledged - survivors)
    assert loss.acknowledged == len(acknowledged)


@examples(30)
@given(st.integers(0, 400), st.randoms(use_true_random=False))
def test_as_many_writes_as_were_planted_are_reported_lost(planted: int, random: Random):
    tries = [accepted(seq, seq / 100, writer=seq % 4) for seq in range(400)]
    gone = random.sample(tries, planted)
    survivors = {one.write for one in tries} - {one.write for one in gone}
    assert len(count_lost(tries, survivors, disruption=at(4)).lost) == planted


def test_137_planted_lost_writes_are_reported_as_137():
    tries = [accepted(seq, seq / 100) for seq in range(2000)]
    survivors = {(0, seq) for seq in range(2000 - 137)}
    loss = count_lost(tries, survivors, disruption=at(20))
    assert len(loss.lost) == 137
    assert loss.rpa == at(20) - at(18.62)


@given(disasters(), SECONDS.map(at))
def test_a_loss_reaches_at_least_from_its_oldest_to_its_newest_write(disaster, disruption):
    tries, survivors = disaster
    loss = count_lost(tries, survivors, disruption=disruption)
    if not loss.lost:
        assert loss.rpa == timedelta()
    elif loss.rpa is not None:
        assert loss.rpa >= max(loss.lost[-1].ended, disruption) - loss.lost[0].ended
        assert loss.rpa >= timedelta()


def test_nothing_lost_is_an_rpa_of_zero():
    tries = [accepted(seq, seq) for seq in range(5)]
    assert count_lost(tries, {one.write for one in tries}, disruption=at(9)).rpa == timedelta()


def test_a_refused_write_is_not_lost():
    assert count_lost([refused(0, 1)], set(), disruption=at(1)).lost == ()


def test_a_write_acknowledged_twice_is_lost_once():
    tries = [accepted(0, 1), accepted(0, 2)]
    loss = count_lost(tries, set(), disruption=at(3))
    assert (loss.acknowledged, len(loss.lost)) == (1, 1)


def test_an_rpa_beyond_everything_that_was_written_is_not_known():
    tries = [accepted(seq, seq) for seq in range(5)]
    assert count_lost(tries, set(), disruption=at(9)).rpa is None


def test_a_hole_in_what_survived_reaches_back_to_the_hole():
    tries = [accepted(seq, seq) for seq in range(10)]
    survivors = {one.write for one in tries} - {(0, 3)}
    assert count_lost(tries, survivors, disruption=at(10)).rpa == timedelta(seconds=7)


def test_what_a_cut_off_primary_acknowledged_after_the_fault_counts_as_well():
    tries = [accepted(seq, seq) for seq in range(10)]
    survivors = {(0, seq) for seq in range(4)}
    loss = count_lost(tries, survivors, disruption=at(3.5))
    assert loss.rpa == timedelta(seconds=6)


def test_a_silence_runs_from_the_first_refused_write_to_the_first_of_three_acknowledged_in_a_row():
    tries = [accepted(0, 1), refused(1, 2), refused(1, 3), *(accepted(seq, 3 + seq) for seq in range(1, 4))]
    (silence,) = silences(tries)
    assert (silence.began, silence.served) == (refused(1, 2).began, at(4))


def test_one_acknowledged_write_between_refused_ones_ends_no_silence():
    tries = [refused(0, 1), accepted(0, 2), refused(1, 3), *(accepted(seq, 4 + seq) for seq in range(3))]
    (silence,) = silences(tries)
    assert silence.served == at(4)


def test_a_silence_without_end_has_no_length():
    (silence,) = silences([refused(0, 1), accepted(0, 2), accepted(1, 3)])
    assert silence.served is None
    assert silence.lasted is None


def test_answers_to_what_was_sent_before_count_for_nothing():
    late = Tried(1, 0, at(0), at(1), refused="no answer in time")
    assert silences([late, *(accepted(seq, 1 + seq) for seq in range(1, 5))], since=at(0.5)) == ()


def test_a_late_answer_to_an_older_write_does_not_prolong_the_silence():
    hung = Tried(1, 0, at(1), at(2), refused="no answer in time")
    tries = [refused(0, 0.5), hung, *(accepted(seq, 1.2 + seq / 10) for seq in range(3))]
    assert silences(tries)[0].served == at(1.2)
    assert served_since(tries, since=at(0)) == at(1.2)


def test_served_means_served_for_good():
    tries = [
        accepted(0, 1),
        accepted(1, 2),
        accepted(2, 3),
        refused(3, 4),
        *(accepted(seq, 2 + seq) for seq in (3, 4, 5)),
    ]
    assert served_since(tries, since=at(0)) == at(5)


def test_served_at_a_site_is_said_by_that_site():
    tries = [
        *(accepted(seq, 1 + seq, site="north") for seq in range(5)),
        *(accepted(seq, 1 + seq, site="south") for seq in range(5, 8)),
    ]
    assert served_since(tries, since=at(0), site="south") == at(6)
    assert served_since(tries, since=at(0), site="east") is None
    assert served_since(tries, since=at(0)) == at(1)


def test_a_service_that_never_refused_was_served_all_along():
    assert silences([accepted(seq, seq) for seq in range(1, 5)]) == ()
    assert total(()) == timedelta()


def test_silences_add_up_unless_one_has_no_end():
    tries = [refused(0, 1), *(accepted(seq, 2 + seq) for seq in range(3)), refused(3, 7)]
    assert total(silences(tries)) is None
    tries += [accepted(seq, 5 + seq) for seq in (3, 4, 5)]
    assert total(silences(tries)) == at(2) - refused(0, 1).began + at(8) - refused(3, 7).began


@given(ledgers())
def test_silences_follow_one_another_and_only_the_last_may_lack_an_end(tries):
    found = silences(tries)
    assert all(one.served is not None for one in found[:-1])
    assert [one.began for one in found] == sorted(one.began for one in found)
    assert all(one.served >= one.began for one in found if one.served)


@pytest.mark.parametrize("count", range(VERIFIED))
def test_fewer_than_three_in_a_row_verify_nothing(count):
    tries = [refused(0, 1), *(accepted(seq, 2 + seq) for seq in range(count))]
    assert silences(tries)[0].served is None


def test_noon_is_noon():
    assert at(0) == NOON
