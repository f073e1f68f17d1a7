"""What plans are made on, and where the mistakes found on the way are gathered."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from seawall.actions import Action
from seawall.errors import BadInput, Mistake
from seawall.gaps import Written, gap_at
from seawall.inventory import Inventory, NotWritten
from seawall.messages import Message
from seawall.runbook import Runbook

Path = tuple[str | int, ...]
"""A place inside a runbook: keys and indices, e.g. `("steps", 3, "with")`."""

Place = Callable[[str, Path], str]
"""Where something stands that a runbook's author wrote: runbook name and path in it -> `file:line:column`."""


def runbook_and_path(runbook: str, path: Path) -> str:
    """Say where something stands when the file's lines are not at hand."""
    return ".".join([f"runbook {runbook}", *map(str, path)])


@dataclass(frozen=True, slots=True)
class Ground:
    """What plans are made on: the city, its runbooks and messages, and the actions at hand.

    Attributes:
        place: says where something stands in a runbook.
        written: says where in the inventory a line is to be written that is missing there.
    """

    inventory: Inventory
    runbooks: Mapping[str, Runbook]
    messages: Mapping[str, Message]
    actions: Mapping[str, Action[Any, Any]]
    place: Place = runbook_and_path
    written: Written | None = None

    def lacks(self, error: NotWritten) -> Iterator[Mistake]:
        """Tell what a plan cannot be made without, and where to write it."""
        for path in error.paths:
            gap = gap_at(self.inventory, path, self.written)
            problem = f"{gap.about} is not written down yet: {gap.missing}"
            yield Mistake(gap.where, problem, gap.how, gap.line, path)


class Wrong(NamedTuple):
    """Something wrong inside what was looked at.

    Attributes:
        path: where, from the place that was looked at.
        lacks: what the city's files do not say yet, when that is what is wrong.
    """

    path: Path
    problem: str
    remedy: str
    lacks: NotWritten | None = None


@dataclass(slots=True)
class Findings:
    """The mistakes found in one making of a plan; all are looked for before any is reported."""

    ground: Ground
    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(
        self, runbook: Runbook, path: Path, problem: str, remedy: str, corrected: str | None = None
    ) -> None:
        """Note a mistake and go on looking."""
        self.mistakes.append(Mistake(self.ground.place(runbook.runbook, path), problem, remedy, corrected))

    def cannot_say(self, runbook: Runbook, path: Path, error: Exception, remedy: str) -> None:
        """Note that an expression has no value: it is wrong, or the city's files do not say yet what it asks for."""
        if isinstance(error.__cause__, NotWritten):
            self.mistakes += self.ground.lacks(error.__cause__)
        else:
            self.wrong(runbook, path, str(error), remedy)

    def note(self, runbook: Runbook, path: Path, wrongs: Iterable[Wrong]) -> None:
        """Note mistakes that are told relative to `path`."""
        for one in wrongs:
            if one.lacks is not None:
                self.mistakes += self.ground.lacks(one.lacks)
            else:
                self.wrong(runbook, (*path, *one.path), one.problem, one.remedy)

    def raise_mistakes(self) -> None:
        """Raise everything found. Raises: BadInput."""
        if self.mistakes:
            raise BadInput(dict.fromkeys(self.mistakes))


def choose(name: str, known: Iterable[str]) -> str:
    """Say which name was probably meant, or which there are."""
    names = sorted(known)
    nearest = difflib.get_close_matches(name, names, n=1)
    if nearest:
        return f"Write {nearest[0]} if that is what you mean"
    return f"Use one of: {', '.join(names[:20])}" if names else "There are none to choose from"
