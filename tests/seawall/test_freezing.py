"""A freeze stops all that Seawall would do by itself, at every place, until a named person lifts it."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from connectors.memory.places import PlaceInMemory
from seawall.errors import BadInput
from seawall.freezing import IsFrozen, check_thawed, freeze, freeze_standing, freezes_here, thaw
from seawall.places import Places
from tests.fakes import MIDNIGHT

LATER = MIDNIGHT + timedelta(hours=2)


class Town:
    """Two machines, each with runs of its own, and three places they both know."""

    def __init__(self, folder: Path) -> None:
        self.places = [PlaceInMemory(name) for name in ("north", "south", "witness")]
        self.north, self.south = folder / "north", folder / "south"

    def seen(self, *silent: str) -> Places:
        """The places, as a machine sees them that cannot reach those named."""
        seen = [PlaceInMemory(one.name, kept=one.kept, down=one.name in silent) for one in self.places]
        return Places(seen, within=timedelta(milliseconds=200))


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)


def test_without_a_freeze_what_is_due_runs(town):
    check_thawed(town.north, town.seen())
    check_thawed(town.north, None)


def test_it_holds_still_who_froze_it_and_why_is_said(town):
    freeze(town.north, None, by="anna", why="a burst\nmain in the north hall", now=MIDNIGHT)
    with pytest.raises(
        IsFrozen, match="anna froze it at 2026-11-21 03:00 UTC: a burst main in the north hall"
    ):
        check_thawed(town.north, None)


@pytest.mark.parametrize("deaf", ["north", "south", "witness"])
def test_it_holds_at_another_machine_by_any_one_place_that_both_reach(town, deaf):
    told = {"north", "south", "witness"} - {deaf}
    for one in sorted(told)[:1]:
        _, untold = freeze(town.north, town.seen(*(told - {one}), deaf), by="anna", why="water", now=MIDNIGHT)
        assert one not in untold
    with pytest.raises(IsFrozen, match="anna"):
        check_thawed(town.south, town.seen())


@pytest.mark.parametrize("silent", ["north", "south", "witness"])
def test_a_place_that_cannot_be_asked_counts_as_frozen(town, silent):
    with pytest.raises(IsFrozen, match=f"cannot be told whether there is a freeze: {silent} is silent"):
        check_thawed(town.south, town.seen(silent))


@pytest.mark.parametrize(("at_freeze", "at_thaw"), list(product(["", "north", "south"], repeat=2)))
def test_lifted_anywhere_it_is_lifted_everywhere_whoever_was_silent(town, at_freeze, at_thaw):
    freeze(town.north, town.seen(at_freeze), by="anna", why="water", now=MIDNIGHT)
    (lifted,), _ = thaw(town.south, town.seen(at_thaw), by="bo", why="pumped dry", now=LATER)
    assert lifted.lifted is not None
    check_thawed(town.north, town.seen())
    check_thawed(town.south, town.seen())
    (known,) = freezes_here(town.north)
    assert (known.by, known.lifted and known.lifted.by, known.lifted and known.lifted.why) == (
        "anna", "bo", "pumped dry",
    )  # fmt: skip


def test_lifting_one_lifts_those_that_others_made_too(town):
    for who in ("anna", "carl"):
        freeze(town.north, town.seen(), by=who, why="water", now=MIDNIGHT)
    lifted, _ = thaw(town.south, town.seen(), by="bo", why="dry", now=LATER)
    assert {one.by for one in lifted} == {"anna", "carl"}
    check_thawed(town.north, town.seen())


def test_a_freeze_made_after_the_lifting_holds(town):
    freeze(town.north, town.seen(), by="anna", why="water", now=MIDNIGHT)
    thaw(town.north, town.seen(), by="bo", why="dry", now=LATER)
    freeze(town.south, town.seen(), by="carl", why="again", now=LATER)
    with pytest.raises(IsFrozen, match="carl"):
        check_thawed(town.north, town.seen())


def test_what_a_place_said_is_known_when_nobody_can_ask_it(town):
    freeze(town.north, town.seen(), by="anna", why="water", now=MIDNIGHT)
    freeze_standing(town.south, town.seen())
    assert [one.by for one in freezes_here(town.south)] == ["anna"]


@pytest.mark.parametrize("act", [freeze, thaw])
def test_no_reason_is_no_freeze(town, act):
    with pytest.raises(BadInput, match="no reason"):
        act(town.north, None, by="anna", why="  ", now=MIDNIGHT)


def test_there_is_nothing_to_lift_where_nothing_is_frozen(town):
    with pytest.raises(BadInput, match="no freeze to lift"):
        thaw(town.north, town.seen(), by="anna", why="dry", now=MIDNIGHT)


def test_what_cannot_be_read_here_counts_as_frozen(town):
    one, _ = freeze(town.north, None, by="anna", why="water", now=MIDNIGHT)
    (town.north / ".freeze" / f"{one.name}.json").write_text("{")
    with pytest.raises(IsFrozen, match="cannot be told"):
        check_thawed(town.north, None)


@pytest.mark.parametrize("key", ["freeze/../../evil", "freeze/x", "lifted/../evil"])
def test_what_lies_at_a_place_and_is_no_freeze_is_left_there(town, key, tmp_path):
    town.places[0].put_if_absent(
        key, b'{"name": "../../evil", "at": "2026-11-21T03:00Z", "by": "x", "why": "y"}', LIMIT
    )
    before = sorted(tmp_path.rglob("*"))
    check_thawed(town.south, town.seen())
    assert sorted(tmp_path.rglob("*")) == before


LIMIT = timedelta(seconds=1)
