"""Every page in a real browser: no fault that axe knows of, on a phone and a desktop, light and dark, and on paper."""

from __future__ import annotations

import pytest

from tests.browser import PHONE, Browser, faults_of
from tests.console.web.conftest import Reader
from tests.console.web.kept import make_place
from tests.console.web.test_reading import DRILLS, LANGUAGES, RUNS

WHERE_ONE_IS = """(() => {
    const at = document.activeElement, box = at.getBoundingClientRect();
    const seen = box.width > 0 && box.right > 0;
    return [at.tagName, at.textContent.trim().slice(0, 40), getComputedStyle(at).outlineStyle, seen];
})()"""
HISTORIES = ("", "?kind=drill&ended=late", "?kind=drill", "?service=dns", "?refresh=30", "nothing")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", HISTORIES)
def test_a_history_has_no_fault(browser: Browser, reader: Reader, language, path):
    faults = faults_of(browser, f"{reader.address}/{language}/{path}")
    assert [one for one in faults if "responded with a status of 40" not in one] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", RUNS)
def test_a_run_has_no_fault(browser: Browser, reader: Reader, language, what):
    assert faults_of(browser, reader.address + reader.run(what, language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", DRILLS)
def test_a_drill_has_no_fault(browser: Browser, reader: Reader, language, what):
    assert faults_of(browser, reader.address + reader.drill(what, language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_printed_has_no_fault(browser: Browser, reader: Reader, language):
    for address in (
        f"{reader.run('aborted', language)}/report",
        f"{reader.run('went-well', language)}/sheets",
        f"{reader.drill('drill-late', language)}/scorecard",
    ):
        assert faults_of(browser, reader.address + address) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_history_has_no_fault(browser: Browser, reads, tmp_path, language):
    assert faults_of(browser, f"{reads(make_place(tmp_path / 'city')).address}/{language}/") == []


def test_everything_is_reached_with_the_keyboard_and_shows_where_one_is(browser: Browser, reader: Reader):
    page = browser.page().look(PHONE).open(f"{reader.address}/da/")
    reached = []
    for _ in range(60):
        page.press("Tab")
        seen = page.evaluate(WHERE_ONE_IS)
        if seen[0] == "BODY":
            break
        reached.append(seen)
    browser.close(page)
    assert reached[0][1] == "Spring til indholdet"
    assert [one for one in reached if one[2] == "none" or not one[3]] == []
    links = len(reader.names) + 5  # and past the menu, to refresh, and the other language
    assert len([one for one in reached if one[0] == "A"]) == links
    assert len([one for one in reached if one[0] in ("SELECT", "BUTTON")]) == 4


def test_the_way_past_the_menu_leads_to_the_content(browser: Browser, reader: Reader):
    page = browser.page().open(f"{reader.address}/en/")
    page.press("Tab")
    page.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    browser.close(page)


def test_what_can_be_pressed_is_large_enough_for_a_thumb(browser: Browser, reader: Reader):
    """WCAG 2.2, 2.5.8: 24 CSS pixels, or far enough from the next."""
    page = browser.page().look(PHONE).open(f"{reader.address}/da/")
    small = page.evaluate(
        "[...document.querySelectorAll('a:not(.skip), button, select')]"
        ".filter(one => one.getBoundingClientRect().height < 24).map(one => one.textContent)"
    )
    browser.close(page)
    assert small == []


def test_no_script_runs_though_one_was_planted(browser: Browser, reader: Reader):
    page = browser.page().open(reader.address + reader.run("script"))
    assert page.evaluate("document.scripts.length") == 0
    assert "alert('planted')" in page.evaluate("document.body.innerText")
    browser.close(page)


def test_the_filter_works_without_any_script(browser: Browser, reader: Reader):
    page = browser.page()
    page.ask("Emulation.setScriptExecutionDisabled", value=True)
    page.open(f"{reader.address}/da/?kind=drill&ended=well")
    page.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert page.evaluate("document.querySelectorAll('tbody tr').length") == 1
    assert page.evaluate("document.querySelector('#kind').value") == "drill"
    browser.close(page)
