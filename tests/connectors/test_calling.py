"""Those who answer for the city's readiness are written to when somebody breaks the glass."""

from __future__ import annotations

import email
import email.policy
import threading
from datetime import timedelta
from pathlib import Path

import drills
from connectors.calling import Calling
from connectors.mail import Mail
from connectors.memory.mail import PostInMemory
from connectors.memory.world import RELAY
from connectors.telling import Audiences
from seawall.actions import World
from seawall.inventory import Inventory
from seawall.journal import Approved, Notified, Opened
from seawall.loading import load_inventory
from seawall.plan import Approval
from seawall.state import State
from tests.fakes import MIDNIGHT
from tests.seawall.plans import a_change, a_plan


def told_by(city: Inventory, by: str) -> tuple[list[Notified], list[str]]:
    """Break the glass as `by`; return what was noted of letters, and the letters."""
    post = PostInMemory()
    calling = Calling(city, World(Mail(RELAY, Audiences(), post)), lambda: MIDNIGHT)
    approve = Approval(by="incident-commander", people=2, within=timedelta(minutes=10))
    plan = a_plan(a_change("fence", approve=approve))
    opened = Opened(
        at=MIDNIGHT,
        run="2026-11-22-0300-move-k3",
        plan=plan.digest,
        runbook=plan.runbook,
        title=plan.title,
        exercise=True,
        by="anna",
        version="0",
    )
    glass = Approved(at=MIDNIGHT, step="fence", by=by, how="signed", glass="the hall is burning")
    calling.saw(glass, State(plan, [opened, glass]))
    for thread in threading.enumerate():
        if thread.name == "shouting":
            thread.join(10)
    letters = [email.message_from_bytes(one.raw, policy=email.policy.default) for one in post.sent]
    noted = [one for one in calling.take() if isinstance(one, Notified)]
    return noted, [f"{one['Subject']}\n{one.get_content()}" for one in letters]


def city() -> Inventory:
    return load_inventory(Path(drills.__file__).parent / "city")


def test_the_dr_manager_is_told_who_broke_the_glass_for_what_and_why():
    noted, letters = told_by(city(), "commander")
    assert [(one.person, one.channel, one.came_to) for one in noted] == [("dr-manager", "email", "accepted")]
    (letter,) = letters
    for words in (
        "EXERCISE",
        "commander",
        "the hall is burning",
        "Change fence",
        "seawall review 2026-11-22-0300",
    ):
        assert words in letter


def test_where_nobody_has_that_role_the_others_who_could_have_said_yes_are_told():
    havnby = city()
    people = {name: one for name, one in havnby.people.items() if name != "dr-manager"}
    noted, _ = told_by(havnby.model_copy(update={"people": people}), "commander")
    assert [one.person for one in noted] == ["deputy-commander"]
