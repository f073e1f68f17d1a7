"""Whoever is asked next is written to over every channel there is, told how to answer, and no address is journalled."""

from __future__ import annotations

import threading
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from connectors.calling import Calling
from connectors.memory.world import OutsideInMemory
from seawall.inventory import Inventory
from seawall.journal import Asked, Escalated, Notified, Opened
from seawall.loading import load_city
from seawall.messages import MARK
from seawall.model import Text
from seawall.plan import Plan
from seawall.state import State
from tests.fakes import MIDNIGHT
from tests.seawall.plans import a_persons, a_plan

CITY = Path(__file__).parents[2] / "drills" / "city"


@pytest.fixture(scope="module")
def city() -> Inventory:
    return load_city(CITY).inventory


class Calls:
    """One run in which somebody is asked next, and an outside that keeps what it was handed."""

    def __init__(self, city: Inventory) -> None:
        self.outside = OutsideInMemory.of(city)
        self.calling = Calling(city, self.outside.world(), lambda: MIDNIGHT)

    def escalate(
        self, person: str | None, *, exercise: bool = True, role: str = "duty-officer"
    ) -> list[Notified]:
        plan = a_plan(a_persons("ring")).model_copy(update={"exercise": exercise})
        state = State(plan, (opened(plan),))
        event = Escalated(
            at=MIDNIGHT,
            step="ring",
            what="person",
            of=role,
            person=person,
            before="commander",
            because="late",
            until=MIDNIGHT + timedelta(minutes=15),
        )
        self.calling.saw(event, state)
        return self.heard()

    def heard(self) -> list[Notified]:
        for thread in threading.enumerate():
            if thread.name == "calling":
                thread.join(5)
        found = [one for one in self.calling.take() if isinstance(one, Notified)]
        assert self.calling.take() == (), "what was returned before is put away"
        return found

    def letter(self) -> tuple[tuple[str, ...], str, str]:
        envelope = self.outside.post.sent[-1]
        mail = message_from_bytes(envelope.raw)
        body = mail.get_payload(decode=True)
        assert isinstance(body, bytes)
        return envelope.recipients, str(make_header(decode_header(mail["Subject"]))), body.decode()


def opened(plan: Plan) -> Opened:
    return Opened(
        at=MIDNIGHT,
        run="2026-11-21-0300-move-k3",
        plan=plan.digest,
        runbook="move",
        title=Text(en="Move"),
        exercise=plan.exercise,
        by="anna",
        version="0",
    )


def test_who_is_asked_next_is_written_to_by_mail_and_on_slack(city: Inventory):
    calls = Calls(city)
    heard = calls.escalate("duty-officer")
    assert {(one.person, one.channel, one.came_to) for one in heard} == {
        ("duty-officer", "email", "accepted"),
        ("duty-officer", "slack", "accepted"),
    }
    recipients, _, _ = calls.letter()
    assert recipients == ("jens.taenktsen@example.dk",)


def test_the_letter_says_why_by_when_and_what_to_type(city: Inventory):
    calls = Calls(city)
    calls.escalate("second-on-call")
    _, subject, body = calls.letter()
    assert "Ring about ring" in subject
    assert "commander did not answer in time. You are asked now, until 04:15." in body
    assert "seawall answer 2026-11-21-0300-move-k3 ring have-it --as second-on-call" in body
    assert "seawall answer 2026-11-21-0300-move-k3 ring cannot --as second-on-call" in body


@pytest.mark.parametrize("exercise", [True, False])
def test_a_letter_of_a_drill_begins_with_the_mark_and_of_a_real_run_never(city: Inventory, exercise: bool):
    calls = Calls(city)
    calls.escalate("duty-officer", exercise=exercise)
    _, subject, body = calls.letter()
    assert subject.startswith(MARK) is exercise
    assert body.startswith(MARK) is exercise


def test_a_letter_is_in_the_language_of_who_gets_it(city: Inventory):
    calls = Calls(city)
    calls.escalate("duty-officer")
    assert "svarede ikke i tide" in calls.letter()[2]
    assert "did not answer" not in calls.letter()[2]
    calls.escalate("deputy-commander")
    assert "svarede ikke i tide" in calls.letter()[2]
    assert "did not answer" in calls.letter()[2]


def test_a_role_without_a_roster_has_all_its_people_written_to(city: Inventory):
    heard = Calls(city).escalate(None, role="emergency-coordinator")
    assert {one.person for one in heard} == {"coordinator", "deputy-coordinator"}


def test_nothing_that_is_journalled_holds_an_address(city: Inventory):
    calls = Calls(city)
    calls.outside.post.refuses.update({"jens.taenktsen@example.dk"})
    for one in calls.escalate("duty-officer"):
        written = one.model_dump_json()
        assert "@example.dk" not in written
        assert "U0TAENKTSEN0" not in written
    assert any(one.came_to == "refused" for one in calls.escalate("duty-officer"))


def test_who_can_only_be_rung_is_named_as_such(city: Inventory):
    people = {
        **city.people,
        "silent": city.people["commander"].model_copy(update={"email": None, "slack": None}),
    }
    calls = Calls(city.model_copy(update={"people": people}))
    (heard,) = calls.escalate("silent")
    assert (heard.person, heard.channel, heard.came_to) == ("silent", "none", "no channel")
    assert not calls.outside.post.sent


def test_the_first_ask_sends_nothing(city: Inventory):
    calls = Calls(city)
    plan = a_plan(a_persons("ring"))
    asked = Asked(
        at=MIDNIGHT, step="ring", what="person", of="duty-officer", until=MIDNIGHT + timedelta(minutes=1)
    )
    calls.calling.saw(asked, State(plan, (opened(plan),)))
    assert not calls.calling.take()
    assert not calls.outside.post.sent
