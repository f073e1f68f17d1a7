"""What a person can say to a run that has failed, so that it goes on all the same: events of its journal, as others."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from seawall.model import Frozen
from seawall.signed import Signed


def is_none(value: object) -> bool:
    """Tell whether a field is absent, and so is not written."""
    return value is None


MaybeSigned = Annotated[Signed | None, Field(exclude_if=is_none)]
"""The statement and its signature; absent from what was typed."""


class Happened(Frozen):
    """Anything that happened in a run."""

    at: AwareDatetime


class Skipped(Happened):
    """A person left a failed step out: it counts as over. A run that has ended by it goes on."""

    kind: Literal["skipped"] = "skipped"
    step: str
    by: str
    why: str
    signed: MaybeSigned = None


class Retried(Happened):
    """A person wants a failed step tried again. A run that has ended by it goes on."""

    kind: Literal["retried"] = "retried"
    step: str
    by: str
    why: str
    signed: MaybeSigned = None


class Overridden(Happened):
    """A person would go on without the evidence that a failed step was to see. It takes two; a run that ended goes on.

    Attributes:
        lost_writes, lost_seconds: how much they expect to be lost by it: acknowledged writes, and seconds of them.
    """

    kind: Literal["overridden"] = "overridden"
    step: str
    by: str
    lost_writes: Annotated[int, Field(ge=0)]
    lost_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    why: Annotated[str, Field(min_length=1, max_length=2000)]
    signed: MaybeSigned = None
