"""What a city can do that the library cannot: its own commands, as words and never as a line for a shell.

The grammar of `actions/*.yaml`. A parameter fills one word, or a part of one, and can never become a second word. A
file says who read it and when; a changed file is nobody's until it has been read again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from seawall.model import Duration, Frozen, Name, Text

GROUP = "own"
"""What stands before the dot in the name of a city's own action: no library action's name begins so."""

HOLE = re.compile(r"\{([a-z][a-z0-9_]*)(?:\.(name|address|hostname))?\}")
"""Where a parameter stands in a word: `{queue}`, and for a host also `{machine.address}`."""

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Status = Annotated[int, Field(ge=0, le=255)]
Kind = Literal["name", "host", "service", "site", "integer", "choice", "path", "duration", "text"]
RESERVED = ("runs_on", "definition")
"""What Seawall itself puts beside the parameters in a plan."""

_GOES_WITH: Mapping[str, tuple[str, ...]] = {
    "of": ("choice",),
    "at_least": ("integer",),
    "at_most": ("integer",),
    "longest": ("duration",),
    "below": ("path",),
    "matches": ("text",),
}


class OwnParameter(Frozen):
    """What a runbook says when it uses the action. Nothing else can come into the command.

    Attributes:
        type: a name is lower case, digits and hyphens; a host, service or site is one of the inventory's.
        of: the choices of a choice.
        at_least: the smallest integer.
        at_most: the largest integer.
        longest: the longest duration; the command gets whole seconds.
        below: the folder a path must lie in; without `..`, and in one spelling.
        matches: a regular expression that the whole of a text must match.
        may_begin_with_dash: without this, what begins with a hyphen is refused where it would begin a word.
    """

    type: Kind
    of: tuple[str, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    longest: Duration | None = None
    below: str | None = None
    matches: str | None = None
    may_begin_with_dash: bool = False

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if wrong := list(self._wrongs()):
            message = "; ".join(wrong)
            raise ValueError(message)
        return self

    def _wrongs(self) -> Iterator[str]:
        for name, types in _GOES_WITH.items():
            said = getattr(self, name) not in {None, ()}
            if said != (self.type in types):
                yield f"`{name}` goes with `type: {types[0]}`" + ("" if said else ", which needs it")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            yield f"at_least ({self.at_least}) is larger than at_most ({self.at_most})"
        if self.below is not None and not is_plain_path(self.below):
            yield f"`below: {self.below}` must be a folder's whole path, such as /srv/www"
        if self.matches is not None and not _is_pattern(self.matches):
            yield f"`matches: {self.matches}` is no regular expression"
        yield from (f"the choice {one!r} holds a control character" for one in self.of if not one_word(one))


class Sight(Frozen):
    """One thing the action sees, and where: in the exit status, or in what the command prints.

    Attributes:
        type: what it is; a thing that cannot be read so is unknown.
        status: exit statuses that mean yes; every other means no.
        pattern: a regular expression over the lines printed; its first group is the value, or it is found: yes.
        json_at: where the value stands in printed JSON, e.g. `database.site` or `queues.0.depth`.
    """

    type: Literal["yes-no", "integer", "number", "text", "duration", "size"] = "yes-no"
    status: Annotated[tuple[Status, ...], Field(min_length=1)] | None = None
    pattern: str | None = None
    json_at: Annotated[str | None, Field(alias="json")] = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(one is not None for one in (self.status, self.pattern, self.json_at)) != 1:
            message = "something seen has exactly one of `status`, `pattern` and `json`"
            raise ValueError(message)
        if self.status is not None and self.type != "yes-no":
            message = "an exit status tells yes or no: `type: yes-no`"
            raise ValueError(message)
        if self.pattern is not None:
            if not _is_pattern(self.pattern):
                message = f"{self.pattern!r} is no regular expression"
                raise ValueError(message)
            if self.type != "yes-no" and not re.compile(self.pattern).groups:
                message = f"the pattern {self.pattern!r} needs a group, ( ), around what is to be seen"
                raise ValueError(message)
        return self


class Example(Frozen):
    """What the command prints, and how it ends, when all is well. Read at every check, and by the pretend world."""

    status: Status = 0
    prints: str = ""


class OwnAction(Frozen):
    """One action of the city's own.

    Attributes:
        does: what it does, in words an on-call person reads.
        effect: `reads` changes nothing and may be repeated; `changes` is written down first and never repeated.
        runs_on: a host of the inventory, or `{machine}` for a parameter of type host.
        run: the command, word by word; the first is the program. No shell reads it.
        limit: how long it may take at most; the far side ends it then.
        ends_with: exit statuses that are no failure.
        refuses_with: exit statuses that say that nothing was changed.
        sees: what it sees; a proof sees `holds`.
        example: what the command prints when all is well; needed when something seen is printed.
        proof: the action of these files, with the same parameters, that tells whether the change is in the world.
        no_proof: why there is none; whether it happened is then asked of a person.
        undo: the action of these files, with the same parameters, that takes it back.
        no_way_back: why nothing takes it back.
        may_go_on: it may still change something after its limit, for it only asks something else to do the work.
    """

    does: Text
    effect: Literal["reads", "changes"]
    runs_on: str
    run: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]
    parameters: dict[Key, OwnParameter] = {}
    limit: Duration
    ends_with: Annotated[tuple[Status, ...], Field(min_length=1)] = (0,)
    refuses_with: tuple[Status, ...] = ()
    sees: dict[Key, Sight] = {}
    example: Example | None = None
    proof: Name | None = None
    no_proof: Text | None = None
    undo: Name | None = None
    no_way_back: Text | None = None
    may_go_on: bool = False

    @property
    def is_proof(self) -> bool:
        """Whether it can prove a change: it reads, and sees whether something `holds`."""
        return self.effect == "reads" and "holds" in self.sees

    @property
    def host_parameter(self) -> str | None:
        """The parameter that says where it runs; None when the file does."""
        hole = HOLE.fullmatch(self.runs_on)
        return hole[1] if hole else None

    def words(self, values: Mapping[str, Mapping[str, str]]) -> list[str]:
        """Return the command with every parameter in its place.

        Args:
            values: of each parameter; under "" itself, and for a host its parts under their names.

        Raises:
            ValueError: a value would begin a word with a hyphen, or is no one word.
        """
        return [self._word(word, values) for word in self.run]

    def _word(self, word: str, values: Mapping[str, Mapping[str, str]]) -> str:
        def filled(hole: re.Match[str]) -> str:
            value = values[hole[1]][hole[2] or ""]
            if not one_word(value):
                message = (
                    f"{hole[1]} holds what no command may be given: a line's end or another control character"
                )
                raise ValueError(message)
            reviewed = self.parameters[hole[1]].may_begin_with_dash or self.parameters[hole[1]].of
            if hole.start() == 0 and value.startswith("-") and not reviewed:
                message = f"{hole[1]} begins with a hyphen, and would be read as an option"
                raise ValueError(message)
            return value

        return HOLE.sub(filled, word)

    @property
    def definition(self) -> str:
        """SHA-256 over all of it: what a plan was made with is what is carried out, or nothing is."""
        return _digest(self.model_dump(mode="json", by_alias=True))


class OwnActionsFile(Frozen):
    """One file of `actions/`. The first three lines are written by `seawall action review`.

    Attributes:
        reviewed_by: the person of the inventory who read it.
        on: the day they did.
        digest: of what they read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    reviewed_by: Name | None = None
    on: date | None = None
    digest: str | None = None
    actions: Annotated[dict[Name, OwnAction], Field(min_length=1)]

    @cached_property
    def content(self) -> str:
        """SHA-256 over what the actions are: comments and layout do not count."""
        actions = {
            name: one.model_dump(mode="json", by_alias=True) for name, one in sorted(self.actions.items())
        }
        return _digest(actions)

    @property
    def withheld(self) -> str | None:
        """Why its actions are not to be used; None when somebody has read it as it is."""
        if self.reviewed_by is None or self.on is None or self.digest is None:
            return "has been reviewed by nobody"
        if self.digest != self.content:
            return f"was changed after {self.reviewed_by} reviewed it on {self.on}"
        return None


@dataclass(frozen=True, slots=True)
class Own:
    """Every action of a city's own, by its name without the group; and why some of them are withheld."""

    actions: Mapping[str, OwnAction] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)


NOTHING_OWN = Own()


def one_word(value: str) -> bool:
    """Tell whether a value can stand in one word of a command: no control character, and text that can be sent."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return not any(ord(one) < 0x20 or 0x7F <= ord(one) < 0xA0 or one in "\u2028\u2029" for one in value)  # noqa: PLR2004 - C0, DEL and C1


def is_plain_path(path: str) -> bool:
    """Tell whether a path is whole and in one spelling: it begins with /, and has no empty part, `.` or `..`."""
    parts = path.split("/")[1:]
    plain = all(part not in {"", ".", ".."} for part in parts) or path == "/"
    return path.startswith("/") and one_word(path) and plain


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _digest(value: Any) -> str:
    words = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(words.encode()).hexdigest()
