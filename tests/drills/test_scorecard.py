from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from drills.scorecard import ExpectedLoss, Scorecard
from drills.scorecard_page import HERE, scorecard_fragment, scorecard_page
from drills.scorecard_rows import SIGNS, gist, judged_mark, judged_word, measured, verdict_mark
from drills.scorecard_terminal import print_scorecard, scorecard_svg
from drills.scorecard_words import WORDS, say
from drills.written import read_scorecard, write_scorecard
from seawall.errors import BadInput
from seawall.journal import Outcome
from seawall.messages import MARK
from seawall.model import Language, Text
from tests.drills import cards
from tests.examples import examples

LANGUAGES: tuple[Language, ...] = ("en", "da")
VOID = {"meta", "link", "br", "hr", "img", "input"}


@pytest.fixture(scope="module", params=cards.ALL, ids=lambda card: card.__name__)
def card(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scorecard:
    made: Scorecard = request.param(tmp_path_factory.mktemp("drills"))
    return made


def printed(
    card: Scorecard, language: Language, *, width: int = 90, colour: bool = False, folder: Path | None = None
) -> str:
    file = io.StringIO()
    console = Console(
        file=file, width=width, force_terminal=colour, color_system="truecolor" if colour else None
    )
    print_scorecard(card, console, language, folder=folder)
    return file.getvalue()


class Page(HTMLParser):
    """What stands in a page, and whether its elements close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.mark.golden
@pytest.mark.parametrize(
    ("made", "language"), [(one, language) for one in cards.ALL for language in LANGUAGES]
)
def test_a_printed_scorecard_reads_as_it_was_approved(tmp_path, golden, made, language):
    golden(f"drills/{made.__name__}.{language}.txt", printed(made(tmp_path), language))


@pytest.mark.golden
def test_the_keys_of_a_scorecard_are_stable(tmp_path, golden):
    golden("drills/drill.json", cards.passed(tmp_path).model_dump_json(by_alias=True, indent=2) + "\n")


def test_a_scorecard_is_always_of_an_exercise(card):
    fields = json.loads(card.model_dump_json())
    with pytest.raises(ValueError, match="exercise"):
        Scorecard.model_validate({**fields, "exercise": False})
    for language in LANGUAGES:
        assert MARK in printed(card, language)
        assert MARK in scorecard_page(card, language)
        assert MARK.replace(" ", "&#160;") in scorecard_svg(card, language)


def test_a_disruption_that_users_feel_later_is_not_told_as_what_the_service_was_gone_for(tmp_path):
    card = cards.passed(tmp_path)
    assert card.rta is not None
    assert "was gone for" in gist(card, "en")
    assert "after the disruption" not in gist(card, "en")
    felt = card.writes.model_copy(update={"refused_for": timedelta(seconds=2)})
    later = card.model_copy(update={"rta": timedelta(seconds=12), "writes": felt})
    assert "was gone for 2 s, and served again 12 s after the disruption." in gist(later, "en")
    assert "var væk i 2 s og svarede igen 12 s efter forstyrrelsen." in gist(later, "da")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_says_the_verdict_the_numbers_and_what_it_does_not_prove(card, language):
    forms = (
        re.sub(r"\s+", " ", printed(card, language, width=400)),
        Page(scorecard_page(card, language)).text,
    )
    for form in forms:
        assert card.verdict.headline.in_(language) in form
        assert gist(card, language) in form
        for row in measured(card, language):
            assert row.what in form
            assert row.measured in form
        for one in (*card.verdict.because, *card.findings, *card.does_not_prove):
            assert one.in_(language) in form
        for judged in card.expectations:
            assert judged.that.in_(language) in form
            assert judged_word(judged, language) in form


def test_no_state_is_said_by_colour_alone(card):
    """Printed without any colour, every state still has its sign and its word."""
    plain = printed(card, "en")
    assert "\x1b" not in plain
    assert f"{SIGNS[verdict_mark(card)]} {card.verdict.headline.en}" in plain
    for judged in card.expectations:
        assert f"{SIGNS[judged_mark(judged)]} {judged_word(judged, 'en')}" in plain
    assert "\x1b[" in printed(card, "en", colour=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_what_accessibility_asks_of_it(card, language):
    text = scorecard_page(card, language, other="other.html")
    page = Page(text)
    assert page.open == []
    assert page.all("html") == [{"lang": language}]
    assert len(page.all("h1")) == 1
    assert page.all("script") == []
    assert len(text.encode()) < 100_000
    assert all(cell.get("scope") in {"col", "row"} for cell in page.all("th"))
    assert {one["href"] for one in page.all("a")} == {"other.html"}
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {one["aria-labelledby"] for one in page.all("section")} <= set(ids)
    assert "http://" not in text
    assert "https://" not in text
    assert card.verdict.headline.in_(language) in text.split("</title>")[0]


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_every_colour_of_text_stands_out_by_four_and_a_half_to_one(scheme):
    """WCAG 2.1, 1.4.3. The soft background is the darkest that text stands on in light, the lightest in dark."""
    css = (HERE / "scorecard.css").read_text(encoding="utf-8")
    blocks = {
        "light": css.split("@media")[0],
        "dark": css.split("prefers-color-scheme: dark")[1].split("}")[0],
        "print": css.split("@media print")[1].split("}")[0],
    }
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6})", blocks[scheme]))
    for paper in ("paper", "soft"):
        for ink in ("ink", "dim", "good", "late", "bad", "unknown"):
            assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
    assert contrast(colours["bar"], colours["paper"]) >= 3


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours. Source: WCAG 2.1, relative luminance."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.fixture(scope="module")
def a_card(tmp_path_factory: pytest.TempPathFactory) -> Scorecard:
    return cards.passed(tmp_path_factory.mktemp("drills"))


@pytest.mark.parametrize(("lost", "mark"), [(3, "good"), (40, "good"), (41, "bad"), (None, "unknown")])
def test_what_two_people_expected_to_lose_stands_beside_what_was_lost(a_card, lost, mark):
    expected = ExpectedLoss(by=("anna", "bo"), writes=40, seconds=2.5)
    writes = a_card.writes.model_copy(update={"lost": lost, "expected": expected})
    rows = measured(a_card.model_copy(update={"writes": writes}), "en")
    row = next(one for one in rows if one.what == "Acknowledged writes lost")
    assert (row.target, row.mark) == ("40", mark)
    assert "without evidence, as anna, bo expected (2.5 s)" in row.measured


@examples(25)
@given(words=st.text(max_size=40))
def test_no_words_of_others_become_markup(a_card, words):
    hostile = Text(en=f"<script>alert(1)</script>[bold]{words}", da=f"<b>[/]{words}&")
    card = a_card.model_copy(update={"title": hostile, "findings": (hostile,)})
    page = Page(scorecard_page(card, "en"))
    assert page.all("script") == []
    assert page.open == []
    assert Page(scorecard_fragment(card, "da")).all("b") == []
    assert "[bold]" in printed(card, "en", width=300)


def test_a_scorecard_reads_back_what_it_writes(card, tmp_path):
    write_scorecard(card, tmp_path)
    assert read_scorecard(tmp_path) == card


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff\x00", b'{"format": "seawall-scorecard/9"}'])
def test_what_is_no_scorecard_is_bad_input(tmp_path, content):
    if content is not None:
        (tmp_path / "drill.json").write_bytes(content)
    with pytest.raises(BadInput):
        read_scorecard(tmp_path)


def test_the_two_pages_lead_to_each_other(tmp_path):
    write_scorecard(cards.passed(tmp_path), tmp_path)
    assert 'href="scorecard.da.html"' in (tmp_path / "scorecard.html").read_text(encoding="utf-8")
    assert 'href="scorecard.html"' in (tmp_path / "scorecard.da.html").read_text(encoding="utf-8")


def test_where_the_page_lies_is_the_last_thing_printed(tmp_path):
    folder = tmp_path / "a folder with a long name" / "drill-1"
    assert printed(cards.passed(tmp_path), "en", width=40, folder=folder).endswith(f"  {folder}\n")


def test_every_word_there_is_has_danish_and_every_outcome_has_a_word():
    assert all(text.da for text in WORDS.values())
    for outcome in Outcome:
        assert say(f"outcome-{outcome.value}", "da")


def test_a_scorecard_names_no_person_s_address(card):
    for language in LANGUAGES:
        forms = printed(card, language) + scorecard_page(card, language) + card.model_dump_json()
        assert "@" not in re.sub(r"@media", "", forms)
