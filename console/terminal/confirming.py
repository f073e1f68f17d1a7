"""The last thing before the first change: the target's name, typed. Real or exercise is said as loudly as can be."""

from __future__ import annotations

import sys

from console.terminal.screen import Screen
from console.terminal.surroundings import surroundings
from seawall.errors import BadInput
from seawall.messages import MARK
from seawall.plan import Plan


def show_stakes(plan: Plan, screen: Screen) -> None:
    """Say once more what is at stake: real or exercise, and what is changed."""
    kind = MARK if plan.exercise else "THIS IS REAL"
    screen.say()
    screen.say(f"{kind}. It changes {plan.confirm} in {plan.city}.", "mark" if plan.exercise else "bad")


def confirm(name: str, yes: str | None, screen: Screen, *, command: str) -> None:
    """Have `name` typed, or compare what `--yes` says. `command` is what was called, for the remedy.

    Raises:
        BadInput: another name was given, or nobody can be asked. Nothing was changed.
    """
    if yes is None and not surroundings().has_terminal():
        raise BadInput.one(
            "nobody can be asked for the target's name, for this is no terminal",
            where="--yes",
            remedy=f"Add --yes {name} when that is what you mean: {command} --yes {name}",
        )
    typed = (yes if yes is not None else _ask(name, screen)).strip()
    if typed != name:
        said = f"{typed!r} was given" if typed else "nothing was typed"
        raise BadInput.one(
            f"the target is {name!r}, and {said}; nothing was begun",
            where="--yes" if yes is not None else "confirmation",
            remedy="Read the target's name again; start again when it is the right one",
        )


def _ask(name: str, screen: Screen) -> str:
    screen.stream.write(f"Type {name} to begin, or only Enter to leave it: ")
    screen.stream.flush()
    return sys.stdin.readline()
