"""The paper twin of a plan: everything that people need to carry it out by hand, in order. Pure.

Made of the plan, of where its run stands, and of the inventory for whom to ring. It holds no secret and, of people, the
names they stand under and their telephone numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from seawall.inventory import Inventory
from seawall.model import Language, Text, duration_text
from seawall.paper.code import code_text, short_code
from seawall.paper.filling import Piece, filled, steps_taken_from
from seawall.paper.numbers import Number, numbers_of
from seawall.paper.where import Place, places
from seawall.paper.words import HEADINGS, STANDS
from seawall.plan import Plan, PlannedStep
from seawall.report.figures import plain
from seawall.report.roles import role, starter
from seawall.state import State
from seawall.step_state import OVER, Stand, StepState

ByHand = Callable[[str, PlannedStep], Text | None]
"""What a person does in place of an action, given its name and the step; None when nobody wrote that down."""


@dataclass(frozen=True, slots=True)
class Line:
    """One step on paper.

    Attributes:
        after: numbers of the steps that must be over.
        yeses: the role that must say yes, once for each person.
        stands: how it stands in the run; empty for one that nobody has begun.
        over: nothing is left to do about it.
    """

    number: int
    step: PlannedStep
    does: str
    kind: str
    who: str
    limit: str
    after: tuple[int, ...]
    where: tuple[Place, ...]
    how: tuple[Piece, ...]
    must: tuple[str, ...]
    not_needed: tuple[str, ...]
    takes: tuple[int, ...]
    yeses: tuple[str, ...]
    back: tuple[Piece, ...]
    no_way_back: str
    note: str
    stands: str
    over: bool


@dataclass(frozen=True, slots=True)
class Paper:
    """A plan on paper.

    Attributes:
        code: what the square code holds.
        unread: names of the facts that nobody read; None when they were read, or the plan is a run's.
    """

    plan: Plan
    run: str | None
    city: str
    by: str
    made_at: datetime
    lines: tuple[Line, ...]
    left_out: tuple[tuple[int, str, str], ...]
    numbers: tuple[Number, ...]
    places: tuple[Place, ...]
    code: str
    short: str
    unread: tuple[str, ...] | None

    @property
    def done(self) -> int:
        """How many of its steps are over."""
        return sum(one.over for one in self.lines)


def make_paper(
    plan: Plan,
    state: State | None,
    inventory: Inventory,
    by_hand: ByHand,
    *,
    language: Language,
    zone: tzinfo,
    now: datetime,
    unread: Sequence[str] | None = None,
) -> Paper:
    """Make the paper of a plan, or of a run as its journal stands (`state`)."""
    opened = None if state is None else state.opened
    numbers = {step.id: n for n, step in enumerate(plan.steps, 1)}
    shown = frozenset(step.id for step in plan.steps if step.skipped is None)
    pen = _Pen(numbers, shown, by_hand, language, zone)
    lines = tuple(
        pen.line(step, None if state is None else state.steps[step.id])
        for step in plan.steps
        if step.skipped is None
    )
    return Paper(
        plan=plan,
        run=None if opened is None else opened.run,
        city=inventory.city.title.in_(language),
        by="" if opened is None else starter(opened.by).in_(language),
        made_at=now,
        lines=lines,
        left_out=tuple(
            (numbers[step.id], step.id, step.skipped) for step in plan.steps if step.skipped is not None
        ),
        numbers=numbers_of(plan, inventory, now),
        places=tuple(dict.fromkeys(place for line in lines for place in line.where)),
        code=code_text(None if opened is None else opened.run, plan.digest),
        short=short_code(plan.digest),
        unread=None if unread is None else tuple(unread),
    )


@dataclass(frozen=True, slots=True)
class _Pen:
    """Writes lines: in a language, with times on a clock."""

    numbers: Mapping[str, int]
    shown: frozenset[str]
    by_hand: ByHand
    language: Language
    zone: tzinfo

    def line(self, step: PlannedStep, stood: StepState | None) -> Line:
        uses = step.uses or ""
        how = self.by_hand(uses, step) if step.by is None else None
        undo = self.by_hand(step.undo.uses, step) if step.undo is not None else None
        approve = step.approve
        return Line(
            number=self.numbers[step.id],
            step=step,
            does=plain(step.does.in_(self.language)),
            kind="person" if step.by is not None else "changes" if step.changes else "reads",
            who="" if step.by is None else role(step.by).in_(self.language),
            limit=duration_text(step.within),
            after=tuple(self.numbers[one] for one in step.after if one in self.shown),
            where=places(step.args),
            how=() if how is None else filled(how, step.args, self.language),
            must=tuple(map(str, (*step.expect, *step.until))),
            not_needed=tuple(f"{one.step}: {wanted}" for one in step.unless_seen for wanted in one.expect),
            takes=tuple(self.numbers[one] for one in steps_taken_from(step.args) if one in self.numbers),
            yeses=() if approve is None else (role(approve.by).in_(self.language),) * approve.people,
            back=() if undo is None or step.undo is None else filled(undo, step.undo.args, self.language),
            no_way_back="" if step.no_way_back is None else plain(step.no_way_back.in_(self.language)),
            note="" if step.note is None else plain(step.note.in_(self.language)),
            stands="" if stood is None else " ".join(_stands(stood, self.language, self.zone)),
            over=stood is not None and stood.stand in OVER,
        )


def _stands(one: StepState, language: Language, zone: tzinfo) -> Iterator[str]:
    def said(key: str, at: datetime | None, who: str = "") -> str:
        hour = "-" if at is None else at.astimezone(zone).strftime("%H.%M" if language == "da" else "%H:%M")
        return STANDS[key].in_(language).format(at=hour, by=who, who=who)

    if one.by_hand is not None and one.stand is Stand.DONE:
        yield said("by-hand", one.ended, one.by_hand.by)
    elif one.stand is Stand.WAITING:
        if one.taken is not None:
            yield said("taken", one.taken.at, one.taken.by)
        elif one.asked is not None:
            yield said("asked", one.asked.at, one.asked.person or one.asked.of)
    else:
        yield said(one.stand.value, one.begun if one.stand is Stand.UNDER_WAY else one.ended or one.begun)
    if one.approved_by:
        yield f"{HEADINGS['yes'].in_(language)} {', '.join(one.approved_by)}."
