"""`init`, `check` and `schema`: a city of one's own, and whether its files are right. Nothing outside is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from console.terminal.options import AsJson, CityDir

COMMANDS = ("init", "check", "schema")
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(init)
    app.command()(check)
    app.command()(schema)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make; must be new or empty.")],
) -> None:
    """Make a folder for your own city, from the reference city.

    \b
    Examples:
      seawall init my-city
      cd my-city && seawall check
    """
    from console.terminal.init import make_city
    from console.terminal.screen import next_command, out

    made = make_city(folder)
    screen = out()
    screen.say(f"Made {folder}: {len(made)} files of the reference city, an empty runs/, and seawall.yaml.")
    screen.say("Put it under version control, and replace the reference city by your own, file by file.")
    next_command(screen, f"cd {folder} && seawall check")


def check(
    *,
    city: CityDir = None,
    every: Annotated[bool, typer.Option("--all", help="Every gap, not only the next few.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check every file of the city at once.

    Inventory, runbooks, messages and scenarios; it reads files only. Each runbook is also planned for every service
    it fits, so that a mistake in a template shows today and not at 03:00. Exit code 2 when there is a mistake.
    Gaps, what is not written down yet, and findings are no mistakes: the most useful gap to fill comes first.

    \b
    Examples:
      seawall check
      seawall check --all
      seawall check --city ../my-city --json
    """
    from console.terminal.check import check_city, show_check
    from console.terminal.desk import Desk
    from console.terminal.screen import out
    from seawall.errors import ExitCode

    checked = check_city(Desk.at(city))
    show_check(checked, out(), every=every, as_json=as_json)
    raise typer.Exit(ExitCode.BAD_INPUT if checked.mistakes else ExitCode.DONE)


def schema(
    kind: Annotated[
        Literal["inventory", "runbook", "message", "settings", "scenario", "actions"],
        typer.Argument(
            metavar="inventory|runbook|message|settings|scenario|actions", help="Of which kind of file."
        ),
    ],
) -> None:
    """Print the JSON Schema of a kind of file, for editors.

    \b
    Examples:
      seawall schema runbook > runbook.schema.json
      # then, as the first line of a runbook:
      # yaml-language-server: $schema=runbook.schema.json
    """
    import json

    from console.terminal.screen import out
    from drills.scenario import Scenario
    from seawall import schemas

    made = schemas.schema_of(Scenario) if kind == "scenario" else schemas.schema(kind)
    out().raw(json.dumps(made, indent=2, ensure_ascii=False))
