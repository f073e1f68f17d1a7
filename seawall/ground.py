"""What plans are made on, and where the mistakes found on the way are gathered."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from seawall.actions import Action
from seawall.errors import BadInput, Mistake
from seawall.inventory import Inventory
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
    """What plans are made on: the city, its runbooks and messages, and the actions at hand."""

    inventory: Inventory
    runbooks: Mapping[str, Runbook]
    messages: Mapping[str, Message]
    actions: Mapping[str, Action[Any, Any]]
    place: Place = runbook_and_path


@dataclass(slots=True)
class Findings:
    """The mistakes found in one making of a plan; all are looked for before any is reported."""

    place: Place
    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(
        self, runbook: Runbook, path: Path, problem: str, remedy: str, corrected: str | None = None
    ) -> None:
        """Note a mistake and go on looking."""
        self.mistakes.append(Mistake(self.place(runbook.runbook, path), problem, remedy, corrected))

    def note(self, runbook: Runbook, path: Path, wrongs: Iterable[tuple[Path, str, str]]) -> None:
        """Note mistakes that are told relative to `path`."""
        for more, problem, remedy in wrongs:
            self.wrong(runbook, (*path, *more), problem, remedy)

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
