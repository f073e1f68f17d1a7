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
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--host", metavar="NAME", help="Only this host, store, balancer, zone; may be repeated."
        ),
    ] = None,
    within: Annotated[
        int, typer.Option("--within", metavar="SECONDS", min=1, max=300, help="For each look.")
    ] = 10,
    total: Annotated[
        int, typer.Option("--total", metavar="SECONDS", min=1, max=3600, help="For all of them together.")
    ] = 60,
    city: CityDir = None,
    as_json: AsJson = False,
) -> None:
    """Look at the outside without changing it.

    Every host, server, power controller, store, balancer, zone, address, mail relay and Slack workspace of the city,
    side by side, the broken first: reachable, refused, silent, another host key, not let in, rights or tools missing;
    clocks; settings that make a failover slow; the folder of runs; Prefect. What could not be told is not well.
    Exit code 0 when all is well, 3 when something is not or could not be told, 2 when the files or the command line
    are wrong.

    \b
    Examples:
      seawall doctor
      seawall doctor --host north-db --host south-db
      seawall doctor --within 30 --total 300 --json
    """
    from console.terminal.desk import Desk
    from console.terminal.doctor import examine, show_examination, unwell
    from console.terminal.rounds import Limits
    from console.terminal.screen import out
    from seawall.errors import ExitCode

    found = examine(Desk.at(city), Limits(within, total), host or (), shown=not as_json)
    show_examination(found, out(), as_json=as_json)
    raise typer.Exit(ExitCode.FAILED if unwell(found) else ExitCode.DONE)
