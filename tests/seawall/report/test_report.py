"""A report tells a run as its journal has it, to people in two languages and to an auditor as evidence."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import JournalError
from seawall.journal import Acknowledged, Answered, Asked, Ended, Escalated, Event, Failed, Outcome
from seawall.model import Language, Text
from seawall.plan import Plan
from seawall.report.making import make_report
from seawall.report.markdown import to_markdown
from seawall.report.page import to_page
from seawall.report.telling import told
from seawall.report.words import HEADINGS, OUTCOMES, STANDS
from seawall.state import State
from seawall.step_state import Stand
from tests.seawall.report.stories import (
    RUN,
    aborted,
    at,
    began,
    in_doubt,
    lines,
    move,
    opened,
    step,
    up_to_the_fence,
    went_well,
)

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
STORIES = {"went-well": went_well, "in-doubt": in_doubt, "aborted": aborted}


def report_of(story, *, exercise=False):
    plan = move(exercise=exercise)
    return make_report(plan, lines(story(plan)), run=RUN, made_at=at(120), version="0.1.0")


@pytest.mark.golden
@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("language", ["en", "da"])
def test_markdown_reads_as_agreed(golden, name, language):
    golden(f"report/{name}.{language}.md", to_markdown(report_of(STORIES[name]), language, COPENHAGEN))


@pytest.mark.golden
@pytest.mark.parametrize(("name", "language"), [("went-well", "en"), ("aborted", "da")])
def test_the_page_reads_as_agreed(golden, name, language):
    page = to_page(report_of(STORIES[name], exercise=name == "aborted"), language, COPENHAGEN)
    golden(f"report/{name}.{language}.html", page)


@pytest.mark.golden
def test_the_evidence_reads_as_agreed(golden):
    golden("report/went-well.json", report_of(went_well).model_dump_json(indent=2) + "\n")


def test_the_evidence_reads_back():
    report = report_of(went_well)
    assert type(report).model_validate_json(report.model_dump_json()) == report


def test_the_same_journal_gives_the_same_report():
    assert report_of(in_doubt) == report_of(in_doubt)


def test_the_journals_last_line_is_named():
    plan = move()
    written = lines(went_well(plan))
    report = make_report(plan, written, run=RUN, made_at=at(120), version="0.1.0")
    assert report.journal.head == written[-1].hash
    for text in (to_markdown(report, "en", COPENHAGEN), to_page(report, "da", COPENHAGEN)):
        assert report.journal.head in text
        assert report.plan in text


def test_time_spent_waiting_for_people_is_told_apart():
    assert report_of(went_well).waited_for_people == pytest.approx(21.26 + 74.4, abs=0.01)


def test_every_failure_stands_there_with_its_remedy():
    report = report_of(aborted)
    assert [one.remedy for one in report.troubles] == ["Look whether the machine has power"]
    assert report.left == ("fence",)
    assert "Look whether the machine has power" in to_markdown(report, "da", COPENHAGEN)


def test_an_open_run_says_that_it_is_open():
    report = report_of(in_doubt)
    assert (report.outcome, report.ended_at, report.in_doubt) == (None, None, ("fence",))
    assert "uvist" in report.verdict.in_("da")


def test_an_exercise_says_so_first_in_both_languages():
    report = report_of(went_well, exercise=True)
    assert to_markdown(report, "en", COPENHAGEN).startswith("# ØVELSE / EXERCISE")
    assert to_markdown(report, "da", COPENHAGEN).startswith("# ØVELSE / EXERCISE")
    assert "(ØVELSE / EXERCISE)</title>" in to_page(report, "da", COPENHAGEN)


def test_a_journal_that_does_not_say_how_it_began_is_no_report():
    plan = move()
    with pytest.raises(JournalError, match="opened"):
        make_report(plan, [], run=RUN, made_at=at(0), version="0.1.0")


def test_an_erased_line_is_counted_and_nothing_else_is_lost():
    plan = move()
    written = lines(went_well(plan))
    written[4] = written[4].model_copy(update={"salt": None, "event": None})
    report = make_report(plan, written, run=RUN, made_at=at(120), version="0.1.0")
    assert report.journal.erased == 1
    assert "bo" not in [one.by for one in report.timeline]


def test_every_stand_and_outcome_has_words_in_both_languages():
    assert set(STANDS) == {one.value for one in Stand} | {"not begun"}
    assert set(OUTCOMES) == {one.value for one in Outcome} | {"open"}
    assert all(words.da for words in (*STANDS.values(), *OUTCOMES.values(), *HEADINGS.values()))


@pytest.mark.parametrize("story", STORIES.values())
def test_every_event_is_told_in_both_languages(story):
    plan = move()
    for event in story(plan):
        text = told(event, plan)
        assert text.en
        assert text.da


HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "a|b",
        "\x1b[2J",
        "</style>",
        "`x`",
        "a\nb",
        "{{ 7*7 }}",
        '" onload="x',
        "[a](http://b)",
    ]
)


@given(HOSTILE, HOSTILE)
def test_what_a_host_said_steers_neither_page_nor_terminal(problem, remedy):
    plan = move().model_copy(update={"title": Text(en=problem)})
    failure = Failed(
        at=at(1),
        step="standby-is-fit",
        attempt=1,
        error="DidNothing",
        where=problem,
        problem=problem,
        remedy=remedy,
        acted=False,
    )
    events: list[Event] = [opened(plan), failure, Ended(at=at(2), outcome=Outcome.FAILED)]
    report = make_report(plan, lines(events), run=RUN, made_at=at(3), version="0.1.0")
    page, markdown = to_page(report, "en", COPENHAGEN), to_markdown(report, "en", COPENHAGEN)
    outline = Outline()
    outline.feed(page)
    assert outline.loads == []
    assert outline.scripted == []
    assert page.count("</style>") == 1
    assert "\x1b" not in page + markdown
    assert "<script" not in markdown
    assert not re.search(r"(?<!\\)\]\(", markdown)


class Outline(HTMLParser):
    """What a page is made of: tags opened and closed, headings, addresses it loads from."""

    def __init__(self):
        super().__init__()
        self.open, self.headings, self.loads, self.scripted, self.language = [], [], [], [], None

    def handle_starttag(self, tag, attrs):
        given_ = dict(attrs)
        self.language = given_.get("lang") if tag == "html" else self.language
        if tag in ("script", "link", "img", "iframe", "object"):
            self.loads.append(tag)
        self.scripted += [name for name in given_ if name.startswith("on")]
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize("story", STORIES.values())
def test_the_page_is_sound_says_its_language_and_loads_nothing(story, language):
    page = to_page(report_of(story), language, COPENHAGEN)
    outline = Outline()
    outline.feed(page)
    outline.close()
    assert outline.open == []
    assert outline.language == language
    assert outline.loads == []
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(outline.headings))


def test_the_page_of_a_run_with_300_steps_stays_under_100_kb():
    small = move()
    steps = tuple(
        one.model_copy(update={"id": f"{one.id}-{n}", "after": ()}) for n in range(50) for one in small.steps
    )
    plan = small.model_copy(update={"steps": steps})
    events: list[Event] = [
        opened(plan),
        *(began(one.id, n / 10) for n, one in enumerate(steps) if not one.skipped and not one.by),
    ]
    report = make_report(plan, lines(events), run=RUN, made_at=at(1), version="0.1.0")
    page = to_page(report, "da", COPENHAGEN)
    assert len(report.steps) == 300
    assert len(page.encode()) < 100_000
    assert "210" in page


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_words_reach_the_contrast_that_wcag_asks_for(scheme):
    page = to_page(report_of(went_well), "en", COPENHAGEN)
    blocks = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", one))
        for one in re.findall(r":root \{(.*?)\}", page, re.DOTALL)
    ]
    colours = {**blocks[0], **blocks[["light", "dark", "print"].index(scheme)]}
    for ink in ("ink", "dim", "good", "bad", "calm", "link"):
        for paper in ("paper", "soft"):
            assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
    assert contrast(colours["mark-ink"], colours["mark"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """Tell two colours' contrast. Source: WCAG 2.1, relative luminance."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_account_of_each_step_is_what_the_state_says():
    plan = move()
    events = up_to_the_fence(plan)
    state = State(plan, events)
    report = make_report(plan, lines(events), run=RUN, made_at=at(30), version="0.1.0")
    assert {one.id: one.stand for one in report.steps} == {
        name: one.stand.value for name, one in state.steps.items()
    }
    assert json.loads(report.model_dump_json())["steps"][2]["approvals"][0]["by"] == "bo"


def test_machines_time_is_told_apart_from_peoples():
    report = report_of(went_well)
    assert report.machine_seconds == pytest.approx(report.seconds - report.waited_for_people, abs=0.01)


def test_a_steps_way_through_peoples_hands_is_told_with_its_times():
    def handed(plan: Plan) -> list[Event]:
        return [
            opened(plan),
            Asked(at=at(0), step="tell", what="person", of="duty-officer", person="dora", until=at(900)),
            Escalated(
                at=at(900),
                step="tell",
                what="person",
                of="duty-officer",
                person="erik",
                before="dora",
                because="late",
                until=at(1800),
            ),
            Acknowledged(at=at(960), step="tell", by="erik"),
            Answered(at=at(1560), step="tell", by="erik", answer="happened"),
        ]

    alone = [step("tell", "Ring them", "Ring til dem", None, by="duty-officer", within=timedelta(minutes=15))]
    plan = move().model_copy(update={"steps": tuple(alone)})
    report = make_report(plan, lines(handed(plan)), run=RUN, made_at=at(2000), version="0")
    hands = report.steps[0].hands
    assert hands is not None
    assert (hands.taken_by, hands.wait_seconds, hands.work_seconds) == ("erik", 960.0, 600.0)
    assert [(one.before, one.person, one.because) for one in hands.passed_on] == [("dora", "erik", "late")]
    languages: tuple[tuple[Language, str, str], ...] = (
        ("en", "taken 03:28:09 by erik after 16 min", "erik (duty-officer) was asked"),
        ("da", "taget 03:28:09 af erik efter 16 min", "erik (duty-officer) blev spurgt"),
    )
    for language, words, passed in languages:
        assert words in to_markdown(report, language, COPENHAGEN)
        assert passed in to_markdown(report, language, COPENHAGEN)
        assert words in to_page(report, language, COPENHAGEN)
    assert report.waited_for_people == 1560.0
    assert report.machine_seconds == 0.0
