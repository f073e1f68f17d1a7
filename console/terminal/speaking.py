"""`answer` and `abort`: what a person says to a run, from any terminal on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.terminal.approving import KeyFile
from console.terminal.from_go_bag import AlthoughOld, FromGoBag, UnsealWith
from console.terminal.options import AsJson, AsPerson, CityDir, Run
from console.terminal.running import OnlyOnePlace

Why = Annotated[str, typer.Option("--why", metavar="WORDS", help="Why, for the journal.")]


COMMANDS = ("answer", "abort")
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(answer)
    app.command()(abort)


def answer(
    name: Run,
    step: Annotated[
        str | None, typer.Argument(metavar="[STEP]", help="The step that asks; with --from-paper, none.")
    ] = None,
    said: Annotated[
        str | None,
        typer.Argument(
            metavar="[ANSWER]",
            help="yes, no, have-it, cannot, done, not-done, happened or did-not-happen; asked for if left out.",
        ),
    ] = None,
    *,
    who: AsPerson = None,
    why: Why = "",
    note: Annotated[
        str,
        typer.Option("--note", metavar="WORDS", help="What the step asks you to note, e.g. a case number."),
    ] = "",
    from_paper: Annotated[
        bool, typer.Option("--from-paper", help="Type in what was done by hand, from a paper (`print`).")
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="CSV", help="With --from-paper: the results, as a file.")
    ] = None,
    code: Annotated[
        str | None,
        typer.Option("--code", metavar="CODE", help="With --from-paper: what stands under its square code."),
    ] = None,
    key: KeyFile = None,
    alone: OnlyOnePlace = None,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Answer what a run asks of a person.

    Allow a step, say that you have your own step (have-it) and then that it is done, or say what happened. With
    `cannot` the next in line is asked at once. A yes or no to an approval counts only from a person of the inventory
    who has the role that was asked for. A note is kept in the journal: nothing about people. Where this host has a
    trust root, what lets the run go on (done, happened, a paper) is signed with your key; what stops it need not be.

    \b
    Examples:
      seawall answer last fence
      seawall answer last fence yes --as bo
      seawall answer last tell-dispatch have-it --as carl
      seawall answer last tell-dispatch done --as carl --why "spoke to Mette"
      seawall answer last call done --as carl --note CASE-4711
      seawall answer last promote did-not-happen --as anna
      seawall answer last --from-paper --as anna
      seawall answer last --from-paper --code ab12cd34ef567890 --file results.csv
    """
    from seawall.errors import BadInput

    if from_paper:
        if step is not None:
            remedy = "Leave the step out: every open step is gone through"
            raise BadInput.one(
                f"a paper has all steps, and {step} is named", where="--from-paper", remedy=remedy
            )
        from console.terminal.from_paper import type_paper_in

        type_paper_in(name, who=who, file=file, code=code, key=key, alone=alone, city=city, as_json=as_json)
        return
    if step is None or file is not None or code is not None:
        problem = "no step is named" if step is None else "--file and --code go with --from-paper"
        raise BadInput.one(problem, where="seawall answer", remedy="seawall answer RUN STEP, or --from-paper")
    from console.terminal.saying import say_answer

    say_answer(name, step, said, who=who, why=why, note=note, key=key, city=city, as_json=as_json)


def abort(
    name: Run,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what was done, in reverse order.")] = False,
    who: AsPerson = None,
    why: Why = "",
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Stop a run; within ten seconds it is in a named state.

    Nothing new is begun. With --undo, what it changed is taken back in reverse, as far as there is a way back. When
    nobody drives the run, this command does.

    \b
    Examples:
      seawall abort last --why "the north hall is back"
      seawall abort 2026-11-21-0312 --undo --as anna
    """
    from console.terminal.saying import say_abort

    say_abort(name, undo=undo, who=who, why=why, city=city, as_json=as_json)
