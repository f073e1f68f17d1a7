"""What happened in a run, in order: the events, and what people can say to it. How they are chained is in `chain`."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from seawall.chain import FIRST as FIRST  # noqa: PLC0414 - a journal's face is here, wherever its parts stand
from seawall.chain import Line as Line  # noqa: PLC0414
from seawall.chain import line_for as line_for  # noqa: PLC0414
from seawall.chain import read_lines as read_lines  # noqa: PLC0414
from seawall.errors import JournalError
from seawall.going_on import Happened, MaybeSigned, is_none
from seawall.going_on import Overridden as Overridden  # noqa: PLC0414
from seawall.going_on import Retried as Retried  # noqa: PLC0414
from seawall.going_on import Skipped as Skipped  # noqa: PLC0414
from seawall.model import Text
from seawall.predicates import Looks
from seawall.signed import Heard, Signed
from seawall.steady import Uptime

MaybeUptime = Annotated[Uptime | None, Field(exclude_if=is_none)]


class Outcome(StrEnum):
    """How a run ended."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    ABORTED = "aborted"
    UNDONE = "undone"
    NO_LONGER_HOLDS = "no-longer-holds"


class Opened(Happened):
    """The run exists: who asked for it, for which plan, real or exercise.

    Attributes:
        request: that `by` signed for it; an unsigned request takes one yes more.
        yeses: `signed` where the host has a trust root: a typed yes does not count then.
    """

    kind: Literal["opened"] = "opened"
    run: str
    plan: str
    runbook: str
    title: Text
    exercise: bool
    by: str
    version: str
    request: MaybeSigned = None
    yeses: Annotated[Literal["typed", "signed"], Field(exclude_if=lambda said: said == "typed")] = "typed"


class Resumed(Happened):
    """Another process took the run up. What was under way is now in doubt. `uptime` is of its machine, then."""

    kind: Literal["resumed"] = "resumed"
    by: str
    uptime: MaybeUptime = None


class Recovered(Happened):
    """The run was taken up from its copies at these places alone: what could have begun unseen is in doubt.

    Attributes:
        waited: the term of whoever drove it was waited out, so that nothing they began can act any more.
    """

    kind: Literal["recovered"] = "recovered"
    by: str
    known_at: tuple[str, ...]
    uptime: MaybeUptime = None
    waited: Annotated[bool, Field(exclude_if=operator.not_)] = False


class NotReplicated(Happened):
    """The beginning of a change is on this machine only: too few places took it in."""

    kind: Literal["not-replicated"] = "not-replicated"
    silent: tuple[str, ...]


class WentAlone(Happened):
    """Two people let the run go on though too few places answered to tell whether another is at it.

    Attributes:
        signatures: what each of the two signed, in their order; none where they were only named.
    """

    kind: Literal["went-alone"] = "went-alone"
    by: tuple[str, str]
    silent: tuple[str, ...]
    signatures: Annotated[tuple[Signed, ...], Field(max_length=2, exclude_if=operator.not_)] = ()


class Asked(Happened):
    """A person was asked; the answer is wanted by `until`. `person` is whose turn it is in that role, when known."""

    kind: Literal["asked"] = "asked"
    step: str
    what: Literal["approval", "person", "doubt", "undo-doubt"]
    of: str
    until: AwareDatetime
    person: Annotated[str | None, Field(exclude_if=is_none)] = None


class Acknowledged(Happened):
    """A person has taken it on: "I have it". What they were asked for is still to come."""

    kind: Literal["acknowledged"] = "acknowledged"
    step: str
    by: str


class Escalated(Happened):
    """Whoever was asked did not answer in time, or cannot: the next in line is asked, until `until`.

    Attributes:
        of: the role in which the next is asked.
        person: the name of the next; None where the whole role is asked, because nobody has a turn in it.
        before: who was asked until now, by name or role.
    """

    kind: Literal["escalated"] = "escalated"
    step: str
    what: Literal["approval", "person"]
    of: str
    person: str | None
    before: str
    because: Literal["late", "cannot"]
    until: AwareDatetime


class Notified(Happened):
    """Somebody was written to because they are asked. `came_to` is what the relay or Slack said; no address is here."""

    kind: Literal["notified"] = "notified"
    step: str
    person: str
    channel: Literal["email", "slack", "none"]
    came_to: Literal["accepted", "refused", "unreachable", "in doubt", "no channel"]
    problem: Annotated[str, Field(max_length=400)] = ""


class Unanswered(Happened):
    """Everybody in line was asked and nobody did it or answered; the runbook says what then."""

    kind: Literal["unanswered"] = "unanswered"
    step: str
    then: Literal["stops", "goes-on"]


class ByHand(Happened):
    """A step that was done away from here, by hand, as a paper has it. `at` is when it was typed in.

    Attributes:
        by: who did it, by the name they stand under.
        when: when they were through with it.
        approved_by: who said yes on the paper, where the step asks for it.
        typed_by: who typed it in, and `signed` that they signed for that. It makes no yes on a paper a signed one.
    """

    kind: Literal["by-hand"] = "by-hand"
    step: str
    by: str
    when: AwareDatetime
    result: Literal["done", "not-done"]
    note: Annotated[str, Field(max_length=200)] = ""
    approved_by: tuple[str, ...] = ()
    typed_by: str
    signed: MaybeSigned = None


class Approved(Happened):
    """A person said yes to a step.

    Attributes:
        signed: the statement and its signature; absent from a typed yes.
        expires: when it opens nothing any more, if the step has not started by then.
        heard: it is a telephone code, typed by somebody else: weaker than a signature.
        glass: why this person opened the step without the yeses that were missing; a review is owed then.
    """

    kind: Literal["approved"] = "approved"
    step: str
    by: str
    how: str
    signed: MaybeSigned = None
    expires: Annotated[AwareDatetime | None, Field(exclude_if=is_none)] = None
    heard: Annotated[Heard | None, Field(exclude_if=is_none)] = None
    glass: Annotated[str, Field(max_length=2000, exclude_if=operator.not_)] = ""


class Lapsed(Happened):
    """A yes expired before its step started; it does not count any more."""

    kind: Literal["lapsed"] = "lapsed"
    step: str
    by: str


class SignedFromHere(Happened):
    """Whoever drives the run has a trust root, and so typed yeses to what has not started count no more.

    Attributes:
        request_counts: whether the run's request was signed; else each step takes one yes more.
    """

    kind: Literal["signed-from-here"] = "signed-from-here"
    request_counts: bool


class Answered(Happened):
    """A person answered: `no` to an approval, or `happened` / `did-not-happen` to a doubt or about their own step.

    `cannot` says of a step or an approval that it is not for this person: the next in line is asked. `note` is what the
    step asks them to write down, e.g. a supplier's case number; see `seawall.notes`. `signed` is absent when typed.
    """

    kind: Literal["answered"] = "answered"
    step: str
    by: str
    answer: Literal["no", "happened", "did-not-happen", "cannot"]
    why: str = ""
    note: Annotated[str, Field(max_length=200)] = ""
    signed: MaybeSigned = None


class Started(Happened):
    """A call is about to be made. Written before it. `until` is when its limit passes.

    Attributes:
        uptime: of the machine that makes it, at `at`; in the first that a process makes only.
    """

    kind: Literal["started"] = "started"
    step: str
    attempt: int
    undoing: bool = False
    until: AwareDatetime
    uptime: MaybeUptime = None


class Succeeded(Happened):
    """The call ended well; `seen` is what it saw."""

    kind: Literal["succeeded"] = "succeeded"
    step: str
    attempt: int
    undoing: bool = False
    seen: dict[str, Any] | None
    summary: str
    checked: Looks = ()


class NotNeeded(Happened):
    """It was already so; nothing was done. `seen` is what the step would have seen, when the check knows it."""

    kind: Literal["not-needed"] = "not-needed"
    step: str
    attempt: int
    because: str
    seen: dict[str, Any] | None = None
    checked: Looks = ()


class Failed(Happened):
    """The call did not end well. `acted` says whether the world was changed all the same; None is unknown."""

    kind: Literal["failed"] = "failed"
    step: str
    attempt: int
    undoing: bool = False
    error: str
    where: str
    problem: str
    remedy: str
    acted: bool | None
    checked: Looks = ()


class Settled(Happened):
    """A proof was looked at for a step in doubt, from `looked_at` on.

    Attributes:
        happened: None when it could not tell.
        spent: whether it was seen that what another process began can no longer act.
    """

    kind: Literal["settled"] = "settled"
    step: str
    attempt: int
    undoing: bool = False
    looked_at: AwareDatetime
    happened: bool | None
    because: str
    seen: dict[str, Any] | None = None
    spent: bool = False


class AbortAsked(Happened):
    """A person asked to stop, and whether to take back what was done."""

    kind: Literal["abort-asked"] = "abort-asked"
    by: str
    why: str
    undo: bool


class Ended(Happened):
    """Nothing more will happen in this run. `left` names what still stands or is not known."""

    kind: Literal["ended"] = "ended"
    outcome: Outcome
    left: tuple[str, ...] = ()


Event = Annotated[
    Opened
    | Resumed
    | Recovered
    | NotReplicated
    | WentAlone
    | Asked
    | Acknowledged
    | Escalated
    | Notified
    | Unanswered
    | ByHand
    | Approved
    | Lapsed
    | SignedFromHere
    | Answered
    | Started
    | Succeeded
    | NotNeeded
    | Failed
    | Settled
    | AbortAsked
    | Skipped
    | Retried
    | Overridden
    | Ended,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)

Word = Annotated[
    Approved | Answered | Acknowledged | Notified | AbortAsked | Skipped | Retried | Overridden,
    Field(discriminator="kind"),
]
"""What people can say to a run that is under way, and what is heard of those who were written to about it."""
WORD: TypeAdapter[Word] = TypeAdapter(Word)


class Journal(Protocol):
    """Where events go."""

    def append(self, events: Sequence[Event]) -> None:
        """Record the events durably before returning: all of them, in order, or raise JournalError."""

    def events(self) -> Iterable[Event]:
        """Yield every event so far, oldest first."""


def events_of(lines: Iterable[Line], where: str) -> Iterator[Event]:
    """Yield the events that still stand in `lines`. Raises: JournalError for one this version does not know."""
    for line in lines:
        if line.event is None:
            continue
        try:
            yield EVENT.validate_python(line.event)
        except ValidationError as error:
            problem = f"line {line.n} holds an event this version does not know: {line.event.get('kind')!r}"
            raise JournalError(
                problem, where=where, remedy="Use the version of Seawall that wrote it, or newer"
            ) from error
