"""What will be done: a runbook bound to a city and parameters, every step rendered but for typed references.

A plan is plain data. The same inputs give the same bytes and so the same digest; it holds no value that changes by
itself, no secret, and nobody's address.
"""

from __future__ import annotations

import hashlib
import json
import operator
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from seawall.actions import Effect
from seawall.model import Duration, Frozen, Name, StepId, Text
from seawall.predicates import PlanPredicate, Predicate


def _is_none(value: object) -> bool:
    return value is None


class PlannedCheck(Frozen):
    """A READS call and what it must see."""

    uses: str
    args: dict[str, Any]
    expect: tuple[Predicate, ...]


class PlannedUndo(Frozen):
    """The call that takes a step back."""

    uses: str
    args: dict[str, Any]


class Escalation(Frozen):
    """Who is asked when those whose turn it is do not answer: after their deputies, the role `to`.

    Attributes:
        after: how long each of them has to take it on; as long as the whole may take when absent.
    """

    to: Name | None = None
    after: Duration | None = None


GOOD_FOR = timedelta(minutes=30)
"""How long a signed yes counts when the runbook does not say: it is given with the world as it is now in mind."""


class Approval(Frozen):
    """Who must say yes before a step starts.

    Attributes:
        good_for: how long a signed yes counts if the step does not start; see `lasts`.
        requester_may: whether the signed yes of whoever asked for the run counts too.
        codes: whether a telephone code may stand for a signature.
        paper: whether a yes that stands on a paper lets what was done by hand be typed in; it is unverified.
        break_glass: whether one person may open the step without the yeses that are missing.
        escalate: who may say yes when they do not answer; the duty's deputies alone when absent.
        then: `stops` ends the run when nobody answers at all; when absent it waits for a named person.
    """

    by: Name
    people: Annotated[int, Field(ge=1)]
    within: Duration
    escalate: Annotated[Escalation | None, Field(exclude_if=_is_none)] = None
    then: Annotated[Literal["stops"] | None, Field(exclude_if=_is_none)] = None
    good_for: Annotated[Duration | None, Field(exclude_if=_is_none)] = None
    requester_may: Annotated[bool, Field(exclude_if=operator.not_)] = False
    codes: Annotated[Literal["allowed", "no"], Field(exclude_if=lambda said: said == "allowed")] = "allowed"
    paper: Annotated[Literal["allowed", "no"], Field(exclude_if=lambda said: said == "allowed")] = "allowed"
    break_glass: Annotated[bool, Field(exclude_if=bool)] = True

    @property
    def lasts(self) -> timedelta:
        """How long a signed yes counts if the step does not start."""
        return self.good_for or GOOD_FOR


class Overriding(Frozen):
    """Who may go on without the evidence that a step was to see, and how many of them."""

    by: Name
    people: Annotated[int, Field(ge=2)]


class SeenBefore(Frozen):
    """What an earlier step must have seen."""

    step: StepId
    expect: tuple[Predicate, ...]

    def held(self, seen: Mapping[str, Any] | None) -> bool:
        """Tell whether it saw all of this; what it did not see at all, it did not see."""
        return seen is not None and all(wanted.held(seen) for wanted in self.expect)

    def __str__(self) -> str:
        return ", ".join(f"{self.step} saw {wanted}" for wanted in self.expect)


class Promise(Frozen):
    """What was promised for the service that a run brings back, and the step that shows that it is back.

    Attributes:
        supplier: who promised it, when the service is not the city's own; nothing of ours is written there, so that
            what was lost cannot be measured.
        since: the step whose end the promise counts from; None for the opening of the run.
    """

    service: Name
    supplier: str | None
    rto: Duration
    since: StepId | None
    served_again: StepId


def _is_absent(value: object) -> bool:
    return value is None or value in ((), "stops")


class PlannedStep(Frozen):
    """One step, ready to be carried out.

    Attributes:
        args: rendered arguments; `{"from": "fence"}` stands for what the step `fence` will have seen.
        after: every step that must be over first.
        unless_seen: when all of it was seen, the step is not needed.
        every: how long to wait between two tries of `until`.
        late: what happens when `until` does not hold in time.
        note: what the person who does it writes down.
        escalate: who does it when those whose turn it is do not answer; the duty's deputies alone when absent.
        then: what happens when nobody in line answers; when absent the run waits for a named person.
        lanes: what it keeps busy meanwhile, e.g. a host; decides how many run side by side.
        skipped: why the plan leaves it out; such a step never runs and holds nobody up.
        holds_first: the facts of `Plan.predicates` that are looked at right before it acts: every one for what may be
            the first change, and for what waits for approval.
        rests_on: the steps that must stand as long as this one does. None: every change that came before it.
        override: who may go on without the evidence that this step was to see, when it fails.
        answered_by: the role that says how it went; `seawall.who_may` says who does when absent.
    """

    id: StepId
    does: Text
    uses: str | None = None
    by: Name | None = None
    effect: Effect
    args: dict[str, Any] = {}
    after: tuple[StepId, ...] = ()
    within: Duration
    expect: tuple[Predicate, ...] = ()
    unknown: Literal["stops", "goes-on"] = "stops"
    until: tuple[Predicate, ...] = ()
    unless: PlannedCheck | None = None
    proof: PlannedCheck | None = None
    can_still_act: bool = False
    undo: PlannedUndo | None = None
    no_way_back: Text | None = None
    approve: Approval | None = None
    lanes: tuple[str, ...] = ()
    skipped: str | None = None
    # Left out where they say nothing: a plan that was made before there was such a thing keeps its digest.
    unless_seen: Annotated[tuple[SeenBefore, ...], Field(exclude_if=_is_absent)] = ()
    every: Annotated[Duration | None, Field(exclude_if=_is_absent)] = None
    late: Annotated[Literal["stops", "goes-on"], Field(exclude_if=_is_absent)] = "stops"
    note: Annotated[Text | None, Field(exclude_if=_is_absent)] = None
    holds_first: Annotated[tuple[str, ...], Field(exclude_if=_is_absent)] = ()
    rests_on: Annotated[tuple[StepId, ...] | None, Field(exclude_if=_is_none)] = None
    escalate: Annotated[Escalation | None, Field(exclude_if=_is_none)] = None
    then: Annotated[Literal["stops", "goes-on"] | None, Field(exclude_if=_is_none)] = None
    override: Annotated[Overriding | None, Field(exclude_if=_is_none)] = None
    answered_by: Annotated[Name | None, Field(exclude_if=_is_none)] = None

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    @model_validator(mode="after")
    def _repeats_no_change(self) -> Self:
        if self.until and self.changes:
            message = f"step {self.id} changes the world and has `until`, which would repeat it"
            raise ValueError(message)
        return self

    @property
    def changes(self) -> bool:
        """Whether carrying it out changes the world."""
        return self.effect is Effect.CHANGES

    @cached_property
    def goes_on_from(self) -> frozenset[str]:
        """The steps of which its call, or what is looked at for it, takes what they have seen."""
        checks = [one.args for one in (self.unless, self.proof, self.undo) if one is not None]
        return frozenset(name.partition(".")[0] for name in references([self.args, *checks]))


class Plan(Frozen):
    """What will be done, in which order, and for whom.

    Attributes:
        confirm: what a person types before the first change.
        claims: what no other run may touch at the same time, e.g. `service:login`.
        promise: by what the recovery time of its run is judged.
        predicates: what must hold for the plan to be good, looked at again before its first change and before what
            waits for approval.
        undoes: the run whose changes it takes back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    format: Literal[1] = 1
    city: Name
    runbook: Name
    title: Text
    why: Text
    exercise: bool
    parameters: dict[str, str]
    confirm: str
    claims: tuple[str, ...]
    steps: tuple[PlannedStep, ...]
    promise: Annotated[Promise | None, Field(exclude_if=_is_absent)] = None
    predicates: Annotated[tuple[PlanPredicate, ...], Field(exclude_if=_is_absent)] = ()
    undoes: Annotated[str | None, Field(exclude_if=_is_none)] = None

    @model_validator(mode="after")
    def _can_come_to_an_end(self) -> Self:
        """Refuse steps that nobody could put in order: a plan may come from a file that somebody has edited."""
        waits = {step.id: step.after for step in self.steps}
        message = None
        if len(waits) < len(self.steps):
            message = "two steps have the same name"
        elif missing := {name for after in waits.values() for name in after} - set(waits):
            message = f"steps wait for {', '.join(sorted(missing))}, which the plan does not have"
        elif unknown := {name for one in self.steps for name in one.holds_first} - set(self.by_fact):
            message = f"steps look at {', '.join(sorted(unknown))} first, which the plan does not have"
        else:
            try:
                TopologicalSorter(waits).prepare()
            except CycleError as error:
                message = f"steps wait for one another: {' -> '.join(reversed(error.args[1]))}"
        if message is not None:
            raise ValueError(message)
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy the plan. The copy works its own digest out: what was approved is what is done, and nothing like it."""
        copy = super().model_copy(update=update, deep=deep)
        for name in ("content", "digest", "by_id", "by_fact"):
            copy.__dict__.pop(name, None)
        return copy

    @cached_property
    def content(self) -> bytes:
        """The canonical JSON of this plan, as it is kept in a run's folder."""
        return canonical(self.model_dump(mode="json"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over `content`, hexadecimal: what an approval signs."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def by_id(self) -> Mapping[str, PlannedStep]:
        """The steps by their id."""
        return {step.id: step for step in self.steps}

    @cached_property
    def by_fact(self) -> Mapping[str, PlanPredicate]:
        """What must hold, by the name of the fact."""
        return {one.fact: one for one in self.predicates}

    @property
    def changes(self) -> bool:
        """Whether any step that will run changes the world."""
        return any(step.changes and step.skipped is None for step in self.steps)


def canonical(value: Any) -> bytes:
    """Write JSON one way only: sorted keys, no spaces, UTF-8."""
    return _CANONICAL.encode(value).encode()


_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)
"""Made once: `json.dumps` makes one for every call that asks for anything. Nothing written here has a circle in it."""


def references(value: Any) -> tuple[str, ...]:
    """Return what `{"from": ...}` names anywhere in rendered arguments, in order."""
    if isinstance(value, dict):
        if set(value) == {"from"} and isinstance(value["from"], str):
            return (value["from"],)
        return tuple(name for one in value.values() for name in references(one))
    if isinstance(value, list):
        return tuple(name for one in value for name in references(one))
    return ()


def resolved(value: Any, seen: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return `value` with each reference replaced by what that step saw.

    Raises:
        KeyError: nothing is known of the step or field that a reference names.
    """
    if isinstance(value, dict):
        if set(value) == {"from"} and isinstance(value["from"], str):
            step, _, field = value["from"].partition(".")
            return seen[step][field] if field else seen[step]
        return {key: resolved(one, seen) for key, one in value.items()}
    if isinstance(value, list):
        return [resolved(one, seen) for one in value]
    return value
