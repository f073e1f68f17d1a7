"""`person` and `duty`: who there is, how each is reached, and who is on duty. They read files, and change nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from console.terminal.completing import offer_sections
from console.terminal.from_go_bag import AlthoughOld, FromGoBag
from console.terminal.options import AsJson, CityDir

COMMANDS = ("person", "duty")
"""What `add_to` adds."""
RoleName = Annotated[str | None, typer.Option("--role", metavar="ROLE", help="Only this role.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    person = typer.Typer(
        name="person",
        help="Who there is, and how each is reached.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    person.command("list")(list_)
    person.command("show")(show)
    app.add_typer(person)
    app.command()(duty)


def list_(
    *,
    role: RoleName = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """List the people by name, and what is missing of whom.

    Their roles, who is on duty, deputies and channels.
    Names, and nothing else of anybody's: what it prints may stand in a ticket. `person show` has the numbers.

    \b
    Examples:
      seawall person list
      seawall person list --role incident-commander --json
    """
    from console.terminal.desk import Desk
    from console.terminal.people_screen import show_list
    from console.terminal.people_seen import everybody
    from console.terminal.screen import out

    show_list(everybody(Desk.at(city), role), out(), as_json=as_json)


def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="As the inventory calls the person.",
            autocompletion=offer_sections("people"),
        ),
    ],
    *,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Show one person, with addresses and telephone number.

    \b
    Examples:
      seawall person show duty-officer
    """
    from console.terminal.desk import Desk
    from console.terminal.people_screen import show_one
    from console.terminal.people_seen import somebody
    from console.terminal.screen import out

    show_one(somebody(Desk.at(city), name), out(), as_json=as_json)


def duty(
    *,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="By the city's clock, e.g. '2026-12-24 20:00'; else now."),
    ] = None,
    role: RoleName = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Show who is on duty, who is next, and when nobody is.

    Exit code 0 when every duty is covered at that time, 3 when nobody is on duty who should be.

    \b
    Examples:
      seawall duty
      seawall duty --at "2026-12-24 20:00" --role duty-officer
    """
    from console.terminal.desk import Desk
    from console.terminal.people_screen import show_duty
    from console.terminal.people_seen import duties_at
    from console.terminal.screen import out
    from seawall.errors import ExitCode

    seen = duties_at(Desk.at(city), at, role)
    show_duty(seen, out(), as_json=as_json)
    uncovered = any(one.on_duty.uncovered for one in seen.roles)
    raise typer.Exit(ExitCode.FAILED if uncovered else ExitCode.DONE)
