"""Every error this project raises on purpose, and what the operator can do about it.

SeawallError
├── BadInput             a file, a parameter or a command line is wrong; nothing was changed      exit 2
├── PlanStale            the plan no longer fits the city or the world it was made for            exit 5
│   └── DoesNotHold      what a plan would rest on is not so: no plan is made                     exit 5
├── JournalError         the record of a run cannot be used as it is                              exit 3
│   └── Tampered         a line of it does not fit the chain
├── Busy                 another run holds what this one wants                                    exit 3
└── CallError            an outside system said no, or said nothing
    ├── DidNothing       the system is certainly unchanged                                        exit 3
    │   ├── NoLongerHolds what the plan rests on is not so any more; the step was not begun       exit 5
    │   ├── Unreachable  no connection could be made                                              exit 6
    │   └── WrongTarget  something else stands where the target should be                         exit 3
    └── MayHaveActed     the request left us and no answer came; look before deciding             exit 4
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What a command's exit code tells a script. Documented in README and `seawall --help`."""

    DONE = 0
    BUG = 1
    BAD_INPUT = 2
    FAILED = 3
    IN_DOUBT = 4
    STALE = 5
    UNREACHABLE = 6


class Finding(StrEnum):
    """What kind of thing a look found: what `seawall doctor` sorts by and a script can tell apart."""

    WELL = "well"
    REFUSED = "refused"
    SILENT = "silent"
    UNREACHABLE = "unreachable"
    WRONG_KEY = "wrong-key"
    WRONG_TARGET = "wrong-target"
    NOT_LET_IN = "log-in-refused"
    RIGHTS = "rights-missing"
    TOOLS = "tools-missing"
    OTHER = "other"
    UNKNOWN = "not-known"


class SeawallError(Exception):
    """Base of every error shown to a person.

    Attributes:
        problem: one sentence, present tense, no trailing stop.
        where: file:line:column, step, host or server the problem is about.
        remedy: the next thing to do, as an imperative, no trailing stop.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, problem: str, *, where: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}. {self.remedy}."


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong with what somebody wrote, and how it should read.

    Attributes:
        where: `file:line:column` for a file, otherwise the parameter or option.
        corrected: the whole line as it should read, when that can be known.
        lacks: where in the inventory something stands that is only not written down yet: a gap, and no mistake of
            anybody's.
    """

    where: str
    problem: str
    remedy: str
    corrected: str | None = None
    lacks: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        line = f"{self.where}: {self.problem}. {self.remedy}."
        return f"{line}\n    {self.corrected}" if self.corrected else line


class BadInput(SeawallError):
    """What a person gave is wrong. Carries every mistake, not the first; nothing was changed."""

    exit_code = ExitCode.BAD_INPUT

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes: Sequence[Mistake] = tuple(mistakes)
        first = self.mistakes[0]
        super().__init__(first.problem, where=first.where, remedy=first.remedy)

    def __str__(self) -> str:
        return "\n".join(str(mistake) for mistake in self.mistakes)

    @classmethod
    def one(cls, problem: str, *, where: str, remedy: str, corrected: str | None = None) -> BadInput:
        """Make the error for a single mistake."""
        return cls([Mistake(where, problem, remedy, corrected)])


class PlanStale(SeawallError):
    """The plan was made for a city or a world that has changed since; plan again."""

    exit_code = ExitCode.STALE


class DoesNotHold(PlanStale):
    """What a plan would rest on is not so, or cannot be told where it must be: no plan is made, nothing was changed."""


class JournalError(SeawallError):
    """The record of a run cannot be read or written as it is."""


class Tampered(JournalError):
    """A journal line does not fit the chain: it was changed after it was written."""


class Busy(SeawallError):
    """Another run holds what this one wants; both at once could undo each other."""


class CallError(SeawallError):
    """An outside system did not do what was asked.

    Attributes:
        finding: what kind of thing this is, where that is known.
    """

    kind: ClassVar[Finding] = Finding.OTHER

    def __init__(self, problem: str, *, where: str, remedy: str, finding: Finding | None = None) -> None:
        super().__init__(problem, where=where, remedy=remedy)
        self.finding = finding or self.kind


class DidNothing(CallError):
    """The outside system is certainly unchanged by this call."""


class NoLongerHolds(DidNothing):
    """What the plan rests on is not so any more. It was looked at right before acting, and nothing was begun."""

    exit_code = ExitCode.STALE


class Unreachable(DidNothing):
    """No connection could be made; nothing was sent."""

    kind = Finding.UNREACHABLE
    exit_code = ExitCode.UNREACHABLE


class WrongTarget(DidNothing):
    """What answered is not what the step expects. Nothing was sent to it that could change it."""

    kind = Finding.WRONG_TARGET


class MayHaveActed(CallError):
    """The request was sent and its ending was not seen; look before deciding."""

    exit_code = ExitCode.IN_DOUBT


def no_connection(error: OSError) -> tuple[str, Finding]:
    """Say in words, and as a kind, why a connection was not made."""
    if isinstance(error, TimeoutError):
        return "nobody answered in time", Finding.SILENT
    finding = Finding.REFUSED if isinstance(error, ConnectionRefusedError) else Finding.UNREACHABLE
    return error.strerror or str(error) or "no answer", finding
