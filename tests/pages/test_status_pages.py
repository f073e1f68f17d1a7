"""What the city is told of a run, while it is under way and afterwards, as a browser and a printer see it."""

from __future__ import annotations

import pytest

from tests.browser import Browser, faults_of
from tests.seawall.page.incident import page, plan_of
from tests.seawall.page.test_status import STORIES


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("exercise", [True, False], ids=["exercise", "real"])
def test_a_status_page_has_no_fault(browser: Browser, tmp_path, story, exercise):
    plan = plan_of(exercise=exercise)
    path = tmp_path / "page.html"
    path.write_text(page(plan, STORIES[story](plan)), encoding="utf-8")
    assert faults_of(browser, path) == []
