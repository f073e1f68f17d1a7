"""What a plan rests on, bound: which facts must hold, and which steps look at them again right before they act.

A plan holds predicates over facts and never what was seen: the same plan is good tomorrow, or it is not and says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from seawall.actions import Seen
from seawall.arguments import Arguments, bind_arguments
from seawall.calls import Calls
from seawall.errors import DoesNotHold
from seawall.expressions import ExpressionError, expression
from seawall.ground import Findings, Ground, choose
from seawall.plan import PlannedStep
from seawall.predicates import PlanPredicate, judged, stops
from seawall.runbook import Fact, Runbook

FACT_WITHIN = timedelta(seconds=2)
"""How long reading a fact may take when the runbook does not say; a plan for a dead site must not wait for it."""


@dataclass(frozen=True, slots=True)
class FactToRead:
    """A READS call to make before planning."""

    name: str
    uses: str
    args: Mapping[str, Any]
    within: timedelta


@dataclass(frozen=True, slots=True)
class Facts:
    """Binds one runbook's facts; what is wrong goes to `findings`."""

    ground: Ground
    findings: Findings
    runbook: Runbook
    names: Mapping[str, Any]

    def to_read(self) -> Iterator[FactToRead]:
        """Yield the READS calls to make, those whose `when` is not false."""
        for name, fact in self._asked():
            calls = Calls(self.ground, self.findings, self.runbook)
            action = calls.reading(("facts", name, "uses"), fact.uses)
            if action is not None:
                args = bind_arguments(action, fact.with_, Arguments(self.names, {}, ""))
                self.findings.note(self.runbook, ("facts", name, "with"), args.mistakes)
                yield FactToRead(name, fact.uses, args.values, fact.within or FACT_WITHIN)

    def predicates(self, prefix: str) -> Iterator[PlanPredicate]:
        """Yield what must hold. `prefix` is of the step that uses this runbook."""
        wanted = {name: fact for name, fact in self._asked() if fact.expect}
        before = len(self.findings.mistakes)
        for read in self.to_read() if wanted else ():
            if read.name not in wanted:
                continue
            fact, action = wanted[read.name], self.ground.actions[read.uses]
            calls, path = Calls(self.ground, self.findings, self.runbook), ("facts", read.name, "expect")
            expect = calls.predicates(path, fact.expect, action)
            if len(self.findings.mistakes) == before:
                yield PlanPredicate(
                    fact=f"{prefix}{read.name}",
                    uses=read.uses,
                    args=dict(read.args),
                    expect=expect,
                    unknown=fact.unknown,
                    within=read.within,
                )

    def marked(
        self, steps: Iterable[PlannedStep], predicates: Iterable[PlanPredicate], prefix: str
    ) -> list[PlannedStep]:
        """Return the steps of this runbook, each with what it looks at first.

        That is every step that may make the first change, and every step that waits for approval. A person's step is
        asked and not called, and is no first change: the first call after it looks.
        """
        bound, wanted = list(steps), list(predicates)
        if not wanted:
            return bound
        changed = _after(bound, {one.id for one in bound if _is_call(one) and one.changes})
        too_late = {one.fact: self._too_late(one.fact.removeprefix(prefix), bound, prefix) for one in wanted}
        found = []
        for one in bound:
            looks = _is_call(one) and (one.approve is not None or (one.changes and one.id not in changed))
            facts = tuple(each.fact for each in wanted if looks and one.id not in too_late[each.fact])
            first = tuple(dict.fromkeys((*one.holds_first, *facts)))
            found.append(one.model_copy(update={"holds_first": first}) if facts else one)
        return found

    def _too_late(self, name: str, bound: list[PlannedStep], prefix: str) -> set[str]:
        before = self.runbook.facts[name].before
        if before is None:
            return set()
        if before not in {one.id for one in self.runbook.steps}:
            path, known = ("facts", name, "before"), (one.id for one in self.runbook.steps)
            self.findings.wrong(self.runbook, path, f"there is no step {before}", choose(before, known))
        own = f"{prefix}{before}"
        return _after(
            bound, {one.id for one in bound if one.id == own or one.id.startswith((f"{own}/", f"{own}@"))}
        )

    def _asked(self) -> Iterator[tuple[str, Fact]]:
        for name, fact in self.runbook.facts.items():
            if isinstance(fact.when, bool):
                wanted = fact.when
            else:
                asked = fact.when.strip().removeprefix("{{").removesuffix("}}").strip()
                try:
                    wanted = bool(expression(asked, self.names))
                except ExpressionError as error:
                    path, remedy = (
                        ("facts", name, "when"),
                        "Name something that the runbook's parameters give",
                    )
                    self.findings.cannot_say(self.runbook, path, error, remedy)
                    wanted = False
            if wanted:
                yield name, fact


def refuse_what_does_not_hold(
    predicates: Iterable[PlanPredicate],
    facts: Mapping[str, Seen | None],
    problems: Mapping[str, str] | None = None,
) -> None:
    """Refuse a plan when what it rests on is not so, or cannot be told where the runbook says that this stops.

    Args:
        predicates: what must hold. Those of a runbook inside another are about the time when that one begins, and are
            not looked at now.
        facts: what was read; None of one that could not be.
        problems: why it could not be.

    Raises:
        DoesNotHold: names all of it.
    """
    why = problems or {}
    found = [
        (one, judged(one, facts[one.fact], why.get(one.fact, ""))) for one in predicates if one.fact in facts
    ]
    wrong = [(one, checked) for one, checked in found if stops(one, checked)]
    if wrong:
        problem = "; ".join(f"{one.fact}: {checked.saw}" for one, checked in wrong)
        unknown = all(checked.holds is None for _, checked in wrong)
        raise DoesNotHold(
            f"what the plan would rest on {'cannot be told' if unknown else 'is not so'}: {problem}",
            where=", ".join(one.uses for one, _ in wrong),
            remedy="Look at the target, then plan again; `seawall pretend` shows the steps without looking",
        )


def _is_call(step: PlannedStep) -> bool:
    return step.uses is not None and step.skipped is None


def _after(steps: Iterable[PlannedStep], these: set[str]) -> set[str]:
    """Return every step that comes after one of `these`. Steps stand after those that they wait for."""
    found: set[str] = set()
    for one in steps:
        if any(name in these or name in found for name in one.after):
            found.add(one.id)
    return found
