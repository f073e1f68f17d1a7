"""A procedure as its author wrote it: the grammar of `runbooks/*.yaml`.

A step `uses` an action, or is done `by` a person, or carries out another `runbook`. Strings may hold Jinja2
expressions, read when the plan is made. Durations and counts are the author's; effects are the connector's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from seawall.model import Duration, Frozen, Name, Text, duration

ParameterType = Literal[
    "service", "site", "host", "backup", "audience", "choice", "text", "duration", "number", "yes-no"
]


def _duration_or_expression(value: Any) -> Any:
    return value if isinstance(value, str) and "{{" in value else duration(value)


Length = Annotated[timedelta | str, BeforeValidator(_duration_or_expression)]
"""A duration such as 15m, or an expression that gives one, such as what a supplier promised."""


def _as_said(value: Any) -> Any:
    """Return a default as the person who starts the runbook would have said it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float) else value


class Parameter(Frozen):
    """Something the person who starts the runbook says.

    Attributes:
        of: the choices of a choice.
        engine: narrows a service parameter to services whose database is of that engine.
        run_by: narrows a service parameter to services that a supplier runs.
        has: narrows a service parameter to services that have this: a web root, a unit, or a zone in DNS.
        default: what is taken when nothing is said; may be an expression over the parameters above it.
        title: what a form calls it.
    """

    type: ParameterType
    of: tuple[str, ...] = ()
    engine: Literal["postgres"] | None = None
    run_by: Literal["supplier"] | None = None
    has: Literal["web_root", "unit", "zone"] | None = None
    default: Annotated[str | None, BeforeValidator(_as_said)] = None
    title: Text | None = None

    @model_validator(mode="after")
    def _choices(self) -> Self:
        if (self.type == "choice") != bool(self.of):
            message = "`of` goes with `type: choice`, and a choice needs it"
            raise ValueError(message)
        if self.engine is not None and self.type != "service":
            message = "`engine` goes with `type: service`"
            raise ValueError(message)
        if self.run_by is not None and self.type != "service":
            message = "`run_by` goes with `type: service`"
            raise ValueError(message)
        if self.has is not None and self.type != "service":
            message = "`has` goes with `type: service`"
            raise ValueError(message)
        if self.default is not None and "{{" not in self.default and not _fits(self, self.default):
            message = f"the default {self.default!r} is no {self.type}" + (
                f" of {', '.join(self.of)}" if self.of else ""
            )
            raise ValueError(message)
        return self


def _fits(parameter: Parameter, said: str) -> bool:
    match parameter.type:
        case "choice":
            return said in parameter.of
        case "yes-no":
            return said in {"yes", "no"}
        case "number":
            return said.removeprefix("-").isdecimal()
        case "duration":
            try:
                duration(said)
            except ValueError:
                return False
    return True


class Escalate(Frozen):
    """Who is asked next when nobody answers. A role alone may stand in its place: `escalate: dr-manager`.

    Attributes:
        to: the role that is asked after the deputies of those who were.
        after: how long each has to take it on; as long as `within` when absent.
    """

    to: Name | None = None
    after: Duration | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return {"to": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.to is None and self.after is None:
            message = "`escalate` says to whom, or after how long: add `to:` or `after:`"
            raise ValueError(message)
        return self


class Approve(Frozen):
    """Who must say yes before the step starts.

    Attributes:
        by: the role.
        people: how many of them.
        within: how long they are waited for.
        escalate: who may say yes when they do not answer; the duty's deputies alone when absent.
        then: `stops` ends the run when nobody answers; when absent it waits for a named person. Nothing is ever done
            because nobody said no.
        good_for: how long a signed yes counts if the step does not start; 30 minutes when absent.
        requester_may: whether the signed yes of whoever asked for the run counts; for what one person may do alone.
        codes: `no` wants signatures, and takes no telephone code in place of one.
        paper: `no` takes no yes that only stands on a paper: it is said in the run before its result is typed in.
        break_glass: whether one person may open the step without the yeses that are missing; a review is owed then.
    """

    by: Name
    people: Annotated[int, Field(ge=1, le=5)] = 1
    within: Duration
    escalate: Escalate | None = None
    then: Literal["stops"] | None = None
    good_for: Annotated[Duration, Field(gt=timedelta(), le=timedelta(days=7))] | None = None
    requester_may: bool = False
    codes: Literal["allowed", "no"] = "allowed"
    paper: Literal["allowed", "no"] = "allowed"
    break_glass: bool = True

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        if _too_late(self.escalate, self.within):
            raise ValueError(_TOO_LATE)
        return self


_TOO_LATE = "`escalate` comes after `within`: say a shorter `after`"


def _too_late(escalate: Escalate | None, within: timedelta | str | None) -> bool:
    after = None if escalate is None else escalate.after
    return after is not None and isinstance(within, timedelta) and after > within


class MayOverride(Frozen):
    """Who may open what a step that fences holds up, when it fails and no evidence can be had.

    Attributes:
        by: the role.
        people: how many of them; never one alone.
    """

    by: Name
    people: Annotated[int, Field(ge=2, le=5)] = 2


class Check(Frozen):
    """A READS call and what it must see. As a bare action name in a file: same arguments as the step, `holds: true`."""

    uses: str
    with_: Annotated[dict[str, Any] | None, Field(alias="with")] = None
    expect: dict[str, Any] = {"holds": True}

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return {"uses": value} if isinstance(value, str) else value


class Undo(Frozen):
    """The action that takes a step back. As a bare action name in a file: same arguments as the step."""

    uses: str
    with_: Annotated[dict[str, Any] | None, Field(alias="with")] = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return {"uses": value} if isinstance(value, str) else value


class Fact(Frozen):
    """A READS call made when the plan is made; `when` may ask what it saw, and the preview shows it.

    Attributes:
        when: an expression over the parameters; where it is false the fact is not read, and nothing rests on it.
        expect: predicates the plan rests on. They are looked at when it is made, again before its first change, and
            again before each step that waits for approval; where one does not hold, nothing is begun.
        unknown: what happens when that cannot be told: stop, or go on as if it held.
        before: the step up to which they must hold; what comes after it does not look any more, e.g. because that
            step itself is what changes it.
    """

    uses: str
    with_: Annotated[dict[str, Any], Field(alias="with")] = {}
    within: Duration | None = None
    when: str | bool = True
    expect: dict[str, Any] = {}
    unknown: Literal["stops", "goes-on"] = "stops"
    before: Name | None = None

    @model_validator(mode="after")
    def _rests(self) -> Self:
        if not self.expect and (self.unknown != "stops" or self.before is not None):
            message = "`unknown` and `before` go with `expect`"
            raise ValueError(message)
        return self


class RunbookStep(Frozen):
    """One step. Exactly one of `uses`, `by`, `runbook` says how it is done.

    Attributes:
        does: what happens, in words an on-call person reads.
        uses: the action, as `connector.verb`; docs/actions.md lists them.
        by: the role of the person who does it.
        runbook: the other runbook whose steps stand here.
        with_: arguments of the action, or parameters of the other runbook.
        after: steps that must be done before this one; without it, the step waits for nothing and may run at once.
        when: an expression; the plan skips the step when it is false.
        within: how long it may take at most; the action's own limit when absent. May be an expression.
        every: how long to wait between two tries of `until`; as short as is good for our own when absent.
        late: what to do when `until` does not hold in time: stop the run, or go on with what was seen.
        note: what a person writes down with `done`, e.g. a case number; kept in the journal, so nothing about people.
        for_each: an expression giving a list; the step is repeated with `each` bound to one after another.
        unless: a READS check at run time; when it holds, the step is already so and is skipped.
        unless_seen: by an earlier step, predicates over what it saw; when they hold, the step is not needed.
        until: predicates over what a READS call sees; it is tried again until they hold, at most `within`.
        escalate: with `by`, who does it when those whose turn it is do not answer in time.
        then: with `by`, what happens when nobody in line answers; when absent the run waits for a named person.
        expect: predicates that must hold over what was seen, or the run stops.
        unknown: what to do when a predicate's field is unknown.
        proof: a READS check that tells whether the change is in the world; the action's own when absent.
        undo: what takes the change back; the action's own when absent.
        no_way_back: why nothing takes it back.
        rests_on: the steps before it that must stand as long as it does; every one when absent. `[]` for what rests on
            nothing, such as a telephone call.
        approve: who must say yes before it starts.
        override: who may go on without evidence when a step that fences fails; nobody when absent.
        answered_by: the role that says how it went: that a person's own step is done, or whether one that is in doubt
            happened. `seawall.who_may` says who does when absent.
    """

    id: Name
    does: Text
    uses: str | None = None
    by: Name | None = None
    runbook: Name | None = None
    with_: Annotated[dict[str, Any], Field(alias="with")] = {}
    after: tuple[Name, ...] = ()
    when: str | bool = True
    for_each: str | None = None
    unless: Check | None = None
    unless_seen: dict[Name, dict[str, Any]] = {}
    within: Length | None = None
    every: Length | None = None
    until: dict[str, Any] = {}
    late: Literal["stops", "goes-on"] = "stops"
    note: Text | None = None
    escalate: Escalate | None = None
    then: Literal["stops", "goes-on"] | None = None
    expect: dict[str, Any] = {}
    unknown: Literal["stops", "goes-on"] = "stops"
    proof: Check | None = None
    undo: Undo | None = None
    no_way_back: Text | None = None
    rests_on: tuple[Name, ...] | None = None
    approve: Approve | None = None
    override: MayOverride | None = None
    answered_by: Name | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if wrong := list(self._wrongs()):
            message = "; ".join(wrong)
            raise ValueError(message)
        return self

    def _wrongs(self) -> Iterator[str]:
        if sum(way is not None for way in (self.uses, self.by, self.runbook)) != 1:
            yield "a step has exactly one of `uses`, `by` and `runbook`"
        if self.uses is None:
            for name in ("expect", "until", "unless", "proof", "undo", "override"):
                if getattr(self, name):
                    yield f"`{name}` goes with `uses`"
        if self.runbook is not None and self.answered_by is not None:
            yield "`answered_by` goes with `uses` or `by`"
        yield from self._wrongs_about_people()
        if (self.every is not None or self.late != "stops") and not self.until:
            yield "`every` and `late` go with `until`"
        if self.undo is not None and self.no_way_back is not None:
            yield "a step has `undo` or `no_way_back`, not both"
        if self.id in self.after:
            yield "a step cannot come after itself"

    def _wrongs_about_people(self) -> Iterator[str]:
        if self.note is not None and self.by is None:
            yield "`note` goes with `by`"
        if (self.escalate is not None or self.then is not None) and self.by is None:
            yield "`escalate` and `then` go with `by`, or stand inside `approve`"
        if _too_late(self.escalate, self.within):
            yield _TOO_LATE
        if self.by is not None and self.within is None:
            yield "a person's step says within what time: add `within:`"


class Measures(Frozen):
    """How long a service was away, told from a run of this runbook.

    Attributes:
        service: the parameter that names the service.
        since: the step whose end the promise counts from, e.g. the call to a supplier; the opening when absent.
        served_again: the step that ends when it is seen to serve again.
    """

    service: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    since: Name | None = None
    served_again: Name


class Runbook(Frozen):
    """A runbook file, read.

    Attributes:
        runbook: its name, which is the file's name too.
        title: what it is for, on one line.
        why: when to use it.
        parameters: what the person who starts it says.
        facts: READS calls made when the plan is made.
        steps: what is done; the order is what `after` says, not the order in the file.
        confirm: an expression naming what a person types before the first change; the service's or site's name.
        measures: by what its reports judge the recovery time against what was promised.
        claims: whether no other run may touch the same service meanwhile. False for what harms no other run.
    """

    runbook: Name
    title: Text
    why: Text
    parameters: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Parameter] = {}
    confirm: str | None = None
    measures: Measures | None = None
    claims: bool = True
    facts: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Fact] = {}
    steps: Annotated[tuple[RunbookStep, ...], Field(min_length=1)]
