"""What happened in a run, in order: the events, and the chain that shows when one was changed.

Each line carries a salted digest of its event and the hash of the line before it. The chain runs over the digests, so
that an event may be erased when its time is up and the chain still verifies.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from seawall.errors import JournalError, Tampered
from seawall.model import Frozen, Text
from seawall.plan import canonical
from seawall.predicates import Checked

FIRST = "0" * 64
"""What stands where the first line would name the line before it."""


class Outcome(StrEnum):
    """How a run ended."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    ABORTED = "aborted"
    UNDONE = "undone"
    NO_LONGER_HOLDS = "no-longer-holds"


class _Event(Frozen):
    at: AwareDatetime


class Opened(_Event):
    """The run exists: who asked for it, for which plan, real or exercise."""

    kind: Literal["opened"] = "opened"
    run: str
    plan: str
    runbook: str
    title: Text
    exercise: bool
    by: str
    version: str


class Resumed(_Event):
    """Another process took the run up. What was under way is now in doubt."""

    kind: Literal["resumed"] = "resumed"
    by: str


def _is_none(value: object) -> bool:
    return value is None


class Asked(_Event):
    """A person was asked; the answer is wanted by `until`. `person` is whose turn it is in that role, when known."""

    kind: Literal["asked"] = "asked"
    step: str
    what: Literal["approval", "person", "doubt", "undo-doubt"]
    of: str
    until: AwareDatetime
    person: Annotated[str | None, Field(exclude_if=_is_none)] = None


class Acknowledged(_Event):
    """A person has taken it on: "I have it". What they were asked for is still to come."""

    kind: Literal["acknowledged"] = "acknowledged"
    step: str
    by: str


class Escalated(_Event):
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


class Notified(_Event):
    """Somebody was written to because they are asked. `came_to` is what the relay or Slack said; no address is here."""

    kind: Literal["notified"] = "notified"
    step: str
    person: str
    channel: Literal["email", "slack", "none"]
    came_to: Literal["accepted", "refused", "unreachable", "in doubt", "no channel"]
    problem: Annotated[str, Field(max_length=400)] = ""


class Unanswered(_Event):
    """Everybody in line was asked and nobody did it or answered; the runbook says what then."""

    kind: Literal["unanswered"] = "unanswered"
    step: str
    then: Literal["stops", "goes-on"]


class ByHand(_Event):
    """A step that was done away from here, by hand, as a paper has it. `at` is when it was typed in.

    Attributes:
        by: who did it, by the name they stand under.
        when: when they were through with it.
        approved_by: who said yes on the paper, where the step asks for it.
        typed_by: who typed it in.
    """

    kind: Literal["by-hand"] = "by-hand"
    step: str
    by: str
    when: AwareDatetime
    result: Literal["done", "not-done"]
    note: Annotated[str, Field(max_length=200)] = ""
    approved_by: tuple[str, ...] = ()
    typed_by: str


class Approved(_Event):
    """A person said yes to a step."""

    kind: Literal["approved"] = "approved"
    step: str
    by: str
    how: str


class Answered(_Event):
    """A person answered: `no` to an approval, or `happened` / `did-not-happen` to a doubt or about their own step.

    `cannot` says of a step or an approval that it is not for this person: the next in line is asked. `note` is what the
    step asks them to write down, e.g. a supplier's case number; see `seawall.notes`.
    """

    kind: Literal["answered"] = "answered"
    step: str
    by: str
    answer: Literal["no", "happened", "did-not-happen", "cannot"]
    why: str = ""
    note: Annotated[str, Field(max_length=200)] = ""


class Started(_Event):
    """A call is about to be made. Written before it. `until` is when its limit passes."""

    kind: Literal["started"] = "started"
    step: str
    attempt: int
    undoing: bool = False
    until: AwareDatetime


def _is_empty(value: object) -> bool:
    return value == ()


Looks = Annotated[tuple[Checked, ...], Field(exclude_if=_is_empty)]
"""What was found, right before the call, of what the plan rests on."""


class Succeeded(_Event):
    """The call ended well; `seen` is what it saw."""

    kind: Literal["succeeded"] = "succeeded"
    step: str
    attempt: int
    undoing: bool = False
    seen: dict[str, Any] | None
    summary: str
    checked: Looks = ()


class NotNeeded(_Event):
    """It was already so; nothing was done. `seen` is what the step would have seen, when the check knows it."""

    kind: Literal["not-needed"] = "not-needed"
    step: str
    attempt: int
    because: str
    seen: dict[str, Any] | None = None
    checked: Looks = ()


class Failed(_Event):
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


class Settled(_Event):
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


class AbortAsked(_Event):
    """A person asked to stop, and whether to take back what was done."""

    kind: Literal["abort-asked"] = "abort-asked"
    by: str
    why: str
    undo: bool


class Ended(_Event):
    """Nothing more will happen in this run. `left` names what still stands or is not known."""

    kind: Literal["ended"] = "ended"
    outcome: Outcome
    left: tuple[str, ...] = ()


Event = Annotated[
    Opened
    | Resumed
    | Asked
    | Acknowledged
    | Escalated
    | Notified
    | Unanswered
    | ByHand
    | Approved
    | Answered
    | Started
    | Succeeded
    | NotNeeded
    | Failed
    | Settled
    | AbortAsked
    | Ended,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)

Word = Annotated[Approved | Answered | Acknowledged | Notified | AbortAsked, Field(discriminator="kind")]
"""What people can say to a run that is under way, and what is heard of those who were written to about it."""
WORD: TypeAdapter[Word] = TypeAdapter(Word)


class Journal(Protocol):
    """Where events go."""

    def append(self, events: Sequence[Event]) -> None:
        """Record the events durably before returning: all of them, in order, or raise JournalError."""

    def events(self) -> Iterable[Event]:
        """Yield every event so far, oldest first."""


class Line(Frozen):
    """One line of a journal. An erased line keeps its digest and loses its salt and event."""

    n: int
    prev: str
    digest: str
    salt: str | None
    event: dict[str, Any] | None

    @property
    def hash(self) -> str:
        """What the next line calls `prev`."""
        return hashlib.sha256(f"{self.n}:{self.prev}:{self.digest}".encode()).hexdigest()


def line_for(event: Event, *, n: int, prev: str) -> Line:
    """Make the line that records `event` after the line whose hash is `prev`."""
    payload = event.model_dump(mode="json")
    salt = secrets.token_hex(16)
    try:
        digest = _digest(salt, payload)
    except ValueError:
        # What the outside said (half a UTF-16 pair, say) must not cost the record of a change that was made.
        payload = _writable(payload)
        digest = _digest(salt, payload)
    return Line(n=n, prev=prev, digest=digest, salt=salt, event=payload)


def read_lines(content: bytes, where: str) -> tuple[tuple[Line, ...], int]:
    """Read a journal's bytes and check its chain.

    Returns:
        The lines, and how many bytes of `content` they take: a torn last line (the power went while it was written) is
        left out, and is no tampering.

    Raises:
        Tampered: a whole line is not one, or does not fit the chain; says which.
    """
    lines: list[Line] = []
    prev, whole = FIRST, 0
    for raw in _whole_lines(content):
        number = len(lines) + 1
        try:
            line = Line.model_validate_json(raw)
        except ValidationError as error:
            raise _tampered(where, number, "is not a journal line") from error
        if line.model_dump_json().encode() != raw:
            raise _tampered(where, number, "is not written as Seawall writes it")
        if line.n != number or line.prev != prev:
            raise _tampered(where, number, "does not follow the line before it")
        if line.event is not None and line.digest != _digest(line.salt or "", line.event):
            raise _tampered(where, number, "was changed after it was written")
        lines.append(line)
        prev, whole = line.hash, whole + len(raw) + 1
    return tuple(lines), whole


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


def _whole_lines(content: bytes) -> Iterator[bytes]:
    parts = content.split(b"\n")
    return iter(parts[:-1])


def _digest(salt: str, payload: dict[str, Any]) -> str:
    return hashlib.sha256(salt.encode() + canonical(payload)).hexdigest()


def _writable(value: Any) -> Any:
    """Return `value` with what UTF-8 cannot carry escaped."""
    match value:
        case str():
            return value.encode(errors="backslashreplace").decode()
        case dict():
            return {key: _writable(one) for key, one in value.items()}
        case list():
            return [_writable(one) for one in value]
    return value


def _tampered(where: str, number: int, problem: str) -> Tampered:
    remedy = "Do not resume from it; compare it with a copy, and keep both as evidence"
    return Tampered(f"line {number} {problem}", where=where, remedy=remedy)
