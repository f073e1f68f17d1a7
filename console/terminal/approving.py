"""`approve`, `codes` and `review`: signed yeses, sheets of telephone codes, and what follows a broken glass."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from console.terminal.completing import offer_runs
from console.terminal.from_go_bag import AlthoughOld, FromGoBag, UnsealWith
from console.terminal.options import AsJson, AsPerson, CityDir, Run

COMMANDS = ("approve", "codes", "review")
"""What `add_to` adds."""

KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="FILE",
        help="The SSH key to sign with; else SEAWALL_KEY, else one that ssh-agent holds.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(approve)
    codes = typer.Typer(
        name="codes",
        help="Telephone codes, for people who cannot sign.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    codes.callback()(_codes)
    codes.command("print")(print_)
    codes.command("list")(list_)
    app.add_typer(codes)
    app.command()(review)


def _codes() -> None:
    """Telephone codes, for people who can be rung and cannot sign."""


def approve(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="A run's name, its beginning, or `last`.", autocompletion=offer_runs
        ),
    ] = None,
    step: Annotated[
        str | None, typer.Argument(metavar="[STEP]", help="The step; the one that waits, when only one does.")
    ] = None,
    *,
    key: KeyFile = None,
    code: Annotated[
        str | None,
        typer.Option("--code", metavar="CODE", help="A telephone code that somebody read out to you."),
    ] = None,
    for_: Annotated[
        str | None,
        typer.Option("--for", metavar="PERSON", help="Whose code it is. You sign for having heard it."),
    ] = None,
    break_glass: Annotated[
        bool,
        typer.Option(
            "--break-glass", help="Open the step without the yeses that are missing. A review is owed then."
        ),
    ] = False,
    only_one_place: Annotated[
        bool,
        typer.Option(
            "--only-one-place",
            help="Sign, as one of two, that nobody else is at the run: it may go on with one place left.",
        ),
    ] = False,
    why: Annotated[
        str,
        typer.Option("--why", metavar="WORDS", help="Why the glass is broken, or that nobody else is at it."),
    ] = "",
    yes: Annotated[
        str | None,
        typer.Option("--yes", metavar="STEP", help="The step's name, instead of typing it when asked."),
    ] = None,
    who: AsPerson = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Say yes to a step, signed with your SSH key.

    Without RUN it lists what waits for whom. What you sign is shown first: run, step in words, what its call is given,
    real or exercise, until when it counts. It opens that one step of that one run, once. On a host without a trust
    root the yes is typed, and says so. Exit code 2 when it would not count; nothing was said then.

    \b
    Examples:
      seawall approve
      seawall approve last
      seawall approve last fence --as bo --key ~/.ssh/id_ed25519
      seawall approve last fence --for bo --code 07-acde-fhjk-mprt
      seawall approve last fence --break-glass --why "Bo cannot be reached"
      seawall approve last --only-one-place --why "rang the south hall: nobody is at it" --as bo
    """
    from console.terminal.approvals import Wish, approve_step, show_waiting

    if name is None:
        show_waiting(city=city, as_json=as_json)
        return
    if only_one_place:
        check_no_step(step, code, for_, break_glass=break_glass)
        from console.terminal.standing_alone import sign_alone

        sign_alone(name, why=why, key=key, yes=yes, who=who, city=city, as_json=as_json)
        return
    wish = Wish(name, step, key=key, code=code, for_=for_, glass=break_glass, why=why, yes=yes, who=who)
    approve_step(wish, city=city, as_json=as_json)


def check_no_step(step: str | None, code: str | None, for_: str | None, *, break_glass: bool) -> None:
    """Check that nothing is given with --only-one-place that is about a step's yes. Raises: BadInput."""
    from seawall.errors import BadInput

    if step is not None or code is not None or for_ is not None or break_glass:
        problem = "it is about the whole run, and takes no step and no code"
        remedy = "Leave them out: seawall approve RUN --only-one-place --why WORDS --as NAME"
        raise BadInput.one(problem, where="--only-one-place", remedy=remedy)


def print_(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Whose codes, as in the inventory.")],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Where the sheet is written; else codes-PERSON.html."
        ),
    ] = None,
    who: AsPerson = None,
    city: CityDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a sheet of telephone codes for somebody, to be printed once.

    Only hashes are kept, in the trust root; print the file, hand the paper over, and delete the file. A new sheet makes
    the person's last one worthless. A code is an attestation, weaker than a signature, and is shown as one.

    \b
    Examples:
      seawall codes print bo
      seawall codes print bo -o /dev/shm/bo.html
    """
    from console.terminal.codes_printing import print_codes

    print_codes(person, output=output, who=who, city=city, as_json=as_json)


def list_(*, city: CityDir = None, as_json: AsJson = False) -> None:
    """List who has a sheet of codes, and how many are left.

    \b
    Examples:
      seawall codes list
      seawall codes list --json
    """
    from console.terminal.codes_printing import list_codes

    list_codes(city=city, as_json=as_json)


def review(
    name: Run,
    verdict: Annotated[
        Literal["justified", "not-justified"] | None,
        typer.Argument(
            metavar="[VERDICT]", help="justified or not-justified; shows what happened when left out."
        ),
    ] = None,
    *,
    why: Annotated[str, typer.Option("--why", metavar="WORDS", help="Why, for the record.")] = "",
    key: KeyFile = None,
    who: AsPerson = None,
    city: CityDir = None,
    as_json: AsJson = False,
) -> None:
    """Review a run whose glass was broken.

    Whoever broke it cannot review it. The verdict is signed and lies beside the journal, tied to its last line; until
    it is there, `seawall status` says that it is owed.

    \b
    Examples:
      seawall review last
      seawall review last justified --why "Bo was on a plane" --as dr-manager
    """
    from console.terminal.reviewing import review_run

    review_run(name, verdict, why=why, key=key, who=who, city=city, as_json=as_json)
