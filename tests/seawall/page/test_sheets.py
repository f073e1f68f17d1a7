"""The two sheets say what was measured and what was not, who decided, and leave room for what comes of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from seawall.journal import Answered, ByHand
from seawall.messages import MARK
from seawall.page.sheets import MOST_PARTS, Measured, decisions_of
from seawall.page.sheets_words import DECISIONS, HEADINGS, SENTENCES, decided_how
from seawall.plan import Promise
from tests.seawall.page.incident import plan_of, whole
from tests.seawall.page.sheeted import everything_long, many_steps, sheets, told
from tests.seawall.report import stories

OUTAGE = Measured(rta=timedelta(minutes=16), lost=137, entries=20_000)


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("</style>")[2]).split())


@pytest.mark.golden
@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("name", ["well", "aborted", "drill"])
def test_the_sheets_read_as_agreed(golden, name, language):
    plan = plan_of(exercise=name == "drill")
    events = stories.aborted(plan) if name == "aborted" else whole(plan)
    page = sheets(plan, events, language, measured=OUTAGE if name == "drill" else None)
    golden(f"page/sheets-{name}.{language}.html", page)


def test_what_was_not_measured_is_said_to_be_so_and_never_to_be_kept():
    said = words(sheets(plan_of(), whole(plan_of()), "en"))
    assert "seen from outside not measured 15 min cannot be told" in said
    assert "Not measured: this run cannot tell whether anything entered is missing" in said
    assert not re.search(r"\b15 min yes\b", said)


def test_a_drills_own_measure_is_held_against_the_promise():
    plan = plan_of(exercise=True)
    said = words(sheets(plan, whole(plan), "en", measured=OUTAGE))
    assert "seen from outside 16 min 15 min NO, 1 min over" in said
    assert "137 of 20000 confirmed entries were lost" in said
    in_time = words(sheets(plan, whole(plan), "en", measured=Measured(timedelta(minutes=2), 0, 5)))
    assert "seen from outside 2 min 15 min yes" in in_time


def test_work_that_took_longer_than_the_promise_broke_it_whenever_it_began():
    plan = plan_of()
    late = [
        one.model_copy(update={"at": one.at + timedelta(minutes=20)}) if one.kind != "opened" else one
        for one in whole(plan)
    ]
    assert "NO, 6 min 05 s over" in words(sheets(plan, late, "en"))


def test_what_nobody_saw_is_not_in_order():
    plan = plan_of()
    assert "not seen to be in order" in words(sheets(plan, stories.aborted(plan), "en"))
    assert "did not see for itself" in words(sheets(plan, stories.aborted(plan), "en"))


def test_whoever_decided_stands_there_with_role_and_time():
    plan = plan_of()
    said = words(sheets(plan, whole(plan), "en"))
    assert "03:12:30 bo (incident commander) said yes to: Make the old primary" in said
    assert "03:12:09 anna started the work" in said


def test_a_long_run_is_told_in_as_many_parts_as_fit_and_none_is_left_out():
    plan, events = many_steps()
    page = sheets(plan, events, "en")
    parts = re.findall(r"(\d+) of (\d+) steps done", page)
    assert len(parts) == MOST_PARTS
    assert sum(int(all_) for _, all_ in parts) == len(plan.steps)
    assert "12 went wrong" in page


def test_an_exercise_says_so_on_both_sheets():
    page = sheets(plan_of(exercise=True), whole(plan_of(exercise=True)), "da")
    first, _, second = page.partition('class="second"')
    assert f"<title>{MARK}" in first
    assert f"<h1>{MARK}" in first
    assert MARK in second.partition("</p>")[0]


def test_there_is_room_to_write_what_is_done_so_that_it_does_not_happen_again():
    page = sheets(plan_of(), whole(plan_of()), "da")
    fill = page.partition('class="fill"')[2].partition("</table>")[0]
    assert fill.count("<tr>") == 6
    assert "Det gør vi, så det ikke sker igen" in page


def test_every_sentence_is_there_in_both_languages():
    assert all(text.da for table in (HEADINGS, SENTENCES, DECISIONS) for text in table.values())


@pytest.mark.slow
def test_a_page_of_everything_at_its_longest_stays_small():
    plan, events = many_steps()
    assert len(sheets(plan, events, known_=everything_long()).encode()) < 30_000
    assert told(plan, events).report.steps


def test_a_suppliers_promise_counts_from_where_it_says_and_their_losses_are_not_ours_to_measure():
    plan = plan_of()
    promise = Promise(
        service="login",
        supplier="Registerhuset",
        rto=timedelta(seconds=30),
        since="fence",
        served_again="served-again",
    )
    plan = plan.model_copy(update={"promise": promise})
    said = words(sheets(plan, whole(plan), "en"))
    assert "seen to be back 43.5 s 30 s NO, 13.5 s over" in said
    assert "Registerhuset runs it, and nothing of ours is written there" in said


@pytest.mark.parametrize("answer", ["no", "happened", "did-not-happen", "cannot"])
def test_whatever_a_person_answers_is_told_as_a_decision(answer: str):
    event = Answered.model_validate({"at": datetime.now(UTC), "step": "call", "by": "bo", "answer": answer})
    assert DECISIONS[decided_how(event)].da


@pytest.mark.parametrize("result", ["done", "not-done"])
def test_what_was_done_by_hand_is_told_with_its_own_time(result: str):
    when, typed = datetime(2026, 11, 22, 3, 0, tzinfo=UTC), datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    event = ByHand.model_validate(
        {"at": typed, "step": "promote", "by": "bo", "when": when, "result": result, "typed_by": "ada"}
    )
    (decision,) = decisions_of([event], stories.move())
    assert decision.at == when
    assert decision.who.en.startswith("bo")
