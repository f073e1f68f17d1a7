"""Bind a runbook to a city and parameters: the making of a plan. Pure; the same inputs give the same plan.

Every mistake is found before any is reported. A runbook may use another; its steps then stand in the plan under the
name of the step that used it, so that a whole evacuation is one plan.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any

from seawall.actions import Action, Effect, Seen
from seawall.arguments import Arguments, bind_arguments
from seawall.errors import BadInput, Mistake
from seawall.expressions import ExpressionError, expression, text_in_both, value_of
from seawall.inventory import Inventory
from seawall.messages import Message
from seawall.model import Text, duration
from seawall.plan import Approval, Plan, PlannedCheck, PlannedStep, PlannedUndo
from seawall.predicates import Predicate, read_predicates
from seawall.runbook import Check, Parameter, Runbook, RunbookStep, Undo
from seawall.views import view_of

Place = Callable[[str, tuple[str | int, ...]], str]
"""Where something stands that a runbook's author wrote: runbook name and path in it -> `file:line:column`."""

DEEPEST = 5
"""How many runbooks may use one another; deeper is a loop or cannot be read by a person."""


def runbook_and_path(runbook: str, path: tuple[str | int, ...]) -> str:
    """Say where something stands when the file's lines are not at hand."""
    return ".".join([f"runbook {runbook}", *map(str, path)])


@dataclass(frozen=True, slots=True)
class Ground:
    """What plans are made on: the city, its runbooks and messages, and the actions at hand."""

    inventory: Inventory
    runbooks: Mapping[str, Runbook]
    messages: Mapping[str, Message]
    actions: Mapping[str, Action[Any, Any]]
    place: Place = runbook_and_path


@dataclass(frozen=True, slots=True)
class FactToRead:
    """A READS call to make before planning."""

    name: str
    uses: str
    args: Mapping[str, Any]
    within: timedelta


def facts_to_read(runbook: str, ground: Ground, parameters: Mapping[str, str]) -> tuple[FactToRead, ...]:
    """Return the READS calls whose results `make_plan` takes as facts. Raises: BadInput."""
    binding = _Binding(ground)
    one = binding.runbook(runbook)
    names, _ = binding.parameters(one, parameters)
    reads = []
    for name, fact in one.facts.items():
        path = ("facts", name)
        action = binding.action(one, path, fact.uses)
        if action is None:
            continue
        if action.effect is not Effect.READS:
            binding.wrong(one, (*path, "uses"), f"a fact only reads, and {fact.uses} changes the world", "Use an action that reads")
        args = binding.arguments(one, (*path, "with"), action, fact.with_, names)
        reads.append(FactToRead(name, fact.uses, args.values, fact.within or timedelta(seconds=2)))
    binding.raise_mistakes()
    return tuple(reads)


def make_plan(
    runbook: str,
    ground: Ground,
    parameters: Mapping[str, str],
    *,
    exercise: bool,
    facts: Mapping[str, Seen | None] | None = None,
) -> Plan:
    """Make the plan for `runbook` with these parameters.

    Args:
        facts: what `facts_to_read` said to read; None stands for a fact that could not be read.

    Raises:
        BadInput: with every mistake in the runbook, its arguments and the parameters.
    """
    binding = _Binding(ground)
    one = binding.runbook(runbook)
    names, given = binding.parameters(one, parameters)
    known_facts = {name: (facts or {}).get(name) for name in one.facts}
    steps = binding.steps(one, {**names, "facts": known_facts} if one.facts else names, prefix="", after=())
    confirm = binding.confirm(one, names, given)
    binding.raise_mistakes()
    changes = any(step.changes and step.skipped is None for step in steps)
    return Plan(
        city=ground.inventory.city.name,
        runbook=runbook,
        title=text_in_both(one.title, names),
        why=one.why,
        exercise=exercise,
        parameters=given,
        confirm=confirm,
        claims=_claims(one, given) if changes else (),
        steps=tuple(steps),
    )


def _claims(runbook: Runbook, given: Mapping[str, str]) -> tuple[str, ...]:
    kinds = ("service", "host", "backup")
    claims = {f"{p.type}:{given[name]}" for name, p in runbook.parameters.items() if p.type in kinds and name in given}
    return tuple(sorted(claims)) or (f"runbook:{runbook.runbook}",)


@dataclass(slots=True)
class _Binding:
    """One making of a plan: the ground, and the mistakes found so far."""

    ground: Ground
    mistakes: list[Mistake] = field(default_factory=list)
    depth: int = 0

    def wrong(
        self, runbook: Runbook, path: tuple[str | int, ...], problem: str, remedy: str, corrected: str | None = None
    ) -> None:
        """Note a mistake and go on looking."""
        self.mistakes.append(Mistake(self.ground.place(runbook.runbook, path), problem, remedy, corrected))

    def raise_mistakes(self) -> None:
        """Raise everything found. Raises: BadInput."""
        if self.mistakes:
            raise BadInput(dict.fromkeys(self.mistakes))

    def runbook(self, name: str) -> Runbook:
        """Return the runbook. Raises: BadInput."""
        if name not in self.ground.runbooks:
            raise BadInput.one(f"there is no runbook {name}", where=f"runbook {name}", remedy=_choose(name, self.ground.runbooks))
        return self.ground.runbooks[name]

    def parameters(self, runbook: Runbook, given: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return what expressions see of the parameters, and every parameter as words. Mistakes end the making."""
        found: list[Mistake] = [
            Mistake(f"parameter {name}", f"{runbook.runbook} takes no {name}", _choose(name, runbook.parameters))
            for name in given
            if name not in runbook.parameters
        ]
        names: dict[str, Any] = {"message": _Messages(self, {})}
        as_words: dict[str, str] = {}
        for name, parameter in runbook.parameters.items():
            try:
                written = given[name] if name in given else self._default(name, parameter, names)
                names[name] = self._parameter(parameter, written)
                as_words[name] = str(written)
            except (ValueError, KeyError) as error:
                found.append(Mistake(f"parameter {name}", *_wrong_value(name, parameter, given.get(name), error)))
        if found:
            raise BadInput(found)
        names["message"] = _Messages(self, names)
        return names, as_words

    def _default(self, name: str, parameter: Parameter, names: Mapping[str, Any]) -> str:
        if parameter.default is None:
            message = f"{name} is missing"
            raise ValueError(message)
        return str(value_of(parameter.default, names))

    def _parameter(self, parameter: Parameter, written: str) -> Any:
        match parameter.type:
            case "choice":
                if written not in parameter.of:
                    raise KeyError(*parameter.of)
                return written
            case "duration":
                return duration(written)
            case "number":
                return int(written)
            case "yes-no":
                return {"yes": True, "no": False}[written]
            case "service" if parameter.engine is not None:
                fitting = [n for n, s in self.ground.inventory.services.items() if s.database is not None]
                if written in self.ground.inventory.services and written not in fitting:
                    raise KeyError(*fitting)
        return view_of(parameter.type, written, self.ground.inventory)

    def confirm(self, runbook: Runbook, names: Mapping[str, Any], given: Mapping[str, str]) -> str:
        """Return what a person types before the first change."""
        if runbook.confirm is not None:
            try:
                return str(value_of(runbook.confirm, names))
            except ExpressionError as error:
                self.wrong(runbook, ("confirm",), str(error), "Name something that the runbook's parameters give")
        of_kind = [given[name] for name, p in runbook.parameters.items() if p.type in ("service", "site", "host", "backup")]
        return of_kind[0] if of_kind else runbook.runbook

    def steps(self, runbook: Runbook, names: Mapping[str, Any], *, prefix: str, after: tuple[str, ...]) -> list[PlannedStep]:
        """Bind every step of a runbook; `after` is what the first of them wait for."""
        self._check_order(runbook)
        bound: list[PlannedStep] = []
        last: dict[str, tuple[str, ...]] = {}
        actions: dict[str, Action[Any, Any]] = {}
        for index in _in_order(runbook):
            step = runbook.steps[index]
            path = ("steps", index)
            waits = tuple(dict.fromkeys(name for wanted in step.after for name in last.get(wanted, ()))) or after
            these: list[PlannedStep] = []
            for suffix, more in self._each(runbook, path, step, names):
                name = f"{prefix}{step.id}{suffix}"
                these += self._bind(runbook, path, step, name, {**names, **more}, waits, actions, prefix)
            bound += these
            last[step.id] = _ends(these) or waits
        return bound

    def _bind(
        self,
        runbook: Runbook,
        path: tuple[str | int, ...],
        step: RunbookStep,
        name: str,
        names: Mapping[str, Any],
        waits: tuple[str, ...],
        actions: dict[str, Action[Any, Any]],
        prefix: str,
    ) -> list[PlannedStep]:
        does = self._text(runbook, (*path, "does"), step.does, names)
        skipped = self._skipped(runbook, (*path, "when"), step, names)
        if step.runbook is not None and skipped is None:
            return self._nested(runbook, path, step, name, names, waits)
        approve = None if step.approve is None else Approval(**step.approve.model_dump())
        if step.by is not None:
            within = step.within or timedelta()
            one = PlannedStep(
                id=name, does=does, by=step.by, effect=Effect.CHANGES, after=waits, within=within, skipped=skipped, approve=approve
            )
            return [one]
        if skipped is not None:
            action = self.ground.actions.get(step.uses or "")
            effect = Effect.CHANGES if action is None else action.effect
            return [PlannedStep(id=name, does=does, uses=step.uses, effect=effect, after=waits, within=timedelta(), skipped=skipped)]
        found = self.action(runbook, path, step.uses or "")
        if found is None:
            return []
        actions[name] = found
        given = Arguments(names, {key: value for key, value in actions.items()}, prefix)
        args = bind_arguments(found, step.with_, given)
        self._note(runbook, (*path, "with"), args.mistakes)
        if args.references:
            self._check_references(runbook, path, args.references, waits)
        return [
            PlannedStep(
                id=name,
                does=does,
                uses=found.name,
                effect=found.effect,
                args=args.values,
                after=waits,
                within=step.within or found.limit,
                expect=self._predicates(runbook, (*path, "expect"), step.expect, found),
                unknown=step.unknown,
                until=self._until(runbook, path, step, found),
                unless=self._check(runbook, (*path, "unless"), step.unless, args.values, given),
                proof=self._proof(runbook, path, step, found, args.values, given),
                can_still_act=not found.after_limit_it_cannot_act,
                undo=self._undo(runbook, path, step, found, args.values, given),
                no_way_back=step.no_way_back,
                approve=approve,
                lanes=args.lanes,
            )
        ]

    def _check_references(
        self, runbook: Runbook, path: tuple[str | int, ...], wanted: Iterable[str], waits: tuple[str, ...]
    ) -> None:
        for one in wanted:
            if one not in waits:
                self.wrong(
                    runbook,
                    (*path, "with"),
                    f"takes what {one!r} saw, and does not wait for it",
                    f"Add {one} to this step's `after`",
                )

    def _nested(
        self,
        runbook: Runbook,
        path: tuple[str | int, ...],
        step: RunbookStep,
        name: str,
        names: Mapping[str, Any],
        waits: tuple[str, ...],
    ) -> list[PlannedStep]:
        inner = self.ground.runbooks.get(step.runbook or "")
        if inner is None:
            problem = f"there is no runbook {step.runbook}"
            self.wrong(runbook, (*path, "runbook"), problem, _choose(step.runbook or "", self.ground.runbooks))
            return []
        if self.depth >= DEEPEST:
            problem = f"runbooks use one another more than {DEEPEST} deep"
            self.wrong(runbook, (*path, "runbook"), problem, "Remove the loop, or make it flatter")
            return []
        try:
            given = {key: str(self._value(value, names)) for key, value in step.with_.items()}
            inner_names, _ = self.parameters(inner, given)
        except ExpressionError as error:
            self.wrong(runbook, (*path, "with"), str(error), "Name something that the runbook's parameters give")
            return []
        except BadInput as error:
            for mistake in error.mistakes:
                self.wrong(runbook, (*path, "with"), f"{inner.runbook}: {mistake.problem}", mistake.remedy)
            return []
        if inner.facts:
            inner_names = {**inner_names, "facts": dict.fromkeys(inner.facts)}
        self.depth += 1
        steps = self.steps(inner, inner_names, prefix=f"{name}/", after=waits)
        self.depth -= 1
        return steps

    def _value(self, value: Any, names: Mapping[str, Any]) -> Any:
        return value_of(value, names) if isinstance(value, str) else value

    def _each(
        self, runbook: Runbook, path: tuple[str | int, ...], step: RunbookStep, names: Mapping[str, Any]
    ) -> list[tuple[str, Mapping[str, Any]]]:
        if step.for_each is None:
            return [("", {})]
        try:
            found = list(value_of(step.for_each, names))
        except (ExpressionError, TypeError) as error:
            self.wrong(runbook, (*path, "for_each"), f"gives no list: {error}", "Give an expression such as `{{ backup.stores }}`")
            return []
        return [(f"@{str(one).replace('/', '.')}", {"each": one}) for one in found]

    def _skipped(
        self, runbook: Runbook, path: tuple[str | int, ...], step: RunbookStep, names: Mapping[str, Any]
    ) -> str | None:
        if isinstance(step.when, bool):
            return None if step.when else "its `when` is false"
        try:
            wanted = value_of(step.when, names) if "{{" in step.when else expression(step.when, names)
        except ExpressionError as error:
            self.wrong(runbook, path, str(error), "Name something that the runbook's parameters or facts give")
            return None
        return None if wanted else f"not when {step.when.strip().removeprefix('{{').removesuffix('}}').strip()}"

    def action(self, runbook: Runbook, path: tuple[str | int, ...], uses: str) -> Action[Any, Any] | None:
        """Return the action, or note that there is none."""
        if uses in self.ground.actions:
            return self.ground.actions[uses]
        nearest = difflib.get_close_matches(uses, self.ground.actions, n=1)
        corrected = f"uses: {nearest[0]}" if nearest else None
        self.wrong(runbook, (*path, "uses"), f"no connector offers {uses!r}", _choose(uses, self.ground.actions), corrected)
        return None

    def arguments(
        self, runbook: Runbook, path: tuple[str | int, ...], action: Action[Any, Any], written: Mapping[str, Any], names: Mapping[str, Any]
    ) -> Any:
        """Bind the arguments of a call that refers to no step."""
        args = bind_arguments(action, written, Arguments(names, {}, ""))
        self._note(runbook, path, args.mistakes)
        return args

    def _note(self, runbook: Runbook, path: tuple[str | int, ...], mistakes: Iterable[tuple[tuple[str | int, ...], str, str]]) -> None:
        for more, problem, remedy in mistakes:
            self.wrong(runbook, (*path, *more), problem, remedy)

    def _predicates(
        self, runbook: Runbook, path: tuple[str | int, ...], expect: Mapping[str, Any], action: Action[Any, Any]
    ) -> tuple[Predicate, ...]:
        found: list[Predicate] = []
        for key, value in expect.items():
            try:
                found += read_predicates({key: value}, action.seen)
            except ValueError as error:
                self.wrong(runbook, (*path, key), str(error), f"Use what {action.name} shows; see docs/actions.md")
        return tuple(found)

    def _until(
        self, runbook: Runbook, path: tuple[str | int, ...], step: RunbookStep, action: Action[Any, Any]
    ) -> tuple[Predicate, ...]:
        if step.until and action.effect is not Effect.READS:
            problem = f"`until` would repeat {action.name}, which changes the world"
            self.wrong(runbook, (*path, "until"), problem, "Make the change once, and wait in a READS step after it")
        return self._predicates(runbook, (*path, "until"), step.until, action)

    def _check(
        self, runbook: Runbook, path: tuple[str | int, ...], check: Check | None, args: Mapping[str, Any], given: Arguments
    ) -> PlannedCheck | None:
        if check is None or (action := self.action(runbook, path, check.uses)) is None:
            return None
        if action.effect is not Effect.READS:
            self.wrong(runbook, (*path, "uses"), f"{check.uses} changes the world", "Use an action that reads")
        if check.with_ is None:
            values = _shared(args, action)
        else:
            bound = bind_arguments(action, check.with_, given)
            self._note(runbook, (*path, "with"), bound.mistakes)
            values = bound.values
        return PlannedCheck(uses=action.name, args=values, expect=self._predicates(runbook, (*path, "expect"), check.expect, action))

    def _proof(
        self,
        runbook: Runbook,
        path: tuple[str | int, ...],
        step: RunbookStep,
        action: Action[Any, Any],
        args: Mapping[str, Any],
        given: Arguments,
    ) -> PlannedCheck | None:
        if action.effect is Effect.READS:
            return None
        check = step.proof or (None if action.proof is None else Check(uses=action.proof))
        return self._check(runbook, (*path, "proof"), check, args, given)

    def _undo(
        self,
        runbook: Runbook,
        path: tuple[str | int, ...],
        step: RunbookStep,
        action: Action[Any, Any],
        args: Mapping[str, Any],
        given: Arguments,
    ) -> PlannedUndo | None:
        undo = step.undo
        if undo is None and action.undone_by is not None and step.no_way_back is None:
            undo = Undo(uses=action.undone_by)
        if undo is None:
            if action.effect is Effect.CHANGES and step.no_way_back is None:
                remedy = "Add `undo:` with the action that does, or `no_way_back:` with the reason"
                self.wrong(runbook, path, f"{action.name} changes the world, and nothing says what takes it back", remedy)
            return None
        found = self.action(runbook, (*path, "undo"), undo.uses)
        if found is None:
            return None
        if undo.with_ is None:
            return PlannedUndo(uses=found.name, args=_shared(args, found))
        bound = bind_arguments(found, undo.with_, given)
        self._note(runbook, (*path, "undo", "with"), bound.mistakes)
        return PlannedUndo(uses=found.name, args=bound.values)

    def _text(self, runbook: Runbook, path: tuple[str | int, ...], text: Text, names: Mapping[str, Any]) -> Text:
        try:
            return text_in_both(text, names)
        except ExpressionError as error:
            self.wrong(runbook, path, str(error), "Name something that the runbook's parameters give")
            return text

    def _check_order(self, runbook: Runbook) -> None:
        ids = [step.id for step in runbook.steps]
        for index, step in enumerate(runbook.steps):
            if ids.index(step.id) != index:
                self.wrong(runbook, ("steps", index, "id"), f"there is another step {step.id}", "Give each step a name of its own")
            for n, wanted in enumerate(step.after):
                if wanted not in ids:
                    self.wrong(runbook, ("steps", index, "after", n), f"there is no step {wanted}", _choose(wanted, ids))
        self.raise_mistakes()
        try:
            tuple(TopologicalSorter({step.id: step.after for step in runbook.steps}).static_order())
        except CycleError as cycle:
            path = " -> ".join(reversed(cycle.args[1]))
            self.wrong(runbook, ("steps",), f"steps wait for one another: {path}", "Remove one `after` in that loop")
            self.raise_mistakes()


@dataclass(frozen=True, slots=True)
class _Messages:
    """What `message('service-moved')` gives inside an expression: the message rendered with the runbook's names."""

    binding: _Binding
    names: Mapping[str, Any]

    def __call__(self, name: str, **more: Any) -> Message:
        known = self.binding.ground.messages
        if name not in known:
            message = f"there is no message {name!r}. {_choose(name, known)}"
            raise ValueError(message)
        names = {**self.names, **more}
        return Message(subject=text_in_both(known[name].subject, names), body=text_in_both(known[name].body, names))


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


def _shared(args: Mapping[str, Any], action: Action[Any, Any]) -> dict[str, Any]:
    return {name: value for name, value in args.items() if name in action.args.model_fields}


def _choose(name: str, known: Iterable[str]) -> str:
    known = list(known)
    nearest = difflib.get_close_matches(name, known, n=1)
    if nearest:
        return f"Did you mean {nearest[0]}?"[:-1]
    return f"Use one of: {', '.join(sorted(known)[:20])}" if known else "There are none to choose from"


def _wrong_value(name: str, parameter: Parameter, given: str | None, error: Exception) -> tuple[str, str]:
    if given is None:
        return (f"{name} is missing", f"Add {name}=..., a {parameter.type}")
    if isinstance(error, KeyError):
        return (f"{given!r} is no {parameter.type} that fits here", _choose(given, [str(one) for one in error.args]))
    return (str(error), f"Give {name} as a {parameter.type}")
