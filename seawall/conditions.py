"""What a step waits for and by what it is judged, bound: how long, what was seen before it, and what was promised."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from seawall.calls import Calls
from seawall.expressions import ExpressionError, value_of
from seawall.ground import Findings, Ground, Path, choose
from seawall.model import duration
from seawall.plan import Approval, Escalation, PlannedStep, Promise, SeenBefore
from seawall.runbook import Approve, Escalate, Runbook, RunbookStep


@dataclass(frozen=True, slots=True)
class Conditions:
    """Binds what one runbook's steps wait for; what is wrong goes to `findings`."""

    ground: Ground
    findings: Findings
    runbook: Runbook
    prefix: str

    def length(
        self, path: Path, written: timedelta | str | None, names: Mapping[str, Any]
    ) -> timedelta | None:
        """Return a duration that stands in the runbook, or that an expression there gives."""
        if not isinstance(written, str):
            return written
        remedy = "Give a duration such as 15m, or an expression that gives one"
        try:
            return duration(value_of(written, names))
        except ExpressionError as error:
            self.findings.cannot_say(self.runbook, path, error, remedy)
        except ValueError as error:
            self.findings.wrong(self.runbook, path, str(error), remedy)
        return None

    def seen_before(self, path: Path, step: RunbookStep, before: Collection[str]) -> tuple[SeenBefore, ...]:
        """Bind what earlier steps may have seen so that this one is not needed.

        Args:
            path: of `unless_seen`.
            step: as its author wrote it.
            before: every step that is over when this one begins.
        """
        uses = {one.id: one.uses for one in self.runbook.steps}
        found = []
        for named, expect in step.unless_seen.items():
            name, action = self.prefix + named, self.ground.actions.get(uses.get(named) or "")
            if action is None or name not in before:
                problem = f"it asks what {named!r} saw, and does not wait for it"
                remedy = f"Add {named}, a step that uses an action, to this step's `after`"
                self.findings.wrong(self.runbook, (*path, named), problem, remedy)
                continue
            calls = Calls(self.ground, self.findings, self.runbook)
            found.append(SeenBefore(step=name, expect=calls.predicates((*path, named), expect, action)))
        return tuple(found)

    def rests_on(self, path: Path, step: RunbookStep, before: Collection[str]) -> tuple[str, ...] | None:
        """Bind which steps must stand as long as this one does; None for all that changed something before it.

        Args:
            path: of `rests_on`.
            step: as its author wrote it.
            before: every step that is over when this one begins.
        """
        if step.rests_on is None:
            return None
        found: list[str] = []
        for named in step.rests_on:
            own = f"{self.prefix}{named}"
            these = sorted(one for one in before if one == own or one.startswith((f"{own}/", f"{own}@")))
            if not these:
                problem = f"it rests on {named!r}, and does not wait for it"
                remedy = f"Add {named} to this step's `after`"
                self.findings.wrong(self.runbook, path, problem, remedy)
            found += these
        return tuple(found)


def approval_of(written: Approve | None) -> Approval | None:
    """Return who must say yes, and who when they do not answer."""
    if written is None:
        return None
    said = written.model_dump(exclude={"escalate"})
    return Approval(**said, escalate=escalation_of(written.escalate))


def escalation_of(written: Escalate | None) -> Escalation | None:
    """Return who is asked next, and when."""
    return None if written is None else Escalation(to=written.to, after=written.after)


def promise_of(
    runbook: Runbook,
    ground: Ground,
    findings: Findings,
    given: Mapping[str, str],
    steps: Collection[PlannedStep],
) -> Promise | None:
    """Return what was promised for the service that a run of `runbook` brings back; None when nothing was."""
    measures = runbook.measures
    if measures is None:
        return None
    parameter = runbook.parameters.get(measures.service)
    if parameter is None or parameter.type != "service":
        remedy = "Name a parameter of the type service"
        findings.wrong(runbook, ("measures", "service"), f"no service is given as {measures.service}", remedy)
        return None
    ids = {step.id for step in steps}
    for key, named in (("since", measures.since), ("served_again", measures.served_again)):
        if named is not None and named not in ids:
            findings.wrong(runbook, ("measures", key), f"there is no step {named}", choose(named, ids))
            return None
    name = given[measures.service]
    service = ground.inventory.services[name]
    theirs, ours = service.run_by, service.targets
    rto = theirs.promised_rto if theirs is not None else ours.rto if ours is not None else None
    if rto is None:
        return None
    supplier = None if theirs is None else theirs.supplier
    return Promise(
        service=name, supplier=supplier, rto=rto, since=measures.since, served_again=measures.served_again
    )
