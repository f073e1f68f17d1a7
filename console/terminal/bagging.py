"""`go-bag` and `merge`: one file that runs when everything else is gone, and its runs brought back home."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.terminal.options import AsJson, AsPerson, CityDir

COMMANDS = ("go-bag", "merge")
"""What `add_to` adds."""
BagFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]", help="The go-bag; else SEAWALL_GO_BAG, else where the settings keep one."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    bag = typer.Typer(name="go-bag", invoke_without_command=True, rich_markup_mode=None)
    bag.callback()(go_bag)
    bag.command("verify")(verify)
    bag.command("show")(show)
    app.add_typer(bag)
    app.command()(merge)


def go_bag(
    context: typer.Context,
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where to; else where seawall.yaml keeps them."),
    ] = None,
    sealed_to: Annotated[
        list[str] | None,
        typer.Option(
            "--for", metavar="PERSON[=FILE.pub]", help="Whose key opens the secrets; may be repeated."
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="The private key to sign with; else ssh-agent."),
    ] = None,
    with_software: Annotated[
        bool,
        typer.Option(
            "--with-software", help="Put Seawall into it, for this Python: then Python alone is enough."
        ),
    ] = False,
    without_secrets: Annotated[
        bool,
        typer.Option("--without-secrets", help="Leave the secrets out; whoever uses it has them elsewhere."),
    ] = False,
    who: AsPerson = None,
    city: CityDir = None,
    as_json: AsJson = False,
) -> None:
    """Write one signed file that runs when all else is gone.

    It holds inventory, runbooks, messages, settings, own actions, plans for every failure of the first tier, and the
    secrets, sealed to the SSH keys of the people you name. docs/go-bag.md describes it. Nothing outside is changed.

    \b
    Examples:
      seawall go-bag --for anna --for bo --with-software
      seawall go-bag -o /media/stick/city.pyz --for anna=anna.pub --key ~/.ssh/id_ed25519
      seawall go-bag verify /media/stick/city.pyz
      seawall go-bag show
    """
    if context.invoked_subcommand is not None:
        return
    from console.terminal.go_bag_making import Making, make_bag

    making = Making(
        output, tuple(sealed_to or ()), key, with_software=with_software, without_secrets=without_secrets
    )
    make_bag(making, who=who, city=city, as_json=as_json)


def verify(
    file: BagFile = None,
    *,
    signed_by: Annotated[
        str | None,
        typer.Option(
            "--signed-by", metavar="KEY", help="SHA256:... or a .pub file that must have signed it."
        ),
    ] = None,
    city: CityDir = None,
    as_json: AsJson = False,
) -> None:
    """Check that a go-bag is whole, signed, young enough and of this city.

    Every byte is read. Its signature is held against this machine's allowed_signers where there is one, or against the
    key that you name; else it is said that nobody vouches for it. Exit code 0 when all holds, 2 when it is not to be
    used, 3 when the city has changed since.

    \b
    Examples:
      seawall go-bag verify /media/stick/city.pyz
      seawall go-bag verify city.pyz --signed-by SHA256:Hq2...
    """
    from console.terminal.go_bag_screen import verify_bag

    verify_bag(file, signed_by, city=city, as_json=as_json)


def show(file: BagFile = None, *, city: CityDir = None, as_json: AsJson = False) -> None:
    """Show what is in a go-bag, and what to type for which failure.

    \b
    Examples:
      seawall go-bag show /media/stick/city.pyz
      seawall go-bag show --json
    """
    from console.terminal.go_bag_screen import show_bag

    show_bag(file, city=city, as_json=as_json)


def merge(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER|FILE]", help="A folder of runs, one run's folder, or the go-bag beside them."
        ),
    ] = None,
    *,
    who: AsPerson = None,
    city: CityDir = None,
    as_json: AsJson = False,
) -> None:
    """Bring runs from elsewhere into the history, once.

    Each is checked line by line and comes in as it is, with its own times, marked as imported. What is here already is
    left as it is; what is here and differs is refused. Prefect is told of each once; without an argument, of those that
    it could not be told before. Nothing is carried out. Exit code 3 when something was refused.

    \b
    Examples:
      seawall merge /media/stick/city.pyz
      seawall merge /media/stick/city-work/runs
      seawall merge
    """
    from console.terminal.merging import merge_runs

    merge_runs(source, who=who, city=city, as_json=as_json)
