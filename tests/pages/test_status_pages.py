"""What the city is told of a run, while it is under way and afterwards, as a browser and a printer see it."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from tests.browser import Browser, faults_of
from tests.seawall.page.incident import page, plan_of, whole
from tests.seawall.page.sheeted import everything_long, many_steps, sheets
from tests.seawall.page.test_status import STORIES
from tests.seawall.report import stories


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("exercise", [True, False], ids=["exercise", "real"])
def test_a_status_page_has_no_fault(browser: Browser, tmp_path, story, exercise):
    plan = plan_of(exercise=exercise)
    path = tmp_path / "page.html"
    path.write_text(page(plan, STORIES[story](plan)), encoding="utf-8")
    assert faults_of(browser, path) == []


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("how", ["well", "aborted", "long", "longest"])
@pytest.mark.parametrize("exercise", [True, False], ids=["exercise", "real"])
def test_the_two_sheets_are_two_sheets_and_have_no_fault(browser: Browser, tmp_path, language, how, exercise):
    plan = plan_of(exercise=exercise)
    events = stories.aborted(plan) if how == "aborted" else whole(plan)
    if how in ("long", "longest"):
        plan, events = many_steps(exercise=exercise)
    city = everything_long() if how == "longest" else None
    path = tmp_path / "sheets.html"
    path.write_text(sheets(plan, events, language, known_=city), encoding="utf-8")
    assert faults_of(browser, path) == []
    assert pages_on_paper(browser, path) == 2


@pytest.mark.parametrize("story", STORIES)
def test_a_status_page_prints_each_language_on_its_own_sheet(browser: Browser, tmp_path, story):
    plan = plan_of()
    path = tmp_path / "page.html"
    path.write_text(page(plan, STORIES[story](plan)), encoding="utf-8")
    assert pages_on_paper(browser, path) == 2


def pages_on_paper(browser: Browser, path: Path) -> int:
    """Print a page as its own style says, and count the sheets."""
    tab = browser.page()
    try:
        printed = tab.open(path).ask("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
    finally:
        browser.close(tab)
    return len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(printed["data"])))
