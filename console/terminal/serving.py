"""`serve`: the one process that keeps the city's schedules alive."""

from __future__ import annotations

from typing import Annotated

import typer

from console.terminal.options import AsJson, AsPerson, CityDir

COMMANDS = ("serve",)
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(serve)


def serve(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only tell how it stands, and which schedules are overdue.")
    ] = False,
    who: AsPerson = None,
    city: CityDir = None,
    as_json: AsJson = False,
) -> None:
    """Keep the schedules: backups verified, drills held.

    Backups are verified every night and a drill is held every week, or as the city says.

    Runs until Ctrl-C or SIGTERM: Prefect's server and worker, the watcher and the console, all on this machine's
    loopback. What dies is started again; what a run had begun is never repeated, and a run whose time was missed is
    not made up for but shown as overdue. Times are set under `schedules:` in seawall.yaml. As a service of systemd:
    docs/serve.md.

    \b
    Examples:
      seawall serve
      seawall serve --check
      seawall serve --json  # a line of JSON for each thing that happens
    """
    if check:
        from console.terminal.serve.checking import check_served

        raise typer.Exit(check_served(city, as_json=as_json))
    from console.terminal.serve.holding import hold

    hold(city, who, as_json=as_json)
