"""Who is asked whether something happened reads no code: what was done, what is known, where to look, what then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import drills
from connectors.world import memory_world
from seawall.binding import make_plan
from seawall.doubts import Doubt, doubt_of, where_to_look
from seawall.ground import Ground
from seawall.journal import AbortAsked, Event, Failed, Opened, Resumed, Settled, Started, Succeeded
from seawall.loading import load_city
from seawall.plan import Plan
from seawall.state import State
from tests.fakes import MIDNIGHT

RUN = "2026-11-21-0300-postgres-failover-k3"


@pytest.fixture(scope="module")
def plan() -> Plan:
    city = load_city(Path(drills.__file__).parent / "city")
    with memory_world(city.inventory, city.own) as world:
        ground = Ground(city.inventory, city.runbooks, city.templates, world)
        return make_plan("postgres-failover", ground, {"service": "login"}, exercise=False)


def when(seconds: float) -> datetime:
    return MIDNIGHT + timedelta(seconds=seconds)


def opened(plan: Plan) -> list[Event]:
    return [
        Opened(
            at=when(0),
            run=RUN,
            plan=plan.digest,
            runbook=plan.runbook,
            title=plan.title,
            exercise=False,
            by="anna",
            version="0",
        )
    ]


def done(step: str, seconds: float) -> list[Event]:
    return [
        Started(at=when(seconds), step=step, attempt=1, until=MIDNIGHT + timedelta(minutes=1)),
        Succeeded(at=when(seconds + 1), step=step, attempt=1, seen=None, summary="well"),
    ]


def in_doubt(step: str) -> list[Event]:
    return [
        Started(at=when(10), step=step, attempt=1, until=MIDNIGHT + timedelta(minutes=1)),
        Failed(
            at=when(12), step=step, attempt=1, error="MayHaveActed", where="south-db", problem="the link was cut",
            remedy="Look", acted=None,
        ),
        Settled(
            at=when(13), step=step, attempt=1, looked_at=MIDNIGHT, happened=None,
            because="the proof could not be looked at: nobody answered in time",
        ),
    ]  # fmt: skip


def doubt(plan: Plan, events: Sequence[Event], step: str) -> Doubt:
    return doubt_of(State(plan, events), events, step)


def test_it_says_what_was_done_to_what_since_when_and_by_whom(plan):
    found = doubt(plan, [*opened(plan), *done("standby-is-fit", 1), *in_doubt("fence")], "fence")
    assert (found.uses, found.targets, found.by.en) == ("postgres.fence", ("north-db/login",), "anna")
    assert found.since == MIDNIGHT + timedelta(seconds=10)


def test_it_says_every_try_and_what_the_proof_saw_in_both_languages(plan):
    found = doubt(plan, [*opened(plan), *in_doubt("fence"), Resumed(at=when(60), by="bo")], "fence")
    assert [one.said.en for one in found.known] == [
        "fence: began",
        "fence: its ending was not seen: the link was cut",
        "fence: the proof could not tell (the proof could not be looked at: nobody answered in time)",
    ]
    assert next(one.said.da for one in found.known) == "fence: begyndte"
    assert found.proof == "postgres.is-fenced"


def test_whoever_took_the_run_up_before_its_last_try_is_named(plan):
    events = [
        *opened(plan),
        Resumed(at=when(5), by="bo"),
        *in_doubt("fence"),
        Resumed(at=when(90), by="carl"),
    ]
    assert doubt(plan, events, "fence").by.en == "bo"


def test_a_process_that_was_gone_is_part_of_what_is_known(plan):
    began = Started(at=when(10), step="fence", attempt=1, until=MIDNIGHT + timedelta(minutes=1))
    found = doubt(plan, [*opened(plan), began, Resumed(at=when(90), by="carl")], "fence")
    assert found.known[-1].said.en == "fence: the process that carried it out was gone"


def test_it_says_what_each_answer_leads_to(plan):
    events = [*opened(plan), *done("standby-is-fit", 1), *in_doubt("fence")]
    found = doubt(plan, events, "fence")
    assert found.if_happened.en == "it counts as done; next: promote"
    assert found.if_happened.da == "det tæller som udført; det næste: promote"
    assert f"`seawall retry {RUN} fence`" in found.if_not.en
    assert "undo" not in found.if_not.en  # nothing was changed before it
    later = [*opened(plan), *done("fence", 1), *in_doubt("promote")]
    assert f"`seawall undo {RUN}` to take back fence" in doubt(plan, later, "promote").if_not.en


def test_of_a_taking_back_too(plan):
    events = [
        *opened(plan), *done("fence", 1), *done("promote", 3), *done("repoint", 5),
        AbortAsked(at=when(8), by="anna", why="", undo=True),
        Started(at=when(9), step="repoint", attempt=1, undoing=True, until=MIDNIGHT + timedelta(minutes=1)),
        Resumed(at=when(90), by="carl"),
    ]  # fmt: skip
    found = doubt(plan, events, "repoint")
    assert found.undoing
    assert found.if_happened.en == "it counts as taken back; then: fence"
    assert found.if_not.en == "taking back ends here; repoint, fence, promote still stands"


@pytest.mark.parametrize(
    ("step", "commands"),
    [
        ("fence", ["pg_ctl status -D ", "SELECT pg_is_in_recovery()"]),
        ("promote", ["pg_ctl status -D ", "SELECT pg_is_in_recovery()"]),
        ("repoint", ["echo 'show servers state' | nc "]),
        ("repoint-name", ["dig @", " +short"]),
        ("tell-by-mail", ["ask somebody of coordinators whether the message came"]),
    ],
)
def test_it_names_where_a_person_looks_for_each_change_of_a_failover(plan, step, commands):
    found = [one.en for one in where_to_look(plan.by_id[step])]
    assert [wanted for wanted in commands if not any(wanted in one for one in found)] == []
    assert not [one for one in found if "None" in one or "{" in one]


CHANGES_SOMETHING = (
    "stop",
    "start",
    "restart",
    "promote",
    "rm ",
    "reload",
    "kill",
    "pg_ctl -",
    "UPDATE",
    "INSERT",
)


def test_no_command_that_is_named_changes_anything_or_tells_a_secret(plan):
    named = [one.en for step in plan.steps for one in where_to_look(step)]
    assert named
    assert not [one for one in named if any(word in one for word in CHANGES_SOMETHING)]
    assert not [one for one in named if "file:" in one or "env:" in one or "password" in one]
