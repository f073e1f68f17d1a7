"""People in one place: names in lists, numbers of one person only, who is on duty when, and what is missing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from seawall.channels import FILE, Tried, keep
from seawall.errors import ExitCode

DUTIES = """
people:
  silent: {title: Ingen Overhovedet, roles: [duty-officer]}
  evening-guard:
    title: Aage Aften
    roles: [evening]
    slack: U0AFTEN00000
    language: da
    away: [{from: 2026-11-21, until: 2026-11-23}]
duties:
  duty-officer:
    weekly: {handover: monday 08:00, since: 2026-01-05, people: [duty-officer, second-on-call]}
    swaps: [{from: 2026-12-24 08:00, until: 2026-12-27 08:00, person: second-on-call}]
    deputies: [duty-officer, second-on-call]
  evening:
    dated: [{from: 2026-11-20 16:00, until: 2026-12-01 08:00, person: evening-guard}]
"""
SATURDAY = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


@pytest.fixture
def seawall(stage):
    """The terminal of a city with duties, on a Saturday at four in the morning."""
    stage.write("inventory/duties.yaml", DUTIES)
    stage.more["now"] = lambda: SATURDAY
    return stage


def told(seawall, *words):
    return json.loads(seawall(*words, "--json").out)


def test_the_list_says_who_is_on_duty_until_when_and_who_when_late(seawall):
    said = " ".join(seawall("person", "list").out.split())
    assert "On duty Sat 21 Nov 04:00" in said
    assert (
        "duty-officer second-on-call, until Mon 23 Nov 08:00, then duty-officer when late: duty-officer"
        in said
    )
    assert "dr-manager no roster; who may act: dr-manager" in said


def test_the_list_holds_nothing_of_anybody_but_names(seawall):
    said = seawall("person", "list").out + seawall("person", "list", "--json").out + seawall("duty").out
    for text in ("Karla", "Opdigtet", "@example.dk", "+45", "U0AFTEN00000"):
        assert text not in said


def test_one_person_is_shown_with_every_way_to_reach_them(seawall):
    said = seawall("person", "show", "duty-officer").out
    for text in ("Jens Tænktsen", "jens.taenktsen@example.dk", "U0TAENKTSEN0", "+45 00 00 00 06"):
        assert text in said
    assert "Karla" not in said
    (one,) = told(seawall, "person", "show", "duty-officer")["people"]
    assert [way["address"] for way in one["channels"]] == [
        "jens.taenktsen@example.dk",
        "U0TAENKTSEN0",
        "+45 00 00 00 06",
    ]


def test_whoever_cannot_be_reached_is_named_and_so_are_hours_without_anybody(seawall):
    seen = told(seawall, "person", "list")
    assert seen["gaps"] == [{"person": "silent", "missing": "channel"}]
    assert [(one["role"], one["since"], one["until"], one["instead_of"]) for one in seen["uncovered"]] == [
        ("evening", "2026-11-21T03:00:00+00:00", "2026-11-23T23:00:00+00:00", "evening-guard"),
        ("evening", "2026-12-01T07:00:00+00:00", "2026-12-19T03:00:00+00:00", None),
    ]
    said = " ".join(seawall("person", "list").out.split())
    assert "NOBODY: evening-guard is away, and has no deputy" in said
    assert "Cannot be reached at all" in said
    assert "inventory/people.yaml" in said


def test_an_uncovered_duty_is_an_exit_code(seawall):
    assert seawall("duty").code == ExitCode.FAILED
    assert seawall("duty", "--role", "duty-officer").code == ExitCode.DONE
    assert seawall("duty", "--at", "2026-11-24 12:00").code == ExitCode.DONE


def test_a_time_is_one_of_the_citys_clock_or_one_with_a_zone(seawall):
    christmas = told(seawall, "duty", "--at", "2026-12-24 08:00", "--role", "duty-officer")
    assert christmas["at"] == "2026-12-24T07:00:00+00:00"
    assert (christmas["roles"][0]["on_duty"], christmas["roles"][0]["because"]) == ("second-on-call", "swap")
    same = told(seawall, "duty", "--at", "2026-12-24T07:00:00Z", "--role", "duty-officer")
    assert same == christmas
    before = told(seawall, "duty", "--at", "2026-12-24 07:59", "--role", "duty-officer")
    assert before["roles"][0]["on_duty"] == "duty-officer"


@pytest.mark.parametrize(
    "words", [["--at", "tomorrow"], ["--at", "2026-12-24T08:00:00"], ["--at", "25:00"], ["--role", "king"]]
)
def test_what_cannot_be_meant_is_said(seawall, words):
    said = seawall("duty", *words)
    assert said.code == ExitCode.BAD_INPUT
    assert said.err


def test_the_nearest_name_is_offered(seawall):
    said = seawall("person", "show", "comander")
    assert said.code == ExitCode.BAD_INPUT
    assert "commander" in said.err


def test_how_long_ago_a_channel_was_tried_is_shown_and_never_taken_for_read(seawall):
    runs = seawall.city / "runs"
    for days, name, outcome in (
        (3, "commander", "accepted"),
        (120, "coordinator", "accepted"),
        (0, "dr-manager", "refused"),
    ):
        at = SATURDAY - timedelta(days=days, minutes=5)
        kept = {"whom": name, "channel": "email", "at": at, "by": "anna", "outcome": outcome}
        keep(runs, Tried.model_validate(kept))
    said = " ".join(seawall("person", "list").out.split())
    assert "mail accepted 3 d ago; telephone" in said
    assert "mail accepted 120 d ago, long ago" in said
    assert "mail REFUSED 5 min ago" in said
    assert "mail never tested" in said
    assert "Accepted is not read" in said


def test_a_record_that_cannot_be_read_makes_tests_unknown_and_hides_nobody(seawall):
    seawall.write(f"runs/{FILE}", "{")
    said = seawall("person", "list")
    assert said.code == ExitCode.DONE
    assert "not known when it was tested" in " ".join(said.out.split())
    assert "never tested" not in said.out


def test_it_reads_in_danish_and_on_a_narrow_terminal(seawall, monkeypatch):
    monkeypatch.setenv("SEAWALL_LANGUAGE", "da")
    monkeypatch.setenv("COLUMNS", "60")
    said = seawall("person", "list")
    flat = " ".join(said.out.split())
    assert "På vagt lør. 21. nov. 04:00" in flat
    assert "mail aldrig prøvet" in flat
    assert "INGEN: evening-guard er væk og har ingen stedfortræder" in flat
    assert all(len(line) <= 60 for line in said.out.splitlines() if not line.startswith(("Next", "  or")))


def test_nothing_is_changed_by_looking(seawall):
    before = seawall.contents()
    seawall("person", "list")
    seawall("person", "show", "commander")
    seawall("duty")
    assert seawall.contents() == before
