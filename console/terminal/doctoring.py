"""`doctor`: a look at everything outside that the city names. It changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from console.terminal.from_go_bag import AlthoughOld, FromGoBag, UnsealWith
from console.terminal.options import AsJson, CityDir

LACKING = ("missing", "not-known")
"""What a right may be that makes `--needs` end with 3."""
COMMANDS = ("doctor",)
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(doctor)


def doctor(
    person: Annotated[
        str | None, typer.Argument(metavar="[PERSON]", help="With --send-test: only this person.")
    ] = None,
    *,
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--host", metavar="NAME", help="Only this host, store, balancer, zone; may be repeated."
        ),
    ] = None,
    within: Annotated[
        int, typer.Option("--within", metavar="SECONDS", min=1, max=300, help="For each look.")
    ] = 10,
    total: Annotated[
        int, typer.Option("--total", metavar="SECONDS", min=1, max=3600, help="For all of them together.")
    ] = 60,
    needs: Annotated[
        bool,
        typer.Option("--needs", help="The rights that this city's runbooks need, and which are missing."),
    ] = False,
    as_file: Annotated[
        Literal["sudoers", "sql", "ports", "s3"] | None,
        typer.Option(
            "--as", help="With --needs: write them as files, ready to install; asks nothing outside."
        ),
    ] = None,
    into: Annotated[
        Path, typer.Option("--into", metavar="DIR", help="With --as: where the files are written.")
    ] = Path("needs"),
    mine: Annotated[
        list[str] | None,
        typer.Option(
            "--from", metavar="ADDRESS", help="With --as ports: what Seawall comes from; may be repeated."
        ),
    ] = None,
    send_test: Annotated[
        bool, typer.Option("--send-test", help="Send people a test by mail and on Slack; asks first.")
    ] = False,
    role: Annotated[
        str | None, typer.Option("--role", metavar="ROLE", help="With --send-test: only who has this role.")
    ] = None,
    audience: Annotated[
        str | None,
        typer.Option("--audience", metavar="NAME", help="With --send-test: only these, and their channel."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="With --send-test: send without asking.")] = False,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Look at the outside without changing it.

    Every host, server, power controller, store, balancer, zone, address, mail relay and Slack workspace of the city,
    side by side, the broken first: reachable, refused, silent, another host key, not let in, rights or tools missing;
    clocks; settings that make a failover slow; the folder of runs; Prefect. What could not be told is not well.
    Exit code 0 when all is well, 3 when something is not or could not be told, 2 when the files or the command line
    are wrong.

    With --needs: per host, store, balancer and zone, the exact sudoers lines, grants, ports and policies that the
    actions of this city's runbooks declare, and no more; never a shell as root, never a superuser.
    docs/needs.md says more.

    With --send-test it sends instead: one message marked PRØVE / TEST over each way that people can be reached by,
    and keeps when that was. That a relay accepted it does not say that anybody read it.

    \b
    Examples:
      seawall doctor
      seawall doctor --send-test duty-officer
      seawall doctor --send-test --audience coordinators --yes
      seawall doctor --host north-db --host south-db
      seawall doctor --within 30 --total 300 --json
      seawall doctor --needs
      seawall doctor --needs --as sql --into rights
    """
    if send_test or person or role or audience or yes:
        from console.terminal.sending_test import Meant, try_channels

        meant = Meant(person, role, audience, wanted=send_test)
        raise typer.Exit(try_channels(city, meant, yes=yes, as_json=as_json))
    from console.terminal.desk import Desk
    from console.terminal.doctor import examine, show_examination, unwell
    from console.terminal.rounds import Limits
    from console.terminal.screen import out
    from seawall.errors import BadInput, ExitCode

    desk, limits, only = Desk.at(city), Limits(within, total), tuple(host or ())
    if as_file is not None and not needs:
        raise BadInput.one(
            "files are written of what is needed alone",
            where=f"--as {as_file}",
            remedy=f"Write: seawall doctor --needs --as {as_file}",
        )
    if as_file is not None:
        from console.terminal.needs_screen import show_files, write_files

        show_files(write_files(desk, as_file, into, only, mine or ()), as_file, out(), as_json=as_json)
        raise typer.Exit(ExitCode.DONE)
    if needs:
        from console.terminal.needs_screen import seen_needs, show_needs

        wanted, rights = seen_needs(desk, limits, only)
        show_needs(wanted, rights, out(), as_json=as_json)
        raise typer.Exit(ExitCode.FAILED if any(one.state in LACKING for one in rights) else ExitCode.DONE)
    found = examine(desk, limits, only, shown=not as_json)
    show_examination(found, out(), as_json=as_json)
    raise typer.Exit(ExitCode.FAILED if unwell(found) else ExitCode.DONE)
