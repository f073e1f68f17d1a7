"""`status` and `watch`: what is broken now and what waits for whom; and the looks that tell."""

from __future__ import annotations

from typing import Annotated

import typer

from console.terminal.from_go_bag import AlthoughOld, FromGoBag, UnsealWith
from console.terminal.options import AsJson, AsPerson, CityDir

COMMANDS = ("status", "watch")
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(status)
    app.command()(watch)


def status(
    *,
    look: Annotated[
        bool,
        typer.Option(
            "--look", help="Look at every service now, by reading; up to three times at one that misses."
        ),
    ] = False,
    who: AsPerson = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Show what is broken now, and what waits for whom.

    What a broken service drags along, how long is left, what to type next, and how to stop what runs. What was not
    seen lately is unknown, and unknown is not OK. Services are seen by `seawall watch`, or once with --look; both
    only read.

    \b
    Examples:
      seawall status
      seawall status --look
      seawall status --json
    """
    import json

    from console.terminal.desk import Desk
    from console.terminal.from_go_bag import as_typed
    from console.terminal.next_steps import next_steps
    from console.terminal.screen import out
    from console.terminal.situating import situation_of
    from console.terminal.status_screen import show_situation
    from console.terminal.surroundings import operator

    desk, screen = Desk.at(city), out()
    situation = situation_of(desk, look=look, by=operator(who) if look else "")
    if as_json:
        told = {
            "well": situation.well,
            **situation.model_dump(mode="json"),
            "next": [as_typed(one) for one in next_steps(situation).commands],
        }
        screen.raw(json.dumps(told, indent=2, ensure_ascii=False))
        return
    show_situation(situation, screen, desk.zone)


def watch(
    *,
    who: AsPerson = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
) -> None:
    """Look at every service over and over, by reading only.

    Until Ctrl-C, each at the pace of its `probe`; what is seen is kept for `seawall status` and the pages. A change
    is said when it is seen. What a supplier runs is asked for its address and nothing else. When the inventory's
    files change, they are read again. A freeze is told when it stands, begins or is lifted, also one that was made on
    another machine: the city's places are asked every 20 seconds.

    \b
    Examples:
      seawall watch
      seawall watch --city ../my-city
    """
    from console.terminal.desk import Desk
    from console.terminal.surroundings import operator
    from console.terminal.watch_running import keep_watch

    keep_watch(Desk.at(city), operator(who))
