"""An outage step by step: Havnby's login is moved, looked at from outside, and people are told. Times are fixed."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import drills
from seawall.actions import Effect
from seawall.journal import Ended, Event, Outcome
from seawall.loading import City, load_city
from seawall.page.status import Known, Status, status_of
from seawall.page.writing import to_html
from seawall.plan import Plan
from seawall.predicates import Predicate
from seawall.state import State
from tests.seawall.report import stories
from tests.seawall.report.stories import at, began, ended_well, step, up_to_the_fence

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
LOOK = "See from outside that Login works again, by writing"
MESSAGE = {"subject": {"en": "a", "da": "b"}, "body": {"en": "a", "da": "b"}}


@cache
def havnby() -> City:
    return load_city(Path(drills.__file__).parent / "city")


def known(**more: Any) -> Known:
    city = havnby()
    return Known(city.inventory, city.runbooks, timedelta(minutes=30), **{"telephone": "70 00 00 00", **more})


def plan_of(*, exercise: bool = False, **more: Any) -> Plan:
    """Make the plan that moves login: the one of the report's stories, with a look from outside and a letter."""
    plan = stories.move(exercise=exercise)
    looked = step(
        "served-again",
        LOOK,
        "Se udefra, at Log ind virker igen, ved at skrive",
        "http.probe",
        "repoint",
        effect=Effect.READS,
        until=(Predicate(field="status", operator="is", value=200, written="200"),),
    )
    told = step(
        "tell-by-mail",
        "Write to the coordinators",
        "Skriv til koordinatorerne",
        "email.send",
        "served-again",
        args={"audience": "coordinators", "message": MESSAGE},
    )
    return plan.model_copy(update={"steps": (*plan.steps, looked, told), **more})


def whole(plan: Plan) -> list[Event]:
    """Tell it from the first step to the last, well."""
    return [
        *up_to_the_fence(plan),
        ended_well("fence", 21.5, "north-db/login is powered-off"),
        began("promote", 21.5),
        ended_well("promote", 21.6, "it is a primary"),
        began("repoint", 21.6),
        ended_well("repoint", 21.7, "south is up"),
        began("served-again", 21.7),
        ended_well("served-again", 65, "status 200"),
        began("tell-by-mail", 65),
        ended_well(
            "tell-by-mail",
            66,
            "sent to 2 of coordinators",
            seen={"channel": "email", "people": 2, "refused": 0},
        ),
        Ended(at=at(90), outcome=Outcome.DONE),
    ]


def status(plan: Plan, events: list[Event], after: float = 30, **more: Any) -> Status:
    now = events[-1].at + timedelta(seconds=after)
    return status_of(State(plan, events), more.pop("known", None) or known(), now=now, **more)


def page(plan: Plan, events: list[Event], **more: Any) -> str:
    return to_html(status(plan, events, **more), COPENHAGEN)
