"""`override`: go on without the evidence that a failed step was to see. It takes two people."""

from __future__ import annotations

from typing import Annotated

import typer

from console.terminal.approving import KeyFile
from console.terminal.from_go_bag import AlthoughOld, FromGoBag, UnsealWith
from console.terminal.options import AsJson, AsPerson, CityDir, Run
from console.terminal.running import WithoutPrefect

COMMANDS = ("override",)
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(override)


def override(
    name: Run,
    step: Annotated[str, typer.Argument(metavar="STEP", help="The step that failed to see any evidence.")],
    *,
    lost_writes: Annotated[
        int, typer.Option("--lost-writes", metavar="N", min=0, help="How many writes you expect to be lost.")
    ],
    lost_seconds: Annotated[
        float,
        typer.Option("--lost-seconds", metavar="S", min=0, help="How many seconds of writes that is."),
    ],
    why: Annotated[str, typer.Option("--why", metavar="WORDS", help="What makes you sure.")],
    key: KeyFile = None,
    yes: Annotated[
        str | None,
        typer.Option("--yes", metavar="STEP", help="The step's name, instead of typing it when asked."),
    ] = None,
    without_prefect: WithoutPrefect = False,
    who: AsPerson = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Go on without the evidence that a failed step was to see. It takes two people, within 15 minutes.

    The last resort, where the runbook allows it: nobody has seen that the old primary cannot accept writes. If it can,
    there will be two, and what is written to one of them is lost. Each of the two says what they expect to lose; the
    report shows it beside what was lost. Signed where this host has a trust root. Exit code 2 when it would not count.

    \b
    Examples:
      seawall override last fence --lost-writes 40 --lost-seconds 2 --why "the hall burnt down" --as anna
      seawall override last fence --lost-writes 0 --lost-seconds 0 --why "I pulled the plug myself" --as bo
    """
    from console.terminal.overrides import Expected, override_step

    expected = Expected(step, lost_writes, lost_seconds, why)
    override_step(
        name,
        expected,
        key=key,
        yes=yes,
        without_prefect=without_prefect,
        who=who,
        city=city,
        as_json=as_json,
    )
