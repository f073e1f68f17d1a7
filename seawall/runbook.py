"""A procedure as its author wrote it: the grammar of `runbooks/*.yaml`.

A step `uses` an action, or is done `by` a person, or carries out another `runbook`. Strings may hold Jinja2
expressions, read when the plan is made. Durations and counts are the author's; effects are the connector's.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from seawall.model import Duration, Frozen, Name, Text

ParameterType = Literal[
    "service", "site", "host", "backup", "audience", "choice", "text", "duration", "number", "yes-no"
]


class Parameter(Frozen):
    """Something the person who starts the runbook says. `of` lists the choices of a choice.

    `engine` narrows a service parameter to services whose database is of that engine.
    """

    type: ParameterType
    of: tuple[str, ...] = ()
    engine: Literal["postgres"] | None = None
    default: str | None = None
    title: Text | None = None

    @model_validator(mode="after")
    def _choices(self) -> Self:
        if (self.type == "choice") != bool(self.of):
            message = "`of` goes with `type: choice`, and a choice needs it"
            raise ValueError(message)
        return self


class Approve(Frozen):
    """Who must say yes before the step starts: so many people of a role, within a time."""

    by: Name
    people: Annotated[int, Field(ge=1, le=5)] = 1
    within: Duration


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
    """A READS call made when the plan is made; `when` may ask what it saw, and the preview shows it."""

    uses: str
    with_: Annotated[dict[str, Any], Field(alias="with")] = {}
    within: Duration | None = None


class RunbookStep(Frozen):
    """One step. Exactly one of `uses`, `by`, `runbook` says how it is done.

    Attributes:
        does: what happens, in words an on-call person reads.
        with_: arguments of the action, or parameters of the other runbook.
        after: steps that must be done before this one; without it, the step waits for nothing and may run at once.
        when: an expression; the plan skips the step when it is false.
        for_each: an expression giving a list; the step is repeated with `each` bound to one after another.
        unless: a READS check at run time; when it holds, the step is already so and is skipped.
        until: predicates over what a READS call sees; it is tried again until they hold, at most `within`.
        expect: predicates that must hold over what was seen, or the run stops.
        unknown: what to do when a predicate's field is unknown.
        proof: a READS check that tells whether the change is in the world; the action's own when absent.
        undo: what takes the change back; the action's own when absent.
        no_way_back: why nothing takes it back.
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
    within: Duration | None = None
    until: dict[str, Any] = {}
    expect: dict[str, Any] = {}
    unknown: Literal["stops", "goes-on"] = "stops"
    proof: Check | None = None
    undo: Undo | None = None
    no_way_back: Text | None = None
    approve: Approve | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(way is not None for way in (self.uses, self.by, self.runbook)) != 1:
            message = "a step has exactly one of `uses`, `by` and `runbook`"
            raise ValueError(message)
        if self.by is not None and self.within is None:
            message = "a person's step says within what time: add `within:`"
            raise ValueError(message)
        if self.undo is not None and self.no_way_back is not None:
            message = "a step has `undo` or `no_way_back`, not both"
            raise ValueError(message)
        return self


class Runbook(Frozen):
    """A runbook file, read.

    Attributes:
        confirm: an expression naming what a person types before the first change; the service's or site's name.
    """

    runbook: Name
    title: Text
    why: Text
    parameters: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Parameter] = {}
    confirm: str | None = None
    facts: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Fact] = {}
    steps: Annotated[tuple[RunbookStep, ...], Field(min_length=1)]
