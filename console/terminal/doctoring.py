"""`doctor`: a look at everything outside that the city names. It changes nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from console.terminal.options import AsJson, CityDir

COMMANDS = ("doctor",)
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(doctor)


def doctor(
    *,
    within: Annotated[
        int, typer.Option("--within", metavar="SECONDS", min=1, max=300, help="For each look.")
    ] = 10,
    city: CityDir = None,
    as_json: AsJson = False,
) -> None:
    """Look at the outside without changing it.

    Every host, server, power controller, store, balancer, zone, address, mail relay and Slack workspace of the city,
    side by side; the secrets they need; clocks; settings that make a failover slow; the folder of runs; Prefect.
    Exit code 0 when all is well, 3 when something is not, or could not be told.

    \b
    Examples:
      seawall doctor
      seawall doctor --within 30 --json
    """
    from console.terminal.desk import Desk
    from console.terminal.doctor import examine, show_examination
    from console.terminal.screen import out
    from seawall.errors import ExitCode

    found = examine(Desk.at(city), within=within)
    show_examination(found, out(), as_json=as_json)
    raise typer.Exit(
        ExitCode.DONE if all(one.well for one in found if not one.only_warns) else ExitCode.FAILED
    )
