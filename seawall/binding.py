"""Bind a runbook to a city and parameters: the making of a plan. Pure; the same inputs give the same plan.

Every mistake is found before any is reported. A runbook may use another; its steps then stand in the plan under the
name of the step that used it, so that a whole evacuation is one plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any

from seawall.actions import Action, Effect, Seen
from seawall.arguments import Arguments, bind_arguments
from seawall.calls import Calls
from seawall.conditions import Conditions, approval_of, escalation_of, promise_of
from seawall.errors import BadInput
from seawall.expressions import ExpressionError, expression, text_in_both, value_of
from seawall.ground import Findings, Ground, Path, Wrong, choose
from seawall.holding import Facts, FactToRead, refuse_what_does_not_hold
from seawall.model import Text
from seawall.parameters import bind_parameters
from seawall.plan import Plan, PlannedStep
from seawall.predicates import PlanPredicate
from seawall.runbook import Runbook, RunbookStep
from seawall.theirs import changes_at_theirs

DEEPEST = 5
"""How many runbooks may use one another; deeper is a loop or cannot be read by a person."""


def facts_to_read(runbook: str, ground: Ground, parameters: Mapping[str, str]) -> tuple[FactToRead, ...]:
    """Return the READS calls whose results `make_plan` takes as facts. Raises: BadInput."""
    one, findings = _find(runbook, ground), Findings(ground)
    names, _ = bind_parameters(one, ground, parameters)
    reads = tuple(Facts(ground, findings, one, names).to_read())
    if findings.mistakes:
        try:
            make_plan(runbook, ground, parameters, exercise=True)
        except BadInput as error:
            findings.mistakes += error.mistakes
    findings.raise_mistakes()
    return reads


def make_plan(
    runbook: str,
    ground: Ground,
    parameters: Mapping[str, str],
    *,
    exercise: bool,
    facts: Mapping[str, Seen | None] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Plan:
    """Make the plan for `runbook` with these parameters.

    Args:
        runbook: its name.
        ground: the city and the actions at hand.
        parameters: what the person who starts it says, as words.
        exercise: whether this is a drill; every message then says so.
        facts: what `facts_to_read` said to read; None stands for a fact that could not be read. Without them nobody
            looked, and what the plan rests on is looked at when it is carried out.
        problems: why a fact could not be read, by its name.

    Raises:
        BadInput: with every mistake in the runbook, its arguments and the parameters.
        DoesNotHold: what the plan would rest on is not so.
    """
    one, findings = _find(runbook, ground), Findings(ground)
    names, given = bind_parameters(one, ground, parameters)
    known = {name: (facts or {}).get(name) for name in one.facts}
    binding = _Steps(ground, findings, one, {**names, "facts": known})
    steps = binding.bind(after=())
    confirm = _confirm(one, names, given, findings)
    promise = promise_of(one, ground, findings, given, steps)
    findings.raise_mistakes()
    refuse_what_does_not_hold(binding.predicates, facts or {}, problems)
    changes = any(step.changes and step.skipped is None for step in steps)
    return Plan(
        city=ground.inventory.city.name,
        runbook=runbook,
        title=text_in_both(one.title, names),
        why=one.why,
        exercise=exercise,
        parameters=given,
        confirm=confirm,
        claims=_claims(one, given) if changes and one.claims else (),
        steps=tuple(steps),
        promise=promise,
        predicates=tuple(binding.predicates),
    )


def _find(runbook: str, ground: Ground) -> Runbook:
    if runbook not in ground.runbooks:
        problem = f"there is no runbook {runbook}"
        raise BadInput.one(problem, where=f"runbook {runbook}", remedy=choose(runbook, ground.runbooks))
    return ground.runbooks[runbook]


def _confirm(one: Runbook, names: Mapping[str, Any], given: Mapping[str, str], findings: Findings) -> str:
    if one.confirm is not None:
        try:
            return str(value_of(one.confirm, names))
        except ExpressionError as error:
            findings.cannot_say(one, ("confirm",), error, "Name something that the runbook's parameters give")
    kinds = ("service", "site", "host", "backup")
    return next(
        (given[name] for name, parameter in one.parameters.items() if parameter.type in kinds), one.runbook
    )


def _claims(one: Runbook, given: Mapping[str, str]) -> tuple[str, ...]:
    kinds = ("service", "host", "backup")
    claims = {f"{p.type}:{given[name]}" for name, p in one.parameters.items() if p.type in kinds}
    return tuple(sorted(claims)) or (f"runbook:{one.runbook}",)


@dataclass(slots=True)
class _Steps:
    """Binds the steps of one runbook, and of those that it uses."""

    ground: Ground
    findings: Findings
    runbook: Runbook
    names: Mapping[str, Any]
    prefix: str = ""
    depth: int = 0
    actions: dict[str, Action[Any, Any]] = field(default_factory=dict)
    after: dict[str, tuple[str, ...]] = field(default_factory=dict)
    predicates: list[PlanPredicate] = field(default_factory=list)

    def bind(self, *, after: tuple[str, ...]) -> list[PlannedStep]:
        """Bind every step; those that wait for none of this runbook's wait for `after`."""
        self._check_order()
        bound: list[PlannedStep] = []
        ends: dict[str, tuple[str, ...]] = {}
        for index in _in_order(self.runbook):
            step = self.runbook.steps[index]
            waits = tuple(dict.fromkeys(name for wanted in step.after for name in ends[wanted])) or after
            these: list[PlannedStep] = []
            for suffix, more in self._each(("steps", index), step):
                names = {**self.names, **more}
                these += self._one(("steps", index), step, f"{self.prefix}{step.id}{suffix}", names, waits)
            bound += these
            self.after.update((one.id, one.after) for one in these)
            ends[step.id] = _ends(these) or waits
        facts = Facts(self.ground, self.findings, self.runbook, self.names)
        own = tuple(facts.predicates(self.prefix))
        self.predicates += own
        return facts.marked(bound, own, self.prefix)

    def _one(
        self, path: Path, step: RunbookStep, name: str, names: Mapping[str, Any], waits: tuple[str, ...]
    ) -> list[PlannedStep]:
        skipped = self._skipped(path, step, names)
        if step.runbook is not None and skipped is None:
            return self._nested(path, step, name, names, waits)
        does = self._text((*path, "does"), step.does, names)
        if skipped is not None:
            action = self.ground.actions.get(step.uses or "")
            effect = Effect.CHANGES if action is None else action.effect
            return [
                PlannedStep(
                    id=name,
                    does=does,
                    uses=step.uses,
                    by=step.by,
                    effect=effect,
                    after=waits,
                    within=timedelta(),
                    skipped=skipped,
                )
            ]
        conditions = Conditions(self.ground, self.findings, self.runbook, self.prefix)
        before = self._before(waits) if step.unless_seen else ()
        seen_before = conditions.seen_before((*path, "unless_seen"), step, before)
        rests_on = conditions.rests_on(
            (*path, "rests_on"), step, self._before(waits) if step.rests_on else ()
        )
        limit = conditions.length((*path, "within"), step.within, names)
        if step.by is not None:
            return [
                PlannedStep(
                    id=name,
                    does=does,
                    by=step.by,
                    effect=Effect.CHANGES,
                    after=waits,
                    within=limit or timedelta(),
                    no_way_back=step.no_way_back,
                    unless_seen=seen_before,
                    rests_on=rests_on,
                    note=None if step.note is None else self._text((*path, "note"), step.note, names),
                    escalate=escalation_of(step.escalate),
                    then=step.then,
                    answered_by=step.answered_by,
                )
            ]
        begun = PlannedStep(
            id=name,
            does=does,
            effect=Effect.READS,
            after=waits,
            within=limit or timedelta(),
            unless_seen=seen_before,
            rests_on=rests_on,
            every=conditions.length((*path, "every"), step.every, names),
            late=step.late,
        )
        return self._call(path, step, begun, names)

    def _call(
        self, path: Path, step: RunbookStep, begun: PlannedStep, names: Mapping[str, Any]
    ) -> list[PlannedStep]:
        calls = Calls(self.ground, self.findings, self.runbook)
        action = calls.action((*path, "uses"), step.uses or "")
        if action is None:
            return []
        given = Arguments(names, dict(self.actions), self.prefix)
        self.actions[begun.id] = action
        itself = Arguments(names, dict(self.actions), self.prefix)
        args = bind_arguments(action, step.with_, given)
        self.findings.note(self.runbook, (*path, "with"), args.mistakes)
        if any(one.lacks is not None for one in args.mistakes):
            return [
                begun
            ]  # what else it seems to lack would be said of something that is only not written down yet
        undo = calls.undo((*path, "undo"), step, action, args.values, itself)
        self._refuse_at_theirs((*path, "with"), action.name, args.values)
        if undo is not None:
            self._refuse_at_theirs((*path, "undo"), undo.uses, undo.args)
        for one in args.references:
            if one not in self._before(begun.after):
                problem = f"it takes what {one!r} saw, and does not wait for it"
                self.findings.wrong(
                    self.runbook, (*path, "with"), problem, f"Add {one} to this step's `after`"
                )
        return [
            begun.model_copy(
                update={
                    "uses": action.name,
                    "effect": action.effect,
                    "args": args.values,
                    "within": begun.within or action.limit,
                    "expect": calls.predicates((*path, "expect"), step.expect, action),
                    "unknown": step.unknown,
                    "until": calls.until((*path, "until"), step, action),
                    "unless": calls.check((*path, "unless"), step.unless, args.values, given),
                    "proof": calls.proof((*path, "proof"), step, action, args.values, given),
                    "can_still_act": not action.after_limit_it_cannot_act,
                    "undo": undo,
                    "no_way_back": step.no_way_back or (None if step.undo else action.no_way_back),
                    "approve": approval_of(step.approve),
                    "override": calls.override((*path, "override"), step, action, args.values),
                    "answered_by": step.answered_by,
                    "lanes": args.lanes,
                    "rests_on": () if action.only_tells and step.rests_on is None else begun.rests_on,
                }
            )
        ]

    def _refuse_at_theirs(self, path: Path, uses: str, args: Mapping[str, Any]) -> None:
        at_theirs = changes_at_theirs(self.ground.inventory, self.ground.actions[uses], args)
        self.findings.note(self.runbook, path, at_theirs)

    def _before(self, after: Iterable[str]) -> set[str]:
        """Return every step that must be over before one that waits for `after`."""
        found: set[str] = set()
        wave = list(after)
        while wave:
            name = wave.pop()
            if name not in found:
                found.add(name)
                wave += self.after.get(name, ())
        return found

    def _nested(
        self, path: Path, step: RunbookStep, name: str, names: Mapping[str, Any], waits: tuple[str, ...]
    ) -> list[PlannedStep]:
        inner = self.ground.runbooks.get(step.runbook or "")
        if inner is None:
            remedy = choose(step.runbook or "", self.ground.runbooks)
            self.findings.wrong(
                self.runbook, (*path, "runbook"), f"there is no runbook {step.runbook}", remedy
            )
            return []
        if self.depth >= DEEPEST:
            problem = f"runbooks use one another more than {DEEPEST} deep"
            self.findings.wrong(
                self.runbook, (*path, "runbook"), problem, "Remove the loop, or make it flatter"
            )
            return []
        try:
            given = {k: str(value_of(v, names) if isinstance(v, str) else v) for k, v in step.with_.items()}
            inner_names, _ = bind_parameters(inner, self.ground, given)
        except ExpressionError as error:
            remedy = "Name something that the parameters give"
            self.findings.cannot_say(self.runbook, (*path, "with"), error, remedy)
            return []
        except BadInput as error:
            self.findings.mistakes += [one for one in error.mistakes if one.lacks]
            told = [one for one in error.mistakes if not one.lacks]
            wrongs = (Wrong((), f"{inner.runbook}: {one.problem}", one.remedy) for one in told)
            self.findings.note(self.runbook, (*path, "with"), wrongs)
            return []
        facts = dict.fromkeys(inner.facts)  # a fact of a runbook inside another was not read: unknown
        names = {**inner_names, "facts": facts}
        binding = _Steps(self.ground, self.findings, inner, names, f"{name}/", self.depth + 1)
        bound = binding.bind(after=waits)
        self.predicates += binding.predicates
        return bound

    def _each(self, path: Path, step: RunbookStep) -> list[tuple[str, Mapping[str, Any]]]:
        if step.for_each is None:
            return [("", {})]
        try:
            found = list(value_of(step.for_each, self.names))
        except (ExpressionError, TypeError) as error:
            remedy = "Give an expression such as `{{ backup.stores }}`"
            self.findings.cannot_say(self.runbook, (*path, "for_each"), error, remedy)
            return []
        return [(f"@{str(one).replace('/', '.')}", {"each": one}) for one in found]

    def _skipped(self, path: Path, step: RunbookStep, names: Mapping[str, Any]) -> str | None:
        if isinstance(step.when, bool):
            return None if step.when else "its `when` is false"
        asked = step.when.strip().removeprefix("{{").removesuffix("}}").strip()
        try:
            return None if expression(asked, names) else f"not so: {asked}"
        except ExpressionError as error:
            remedy = "Name something that the runbook's parameters or facts give"
            self.findings.cannot_say(self.runbook, (*path, "when"), error, remedy)
            return None

    def _text(self, path: Path, text: Text, names: Mapping[str, Any]) -> Text:
        try:
            return text_in_both(text, names)
        except ExpressionError as error:
            remedy = "Name something that the runbook's parameters give"
            self.findings.cannot_say(self.runbook, path, error, remedy)
            return text

    def _check_order(self) -> None:
        ids = [step.id for step in self.runbook.steps]
        wrong = self.findings.wrong
        for index, step in enumerate(self.runbook.steps):
            if ids.index(step.id) != index:
                remedy = "Give each step a name of its own"
                wrong(self.runbook, ("steps", index, "id"), f"there is another step {step.id}", remedy)
            for n, wanted in enumerate(step.after):
                if wanted not in ids:
                    path = ("steps", index, "after", n)
                    wrong(self.runbook, path, f"there is no step {wanted}", choose(wanted, ids))
        self.findings.raise_mistakes()
        try:
            tuple(TopologicalSorter({step.id: step.after for step in self.runbook.steps}).static_order())
        except CycleError as cycle:
            loop = " -> ".join(reversed(cycle.args[1]))
            wrong(
                self.runbook,
                ("steps",),
                f"steps wait for one another: {loop}",
                "Remove one `after` in that loop",
            )
            self.findings.raise_mistakes()


def _in_order(runbook: Runbook) -> list[int]:
    """Indices of the steps so that each comes after those it waits for, otherwise as written."""
    index = {step.id: n for n, step in enumerate(runbook.steps)}
    order: list[int] = []
    placed: set[str] = set()
    left = list(runbook.steps)
    while left:
        free = next(step for step in left if placed.issuperset(step.after))
        left.remove(free)
        placed.add(free.id)
        order.append(index[free.id])
    return order


def _ends(steps: Iterable[PlannedStep]) -> tuple[str, ...]:
    """The steps that no other of these waits for."""
    steps = list(steps)
    waited_for = {name for step in steps for name in step.after}
    return tuple(step.id for step in steps if step.id not in waited_for)
