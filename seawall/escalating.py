"""Whom a run asks, and whom next when nobody answers. Pure: who has the turn in a role is handed in.

Nobody is waited for in silence: those whose turn it is are asked, then their deputies, then the role that the runbook
names. When all of them were asked, the runbook says what then; when it does not, the run waits for a person it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from seawall.decide import Question
from seawall.inventory import Inventory
from seawall.journal import Asked, Escalated, Unanswered
from seawall.on_duty import on_duty
from seawall.plan import Escalation
from seawall.state import State
from seawall.step_state import StepState

Line = Callable[[str, datetime], tuple[str, ...]]
"""The names of those who have the turn in a role at an instant, and who stand in for them, the first first."""
Turn = tuple[str, str | None]
"""A role, and the name of whose turn it is in it, where somebody's is."""


def no_line(_role: str, _at: datetime) -> tuple[str, ...]:
    """Know nobody by name: a role is asked as a whole."""
    return ()


def line_of(inventory: Inventory) -> Line:
    """Return who has the turn by the city's duties."""

    def line(role: str, at: datetime) -> tuple[str, ...]:
        now = on_duty(inventory, role, at)
        return (*(() if now.person is None else (now.person,)), *now.deputies)

    return line


def to_ask(
    state: State, questions: Iterable[Question], now: datetime, line: Line
) -> list[Asked | Escalated | Unanswered]:
    """Return what is to be journalled of these questions now: first asks, the next in line, and that nobody is left."""
    return [event for one in questions if (event := _due(state.steps[one.step.id], one, now, line))]


def turns(question: Question, at: datetime, line: Line) -> Iterator[Turn]:
    """Yield whom a question goes to, one after another."""
    yield from _in_role(question.of, at, line)
    escalation = _escalation(question)
    if escalation is not None and escalation.to is not None:
        yield from _in_role(escalation.to, at, line)


def _in_role(role: str, at: datetime, line: Line) -> Iterator[Turn]:
    yield from ((role, name) for name in line(role, at) or (None,))


def _due(
    one: StepState, question: Question, now: datetime, line: Line
) -> Asked | Escalated | Unanswered | None:
    step, what = question.step, question.what
    escalation = _escalation(question)
    until = now + ((escalation.after if escalation else None) or question.within)
    if one.asked is None:
        of, person = next(turns(question, now, line))
        return Asked(at=now, step=step.id, what=what, of=of, person=person, until=until)
    if now <= one.asked.until or what not in ("approval", "person"):
        return None
    for of, person in turns(question, now, line):
        if (of, person) not in one.in_line and person not in one.approved_by:
            return Escalated(
                at=now,
                step=step.id,
                what=what,
                of=of,
                person=person,
                before=_before(one, one.asked),
                because="cannot" if one.passed_on else "late",
                until=until,
            )
    then = step.then if what == "person" or step.approve is None else step.approve.then
    return None if then is None else Unanswered(at=now, step=step.id, then=then)


def _before(one: StepState, asked: Asked) -> str:
    return one.taken.by if one.taken is not None else one.passed_on or asked.person or asked.of


def _escalation(question: Question) -> Escalation | None:
    step = question.step
    return step.approve.escalate if question.what == "approval" and step.approve else step.escalate
