"""`lab`: the two-site lab on this machine, brought up, looked at, broken, healed and taken down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.terminal.options import AsJson, Assignments, CityDir, assigned

LabDir = Annotated[
    Path | None,
    typer.Option(
        "--lab", metavar="DIR", help="The lab's folder; else SEAWALL_LAB, else one of your own in /var/tmp."
    ),
]
Target = Annotated[
    str, typer.Argument(metavar="TARGET", help="A machine, a site, machine/program, or north-south.")
]


COMMANDS = ("lab",)
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    lab = typer.Typer(
        name="lab",
        help="Real servers at two sites, to break and rescue.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    lab.command("up")(up)
    lab.command("status")(status)
    lab.command("break")(break_)
    lab.command("heal")(heal)
    lab.command("try-action")(try_action)
    lab.command("down")(down)
    app.add_typer(lab)


def up(
    *,
    lab: LabDir = None,
    city: Annotated[
        Path | None,
        typer.Option("--city", metavar="DIR", help="Where to write the lab's city; beside the lab's folder."),
    ] = None,
    first_port: Annotated[
        int | None,
        typer.Option(
            "--first-port",
            metavar="PORT",
            min=1024,
            max=65000,
            help="Ports in order from here on, so that it comes up where it was; else any that are free.",
        ),
    ] = None,
    papers: Annotated[
        Path | None,
        typer.Option(
            "--papers",
            metavar="DIR",
            help="Write no city, but what one has of machines of one's own: ssh_config, known_hosts, machines.csv.",
        ),
    ] = None,
) -> None:
    """Bring the lab up: two halls and a witness, all real servers.

    Takes about half a minute and 600 MB of memory. Needs no root and no containers; as root it runs PostgreSQL as an
    unprivileged user. Writes a city's folder for it, the reference city with the lab's machines. With --papers it
    writes what a city of one's own is begun from instead (docs/tutorial.md).

    \b
    Examples:
      seawall lab up
      seawall lab up --lab /var/tmp/mylab --city mylab-city
      seawall lab up --first-port 14000 --papers papers
    """
    from console.terminal.lab import bring_up

    bring_up(lab, city, first_port=first_port, papers=papers)


def status(*, lab: LabDir = None, as_json: AsJson = False) -> None:
    """Look at the lab: what is on, what answers, what is left over.

    Exit code 0 when it is up and every server answers, 3 otherwise.

    \b
    Examples:
      seawall lab status
      seawall lab status --json
    """
    from console.terminal.lab import show_status

    show_status(lab, as_json=as_json)


def break_(
    fault: Annotated[
        str,
        typer.Argument(
            metavar="FAULT",
            help="kill-host, kill-site, stop-process, cut-link, stop-guard, kill-guard, cut-guard-from-places.",
        ),
    ],
    target: Target,
    *,
    lab: LabDir = None,
) -> None:
    """Break something of the lab, as a disaster would.

    \b
    Examples:
      seawall lab break kill-site north
      seawall lab break kill-host north-db
      seawall lab break kill-host supplier-register
      seawall lab break stop-process north-db/postgres
      seawall lab break cut-link north-south
      seawall lab break stop-guard north-db
      seawall lab break cut-guard-from-places north-db
    """
    from console.terminal.lab import break_it

    break_it(lab, fault, target)


def heal(target: Target = "everything", *, lab: LabDir = None) -> None:
    """Make whole what was broken. Databases do not start by themselves.

    \b
    Examples:
      seawall lab heal
      seawall lab heal north
    """
    from console.terminal.lab import heal_it

    heal_it(lab, target)


def try_action(
    name: Annotated[
        str, typer.Argument(metavar="ACTION", help="One of the city's own, e.g. own.pause-queue.")
    ],
    given: Assignments = None,
    *,
    lab: LabDir = None,
    city: CityDir = None,
    as_json: AsJson = False,
) -> None:
    """Try a city's own action: does it keep its word?

    One that says it only reads is caught when anything in the lab is not as it was: files, rows, objects, programs,
    what the balancer lets in, the zone, messages. One that changes is proven, taken back, and looked at again. The
    city's hosts must be the lab's machines: `seawall lab up` writes such a city. Exit code 3 when it does not keep its
    word.

    \b
    Examples:
      seawall lab try-action own.website-version
      seawall lab try-action own.pause-queue queue=letters --json
    """
    from console.terminal.trying import try_in_lab

    try_in_lab(name, assigned(given), lab=lab, city=city, as_json=as_json)


def down(*, lab: LabDir = None) -> None:
    """End every program of the lab and remove its folder. The city beside it stays.

    \b
    Examples:
      seawall lab down
    """
    from console.terminal.lab import take_down

    take_down(lab)
