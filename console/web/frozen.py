"""The freeze as pages tell of it: who, since when, why. What is not known on this machine is not told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seawall.errors import JournalError
from seawall.freezing import Freeze, freezes_here


@dataclass(frozen=True, slots=True)
class Frozen:
    """Whether what runs by itself stands still.

    Attributes:
        freezes: those that nobody has lifted, the oldest first.
        problem: why nobody can tell whether there is one.
    """

    freezes: tuple[Freeze, ...] = ()
    problem: str = ""

    def __bool__(self) -> bool:
        """Tell whether there is anything to say."""
        return bool(self.freezes or self.problem)


def frozen_at(runs: Path) -> Frozen:
    """Read whether there is a freeze. Raises nothing: what cannot be read is the problem that is told."""
    try:
        return Frozen(tuple(one for one in freezes_here(runs) if one.lifted is None))
    except JournalError as error:
        return Frozen(problem=error.problem)
