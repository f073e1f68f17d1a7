"""`runs`, `show` and `report`: what was and is being carried out. They read journals, and get in nobody's way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.terminal.from_go_bag import AlthoughOld, FromGoBag
from console.terminal.options import AsJson, Assignments, CityDir, Exercise, Run

COMMANDS = ("runs", "show", "report", "print")
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(runs)
    app.command()(show)
    app.command()(report)
    app.command("print")(print_)


def runs(
    *,
    most: Annotated[int, typer.Option("-n", "--most", min=1, help="How many, newest first.")] = 20,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first, and what each waits for.

    \b
    Examples:
      seawall runs
      seawall runs -n 5 --json
    """
    from console.terminal.desk import Desk
    from console.terminal.runs_screen import show_runs
    from console.terminal.screen import out
    from seawall.run_list import list_runs

    desk = Desk.at(city)
    show_runs(list_runs(desk.runs, most=most), desk, out(), as_json=as_json)


def show(
    name: Run = "last",
    *,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on showing what happens, until it ends.")
    ] = False,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Show how a run stands, and what is next.

    \b
    Examples:
      seawall show
      seawall show 2026-11-21-0312 --follow
      seawall show last --json
    """
    import json

    from console.terminal.desk import Desk
    from console.terminal.following import follow_run
    from console.terminal.run_screen import next_for, run_as_json, show_run
    from console.terminal.screen import next_command, out
    from seawall.run_folder import read_state
    from seawall.run_list import find_run

    desk = Desk.at(city)
    run = find_run(desk.runs, name)
    screen = out()
    if follow:
        follow_run(run, desk.zone, screen, as_json=as_json)
    state = read_state(run)
    if as_json:
        screen.raw(json.dumps(run_as_json(run, state, desk.people), indent=2, ensure_ascii=False))
        return
    show_run(run, state, screen, desk.zone, desk.people)
    next_command(screen, *next_for(run, state))


def report(
    name: Run = "last",
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Where the two sheets go; else RUN.LANG.html here."
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write all of it as one HTML page instead.")
    ] = None,
    md: Annotated[bool, typer.Option("--md", help="Print all of it as Markdown instead.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print it as JSON instead: the evidence (docs/json.md).")
    ] = False,
    lang: Annotated[str | None, typer.Option("--lang", metavar="da|en", help="In Danish or English.")] = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _old: AlthoughOld = False,
) -> None:
    """Tell a run afterwards: on two sheets, or all of it.

    The two sheets are for those who answer for the city: what happened, whom it touched, how long against what was
    promised, what was lost, who decided, and lines to fill in. On a terminal they go into a file, else they are
    printed. --html, --md and --json tell every event, and name the hash of the journal's last line, by which it can
    be held against the journal.

    \b
    Examples:
      seawall report last --lang da
      seawall report last --lang da -o til-borgmesteren.html
      seawall report last --html report.html
      seawall report last --md > ticket.md
      seawall report 2026-11-21-0312 --json > evidence.json
    """
    from console.terminal.reporting import write_report

    write_report(name, output=output, html=html, md=md, as_json=as_json, lang=lang, city=city)


def print_(
    name: Annotated[
        str,
        typer.Argument(metavar="RUN|RUNBOOK", help="A run, by its name or `last`; or a runbook's name."),
    ] = "last",
    given: Assignments = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where it goes; else *.paper.LANG.html."),
    ] = None,
    results: Annotated[
        Path | None, typer.Option("--results", metavar="CSV", help="Write a form for the results, too.")
    ] = None,
    exercise: Exercise = False,
    lang: Annotated[str | None, typer.Option("--lang", metavar="da|en", help="In Danish or English.")] = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _old: AlthoughOld = False,
) -> None:
    """Print a run or a runbook on paper, to do it by hand.

    Every step in order with what a person does by hand, where, who must say yes, whom to ring, and a square code by
    which the paper is known. Of a run under way it says what is done and what is open. A runbook alone is planned
    without looking at anything. What was done by hand comes back with `answer RUN --from-paper`.

    \b
    Examples:
      seawall print last --lang da -o failover.html
      seawall print postgres-failover service=login --exercise
      seawall print last --results results.csv
    """
    from console.terminal.options import assigned
    from console.terminal.print import print_paper

    print_paper(
        name,
        assigned(given),
        exercise=exercise,
        output=output,
        results=results,
        lang=lang,
        city=city,
    )
