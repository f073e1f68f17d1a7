"""Carry a plan out against a pretend world: the same driver, the same names and types, and nothing real is touched.

A pretend world sees what a step hopes to see and knows nothing else. So a run against it tells what would be done, in
which order, and what nobody can know before; never how it will end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import ConfigDict, ValidationError

from seawall.actions import Action, Occasion, Seen, World
from seawall.attempt import CallToMake, Ending
from seawall.decide import Ask, Finish
from seawall.drive import drive
from seawall.errors import DidNothing
from seawall.facts import fact_step
from seawall.foretelling import Foretold, foretold
from seawall.hands import ending_of
from seawall.journal import Answered, Approved, Asked, Event, Opened, Word
from seawall.plan import Plan, references
from seawall.predicates import Predicate
from seawall.state import State

RUN = "pretended"
IDLE = timedelta(seconds=1)
"""How far the pretended clock goes on while nothing happens."""
AT_ONCE = timedelta(milliseconds=50)


class Pretended(Seen):
    """What a pretended call saw: every field of its type, unknown but for what its step hopes for."""

    model_config = ConfigDict(frozen=True, extra="allow")


class PretendWorld(World):
    """Every action of another world, by the same names and types; calling one touches nothing."""

    def __init__(self, real: Mapping[str, Action[Any, Any]], plan: Plan) -> None:
        super().__init__()
        self._plan = plan
        self._actions = {
            name: replace(action, call=self._refuse, ready=None) for name, action in real.items()
        }

    def perform(self, name: str, args: Mapping[str, Any], occasion: Occasion) -> Seen:
        """Pretend to make a call.

        Raises:
            DidNothing: there is no such action, or the arguments, as far as they can be known, do not fit it.
        """
        action, where = self._actions.get(name), occasion.step
        if action is None:
            raise DidNothing(f"there is no action {name}", where=where, remedy="Plan again")
        if where not in self._plan.by_id:  # a fact that the plan rests on
            rests_on = [one for fact, one in self._plan.by_fact.items() if where == fact_step(fact)]
            return _seen(action, (wanted for one in rests_on for wanted in one.expect))
        step = self._plan.by_id[where]
        if name == step.uses and not references(step.args):
            try:
                action.args.model_validate(dict(args))
            except ValidationError as error:
                first = error.errors(include_input=False, include_url=False)[0]
                problem = f"the arguments do not fit {name}: {first['loc']}: {first['msg']}"
                raise DidNothing(problem, where=step.id, remedy="Correct the runbook") from error
        return _seen(action, (*step.expect, *step.until) if name == step.uses else ())

    @staticmethod
    def _refuse(_args: Any, occasion: Occasion) -> Seen:
        raise DidNothing("this world only pretends", where=occasion.step, remedy="Call it by `perform`")


@dataclass(frozen=True, slots=True)
class Pretence:
    """A plan carried out against a pretend world: how it ended there, and what became of each step, in order."""

    plan: Plan
    end: Finish | Ask
    state: State
    steps: tuple[Foretold, ...]


def pretend(plan: Plan, real: Mapping[str, Action[Any, Any]], *, now: datetime) -> Pretence:
    """Carry `plan` out against a pretend world that has the actions of `real`.

    Nothing is written, and nobody is asked: people say yes, and do what is theirs, at once.
    """
    clock = _Clock(now)
    opened = Opened(
        at=now,
        run=RUN,
        plan=plan.digest,
        runbook=plan.runbook,
        title=plan.title,
        exercise=plan.exercise,
        by=RUN,
        version="",
    )
    journal, people = _Journal([opened]), _People(clock)
    hands = _Hands(PretendWorld(real, plan), clock)
    end = drive(plan, journal, hands, clock, inbox=people, watch=people.hear, by=RUN)
    state = State(plan, journal.events())
    return Pretence(plan, end, state, tuple(foretold(plan)))


def _seen(action: Action[Any, Any], hopes: Iterable[Predicate]) -> Pretended:
    unknown: dict[str, Any] = dict.fromkeys(action.seen.model_fields)
    return Pretended(**(unknown | {one.field: _hoped(one) for one in hopes}))


def _hoped(wanted: Predicate) -> Any:
    """Make up a value of which the predicate holds."""
    match wanted.operator, wanted.value:
        case "one_of", tuple() as choices:
            return choices[0]
        case "is_not", bool() as value:
            return not value
        case "is_not", int() | float() as value:
            return value + 1
        case "is_not", value:
            return f"not {value}"
        case _, value:
            return value


@dataclass
class _Clock:
    """A clock that goes on only when nothing else happens."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class _Journal:
    """A journal that nobody keeps."""

    written: list[Event]

    def append(self, events: Sequence[Event]) -> None:
        self.written.extend(events)

    def events(self) -> Iterable[Event]:
        return tuple(self.written)


@dataclass
class _People:
    """Everybody who may be asked: they say yes, and have done what is theirs."""

    clock: _Clock
    words: list[Word] = field(default_factory=list)

    def take(self) -> Sequence[Word]:
        said, self.words = self.words, []
        return said

    def refuse(self, word: Word, why: str) -> None:
        """Put nothing aside: what is pretended to be said counts."""

    def hear(self, event: Event, state: State) -> None:
        if not isinstance(event, Asked):
            return
        now, step = self.clock(), state.steps[event.step].step
        if event.what == "approval":
            people = step.approve.people if step.approve else 1
            self.words += [
                Approved(at=now, step=step.id, by=f"{event.of}-{n}", how=RUN) for n in range(1, people + 1)
            ]
        else:
            self.words.append(Answered(at=now, step=step.id, by=event.of, answer="happened"))


@dataclass
class _Hands:
    """Hands that have done everything at once."""

    world: World
    clock: _Clock
    endings: deque[Ending] = field(default_factory=deque)

    def start(self, making: CallToMake) -> None:
        step = making.call.step
        if step.until:  # whatever it waits for, nobody waits for it here
            making = replace(
                making, call=replace(making.call, step=step.model_copy(update={"within": AT_ONCE}))
            )
        self.endings.append(ending_of(making, self.world, self.clock))

    def next(self, within: timedelta) -> Ending | None:
        del within
        if self.endings:
            return self.endings.popleft()
        self.clock.now += IDLE
        return None
