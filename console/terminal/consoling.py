"""`console`: the runs and drills as pages to read, served to a browser on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from console.terminal.options import CityDir

COMMANDS = ("console",)
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(console)


def console(
    *,
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", help="The port; 7329 when nothing is said, 0 for any free one."),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="ADDRESS", help="Listen elsewhere than on this machine only."),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    city: CityDir = None,
) -> None:
    """Serve the history of runs and drills to a browser.

    Danish and English. Nothing can be changed there. It goes on until Ctrl-C; on this machine only, unless
    --host says otherwise: there is no sign-in yet.

    \b
    Examples:
      seawall console
      seawall console --open
      seawall console --port 0
    """
    from console.terminal.opening_console import open_console

    open_console(port=port, host=host, browse=open_, city=city)
