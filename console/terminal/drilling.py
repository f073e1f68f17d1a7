"""`drill` and `demo`: disasters held in the lab, measured from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.terminal.labbing import LabDir
from console.terminal.options import AsJson, AsPerson, CityDir
from console.terminal.running import WithoutPrefect

COMMANDS = ("drill", "demo")
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    drill = typer.Typer(
        name="drill",
        help="Hold a scenario in the lab, measured from outside.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    drill.command("run")(run)
    drill.command("list")(list_)
    app.add_typer(drill)
    app.command()(demo)


def run(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A scenario's name; `drill list` has them.")
    ],
    *,
    lab: LabDir = None,
    without_prefect: WithoutPrefect = False,
    who: AsPerson = None,
    city: CityDir = None,
    as_json: AsJson = False,
) -> None:
    """Hold a drill in the lab, and see what it showed.

    Users write, it breaks, a runbook responds, and what came of it is judged.
    Only ever acts on the lab's machines: the city's hosts are compared with them first. Always an exercise.
    Exit code 0 when everything that was expected held, 3 otherwise.

    \b
    Examples:
      seawall drill run lose-a-site
      seawall drill run planned-move --without-prefect --json
    """
    from console.terminal.drill import hold

    hold(scenario, lab=lab, city=city, who=who, without_prefect=without_prefect, as_json=as_json)


def list_(*, lab: LabDir = None, city: CityDir = None, as_json: AsJson = False) -> None:
    """List the scenarios: what breaks, and from which real disaster.

    \b
    Examples:
      seawall drill list
    """
    from console.terminal.drill import show_scenarios

    show_scenarios(lab=lab, city=city, as_json=as_json)


def demo(
    *,
    lab: Annotated[Path | None, typer.Option("--lab", metavar="DIR", help="The lab's folder.")] = None,
) -> None:
    """See it all once: a site is lost, rescued and judged.

    The lab comes up, loses a site, is brought back by its runbooks, and what that took is measured.

    \b
    Examples:
      seawall demo
    """
    from console.terminal.demo import show_demo

    raise typer.Exit(show_demo(lab))
