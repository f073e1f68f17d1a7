"""What people sign: canonical JSON that says all of it, so that a signature opens one thing, once, for a while.

Whoever reads a statement needs nothing else to know what was said: the run, real or exercise, the plan by its digest,
the step in words, what its call is given. A nonce keeps two alike apart.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, Field, ValidationError

from seawall.model import Frozen, Name, StepId, Text
from seawall.plan import Plan, PlannedStep, canonical
from seawall.signed import Signed
from seawall.sshsig import Signing, sign

NONCE = r"^[0-9a-f]{32}$"
Nonce = Annotated[str, Field(pattern=NONCE)]
CLOCKS_DIFFER = timedelta(minutes=2)
"""By how much the clock of whoever signs may be ahead of the clock where the run is driven."""
LONGEST_ARGS = 16 * 1024
"""Bytes of arguments that stand in a statement as they are; of longer ones only their digest does."""
OVERRIDE_LASTS = timedelta(minutes=15)
"""How old a signed override may be: it speaks of what is so now, like evidence."""
REQUEST_LASTS = timedelta(minutes=30)
"""How old a signed request may be when its run is opened."""

Namespace = Literal[
    "seawall-approval",
    "seawall-request",
    "seawall-review",
    "seawall-break-glass",
    "seawall-attestation",
    "seawall-override",
    "seawall-skip",
    "seawall-retry",
    "seawall-answer",
    "seawall-only-one-place",
    "seawall-paper",
]
NAMESPACES: tuple[Namespace, ...] = (
    "seawall-approval",
    "seawall-request",
    "seawall-review",
    "seawall-break-glass",
    "seawall-attestation",
    "seawall-override",
    "seawall-skip",
    "seawall-retry",
    "seawall-answer",
    "seawall-only-one-place",
    "seawall-paper",
)
"""What `allowed_signers` may let a key sign, one by one: `namespaces="seawall-approval"`, or `"seawall-*"`."""


class Header(Frozen):
    """What every statement begins with: which run of which plan it is about, and when it was made.

    Attributes:
        plan: its digest.
        nonce: keeps two statements apart that say the same.
    """

    format: Literal[1] = 1
    city: Name
    run: str
    exercise: bool
    plan: str
    nonce: Nonce
    at: AwareDatetime

    @property
    def fields(self) -> dict[str, Any]:
        """What a statement that begins with this takes over."""
        return {name: getattr(self, name) for name in Header.model_fields}


class YesStatement(Header):
    """A yes to one step of one run.

    Attributes:
        kind: an ordinary yes, the breaking of the glass, or that somebody heard a telephone code for one.
        uses: the action; `args` what it is given, `args_digest` the SHA-256 of their canonical JSON.
        requester: who opened the run.
        by: who says yes; `heard_by` is who heard it, when it came by telephone.
        expires: after this it opens nothing.
        why: with the breaking of the glass, why.
    """

    kind: Literal["approval", "break-glass", "attestation"]
    step: StepId
    does: Text
    uses: str | None
    args: dict[str, Any]
    args_digest: str
    requester: str
    by: Name
    heard_by: Name | None = None
    expires: AwareDatetime
    why: str = ""

    @property
    def namespace(self) -> Namespace:
        """What its signature is given for."""
        return _YES_SPACES[self.kind]

    @property
    def signer(self) -> str:
        """Whose signature it bears."""
        return self.heard_by or self.by


class RequestStatement(Header):
    """The wish that a plan be carried out."""

    kind: Literal["request"] = "request"
    runbook: Name
    title: Text
    parameters: dict[str, str]
    requester: str


class OverrideStatement(Header):
    """That a step's evidence may be done without, by one of the two people it takes.

    Attributes:
        args_digest: the SHA-256 of the canonical JSON of what the step's call is given: which server it is about.
        lost_writes, lost_seconds: how much its giver expects to be lost by it.
    """

    kind: Literal["override"] = "override"
    step: StepId
    does: Text
    args_digest: str
    lost_writes: int
    lost_seconds: float
    why: str
    by: Name


class ReviewStatement(Header):
    """What somebody else thinks of a run in which the glass was broken.

    Attributes:
        head: the hash of the journal's last line; `lines` how many it has: this is what was reviewed.
    """

    kind: Literal["review"] = "review"
    head: str
    lines: int
    verdict: Literal["justified", "not-justified"]
    why: str
    by: Name


_YES_SPACES: dict[str, Namespace] = {
    "approval": "seawall-approval",
    "break-glass": "seawall-break-glass",
    "attestation": "seawall-attestation",
}

S = TypeVar("S", bound=Header)


def new_nonce() -> str:
    """Return a nonce that nobody has used."""
    return secrets.token_hex(16)


def header(plan: Plan, *, run: str, now: datetime) -> Header:
    """Begin a statement about a run of a plan."""
    return Header(
        city=plan.city, run=run, exercise=plan.exercise, plan=plan.digest, nonce=new_nonce(), at=now
    )


def digest_of_args(step: PlannedStep) -> str:
    """Return the SHA-256 over the canonical JSON of what a step's call is given, hexadecimal."""
    return hashlib.sha256(canonical(step.model_dump(mode="json")["args"])).hexdigest()


def readable_args(step: PlannedStep) -> dict[str, Any]:
    """Return what a step's call is given, as it stands in a statement; nothing when it is too long to be read."""
    args: dict[str, Any] = step.model_dump(mode="json")["args"]
    return args if len(canonical(args)) <= LONGEST_ARGS else {}


def yes_to(
    plan: Plan,
    step: PlannedStep,
    *,
    run: str,
    requester: str,
    by: str,
    now: datetime,
    lasts: timedelta,
    heard_by: str | None = None,
    why: str = "",
) -> YesStatement:
    """Make the statement that says yes to a step: by its name when `why` is empty, else by breaking the glass."""
    return YesStatement(
        kind="attestation" if heard_by else "break-glass" if why else "approval",
        **header(plan, run=run, now=now).fields,
        step=step.id,
        does=step.does,
        uses=step.uses,
        args=readable_args(step),
        args_digest=digest_of_args(step),
        requester=requester,
        by=by,
        heard_by=heard_by,
        expires=now + lasts,
        why=why,
    )


def override_of(
    plan: Plan,
    step: PlannedStep,
    *,
    run: str,
    by: str,
    now: datetime,
    lost_writes: int,
    lost_seconds: float,
    why: str,
) -> OverrideStatement:
    """Make the statement by which one person would go on without what a failed step was to see."""
    return OverrideStatement(
        **header(plan, run=run, now=now).fields,
        step=step.id,
        does=step.does,
        args_digest=digest_of_args(step),
        lost_writes=lost_writes,
        lost_seconds=lost_seconds,
        why=why,
        by=by,
    )


def review_of(
    plan: Plan,
    *,
    run: str,
    by: str,
    now: datetime,
    head: str,
    lines: int,
    verdict: Literal["justified", "not-justified"],
    why: str,
) -> ReviewStatement:
    """Make the statement that says what its giver thinks of a run, as far as its journal went."""
    return ReviewStatement(
        **header(plan, run=run, now=now).fields, head=head, lines=lines, verdict=verdict, why=why, by=by
    )


def request_for(plan: Plan, *, run: str, requester: str, now: datetime) -> RequestStatement:
    """Make the statement that asks for a plan to be carried out as this run."""
    return RequestStatement(
        **header(plan, run=run, now=now).fields,
        runbook=plan.runbook,
        title=plan.title,
        parameters=plan.parameters,
        requester=requester,
    )


def written(statement: Header) -> str:
    """Write a statement the one way it is signed."""
    return canonical(statement.model_dump(mode="json")).decode()


def signed(statement: Header, namespace: Namespace, by: Signing) -> Signed:
    """Sign a statement. Raises: SeawallError, from who signs."""
    text = written(statement)
    return Signed(statement=text, signature=sign(text.encode(), namespace, by))


def read_statement(kind: type[S], words: Signed) -> S | None:
    """Read the statement of signed words; None when it is none of this kind, or not written the one way."""
    try:
        statement = kind.model_validate_json(words.statement)
    except ValidationError:
        return None
    return statement if written(statement) == words.statement else None


def not_now(statement: Header, expires: datetime, now: datetime) -> list[str]:
    """Say how a statement that counts until `expires` is out of its time."""
    wrong = []
    if statement.at > now + CLOCKS_DIFFER:
        wrong.append(
            f"it was signed at {statement.at:%H:%M:%S %Z}, which is still to come: compare the clocks"
        )
    if now > expires:
        wrong.append(f"it expired at {expires:%Y-%m-%d %H:%M:%S %Z}: sign anew")
    return wrong


def differences(statement: Header, plan: Plan, run: str) -> list[str]:
    """Say what of a statement is about something else than this run of this plan."""
    wanted: dict[str, object] = {
        "city": plan.city,
        "run": run,
        "exercise": plan.exercise,
        "plan": plan.digest,
    }
    return [
        f"it is about {_shown(name, getattr(statement, name))}, and this is {_shown(name, value)}"
        for name, value in wanted.items()
        if getattr(statement, name) != value
    ]


def _shown(name: str, value: object) -> str:
    if name == "exercise":
        return "an exercise" if value else "a real run"
    return f"{name} {str(value)[:40]}"
