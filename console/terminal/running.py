"""`run` and `resume`: a plan shown, confirmed, and carried out before one's eyes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.terminal.completing import offer_runbooks
from console.terminal.from_go_bag import AlthoughOld, FromGoBag, UnsealWith
from console.terminal.options import AsJson, AsPerson, Assignments, CityDir, Exercise, Run, assigned

WithoutPrefect = Annotated[
    bool,
    typer.Option("--without-prefect", help="Drive it in this process alone; nothing else has to be there."),
]
OnlyOnePlace = Annotated[
    tuple[str, str] | None,
    typer.Option(
        "--only-one-place",
        metavar="NAME NAME",
        help="Two people who answer for going on although two of the three places are silent.",
    ),
]


COMMANDS = ("run", "resume")
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(run)
    app.command()(resume)


def run(
    runbook: Annotated[
        str,
        typer.Argument(
            metavar="RUNBOOK|PLAN.json|PLAN",
            help="A runbook's name, or a plan kept by `plan -o`, or a go-bag's plan by its name.",
            autocompletion=offer_runbooks,
        ),
    ],
    given: Assignments = None,
    *,
    without_prefect: WithoutPrefect = False,
    without_secrets: Annotated[
        bool,
        typer.Option(
            "--without-secrets",
            help="Open it although secrets cannot be read here; the steps that ask for them will fail.",
        ),
    ] = False,
    yes: Annotated[
        str | None,
        typer.Option("--yes", metavar="NAME", help="The target's name, instead of typing it when asked."),
    ] = None,
    exercise: Exercise = False,
    sign_with: Annotated[
        Path | None,
        typer.Option(
            "--sign-with",
            metavar="FILE",
            help="The SSH key to sign the request with; else SEAWALL_KEY, else ssh-agent.",
        ),
    ] = None,
    only_one_place: OnlyOnePlace = None,
    who: AsPerson = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Carry a runbook out, once its target's name is typed.

    The plan is shown first. It is REAL unless you say --exercise. Nothing is changed before the target's name was
    typed. Approvals and people's steps are asked for here when there is a terminal; from anywhere else, `seawall
    answer` gives them. Ctrl-C stops driving; `seawall resume` goes on, `seawall abort` ends it in a named state.
    A secret that a step will ask for and that cannot be read here is said before anything is opened. Where this host
    has a trust root, you sign for the run; unsigned, each step that asks for a yes takes one more.
    Where the city has places, two of the three must answer: two people together may go on without.

    \b
    Examples:
      seawall run postgres-failover service=login
      seawall run postgres-failover service=login mode=planned --exercise
      seawall run plan.json --yes login --as anna --without-prefect
      seawall run login-to-south --from-go-bag city-go-bag.pyz
    """
    from console.terminal.carrying import Manner, begin

    begin(
        runbook,
        assigned(given),
        exercise=exercise,
        yes=yes,
        without_secrets=without_secrets,
        manner=Manner.of(
            city=city,
            who=who,
            without_prefect=without_prefect,
            as_json=as_json,
            key=sign_with,
            only_one_place=only_one_place,
        ),
    )


def resume(
    name: Run = "last",
    *,
    without_prefect: WithoutPrefect = False,
    only_one_place: OnlyOnePlace = None,
    who: AsPerson = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Take a run up again where it stands.

    Nothing that was done is done again. What was under way when it stopped is in doubt: its proof is looked at, and a
    person is asked when the proof cannot tell.

    \b
    Examples:
      seawall resume last
      seawall resume 2026-11-21-0312 --without-prefect
    """
    from console.terminal.carrying import Manner, go_on

    manner = Manner.of(
        city=city,
        who=who,
        without_prefect=without_prefect,
        as_json=as_json,
        only_one_place=only_one_place,
    )
    go_on(name, manner)
