"""A disaster as data: what breaks and when, which runbook responds, and what must hold afterwards.

The grammar of `drills/scenarios/*.yaml`. Times in the timeline count from the beginning of the load; limits of
expectations count from the first fault, or from the declaration where nothing breaks.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from seawall.model import Duration, Frozen, Name, Text

_RATE = re.compile(r"^(\d+(?:\.\d+)?)/(s|m)$")


def rate(text: object) -> float:
    """Read `100/s` or `30/m` as so many a second.

    Raises:
        ValueError: it is not one, or it is none at all.
    """
    if isinstance(text, float):
        return text
    match = _RATE.match(text) if isinstance(text, str) else None
    if match is None or not float(match[1]):
        message = f"{text!r} is not a rate such as 100/s"
        raise ValueError(message)
    return float(match[1]) / (60 if match[2] == "m" else 1)


Rate = Annotated[
    float,
    BeforeValidator(rate),
    PlainSerializer(lambda each: f"{each:g}/s", return_type=str),
    WithJsonSchema({"type": "string", "pattern": _RATE.pattern, "examples": ["100/s"]}),
]


class Load(Frozen):
    """The users: so many writers, so many writes a second all together, to the ledger of one service."""

    service: Name
    writers: Annotated[int, Field(ge=1, le=64)] = 4
    writes: Rate = 100.0


class KillHost(Frozen):
    """Every process of a machine dies at once, as when it loses power."""

    at: Duration
    break_: Annotated[Literal["kill-host"], Field(alias="break")]
    host: Name


class KillSite(Frozen):
    """Every process of every machine at a site dies at once. Its out-of-band controllers still answer."""

    at: Duration
    break_: Annotated[Literal["kill-site"], Field(alias="break")]
    site: Name


class StopProcess(Frozen):
    """A program on a machine is stopped without ending: it holds its connections and answers nothing."""

    at: Duration
    break_: Annotated[Literal["stop-process"], Field(alias="break")]
    host: Name
    program: Name


class CutLink(Frozen):
    """Nothing passes between two sites any more. Users still reach both."""

    at: Duration
    break_: Annotated[Literal["cut-link"], Field(alias="break")]
    between: tuple[Name, Name]


class BreakGuard(Frozen):
    """The guard of a database's lease stands still, dies, or reaches none of the three places; the database is well."""

    at: Duration
    break_: Annotated[Literal["stop-guard", "kill-guard", "cut-guard-from-places"], Field(alias="break")]
    host: Name


class Heal(Frozen):
    """What was broken is whole again. What a fence or a failover did stays as it is."""

    at: Duration
    heal: Literal["everything"]


Fault = Annotated[KillHost | KillSite | StopProcess | CutLink | BreakGuard, Field(discriminator="break_")]


class Respond(Frozen):
    """Which runbook answers.

    Attributes:
        with_: its parameters.
        when: `proposed`: as soon as the service's probe has missed as often as its rule says. `declared`: at once.
        at: for `declared`, when; right after the last fault, or 3 s into the load, when absent.
        approved_by: the people who say yes, at once, to whatever asks for it.
        within: how long the drill waits for the proposal.
    """

    runbook: Name
    with_: Annotated[dict[str, str], Field(alias="with")] = {}
    when: Literal["proposed", "declared"]
    at: Duration | None = None
    approved_by: tuple[Name, ...] = ()
    within: Duration = timedelta(seconds=60)

    @model_validator(mode="after")
    def _at_goes_with_declared(self) -> Self:
        if self.at is not None and self.when == "proposed":
            message = "`at` goes with `when: declared`; a proposal comes when the probe says so"
            raise ValueError(message)
        return self


class AcceptsWrites(Frozen):
    """A user's writes are acknowledged again, three in a row, at that site, within a time."""

    that: Literal["service accepts writes"]
    service: Name
    at: Name | None = None
    within: Duration


class NoTwoPrimaries(Frozen):
    """Never, from the first fault to the end, did two servers take writes at once."""

    that: Literal["no two primaries"]


class LostWritesAreCounted(Frozen):
    """Each acknowledged write was looked for in the database that serves now."""

    that: Literal["every lost write is counted"]


class LostWrites(Frozen):
    """No more than so many acknowledged writes are gone."""

    that: Literal["lost writes"]
    at_most: Annotated[int, Field(ge=0)]


class RefusedWrites(Frozen):
    """Users were refused for no longer than this, all stretches together."""

    that: Literal["writes are refused"]
    at_most: Duration


class PeopleAreTold(Frozen):
    """Everyone of an audience got a message, by this way, within a time."""

    that: Literal["people are told"]
    audience: Name
    by: Literal["email", "slack"]
    within: Duration


class NothingIsProposed(Frozen):
    """The probe's rule proposed nothing for so long: a blip is no disaster."""

    that: Literal["nothing is proposed"]
    within: Duration


Expectation = Annotated[
    AcceptsWrites
    | NoTwoPrimaries
    | LostWritesAreCounted
    | LostWrites
    | RefusedWrites
    | PeopleAreTold
    | NothingIsProposed,
    Field(discriminator="that"),
]


class RunAfterwards(Frozen):
    """A runbook that brings things home after the drill. As a bare name in a file: no parameters."""

    runbook: Name
    with_: Annotated[dict[str, str], Field(alias="with")] = {}

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return {"runbook": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Let an editor accept the bare name too."""
        return {"anyOf": [{"type": "string"}, handler(core)]}


class Scenario(Frozen):
    """A scenario file, read.

    Attributes:
        why: the real disaster it comes from, or what it is to find out.
        expect: what must hold. That every message of the drill says so is always expected, and not written here.
    """

    scenario: Name
    title: Text
    why: Text
    load: Load
    timeline: tuple[Fault | Heal, ...] = ()
    respond: Respond | None = None
    expect: Annotated[tuple[Expectation, ...], Field(min_length=1)]
    afterwards: tuple[Literal["heal"] | RunAfterwards, ...] = ()

    @model_validator(mode="after")
    def _there_is_something_to_do(self) -> Self:
        if not self.timeline and self.respond is None:
            message = "nothing breaks and nobody responds: write `timeline:` or `respond:`"
            raise ValueError(message)
        times = [moment.at for moment in self.timeline]
        if times != sorted(times):
            message = "the timeline is not in order: write the earlier moment first"
            raise ValueError(message)
        return self


def scenario_bytes(scenario: Scenario) -> bytes:
    """Return the scenario as JSON; the same scenario gives the same bytes."""
    return scenario.model_dump_json(by_alias=True, indent=2).encode() + b"\n"
