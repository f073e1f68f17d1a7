"""The pages that are files: a run's report and a drill's scorecard, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from drills.scorecard import Scorecard
from drills.scorecard_page import scorecard_page
from seawall.model import Language
from seawall.report.making import make_report
from seawall.report.page import to_page
from tests.browser import Browser, faults_of
from tests.drills import cards
from tests.seawall.report import stories

LANGUAGES: tuple[Language, ...] = ("da", "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("story", [stories.went_well, stories.in_doubt, stories.aborted])
@pytest.mark.parametrize("exercise", [True, False], ids=["exercise", "real"])
def test_a_report_has_no_fault(browser: Browser, tmp_path, language, story, exercise):
    plan = stories.move(exercise=exercise)
    report = make_report(
        plan, stories.lines(story(plan)), run=stories.RUN, made_at=stories.at(100), version="0"
    )
    path = tmp_path / "report.html"
    path.write_text(to_page(report, language, ZoneInfo("Europe/Copenhagen")), encoding="utf-8")
    assert faults_of(browser, path) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("hold", cards.ALL)
def test_a_scorecard_has_no_fault(browser: Browser, tmp_path, language, hold: Callable[..., Scorecard]):
    path = tmp_path / "scorecard.html"
    path.write_text(scorecard_page(hold(tmp_path), language, other="other.html"), encoding="utf-8")
    assert faults_of(browser, path) == []
