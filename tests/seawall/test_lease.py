"""Never two at once: whatever is late, lost, held, asleep, cut off or copied. And each rule is needed for that."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.memory.places import PlaceInMemory
from seawall.lease import (
    NEVER,
    UNREADABLE,
    Hold,
    Terms,
    Word,
    beginning,
    granting,
    revoking,
    row_of,
    safe_from,
)
from seawall.leasing import KNOWN_FOR, Decided, grant, next_is_empty, read_lease, revoke, seal, take_up
from seawall.places import Places
from seawall.slots import Mine, Unclear, slot_key
from tests.examples import as_many
from tests.seawall.lease_world import ASLEEP, TERMS, History, Machine, Rules

SERVER = "north-db/login"
SEEDS = as_many(300)
MOST = 4000
"""Histories tried until one shows what a missing rule lets happen."""
RARE = {
    "WithoutTheDrift": 1050,
    "WaitedFromTheAsking": 1640,
    "ToldHowLong": 740,
    "ForgetfulOfLongerTerms": 270,
    "WithItsOwnTermOnly": 120,
    "ByAMinority": 130,
    "ByAClockThatSleeps": 80,
}
"""Where the search begins, near the first history that shows it: what is rare would take seconds to come across."""


def held(**changed: Any) -> Word:
    return Word(**{"says": "held", "by": "g1", "term": 10, "drift": 1, "boot": "b1", **changed})


def test_never_two_at_once_in_any_history():
    found = [History(seed, Rules()).run() for seed in range(SEEDS)]
    both = [(seed, one.two_at_once) for seed, one in enumerate(found) if one.two_at_once]
    assert both == []
    # That the histories are worth something: most let clients in, most end in a promotion, some were taken back.
    assert sum(one.admitted for one in found) > SEEDS * 0.5
    assert sum(one.promoted is not None for one in found) > SEEDS * 0.2
    assert sum(one.granted for one in found) > SEEDS * 0.1


@given(seed=st.integers(0, 10**12))
def test_never_two_at_once_in_a_history_nobody_has_seen(seed):
    assert History(seed, Rules()).run().two_at_once is None


class WithoutTheWait(Rules):
    def safe_from(self, word, began, decided):
        return decided


class WithoutTheDrift(Rules):
    def safe_from(self, word, began, decided):
        return decided + word.term


class WaitedFromTheAsking(Rules):
    """The wait counts from when `revoked` was asked for, and not from when it was decided."""

    def safe_from(self, word, began, decided):
        return began + word.term + word.drift


class WithItsOwnTermOnly(Rules):
    """Whoever promotes goes by the inventory, and not by what the guard says that it goes by."""

    def revoking(self, before):
        return revoking(None, by="promoter", why="", terms=TERMS)


class CountedFromTheAnswer(Rules):
    def counted_from(self, asked, answered):
        return answered


class ByAClockThatSleeps(Rules):
    """CLOCK_MONOTONIC in place of CLOCK_BOOTTIME."""

    def clock(self, machine: Machine, now):
        return machine.boottime(now - machine.asleep_before(now))

    def closes(self, machine: Machine, end):
        if end == NEVER:
            return NEVER
        at = machine.when(end)
        for begin, ends, how in machine.pauses:
            if how == ASLEEP and begin < at:
                at += ends - begin
        return at


class ToldHowLong(Rules):
    """The path is told for how much longer it lets clients in, and not until when."""

    def told(self, computed, until, now):
        return now + (until - computed)


class ByAMinority(Rules):
    majority = 1


class TakenByNobodyKnows(Rules):
    """A slot counts as taken when nobody could tell."""

    def decided(self, outcome):
        return isinstance(outcome, Mine | Unclear)


class WithoutTheSeal(Rules):
    """Evidence from before the lease was granted again, or that may yet be, still opens a promotion."""

    seals = False


class BegunOverARevocation(Rules):
    def begin(self, before, guard, boot, terms):
        return beginning(before and replace(before, says="held"), guard=guard, boot=boot, terms=terms)


class BegunBesideAnotherBoot(Rules):
    """A guard on another boot does not wait for what the one before it had let in."""

    def begin(self, before, guard, boot, terms):
        word = beginning(before, guard=guard, boot=boot, terms=terms)
        return word and replace(word, waits=0)


class ForgetfulOfLongerTerms(Rules):
    """A guard says its own term only, though one before it had a longer one, and leaves the path as it found it."""

    closes_first = False

    def begin(self, before, guard, boot, terms):
        word = beginning(before, guard=guard, boot=boot, terms=terms)
        return word and replace(word, term=terms.term, drift=terms.drift)


@pytest.mark.parametrize("rules", sorted(Rules.__subclasses__(), key=str))
def test_without_any_one_rule_there_is_a_history_with_two_at_once(rules):
    first = RARE.get(rules.__name__, 0)
    assert any(History(seed, rules()).run().two_at_once for seed in range(first, first + MOST))


class TestHold:
    def test_a_term_counts_from_before_the_asking_and_is_never_shortened(self):
        hold = Hold.begun(held(), TERMS, 1, decided=100)
        assert not hold.admits(100)
        assert hold.renew(100, next_is_empty=True)
        assert not hold.renew(101, next_is_empty=None)
        assert not hold.renew(101, next_is_empty=False)
        hold.until = 115.0
        assert hold.renew(100, next_is_empty=True)
        assert (hold.until, hold.admits(114.9), hold.admits(115)) == (115, True, False)

    def test_nobody_is_let_in_before_another_boots_term_is_over(self):
        word = beginning(held(boot="b2", term=30, drift=2), guard="g2", boot="b1", terms=TERMS)
        assert word is not None
        hold = Hold.begun(word, TERMS, 2, decided=100)
        assert not hold.renew(131.9, next_is_empty=True)
        assert hold.renew(132, next_is_empty=True)
        assert hold.alone(131.9) is None
        assert replace(hold.alone(132) or held(), nonce="") == replace(held(by="g2"), nonce="")


class TestWords:
    def test_a_lease_that_was_revoked_is_taken_up_by_nobody(self):
        assert (
            beginning(revoking(held(), by="r", why="", terms=TERMS), guard="g", boot="b1", terms=TERMS)
            is None
        )

    def test_the_longest_term_that_may_run_goes_from_word_to_word(self):
        revoked = revoking(held(term=30, drift=2, waits=7), by="r", why="fire", terms=TERMS)
        granted = granting(revoked, by="r", why="out")
        again = beginning(granted, guard="g2", boot="b1", terms=TERMS)
        assert again is not None
        assert [(one.term, one.drift, one.waits, one.boot) for one in (revoked, granted, again)] == [
            (30, 2, 7, "b1")
        ] * 3
        assert safe_from(revoked, 100) == 132

    @given(
        st.builds(
            Word,
            st.sampled_from(["held", "revoked", "granted"]),
            st.text(),
            *[st.floats(0, 10**9)] * 2,
            st.text(),
        )
    )
    def test_a_word_reads_back_as_it_was_written(self, word):
        assert Word.read(word.content()) == word

    @given(st.binary())
    def test_whatever_else_stands_there_closes(self, content):
        assert Word.read(content) == UNREADABLE

    @pytest.mark.parametrize(
        "changed",
        [
            {"says": "open"},
            {"term": -1},
            {"term": "long"},
            {"drift": None},
            {"by": 3},
            {"extra": 1},
            {"term": 1e999},
        ],
    )
    def test_a_word_with_anything_wrong_in_it_closes(self, changed):
        content = json.dumps(json.loads(held().content()) | changed).encode()
        assert Word.read(content) == UNREADABLE

    @pytest.mark.parametrize("wrong", [(10, 1, 6), (10, 11, 1), (0, 0, 0), (10, 0, 1), (10, 1, 0)])
    def test_terms_that_could_not_be_kept_are_refused(self, wrong):
        with pytest.raises(ValueError, match="at least twice"):
            Terms(*wrong)


class TestAtThreePlaces:
    @pytest.fixture
    def stores(self):
        return [PlaceInMemory(name) for name in ("north", "south", "witness")]

    @pytest.fixture
    def places(self, stores):
        made = Places(stores, within=timedelta(seconds=1))
        yield made
        made.close()

    def taken_up(self, places: Places) -> Hold:
        hold = take_up(places, SERVER, TERMS, guard="g1", boot="b1")
        assert isinstance(hold, Hold)
        return hold

    def revoked(self, places: Places) -> tuple[Decided, Decided]:
        done = revoke(places, SERVER, TERMS, by="run-1", why="fire")
        assert done is not None
        return done

    def test_a_guard_takes_it_up_and_learns_that_it_was_revoked(self, places):
        hold = self.taken_up(places)
        assert next_is_empty(places, SERVER, hold.number) is True
        before, revoked = self.revoked(places)
        assert (before.word, revoked.number) == (hold.word, 2)
        assert next_is_empty(places, SERVER, hold.number) is False
        assert take_up(places, SERVER, TERMS, guard="g2", boot="b1") == "revoked by run-1: fire"

    def test_granted_it_is_taken_up_again_and_old_evidence_is_sealed_no_more(self, places):
        take_up(places, SERVER, TERMS, guard="g1", boot="b1")
        _, revoked = self.revoked(places)
        assert seal(places, SERVER, revoked, by="run-1") is True
        _, revoked = self.revoked(places)
        granted = grant(places, SERVER, revoked, by="run-1", why="out")
        assert granted
        assert granted.ours
        assert seal(places, SERVER, revoked, by="run-1") is False
        assert isinstance(take_up(places, SERVER, TERMS, guard="g2", boot="b1"), Hold)

    def test_one_silent_place_changes_nothing_and_two_make_everything_unknown(self, places, stores):
        stores[0].down = True
        hold = self.taken_up(places)
        assert next_is_empty(places, SERVER, hold.number) is True
        stores[1].down = True
        assert next_is_empty(places, SERVER, hold.number) is None
        assert read_lease(places, SERVER) is None
        assert revoke(places, SERVER, TERMS, by="run-1", why="fire") is None
        assert take_up(places, SERVER, TERMS, guard="g2", boot="b1") == (
            "no majority of the places tells how it stands"
        )

    def test_what_was_read_a_moment_ago_is_asked_for_by_its_next_slot_alone(self, places, stores):
        class Asked(PlaceInMemory):
            def names(self, prefix: str, within: timedelta) -> tuple[str, ...]:
                listed.append(prefix)
                return super().names(prefix, within)

        listed: list[str] = []
        self.taken_up(places)
        others = Places([Asked(one.name, kept=one.kept) for one in stores], within=timedelta(seconds=1))
        first = read_lease(others, SERVER, lambda: 100.0)
        listed.clear()
        assert read_lease(others, SERVER, lambda: 100.0 + KNOWN_FOR - 1) == first
        assert not listed
        read_lease(others, SERVER, lambda: 100.0 + KNOWN_FOR)
        assert listed, "long ago, and the next slot may have been taken and tidied away"
        others.close()

    def test_what_was_read_a_moment_ago_and_is_not_the_newest_any_more_is_not_told(self, places, stores):
        self.taken_up(places)
        others = Places([PlaceInMemory(one.name, kept=one.kept) for one in stores])
        says = []
        for _ in range(2):
            found = read_lease(others, SERVER)
            assert found
            assert found.word
            says.append(found.word.says)
            revoke(places, SERVER, TERMS, by="run-1", why="fire")
        assert says == ["held", "revoked"]
        others.close()

    def test_a_process_that_was_held_up_while_it_asked_reads_anew(self, places):
        self.taken_up(places)
        at = iter((0.0, KNOWN_FOR + 1, KNOWN_FOR + 2))
        read_lease(places, SERVER, lambda: next(at))
        found = read_lease(places, SERVER, lambda: next(at))
        assert found
        assert found.at == KNOWN_FOR + 2

    def missed_by_one_and_held_by_one_that_is_silent(self, places, stores):
        """`revoked` was decided while the first place was silent; now the second is."""
        self.taken_up(places)
        without = [
            PlaceInMemory("north", down=True),
            *(PlaceInMemory(one.name, kept=one.kept) for one in stores[1:]),
        ]
        others = Places(without)
        self.revoked(others)
        others.close()
        stores[1].down = True

    def test_what_a_silent_place_may_hold_too_is_unknown_to_whoever_reads(self, places, stores):
        self.missed_by_one_and_held_by_one_that_is_silent(places, stores)
        assert read_lease(places, SERVER) is None
        stores[1].down = False
        found = read_lease(places, SERVER)
        assert found
        assert found.word
        assert found.word.says == "revoked"

    def test_whoever_says_something_sees_to_what_a_silent_place_may_hold_too(self, places, stores):
        self.missed_by_one_and_held_by_one_that_is_silent(places, stores)
        assert take_up(places, SERVER, TERMS, guard="g2", boot="b1") == "revoked by run-1: fire"
        found = read_lease(places, SERVER)
        assert found
        assert found.number == 2

    def test_what_somebody_died_over_saying_holds_nobody_up(self, places, stores):
        """One place has the beginning of a word, and whoever began it is gone."""
        take_up(places, SERVER, TERMS, guard="g1", boot="b1")
        stores[0].put_if_absent(
            f"{slot_key(row_of(SERVER), 2)}/1", held(by="g0").content(), timedelta(seconds=1)
        )
        before = read_lease(places, SERVER)
        assert before
        assert before.number == 1
        assert (
            take_up(places, SERVER, TERMS, guard="g2", boot="b1") == "somebody else said something meanwhile"
        )
        assert isinstance(take_up(places, SERVER, TERMS, guard="g2", boot="b1"), Hold)
        assert revoke(places, SERVER, TERMS, by="run-1", why="fire")
