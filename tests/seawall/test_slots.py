from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.memory.places import PlaceInMemory
from seawall.places import Places
from seawall.slots import (
    KEPT,
    VOID,
    Head,
    Mine,
    Put,
    Taking,
    Theirs,
    Unclear,
    read_row,
    slot_key,
    take_next,
    take_slot,
    tidy_row,
)

NAMES = ("north", "south", "witness")
KEY = slot_key("claims/service:login", 1)


@dataclass
class Contender:
    """One who takes the slot, and may begin again with the same content after a crash of its process."""

    content: bytes
    quiet: frozenset[str] = frozenset()
    taking: Taking = field(init=False)
    on_the_way: list[Put] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.taking = Taking(NAMES, self.content, quiet=self.quiet)
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
    data: st.DataObject, contenders: list[Contender], dead: frozenset[str]
) -> list[object]:
    """Let chance decide what comes next, and return every outcome that anybody ever had."""
    network, outcomes = Network(), list[object]()
    for _ in range(data.draw(st.integers(0, 60))):
        one = data.draw(st.sampled_from(contenders))
        one.on_the_way += one.taking.puts()
        if one.taking.outcome is not None:
            outcomes.append((one.content, one.taking.outcome))
            one.begin()  # asks again with the same content
            continue
        what = data.draw(
            st.sampled_from(["answered", "answered", "answered", "lost", "late", "crash", "arrives"])
        )
        if what == "crash":
            network.late += one.on_the_way
            one.begin()
        elif what == "arrives" and network.late:
            network.store(network.late.pop(data.draw(st.integers(0, len(network.late) - 1))))
        elif one.on_the_way:
            put = one.on_the_way.pop(data.draw(st.integers(0, len(one.on_the_way) - 1)))
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


def winners(outcomes: list[object]) -> set[bytes]:
    return {
        content if isinstance(outcome, Mine) else outcome.content
        for content, outcome in outcomes
        if isinstance(outcome, Mine | Theirs)
    }


@settings(max_examples=300, deadline=None)
@given(st.data(), st.integers(2, 4), st.sets(st.sampled_from(NAMES), max_size=1))
def test_whatever_is_lost_late_or_crashes_a_slot_has_one_winner_and_everybody_names_it(data, count, dead):
    quiet = [data.draw(st.frozensets(st.sampled_from(NAMES))) for _ in range(count)]
    contenders = [Contender(b"run %d" % n, quiet[n]) for n in range(count)]
    outcomes = play(data, contenders, frozenset(dead))
    assert len(winners(outcomes)) == 1
    # With two places there, everybody knows in the end: no split vote stays.
    assert all(isinstance(outcome, Mine | Theirs) for _, outcome in outcomes[-count:])


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sets(st.sampled_from(NAMES), min_size=2, max_size=3))
def test_with_one_place_left_nobody_wins(data, dead):
    outcomes = play(data, [Contender(b"run 0"), Contender(b"run 1")], frozenset(dead))
    assert not winners(outcomes)
    assert all(isinstance(outcome, Unclear) for _, outcome in outcomes)


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
    head = read_row(places, "claims/service:login")
    assert head == Head(1, b"anna", settled=False)
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
