"""A freeze while services are watched: nobody has to ask for it, wherever it was made."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.memory.places import PlaceInMemory
from console.terminal.screen import Screen
from console.terminal.watch_freezes import FreezeTeller, asking
from seawall.freezing import FOLDER, freeze, freezes_here, thaw
from seawall.places import Places

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATIENCE = 30.0


class Watch:
    """Somebody who watches, and what they have been told."""

    def __init__(self, runs: Path) -> None:
        self.runs, self._said = runs, io.StringIO()
        self.teller = FreezeTeller(runs, UTC, Screen(self._said, width=100, colour=False))

    def told(self) -> list[str]:
        """What is said now and was not said before, each in one line."""
        self.teller.tell()
        lines = " ".join(self._said.getvalue().split())
        self._said.seek(0)
        self._said.truncate()
        return [lines] if lines else []

    def until_told(self, words: str) -> str:
        end, heard = time.monotonic() + PATIENCE, ""
        while words not in heard:
            assert time.monotonic() < end, heard
            heard += " ".join(self.told())
            time.sleep(0.01)
        return heard


@pytest.fixture
def stores() -> list[PlaceInMemory]:
    return [PlaceInMemory(name) for name in ("north", "south", "witness")]


@pytest.fixture
def places(stores: list[PlaceInMemory]) -> Iterator[Places]:
    made = Places(stores, within=timedelta(seconds=30))
    yield made
    made.close()


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path / "runs")


def test_a_freeze_is_told_once_when_it_begins_and_once_when_it_is_lifted(watch: Watch) -> None:
    assert watch.told() == []
    freeze(watch.runs, None, by="anna", why="water", now=NOON)
    (said,) = watch.told()
    assert "FROZEN by anna since 2026-11-22 12:00:00 UTC: water" in said
    assert "stands still; what you start by hand goes on" in said
    assert watch.told() == []
    thaw(watch.runs, None, by="bo", why="dry", now=NOON)
    (said,) = watch.told()
    assert said == "THAWED by bo at 2026-11-22 12:00:00 UTC: dry"
    assert watch.told() == []


def test_one_that_was_lifted_before_is_no_news(watch: Watch) -> None:
    freeze(watch.runs, None, by="anna", why="water", now=NOON)
    thaw(watch.runs, None, by="bo", why="dry", now=NOON)
    assert watch.told() == []


def test_what_cannot_be_read_is_said_and_said_once(watch: Watch) -> None:
    freeze(watch.runs, None, by="anna", why="water", now=NOON)
    (word,) = (watch.runs / FOLDER).iterdir()
    word.write_text("torn")
    assert "does not say who froze" in watch.told()[0]
    assert watch.told() == []


def test_a_freeze_that_was_made_on_another_machine_is_told_and_kept_here(
    watch: Watch, places: Places, tmp_path: Path
) -> None:
    freeze(tmp_path / "elsewhere", places, by="anna", why="water", now=NOON)
    with asking(watch.teller, watch.runs, places):
        assert "water" in watch.until_told("FROZEN by anna")
    assert [one.why for one in freezes_here(watch.runs)] == ["water"]


def test_a_place_that_cannot_be_asked_is_named_and_so_is_that_it_can_again(
    watch: Watch, places: Places, stores: list[PlaceInMemory]
) -> None:
    stores[2].down = True
    with asking(watch.teller, watch.runs, places):
        watch.until_told("whether there is a freeze: witness cannot be asked")
    stores[2].down = False
    with asking(watch.teller, watch.runs, places):
        watch.until_told("Every place can be asked again")


def test_it_is_told_in_danish_too(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_LANGUAGE", "da")
    freeze(watch.runs, None, by="anna", why="vand", now=NOON)
    assert "FROSSET af anna siden" in watch.told()[0]
    thaw(watch.runs, None, by="bo", why="tørt", now=NOON)
    assert "TØET OP af bo" in watch.told()[0]
