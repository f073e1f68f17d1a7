"""Runs on two sheets: short ones, one of two hundred steps, and one in which everything is as long as it can be."""

from __future__ import annotations

from datetime import timedelta

from seawall.journal import Answered, Approved, Asked, Ended, Event, Failed, Outcome
from seawall.model import Language, Text
from seawall.page.sheets import Measured, Told, decisions_of, targets_of, to_sheets
from seawall.page.status import Known, status_of
from seawall.plan import Plan
from seawall.report.making import make_report
from seawall.state import State
from tests.seawall.page.incident import COPENHAGEN, havnby, known, plan_of
from tests.seawall.report.stories import RUN, at, began, ended_well, lines, opened

LONG = Text(en="Long words, over and over " * 60, da="Lange ord, igen og igen og igen " * 60)


def told(
    plan: Plan, events: list[Event], *, known_: Known | None = None, measured: Measured | None = None
) -> Told:
    report = make_report(plan, lines(events), run=RUN, made_at=at(4000), version="0.1.0")
    known_ = known_ or known()
    status = status_of(State(plan, events), known_, now=at(4000), halted=True)
    targets = targets_of(status, known_.inventory)
    title = known_.inventory.city.title
    return Told(report, status, decisions_of(events, plan), title, targets, plan.promise, measured)


def sheets(plan: Plan, events: list[Event], language: Language = "da", **more) -> str:
    return to_sheets(told(plan, events, **more), language, COPENHAGEN)


def many_steps(*, exercise: bool = False) -> tuple[Plan, list[Event]]:
    """Make a run of two hundred steps, most of which were somebody's to say yes to, and five went wrong."""
    plan = plan_of(exercise=exercise, title=LONG, why=LONG)
    fence = plan.by_id["fence"]
    steps = [
        fence.model_copy(update={"id": f"s{n}", "does": LONG, "after": (), "undo": None, "args": {}})
        for n in range(200)
    ]
    telling = plan.by_id["tell-by-mail"].model_copy(update={"does": LONG, "after": ()})
    steps += [telling.model_copy(update={"id": f"tell@{n}"}) for n in range(30)]
    plan = plan.model_copy(update={"steps": tuple(steps)})
    events: list[Event] = [opened(plan)]
    for n, one in enumerate(steps):
        events.append(Asked(at=at(n), step=one.id, what="approval", of="incident-commander", until=at(9000)))
        events.append(
            Approved(at=at(n + 0.1), step=one.id, by="deputy-commander-of-the-northern-district", how="typed")
        )
        events.append(began(one.id, n + 0.2))
        if n < 12:
            wrong = Failed(
                at=at(n + 0.5),
                step=one.id,
                attempt=1,
                error="Unreachable",
                where="db7",
                problem="no",
                remedy="look",
                acted=False,
            )
            events.append(wrong)
        else:
            events.append(ended_well(one.id, n + 0.5, "", seen={"channel": "email", "refused": 1}))
    events.append(Answered(at=at(3000), step="s0", by="bo", answer="did-not-happen", why="x"))
    events.append(Ended(at=at(3600), outcome=Outcome.FAILED, left=tuple(one.id for one in steps[:40])))
    return plan, events


def everything_long() -> Known:
    """Make a city in which every text is too long, and a thousand services lean on login."""
    inventory = havnby().inventory
    login = inventory.services["login"].model_copy(
        update={"title": LONG, "without_it": LONG, "instead": LONG}
    )
    more = {f"s{n}": login.model_copy(update={"needs": ("login",)}) for n in range(1000)}
    audiences = {name: one.model_copy(update={"title": LONG}) for name, one in inventory.audiences.items()}
    city = inventory.city.model_copy(update={"title": LONG})
    services = {**inventory.services, **more, "login": login}
    inventory = inventory.model_copy(update={"services": services, "audiences": audiences, "city": city})
    return Known(inventory, havnby().runbooks, timedelta(minutes=30))
