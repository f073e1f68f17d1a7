"""Who a role is right now: a name of the inventory, until when, and whom to ask when they do not answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from console.terminal.run_words import say
from console.terminal.screen import Screen, language
from console.terminal.surroundings import surroundings
from seawall.inventory import Inventory
from seawall.on_duty import OnDuty, handover, on_duty

if TYPE_CHECKING:
    from seawall.journal import Asked
    from seawall.questions import OpenQuestion
    from seawall.state import State


def who_now(inventory: Inventory, role: str) -> str:
    """Say who `role` is now, by name only: `bo, on duty until Mon 23 Nov 08:00, then ada; if late: carl`."""
    at = surroundings().now()
    now = on_duty(inventory, role, at)
    if now.because == "no roster":
        return ", ".join(inventory.with_role(role))
    if now.person is None:
        return _nobody(inventory, now)
    words = say("on-duty", person=now.person)
    if now.instead_of is not None:
        words += say("instead-of", away=now.instead_of)
    ahead = handover(inventory, role, at)
    if ahead is not None:
        words += say("handover", at=wall(ahead[0], inventory))
    return words + (say("when-late", people=", ".join(now.deputies)) if now.deputies else "")


def who_is_asked(inventory: Inventory, asked: Asked) -> str:
    """Say who is asked: whose turn it is, or the next in line when that one did not answer."""
    if asked.of not in {role for one in inventory.people.values() for role in one.roles}:
        return ""  # whoever is operating has no roster, and is asked what happened
    turn = on_duty(inventory, asked.of, surroundings().now()).person
    return who_now(inventory, asked.of) if asked.person in (None, turn) else asked.person


def show_who_may_say(
    state: State, question: OpenQuestion, screen: Screen, inventory: Inventory, *, indent: int = 0
) -> None:
    """Say who may say what happened to a step in doubt, with their telephone numbers."""
    from seawall.who_may import who_is_to_say, who_may_answer

    names = who_may_answer(inventory, state, state.steps[question.step.id], surroundings().now())
    if names:
        people = who_is_to_say(names, inventory, language())
        screen.say(say("may-say", people=people), indent=indent, hang=2)


def when_late(inventory: Inventory, role: str) -> str:
    """Say whom to ask now that `role` has not answered in time."""
    deputies = on_duty(inventory, role, surroundings().now()).deputies
    others = deputies or tuple(inventory.with_role(role))
    return ", ".join(others)


def as_json(inventory: Inventory, role: str) -> dict[str, Any]:
    """Return who `role` is now; the keys are documented in docs/json.md."""
    at = surroundings().now()
    now, ahead = on_duty(inventory, role, at), handover(inventory, role, at)
    return {
        "on_duty": now.person,
        "because": now.because,
        "instead_of": now.instead_of,
        "deputies": list(now.deputies),
        "handover_at": None if ahead is None else ahead[0].isoformat(),
        "handover_to": None if ahead is None else ahead[1].person,
    }


def wall(at: datetime, inventory: Inventory) -> str:
    """Return an instant as the city's clock and calendar show it, e.g. `Mon 23 Nov 08:00`."""
    local = at.astimezone(ZoneInfo(inventory.city.timezone))
    return local.strftime("%Y-%m-%d %H:%M" if language() == "da" else "%a %-d %b %H:%M")


def _nobody(inventory: Inventory, now: OnDuty) -> str:
    if now.because == "outside hours":
        return say("outside-hours", people=", ".join(inventory.with_role(now.role)))
    why = say("is-away", away=now.instead_of) if now.instead_of else ""
    people = ", ".join(now.deputies) or ", ".join(inventory.with_role(now.role))
    return say("nobody-on-duty", why=why, people=people)
