"""`init`, `check`, `fill` and `schema`: a city of one's own, and whether its files are right.

Only `fill --ask` looks at anything outside, and nothing there is touched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from console.terminal.options import AsJson, CityDir

COMMANDS = ("init", "check", "fill", "schema")
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(init)
    app.command()(check)
    app.command()(fill)
    app.command()(schema)


def init(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="The folder to make; must be new or empty.")
    ] = None,
    sources: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="A services.csv, an ssh config or an Ansible inventory; give it again for more.",
        ),
    ] = None,
    *,
    kind: Annotated[
        Literal["csv", "ssh-config", "ansible"] | None,
        typer.Option("--kind", help="What kind of file it is, where that cannot be told."),
    ] = None,
    known_hosts: Annotated[
        list[Path] | None,
        typer.Option(
            "--known-hosts", metavar="FILE", help="Where ssh keeps the hosts' public keys, to pin them."
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            "--user", metavar="NAME", help="Who Seawall logs in as, on hosts of which no file says it."
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            "--key", metavar="REF", help="Where its private key is kept, e.g. file:/etc/seawall/id_ed25519."
        ),
    ] = None,
    example_csv: Annotated[
        bool, typer.Option("--example-csv", help="Print what a services.csv may look like; make nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a folder for your own city, from files you have.

    Without --from it begins as a copy of the reference city.

    What the files do not say is listed as gaps, the most useful to fill first. Nothing is overwritten, nothing in the
    files is executed, and when something is wrong with them nothing is made.

    \b
    Examples:
      seawall init my-city
      seawall init --example-csv > services.csv
      seawall init my-city --from services.csv --user seawall --key file:/etc/key
      seawall init my-city --from ~/.ssh/config --known-hosts ~/.ssh/known_hosts
      seawall init my-city --from hosts.ini --kind ansible
    """
    from console.terminal.init import city_from_files, make_city, show_made
    from console.terminal.screen import out
    from seawall.errors import BadInput
    from seawall.importing import EXAMPLE, Login

    if example_csv:
        out().raw(EXAMPLE)
        return
    if folder is None:
        remedy = "Name it: seawall init my-city"
        raise BadInput.one("no folder is named", where="seawall init", remedy=remedy)
    given = {"--kind": kind, "--known-hosts": known_hosts, "--user": user, "--key": key}
    for option in (name for name, value in given.items() if value and not sources):
        raise BadInput.one("there is nothing to read", where=option, remedy="Name the file too: --from FILE")
    from_files = sources and city_from_files(
        folder, sources, kind=kind, known_hosts=known_hosts or (), login=Login.said(user, key)
    )
    show_made(from_files or make_city(folder), out(), as_json=as_json)


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


def fill(
    thing: Annotated[
        str, typer.Argument(metavar="THING", help="What lacks it, as `check` names it, e.g. services.login.")
    ],
    given: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FIELD=VALUE]...", help="What to write, as it would stand in YAML."),
    ] = None,
    *,
    ask: Annotated[
        bool, typer.Option("--ask", help="Let the database server itself say what it is known by.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --ask: it is the right server.")] = False,
    instead: Annotated[
        bool, typer.Option("--instead", help="Write it also where something else stands.")
    ] = False,
    city: CityDir = None,
    as_json: AsJson = False,
) -> None:
    """Write values into the inventory, where its gaps are.

    As you would with an editor, at the line that `check` names; comments and all other lines stay. When the files
    would then hold a mistake, nothing is written. Secrets are named, never given: password=file:/etc/seawall/login.

    With --ask a database server of which address, port, user and password are known says the rest itself: its data
    directory, cluster name, system identifier and programs. It is only read, and shown before it is written.

    \b
    Examples:
      seawall fill services.login tier=1 'targets={rto: 15m, rpo: 30s, mtpd: 4h}'
      seawall fill hosts.north-db.postgres.login database=login user=seawall
      seawall fill hosts.north-db.postgres.login --ask
      seawall fill hosts.north-db.postgres.login port=5433 --instead
    """
    from console.terminal.desk import Desk
    from console.terminal.fill import asked, show_filled, write
    from console.terminal.options import assigned
    from console.terminal.screen import aside, out
    from seawall.errors import BadInput

    desk, path, values = Desk.at(city), tuple(thing.split(".")), assigned(given)
    if ask:
        values = {**asked(desk, path, aside() if as_json else out(), yes=yes), **values}
    if not values and not ask:
        raise BadInput.one("nothing is given to write", where=thing, remedy="Add it: FIELD=VALUE, or --ask")
    show_filled(write(desk, path, values, instead=instead), desk.folder, out(), as_json=as_json)


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
