"""What a report holds. Its JSON is the evidence an auditor keeps, so these names are stable (docs/json.md).

Times are aware and in UTC; durations are seconds. People are named as in the journal; nobody's address is here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from seawall.imported import Imported
from seawall.model import Frozen, StepId, Text
from seawall.signed import Signed


class Trouble(Frozen):
    """One thing that went wrong.

    Attributes:
        acted: the world was changed all the same; None is unknown.
        afterwards: what a proof or a person said about it later.
    """

    at: AwareDatetime
    step: StepId
    undoing: bool
    error: str
    where: str
    problem: str
    remedy: str
    acted: bool | None
    afterwards: Text | None = None


def _absent(value: object) -> bool:
    return value is None or value in ((), "typed")


class Signature(Frozen):
    """A person's yes to a step.

    Attributes:
        kind: how it was given; a telephone code is weaker than a signature, and what stands on a paper nobody verified.
        how: the same in words, with the key's fingerprint.
        seconds: from when it was first asked for; nothing for a yes that was given before.
        expires: until when it counted, had the step not begun.
        signed: the statement and the signature over it: what its giver saw.
    """

    by: str
    at: AwareDatetime
    kind: Annotated[Literal["typed", "signed", "code", "glass", "paper"], Field(exclude_if=_absent)] = "typed"
    how: Annotated[Text | None, Field(exclude_if=_absent)] = None
    seconds: Annotated[float | None, Field(exclude_if=_absent)] = None
    expires: Annotated[AwareDatetime | None, Field(exclude_if=_absent)] = None
    signed: Annotated[Signed | None, Field(exclude_if=_absent)] = None


class Broken(Frozen):
    """Somebody opened a step without the yeses that were missing."""

    step: StepId
    by: str
    at: AwareDatetime
    why: str


class Reviewed(Frozen):
    """What somebody else thought of a broken glass, afterwards."""

    by: str
    at: AwareDatetime
    verdict: Literal["justified", "not-justified"]
    why: str
    signed: Annotated[Signed | None, Field(exclude_if=_absent)] = None


class Passed(Frozen):
    """Somebody did not answer in time, or cannot: who was asked next, and in which role."""

    at: AwareDatetime
    before: str
    because: Literal["late", "cannot"]
    to: str
    person: str | None


class InHands(Frozen):
    """A step's way through people's hands.

    Attributes:
        taken_at: when somebody said that they have it.
        wait_seconds: from when it was first asked until somebody had it.
        work_seconds: from then until it was over.
        passed_on: who was asked next, because nobody answered or somebody cannot.
        by_hand: who did it away from here, as a paper has it.
    """

    taken_at: AwareDatetime | None
    taken_by: str | None
    wait_seconds: float | None
    work_seconds: float | None
    passed_on: tuple[Passed, ...]
    by_hand: str | None
    typed_in_by: str | None
    typed_in_at: AwareDatetime | None


class StepAccount(Frozen):
    """One step, as it was planned and as it went.

    Attributes:
        stand: how it stands, as the fold says; `not begun` for what a run that has ended never came to.
        asked: when a person was first asked about it.
        started: its first start; for a person's step, when the person was asked.
        seconds: from its start to its end.
        changed: its change is in the world.
        takes_back: the action that would take it back.
        hands: its way through people's hands, when somebody took it, passed it on or did it by hand.
    """

    id: StepId
    does: Text
    uses: str | None
    by: str | None
    effect: str
    stand: str
    skipped: str | None
    after: tuple[StepId, ...]
    attempts: int
    asked: AwareDatetime | None
    started: AwareDatetime | None
    ended: AwareDatetime | None
    seconds: float | None
    limit_seconds: float
    approvals: tuple[Signature, ...]
    saw: str
    seen: dict[str, Any] | None
    changed: bool
    takes_back: str | None
    no_way_back: Text | None
    hands: Annotated[InHands | None, Field(exclude_if=_absent)] = None


class Told(Frozen):
    """One event of the journal in words. `by` names the person, when a person did it."""

    at: AwareDatetime
    kind: str
    step: str | None
    by: str | None
    text: Text


class Chain(Frozen):
    """By what the journal is recognised: how many lines it has and the hash of the last of them.

    `erased` counts lines whose words were deleted when their time was up; the chain still verifies over them.
    """

    lines: int
    head: str
    erased: int


class Recovery(Frozen):
    """How long a service was away, against what was promised for it, as far as the run itself can tell.

    Attributes:
        supplier: who promised it; None when the city did.
        counted_from: the step whose end the promise counts from; None for the opening of the run.
        rta_seconds: from the opening of the run until the service was seen to be back; None when it was not.
        judged_seconds: the same from where the promise counts.
        kept: None when it cannot be told.
        rpa_seconds: how far back the loss reaches. A run cannot measure that, and this is None.
    """

    service: str
    supplier: str | None
    promised_seconds: float
    counted_from: StepId | None
    rta_seconds: float | None
    judged_seconds: float | None
    kept: bool | None
    rpa_seconds: None = None


class Report(Frozen):
    """A run, told afterwards.

    Attributes:
        plan: the digest of the plan that was carried out.
        outcome: how it ended, or None while it is open.
        seconds: from its opening to its end, or to its last event while it is open.
        waited_for_people: seconds in which nothing was under way but a question to people.
        machine_seconds: the rest: what machines took.
        recovery: how long the service was away, when the plan says what was promised.
        imported: how it came here, when it was carried out elsewhere; the times are those of there.
        in_doubt: steps of which nobody knows whether their change happened.
        left: steps whose change stands, or is not known, after a run that did not end well.
        yeses: whether a yes counted only when it was signed; `request` is the signature for the run itself.
        glass: every time that somebody broke the glass; `review` is what another thought of it since.
        troubles: everything that went wrong, in order, each with what to do about it.
    """

    format: Literal[1] = 1
    seawall: str
    made_at: AwareDatetime
    run: str
    city: str
    runbook: str
    title: Text
    why: Text
    exercise: bool
    parameters: dict[str, str]
    plan: str
    opened_by: str
    opened_at: AwareDatetime
    ended_at: AwareDatetime | None
    outcome: str | None
    verdict: Text
    seconds: float
    waited_for_people: float
    machine_seconds: float
    in_doubt: tuple[StepId, ...]
    left: tuple[StepId, ...]
    steps: tuple[StepAccount, ...]
    troubles: tuple[Trouble, ...]
    timeline: tuple[Told, ...]
    journal: Chain
    recovery: Annotated[Recovery | None, Field(exclude_if=lambda one: one is None)] = None
    imported: Annotated[Imported | None, Field(exclude_if=lambda one: one is None)] = None
    yeses: Annotated[Literal["typed", "signed"], Field(exclude_if=_absent)] = "typed"
    request: Annotated[Signed | None, Field(exclude_if=_absent)] = None
    glass: Annotated[tuple[Broken, ...], Field(exclude_if=_absent)] = ()
    review: Annotated[Reviewed | None, Field(exclude_if=_absent)] = None
