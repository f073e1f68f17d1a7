"""`action`: what steps can use, the library's and the city's own; and the review of the city's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.terminal.options import AsJson, AsPerson, CityDir

COMMANDS = ("action",)
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    action = typer.Typer(
        name="action",
        help="What steps can use, and the review of the city's own.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    action.command("list")(list_)
    action.command("review")(review)
    app.add_typer(action)


def list_(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORD]...", help="Only those with these words in name or text."),
    ] = None,
    *,
    own: Annotated[bool, typer.Option("--own", help="Only the city's own.")] = False,
    city: CityDir = None,
    as_json: AsJson = False,
) -> None:
    """List every action that a step of a runbook can use here.

    \b
    Examples:
      seawall action list
      seawall action list balancer
      seawall action list --own --json
    """
    from console.terminal.own_actions import show_actions

    show_actions(tuple(words or ()), only_own=own, city=city, as_json=as_json)


def review(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of the city's own actions.")],
    *,
    yes: Annotated[
        str | None,
        typer.Option("--yes", metavar="NAME", help="The file's name, instead of typing it when asked."),
    ] = None,
    who: AsPerson = None,
    city: CityDir = None,
) -> None:
    """Read the city's own actions, and write down that you did.

    Shows what each would do, where, and how it is proven and taken back. Once its name was typed, who you are, the day
    and the digest of what you read stand in the file; when it is changed after that, no plan uses it until it has been
    read again. Let somebody else read it than its author.

    \b
    Examples:
      seawall action review actions/website.yaml --as dr-manager
      seawall action review actions/website.yaml --as dr-manager --yes website
    """
    from console.terminal.own_actions import review_file

    review_file(file, yes=yes, who=who, city=city)
