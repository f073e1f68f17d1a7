"""`seawall` alone: with a city, how it is in a few lines; without one, what there is to type."""

from __future__ import annotations

import os

import typer

from console.terminal.surroundings import find_city


def show_front(context: typer.Context) -> None:
    """Show how the city is, or the help and how to begin. Raises: BadInput for a city that was named and is none."""
    from seawall.errors import BadInput

    try:
        city = find_city(None)
    except BadInput:
        if os.environ.get("SEAWALL_CITY"):
            raise
        typer.echo(context.get_help())
        typer.echo("\nThere is no city here yet.\n\nNext: seawall init DIR\n  or: seawall demo")
        return
    from console.terminal.desk import Desk
    from console.terminal.screen import out
    from console.terminal.situating import situation_of
    from console.terminal.status_screen import show_short

    desk = Desk.at(city)
    show_short(situation_of(desk), out(), desk.zone)
