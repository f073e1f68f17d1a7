"""`recover` and `places`: runs whose machine is gone, and the three places that know of them."""

from __future__ import annotations

from typing import Annotated

import typer

from console.terminal.from_go_bag import AlthoughOld, FromGoBag, UnsealWith
from console.terminal.options import AsJson, AsPerson, CityDir

COMMANDS = ("recover", "places")
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(recover)
    app.command()(places)


def recover(
    name: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="The run's whole name; without it, they are listed.")
    ] = None,
    *,
    who: AsPerson = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Take up from its copies a run whose machine is gone.

    Without a name it lists the open runs that the city's three places know. With one, it waits until nobody else can
    drive the run any more, fetches plan and journal from the copies, and checks them; `seawall resume` then goes on.
    Every change that could have begun without a copy of that is in doubt: its proof is looked at, or you are asked.
    A run of which they do not know how it was opened had changed nothing: it is given up, and what it claimed is free.
    Exit code 0 when it is here, or given up; 2 when this machine has it already or the places do not know it; 3 when
    the copies do not fit together; 6 when too few places answer.

    \b
    Examples:
      seawall recover
      seawall recover 2026-11-21-0312-postgres-failover-k3 --as commander
    """
    from console.terminal.recover_screen import recover_here, show_known
    from console.terminal.surroundings import operator

    if name is None:
        show_known(city, as_json=as_json)
    else:
        recover_here(name, city, operator(who), as_json=as_json)


def places(
    *,
    set_up: Annotated[
        bool, typer.Option("--set-up", help="Lay down the marks of three new, empty places.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="PLACE", help="With --set-up: only this one, which was lost."),
    ] = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Show the city's three places, and which of them count.

    A place counts when its store answers and its mark is there. A store that was wiped answers too, and knows nothing:
    it does not count until people who have looked set it up again. docs/places.md
    Exit code 0 when all three count, 3 when one does not, 2 when the city has none.

    \b
    Examples:
      seawall places
      seawall places --set-up
      seawall places --set-up --only north
    """
    from console.terminal.recover_screen import show_places

    show_places(city, set_up=set_up, only=tuple(only or ()), as_json=as_json)
