"""A freeze stands on every page, for whoever wonders why nothing begins: who, since when, why, and how it is lifted."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seawall.freezing import FOLDER, freeze, thaw
from tests.browser import Browser, faults_of
from tests.console.web.kept import SCRIPT, keep_drill, keep_run, make_place
from tests.drills import cards
from tests.seawall.report import stories

NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
SAYS = {
    "da": ("FROSSET af commander siden", "22. nov. 2026 kl. 12.00", "Kun et navngivet menneske tør det op"),
    "en": ("FROZEN by commander since", "22 Nov 2026, 12:00", "Only a named person lifts it"),
}


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A city with a run and a drill, and a freeze."""
    folder = make_place(tmp_path / "city")
    keep_run(folder, stories.went_well)
    keep_drill(folder, cards.ALL[0], "2026-11-21-030000-lose-a-site")
    freeze(folder / "runs", None, by="commander", why=f"water in the north hall {SCRIPT}", now=NOON)
    return folder


def pages_of(city: Path, language: str) -> list[str]:
    run = next(one.name for one in (city / "runs").iterdir() if one.name[0] != ".")
    drill = next(one.name for one in (city / "drills").iterdir())
    return [f"/{language}/", f"/{language}/runs/{run}", f"/{language}/drills/{drill}"]


def read(text: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", text).split()))


@pytest.mark.slow
@pytest.mark.parametrize("language", ["da", "en"])
def test_every_page_says_who_froze_when_why_and_how_it_is_lifted_and_stops_when_it_is(reads, city, language):
    reader = reads(city)
    for path in pages_of(city, language):
        text = reader.text(path)
        said = read(text)
        for words in (*SAYS[language], "water in the north hall", "seawall thaw --why"):
            assert words in said, (path, words)
        assert SCRIPT not in text
        assert text.index("water in") < text.index("<main"), "it is read before anything else"
    thaw(city / "runs", None, by="commander", why="dry", now=NOON)
    for path in pages_of(city, language):
        assert SAYS[language][0] not in reader.text(path)


@pytest.mark.slow
def test_where_nobody_can_tell_that_is_said_and_the_page_is_there_all_the_same(reads, city):
    (word,) = (city / "runs" / FOLDER).iterdir()
    word.write_text("torn")
    said = read(reads(city).text("/en/"))
    assert "It cannot be told whether there is a freeze; nothing begins by itself then." in said
    assert "FROZEN" not in said


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_page_with_a_freeze_has_no_fault(browser: Browser, reads, city, language):
    reader = reads(city)
    for path in pages_of(city, language):
        assert faults_of(browser, reader.address + path) == []
