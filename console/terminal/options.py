"""The options that many commands share, spelled once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.terminal.completing import offer_assignments, offer_runs

CityDir = Annotated[
    Path | None,
    typer.Option(
        "--city", metavar="DIR", help="The city's folder; else SEAWALL_CITY, else this folder or one above."
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="JSON with stable keys (docs/json.md) instead of words.")
]
AsPerson = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Who you are; else SEAWALL_AS, else your login.")
]
Exercise = Annotated[
    bool, typer.Option("--exercise/--real", help="Mark it as an exercise. Without it, it is real.")
]
Run = Annotated[
    str,
    typer.Argument(metavar="RUN", help="A run's name, its beginning, or `last`.", autocompletion=offer_runs),
]
Assignments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY=VALUE]...",
        help="What the runbook takes, e.g. service=login.",
        autocompletion=offer_assignments,
    ),
]


def assigned(words: list[str] | None) -> dict[str, str]:
    """Read `key=value` words.

    Raises:
        BadInput: a word is none, or names a key a second time.
    """
    from seawall.errors import BadInput, Mistake

    given: dict[str, str] = {}
    mistakes = []
    for word in words or []:
        key, sign, value = word.partition("=")
        if not sign or not key:
            mistakes.append(
                Mistake(f"parameter {word}", "this is not KEY=VALUE", "Write it as in service=login")
            )
        elif key in given:
            mistakes.append(Mistake(f"parameter {key}", f"{key} is given twice", "Give it once"))
        else:
            given[key] = value
    if mistakes:
        raise BadInput(mistakes)
    return given
