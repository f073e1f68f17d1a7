"""`freeze`, `thaw`, `undo`, `skip`, `retry`: stop what runs by itself, and decide about a run that has ended badly."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.terminal.approving import KeyFile
from console.terminal.from_go_bag import AlthoughOld, FromGoBag, UnsealWith
from console.terminal.options import AsJson, AsPerson, CityDir, Run

COMMANDS = ("freeze", "thaw", "undo", "skip", "retry")
"""What `add_to` adds."""
Why = Annotated[str, typer.Option("--why", metavar="WORDS", help="Why; kept for whoever asks later.")]
Step = Annotated[str, typer.Argument(metavar="STEP", help="The step that failed.")]
WithoutPrefect = Annotated[
    bool,
    typer.Option("--without-prefect", help="Drive it in this process alone; nothing else has to be there."),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(freeze)
    app.command()(thaw)
    app.command()(undo)
    app.command()(skip)
    app.command()(retry)


def freeze(
    *,
    why: Why = "",
    who: AsPerson = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Stop all that Seawall would do by itself, at every place.

    Verifications, drills and runs that would be taken up again do not start until somebody lifts it with `thaw`. What
    people start by hand goes on, with a warning. Runs under way are not stopped: `seawall abort` does that. Exit code
    6 when a place could not be told.

    \b
    Examples:
      seawall freeze --why "water in the north hall" --as anna
    """
    from console.terminal.freezing import freeze_all

    freeze_all(why, who=who, city=city, as_json=as_json)


def thaw(
    *,
    why: Why = "",
    who: AsPerson = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Lift a freeze, at every place.

    What Seawall does by itself goes on. Only a person of the inventory can. Exit code 6 when a place could not be told.

    \b
    Examples:
      seawall thaw --why "pumped dry, power checked" --as anna
    """
    from console.terminal.freezing import thaw_all

    thaw_all(why, who=who, city=city, as_json=as_json)


def undo(
    name: Run,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Keep the plan, to run exactly it.")
    ] = None,
    yes: Annotated[
        str | None,
        typer.Option("--yes", metavar="NAME", help="The target's name, instead of typing it when asked."),
    ] = None,
    without_prefect: WithoutPrefect = False,
    who: AsPerson = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Take back what a run has done, the last change first.

    It is a plan like any other, with a digest, approvals and a confirmation of its own. What cannot be taken back, or
    bears something that stands, is listed with the reason. With -o nothing is begun.

    \b
    Examples:
      seawall undo last
      seawall undo 2026-11-21-0312 -o undo.json
      seawall run undo.json
    """
    from console.terminal.taking_back import undo_run

    undo_run(
        name, output=output, yes=yes, without_prefect=without_prefect, who=who, city=city, as_json=as_json
    )


def skip(
    name: Run,
    step: Step,
    *,
    why: Why = "",
    key: KeyFile = None,
    without_prefect: WithoutPrefect = False,
    who: AsPerson = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Leave a failed step out, and let the run go on without it.

    It counts as over and is shown as skipped, by whom and why. A step that needs what it would have seen cannot run.
    Where this host has a trust root, you sign for it; exit code 2 when it would not count.

    \b
    Examples:
      seawall skip last tell-by-mail --why "told them by telephone" --as anna
      seawall skip last move-back/tell-on-slack --why "Slack is down" --as anna
    """
    from console.terminal.reopening import skip_step

    skip_step(name, step, why, key=key, without_prefect=without_prefect, who=who, city=city, as_json=as_json)


def retry(
    name: Run,
    step: Step,
    *,
    why: Why = "",
    key: KeyFile = None,
    without_prefect: WithoutPrefect = False,
    who: AsPerson = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Have a failed step tried again, and let the run go on.

    A change that may have happened is not made twice: its proof, or a person, must first say that it did not. A yes
    that was given to it is asked for again, and what the plan rests on is looked at again. Where this host has a trust
    root, you sign for it; exit code 2 when it would not count.

    \b
    Examples:
      seawall retry last repoint --why "the balancer is back" --as anna
    """
    from console.terminal.reopening import retry_step

    retry_step(name, step, why, key=key, without_prefect=without_prefect, who=who, city=city, as_json=as_json)
