"""The calls a step is made of, bound: its action, what it must see, its proof, and what takes it back."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seawall.actions import Action, Effect
from seawall.arguments import Arguments, bind_arguments
from seawall.evidence import Fenced
from seawall.ground import Findings, Ground, Path, choose
from seawall.plan import Overriding, PlannedCheck, PlannedUndo
from seawall.predicates import Predicate, read_predicates
from seawall.runbook import Check, Runbook, RunbookStep, Undo


@dataclass(frozen=True, slots=True)
class Calls:
    """Binds the calls of one runbook's steps; what is wrong goes to `findings`."""

    ground: Ground
    findings: Findings
    runbook: Runbook

    def action(self, path: Path, uses: str) -> Action[Any, Any] | None:
        """Return the action, or note that there is none."""
        actions = self.ground.actions
        if uses in actions:
            if (why := actions[uses].withheld) is not None:
                remedy = "Let somebody else than its author read it: seawall action review"
                self.findings.wrong(self.runbook, path, f"{uses} {why}", remedy)
            return actions[uses]
        nearest = difflib.get_close_matches(uses, actions, n=1)
        corrected = f"uses: {nearest[0]}" if nearest else None
        self.findings.wrong(
            self.runbook, path, f"no connector offers {uses!r}", choose(uses, actions), corrected
        )
        return None

    def reading(self, path: Path, uses: str) -> Action[Any, Any] | None:
        """Return the action if it only reads, or note what is wrong."""
        action = self.action(path, uses)
        if action is not None and action.effect is not Effect.READS:
            self.findings.wrong(self.runbook, path, f"{uses} changes the world", "Use an action that reads")
            return None
        return action

    def predicates(
        self, path: Path, expect: Mapping[str, Any], action: Action[Any, Any]
    ) -> tuple[Predicate, ...]:
        """Read predicates against what the action sees."""
        found: list[Predicate] = []
        for key, value in expect.items():
            try:
                found += read_predicates({key: value}, action.seen)
            except ValueError as error:
                remedy = f"Use what {action.name} shows; see docs/actions.md"
                self.findings.wrong(self.runbook, (*path, key), str(error), remedy)
        return tuple(found)

    def until(self, path: Path, step: RunbookStep, action: Action[Any, Any]) -> tuple[Predicate, ...]:
        """Read `until`; it may only repeat what reads."""
        if step.until and action.effect is not Effect.READS:
            problem = f"`until` would repeat {action.name}, which changes the world"
            self.findings.wrong(
                self.runbook, path, problem, "Make the change once, and wait in a READS step after it"
            )
        return self.predicates(path, step.until, action)

    def check(
        self, path: Path, check: Check | None, args: Mapping[str, Any], given: Arguments
    ) -> PlannedCheck | None:
        """Bind a READS check; without arguments of its own it takes the step's."""
        if check is None or (action := self.reading(path, check.uses)) is None:
            return None
        values = self._arguments(path, action, check.with_, args, given)
        return PlannedCheck(
            uses=action.name, args=values, expect=self.predicates((*path, "expect"), check.expect, action)
        )

    def proof(
        self,
        path: Path,
        step: RunbookStep,
        action: Action[Any, Any],
        args: Mapping[str, Any],
        given: Arguments,
    ) -> PlannedCheck | None:
        """Bind what tells whether the change is in the world: the author's proof, or the action's own."""
        if action.effect is Effect.READS:
            return None
        check = step.proof or (None if action.proof is None else Check(uses=action.proof))
        return self.check(path, check, args, given)

    def override(
        self, path: Path, step: RunbookStep, action: Action[Any, Any], args: Mapping[str, Any]
    ) -> Overriding | None:
        """Bind who may go on without what the step was to see: only where that is evidence about one named server."""
        if step.override is None:
            return None
        if not issubclass(action.seen, Fenced) or not isinstance(args.get("server"), Mapping):
            problem = f"`override` goes with evidence that a server is fenced, and {action.name} shows none"
            self.findings.wrong(self.runbook, path, problem, "Move it to the step that fences")
        return Overriding(by=step.override.by, people=step.override.people)

    def undo(
        self,
        path: Path,
        step: RunbookStep,
        action: Action[Any, Any],
        args: Mapping[str, Any],
        given: Arguments,
    ) -> PlannedUndo | None:
        """Bind what takes the change back. Every change has that, or the reason why not."""
        undo = step.undo
        if undo is None and action.undone_by is not None and step.no_way_back is None:
            undo = Undo(uses=action.undone_by)
        if undo is None:
            if action.effect is Effect.CHANGES and step.no_way_back is None and action.no_way_back is None:
                problem = f"{action.name} changes the world, and nothing says what takes it back"
                remedy = "Add `undo:` with the action that does, or `no_way_back:` with the reason"
                self.findings.wrong(self.runbook, path[:-1], problem, remedy)
            return None
        found = self.action(path, undo.uses)
        if found is None:
            return None
        return PlannedUndo(uses=found.name, args=self._arguments(path, found, undo.with_, args, given))

    def _arguments(
        self,
        path: Path,
        action: Action[Any, Any],
        written: Mapping[str, Any] | None,
        args: Mapping[str, Any],
        given: Arguments,
    ) -> dict[str, Any]:
        if written is not None:
            bound = bind_arguments(action, written, given)
            self.findings.note(self.runbook, (*path, "with"), bound.mistakes)
            return bound.values
        fields = action.args.model_fields
        shared = {name: value for name, value in args.items() if name in fields} | dict(action.pinned)
        missing = [n for n, one in action.args.model_fields.items() if one.is_required() and n not in shared]
        if missing and args:
            problem = (
                f"{action.name} also needs {', '.join(missing)}, which the step's own arguments do not give"
            )
            self.findings.wrong(
                self.runbook, path, problem, f"Write `{{uses: {action.name}, with: {{...}}}}`"
            )
        return shared
