"""Who may speak for a role now; and who may say how a step went, or how it goes on with one that failed.

What lets a run go on past a step is said by whom the runbook names (`answered_by`). When it names nobody: a person's
own step by the role that does it; a doubt, and what becomes of a failed step, by the role whose yes opened the step.
Where a step asked for no yes, by whoever asked for the run, or who says yes to another step of it; in a run that asks
nobody for a yes, by anybody. To try a step again that asks for a yes is anybody's to say: it asks anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from seawall.inventory import Inventory
from seawall.journal import Retried, Word
from seawall.model import Language, Text
from seawall.on_duty import is_away
from seawall.plan import Plan
from seawall.state import State
from seawall.step_state import Stand, StepState


@dataclass(frozen=True, slots=True)
class Answerers:
    """Who may say how a step went, or how it goes on with it.

    Attributes:
        roles: those who may, with whom they were escalated to; empty: anybody.
        requester: whoever asked for the run, where that is enough.
        at_once: their deputies may, whether or not they are away: nobody is asked by name what happened.
    """

    roles: tuple[str, ...]
    requester: str | None
    at_once: bool


def answerers(state: State, one: StepState) -> Answerers:
    """Return who may say that a person's own step is done, that what is in doubt happened, or what of a failed step."""
    step, has_failed = one.step, one.stand is Stand.FAILED
    requester = None if state.opened is None else state.opened.by
    if step.by is not None and not has_failed:
        asked = tuple(role for role, _ in one.in_line)
        roles = (step.by, *asked) if step.answered_by is None else (step.answered_by,)
        return Answerers(tuple(dict.fromkeys(roles)), None, at_once=False)
    named = step.answered_by or (None if step.approve is None else step.approve.by)
    if named is not None:
        return Answerers((named,), None, at_once=True)
    whose = () if step.by is None else (step.by,)
    return Answerers(tuple(dict.fromkeys((*whose, *_who_say_yes(state.plan)))), requester, at_once=True)


def asks_anew(word: Word, one: StepState) -> bool:
    """Tell whether a word opens nothing by itself, whoever says it: a step that asks for a yes asks again."""
    return isinstance(word, Retried) and one.step.approve is not None


def may_speak_for(
    city: Inventory,
    one: StepState,
    roles: Collection[str],
    person: str,
    now: datetime,
    *,
    at_once: bool = False,
) -> bool:
    """Tell whether a person has one of these roles, or stands in for somebody who has.

    A deputy stands in for who is away, or was asked by name and did not answer in time; `at_once`, for anybody.
    """
    if person not in city.people:
        return False
    if set(roles).intersection(city.people[person].roles):
        return True
    return any(
        person in city.people[other].deputies
        and (at_once or is_away(city, other, now) or _does_not_answer(one, other, now))
        for role in roles
        for other in city.with_role(role)
    )


def may_answer(city: Inventory, state: State, one: StepState, person: str, now: datetime) -> bool:
    """Tell whether a person is one of `answerers`."""
    may = answerers(state, one)
    if not may.roles or person == may.requester:
        return True
    return may_speak_for(city, one, may.roles, person, now, at_once=may.at_once)


def who_may_answer(city: Inventory, state: State, one: StepState, now: datetime) -> tuple[str, ...]:
    """Name those of the city who may say so now, those with the role before their deputies; nobody: anybody may."""
    may = answerers(state, one)
    if not may.roles:
        return ()
    have = [name for role in may.roles for name in city.with_role(role)]
    others = [name for name in city.people if may_answer(city, state, one, name, now)]
    return tuple(dict.fromkeys((*have, *others)))


def why_may_not_answer(
    city: Inventory, state: State, one: StepState, person: str, now: datetime
) -> str | None:
    """Say why a person may not say so, and who may; None when they may. Nothing of a person but their name is in it."""
    if may_answer(city, state, one, person, now):
        return None
    may = answerers(state, one)
    roles = " or ".join(may.roles)
    if one.stand is Stand.FAILED:
        what = f"who says how it goes on with {one.step.id}"
    else:
        what = "whose step it is" if one.step.by in may.roles else f"who says how {one.step.id} went"
    names = ", ".join(who_may_answer(city, state, one, now)) or "nobody in this city"
    return f"{person} is not {roles}, {what}, nor stands in for one who is; who may: {names}"


def who_is_to_say(names: Iterable[str], city: Inventory, language: Language) -> str:
    """Name people with their telephone numbers, for a screen: nothing that is kept has a number in it."""
    return ", ".join(_with_number(name, city, language) for name in names) or _NOBODY.in_(language)


def _with_number(name: str, city: Inventory, language: Language) -> str:
    person = city.people.get(name)
    number = None if person is None else person.telephone
    return f"{name} ({_RING.in_(language).format(number=number)})" if number else name


_RING = Text(en="telephone {number}", da="telefon {number}")
_NOBODY = Text(en="nobody in this city", da="ingen i denne by")


def _who_say_yes(plan: Plan) -> tuple[str, ...]:
    return tuple(one.approve.by for one in plan.steps if one.approve is not None)


def _does_not_answer(one: StepState, person: str, now: datetime) -> bool:
    """Tell whether a person was asked by name and the time they had has passed."""
    asked = [name for _, name in one.in_line]
    if person not in asked:
        return False
    is_next = asked[-1] == person
    return not is_next or (one.asked is not None and now > one.asked.until)
