"""Whether this machine can read the secrets that a plan's steps will ask for, said before a run of it is opened.

What is behind a reference is never shown; where something is, nothing is said at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from console.terminal.run_words import say
from console.terminal.screen import Screen
from seawall.actions import World
from seawall.errors import BadInput, CallError, Mistake
from seawall.inventory import Inventory
from seawall.plan import Plan
from seawall.secrets_needed import SecretNeeded, secrets_needed

MOST_STEPS = 4
"""Steps that are named of those that ask for one secret."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A secret that cannot be read here, and why."""

    needed: SecretNeeded
    error: CallError

    @property
    def problem(self) -> str:
        """What is wrong, and which steps that stops."""
        names = self.needed.steps
        more = f" and {len(names) - MOST_STEPS} more" if len(names) > MOST_STEPS else ""
        asks = "asks" if len(names) == 1 else "ask"
        way = ", and can go another way" if self.needed.other_way else ""
        return f"{self.error.problem}; {', '.join(names[:MOST_STEPS])}{more} {asks} for it{way}"


def unread_here(
    plan: Plan, world: World, inventory: Inventory, *, connecting: bool = True
) -> tuple[Unread, ...]:
    """Return the secrets of a plan that cannot be read here. `connecting` False asks no other machine for one."""
    if world.vault is None:
        return ()
    from connectors.secrets import unreadable

    needed = {one.reference: one for one in secrets_needed(plan, world, inventory)}
    found = unreadable(world.vault, needed, connecting=connecting)
    return tuple(Unread(needed[reference], error) for reference, error in found.items())


def refuse(found: Sequence[Unread], *, otherwise: str) -> None:
    """Stop before a run is opened whose steps would fail. `otherwise` is the command that opens it all the same.

    Raises:
        BadInput: with every secret that its steps lack.
    """
    lacking = [one for one in found if not one.needed.other_way]
    if lacking:
        mistakes = [Mistake(one.needed.reference, one.problem, one.error.remedy) for one in lacking]
        last = mistakes.pop()
        remedy = f"{last.remedy}; or let those steps fail: {otherwise}"
        raise BadInput([*mistakes, Mistake(last.where, last.problem, remedy)])


def warn(found: Sequence[Unread], screen: Screen) -> None:
    """Show what cannot be read here, and what to do about it."""
    if not found:
        return
    screen.head(say("secrets", count=len(found)))
    for one in found:
        screen.say(f"{one.needed.reference}: {one.problem}. {one.error.remedy}.", "warn", indent=2, hang=2)


def as_json(found: Sequence[Unread]) -> list[dict[str, Any]]:
    """Return them; the keys are documented in docs/json.md."""
    return [
        {
            "reference": one.needed.reference,
            "steps": list(one.needed.steps),
            "other_way": one.needed.other_way,
            "problem": one.error.problem,
            "remedy": one.error.remedy,
        }
        for one in found
    ]
