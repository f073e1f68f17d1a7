from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest

from connectors.memory.places import PlaceInMemory
from seawall.places import Places
from seawall.slots import (
    KEPT,
    VOID,
    Head,
    Mine,
    Put,
    Taken,
    Taking,
    Theirs,
    Unclear,
    read_row,
    read_slot,
    slot_key,
    take_next,
    take_slot,
    tidy_row,
)
from tests.examples import as_many

NAMES = ("north", "south", "witness")
KEY = slot_key("claims/service:login", 1)


@dataclass
class Contender:
    """One who takes the slot, and may begin again with the same content after a crash of its process."""

    content: bytes
    quiet: frozenset[str] = frozenset()
    kind: type[Taking] = Taking
    taking: Taking = field(init=False)
    on_the_way: list[Put] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.taking = self.kind(NAMES, self.content, quiet=self.quiet)
        self.on_the_way = []


class Network:
    """Three stores of objects written once, and everything that can happen to a put on the way."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], bytes] = {}
        self.late: list[Put] = []

    def store(self, put: Put) -> bytes | None:
        there = self.kept.setdefault((put.place, put.round), put.content)
        return None if there == put.content else there


def play(  # noqa: PLR0912 - one branch a thing that can happen
    chance: Random, contenders: list[Contender], dead: frozenset[str]
) -> list[tuple[bytes, Taken]]:
    """Let chance decide what comes next, and return every outcome that anybody ever had."""
    network, outcomes = Network(), list[tuple[bytes, Taken]]()
    for _ in range(chance.randrange(60)):
        one = chance.choice(contenders)
        one.on_the_way += one.taking.puts()
        if one.taking.outcome is not None:
            outcomes.append((one.content, one.taking.outcome))
            one.begin()  # asks again with the same content
            continue
        what = chance.choice(["answered", "answered", "answered", "lost", "late", "crash", "arrives"])
        if what == "crash":
            network.late += one.on_the_way
            one.begin()
        elif what == "arrives" and network.late:
            network.store(network.late.pop(chance.randrange(len(network.late))))
        elif one.on_the_way:
            put = one.on_the_way.pop(chance.randrange(len(one.on_the_way)))
            if put.place in dead:
                one.taking.not_heard(put)
            elif what == "lost":  # it was stored, and the answer did not come
                network.store(put)
                one.taking.not_heard(put)
            elif what == "late":  # nothing came, and it will be stored later
                network.late.append(put)
                one.taking.not_heard(put)
            else:
                one.taking.heard(put, network.store(put))
    for one in contenders:  # and in the end, whoever is left asks until all is known
        one.begin()
        while one.taking.outcome is None:
            for put in one.taking.puts():
                if put.place in dead:
                    one.taking.not_heard(put)
                else:
                    one.taking.heard(put, network.store(put))
        outcomes.append((one.content, one.taking.outcome))
    return outcomes


def winners(outcomes: list[tuple[bytes, Taken]]) -> set[bytes]:
    return {
        content if isinstance(outcome, Mine) else outcome.content
        for content, outcome in outcomes
        if isinstance(outcome, Mine | Theirs)
    }


SEEDS = as_many(3000)


def any_contenders(chance: Random, kind: type[Taking] = Taking) -> list[Contender]:
    return [
        Contender(b"run %d" % n, frozenset(chance.sample(NAMES, chance.randrange(3))), kind)
        for n in range(chance.randint(2, 4))
    ]


def test_whatever_is_lost_late_or_crashes_a_slot_has_one_winner_and_everybody_names_it():
    for seed in range(SEEDS):
        chance = Random(seed)
        contenders = any_contenders(chance)
        outcomes = play(chance, contenders, frozenset(chance.sample(NAMES, chance.randrange(2))))
        assert len(winners(outcomes)) == 1, f"seed {seed}"
        # With two places there, everybody knows in the end: no split vote stays.
        assert all(isinstance(one, Mine | Theirs) for _, one in outcomes[-len(contenders) :]), f"seed {seed}"


def test_with_one_place_left_nobody_wins():
    for seed in range(SEEDS // 3):
        chance = Random(seed)
        outcomes = play(chance, any_contenders(chance), frozenset(chance.sample(NAMES, chance.randint(2, 3))))
        assert not winners(outcomes), f"seed {seed}"
        assert all(isinstance(outcome, Unclear) for _, outcome in outcomes), f"seed {seed}"


def three(**how) -> tuple[list[PlaceInMemory], Places]:
    stores = [PlaceInMemory(name) for name in NAMES]
    for name, conduct in how.items():
        setattr(stores[NAMES.index(name)], conduct, True)
    return stores, Places(stores)


def test_the_first_takes_it_and_the_second_is_told_by_whom_it_is_held():
    _, places = three()
    assert take_slot(places, KEY, b"anna") == Mine()
    assert take_slot(places, KEY, b"bo") == Theirs(b"anna")
    assert take_slot(places, KEY, b"anna") == Mine()


@pytest.mark.parametrize("gone", NAMES)
def test_one_place_down_or_deaf_keeps_nobody_from_it(gone):
    for conduct in ("down", "deaf"):
        _, places = three(**{gone: conduct})
        assert take_slot(places, KEY, b"anna") == Mine()
        assert take_slot(places, KEY, b"bo") == Theirs(b"anna")


def test_a_place_that_comes_back_learns_who_won_and_changes_nothing():
    stores, places = three(north="down")
    assert take_slot(places, KEY, b"anna") == Mine()
    stores[0].down, stores[1].down = False, True
    assert take_slot(places, KEY, b"bo") == Theirs(b"anna")


def test_a_majority_of_those_that_answer_is_none():
    _, places = three(north="down", south="down")
    assert take_slot(places, KEY, b"anna") == Unclear(("north", "south"))


def test_a_row_is_read_to_its_head_and_taken_after_it():
    stores, places = three()
    row = "runs/r/term"
    assert read_row(places, row) == Head(0, None, settled=True)
    for n in range(1, 4):
        assert take_next(places, row, b"term %d" % n) == (n, Mine())
    stores[2].down = True
    assert read_row(places, row) == Head(3, b"term 3", settled=True)
    stores[1].down = True
    assert isinstance(read_row(places, row), Unclear)


def test_what_only_one_place_shows_is_not_settled_and_is_the_slot_to_take():
    stores, places = three()
    stores[0].kept[f"{KEY}/1"] = b"anna"
    assert read_slot(places, "claims/service:login", 1) == Head(1, b"anna", settled=False)
    stores[2].down = True  # two answers are a majority: which two is chance, when all three could
    head = read_row(places, "claims/service:login")
    assert head == Head(1, b"anna", settled=None), "the silent place may hold it too"
    assert head.next == 1
    assert take_next(places, "claims/service:login", b"bo") == (1, Theirs(b"anna"))


def test_what_stands_beneath_a_slot_is_no_slot():
    _, places = three()
    take_slot(places, KEY, b"anna")
    for _ in places.ask(lambda place: place.put_if_absent(f"{KEY}/released", b"", places.within)):
        pass
    assert read_row(places, "claims/service:login") == Head(1, b"anna", settled=True)


def test_only_slots_far_behind_the_head_are_removed():
    stores, places = three()
    for n in range(1, KEPT + 4):
        for store in stores:
            store.kept[f"{slot_key('lease/x', n)}/1"] = b"%d" % n
    tidy_row(places, "lease/x", KEPT + 3)
    assert [len(store.kept) for store in stores] == [KEPT + 1] * 3
    assert read_row(places, "lease/x") == Head(KEPT + 3, b"%d" % (KEPT + 3), settled=True)


@pytest.mark.parametrize("content", [b"", VOID])
def test_a_slot_holds_some_content(content):
    with pytest.raises(ValueError, match="some content"):
        Taking(NAMES, content)


class MajorityOfTheReachable(Taking):
    """A mutant: places that are silent do not count."""

    def not_heard(self, put: Put) -> None:
        super().not_heard(put)
        self._majority = (len(NAMES) - len(self._silent)) // 2 + 1


class CarriesNothing(Taking):
    """A mutant: whoever begins the next round brings their own content, whatever they found in the round before."""

    def _next_round(self) -> bool:
        self._carried = self._content
        return super()._next_round()


class SkipsTheBeginning(Taking):
    """A mutant: a place that does not answer is not waited for, nor made void elsewhere; content goes to the others."""

    def _close(self, begins, others, here, puts):
        return self._spread(self._carried, here, puts)


@pytest.mark.parametrize("mutant", [MajorityOfTheReachable, CarriesNothing, SkipsTheBeginning])
def test_each_rule_is_needed_without_it_two_win(mutant: type[Taking]):
    assert any(
        len(winners(play(chance, any_contenders(chance, mutant), frozenset()))) > 1
        for chance in map(Random, range(SEEDS))
    )


def test_without_a_nonce_two_that_say_the_same_both_win():
    _, places = three()
    word = b"login is mine"
    assert take_slot(places, KEY, word) == Mine()
    assert take_slot(places, KEY, word) == Mine()  # hence every word that stands in a slot carries one
