"""`verify-backups`: the only proof of a backup is a restore."""

from __future__ import annotations

from typing import Annotated

import typer

from console.terminal.options import AsJson, AsPerson, CityDir, Exercise
from console.terminal.running import WithoutPrefect

COMMANDS = ("verify-backups",)
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(verify_backups)


def verify_backups(
    service: Annotated[
        str | None, typer.Argument(metavar="[SERVICE]", help="Whose backups; all when left out.")
    ] = None,
    *,
    every_copy: Annotated[
        bool, typer.Option("--every-copy", help="In every store, not only the first.")
    ] = False,
    without_prefect: WithoutPrefect = False,
    yes: Annotated[
        str | None, typer.Option("--yes", metavar="NAME", help="The backup's name (the city's, for several).")
    ] = None,
    exercise: Exercise = False,
    who: AsPerson = None,
    city: CityDir = None,
    as_json: AsJson = False,
) -> None:
    """Verify backups by restoring them, one run each.

    Each is restored beside everything else on the host that the inventory names, started, compared table by table with
    what was recorded when it was taken, and removed again. Exit code 0 when every one of them held.

    \b
    Examples:
      seawall verify-backups
      seawall verify-backups login --every-copy --yes login-nightly
    """
    from console.terminal.carrying import Manner
    from console.terminal.verify import verify

    manner = Manner.of(city=city, who=who, without_prefect=without_prefect, as_json=as_json)
    raise typer.Exit(verify(service, every_copy=every_copy, yes=yes, exercise=exercise, manner=manner))
