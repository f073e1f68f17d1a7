"""The last thing before the first change: the target's name, typed. Real or exercise is said as loudly as can be."""

from __future__ import annotations

from console.terminal.screen import Screen
from console.terminal.surroundings import surroundings
from seawall.errors import BadInput
from seawall.messages import MARK
from seawall.plan import Plan


def confirm(plan: Plan, yes: str | None, screen: Screen, *, words: str) -> None:
    """Have the target's name typed, or compare what `--yes` says; a plan that changes nothing needs neither.

    Raises:
        BadInput: another name was given, or nobody can be asked. Nothing was changed.
    """
    if not plan.changes:
        return
    kind = MARK if plan.exercise else "THIS IS REAL"
    screen.say()
    screen.say(f"{kind}. It changes {plan.confirm} in {plan.city}.", "mark" if plan.exercise else "bad")
    if yes is None and not surroundings().has_terminal():
        raise BadInput.one(
            "nobody can be asked for the target's name, for this is no terminal",
            where="--yes",
            remedy=f"Add --yes {plan.confirm} when that is what you mean: seawall run {words} ... --yes {plan.confirm}",
        )
    typed = yes if yes is not None else _ask(plan)
    if typed.strip() != plan.confirm:
        said = f"{typed.strip()!r} was given" if typed.strip() else "nothing was typed"
        raise BadInput.one(
            f"the target is {plan.confirm!r}, and {said}; nothing was begun",
            where="--yes" if yes is not None else "confirmation",
            remedy="Read the plan's target again; start again when it is the right one",
        )


def _ask(plan: Plan) -> str:
    try:
        return input(f"Type {plan.confirm} to begin, or only Enter to leave it: ")
    except EOFError:
        return ""
