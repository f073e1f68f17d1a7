"""Print a run or a runbook on paper: for the hour in which there is nothing else."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from connectors.by_hand import BY_HAND
from console.terminal.desk import Desk
from console.terminal.from_go_bag import leaving_secrets_sealed, meant
from console.terminal.from_paper import form
from console.terminal.reporting import write_page
from console.terminal.screen import aside, language, next_command, out, words
from console.terminal.surroundings import surroundings
from console.terminal.thinking import imagine
from seawall.errors import BadInput, JournalError
from seawall.files import write_whole
from seawall.model import Language, Text
from seawall.own_actions import GROUP
from seawall.paper.making import ByHand, Paper, make_paper
from seawall.paper.page import to_paper
from seawall.plan import Plan, PlannedStep
from seawall.run_folder import RunFolder, read_state
from seawall.run_list import find_run

_RUN = re.compile(r"last|\d{4}-\d{2}-\d{2}.*")
"""What begins like a day, or is `last`, means a run; anything else is a runbook's name."""
_SAYS = {
    "how": Text(
        en="A4, black on white: open it in a browser and print it.",
        da="A4, sort på hvidt: åbn det i en browser, og udskriv det.",
    ),
    "shred": Text(
        en="It holds telephone numbers and addresses: shred it after use.",
        da="Det indeholder telefonnumre og adresser: makulér det efter brug.",
    ),
    "form": Text(en="A form for the results: {path}", da="En formular til resultaterne: {path}"),
}


def print_paper(
    name: str,
    parameters: Mapping[str, str],
    *,
    exercise: bool,
    output: Path | None,
    results: Path | None,
    lang: str | None,
    city: Path | None,
) -> None:
    """Write the paper of a run, or of a runbook. Raises: BadInput; JournalError when the run cannot be read."""
    desk = Desk.at(city)
    if lang not in (None, "da", "en"):
        raise BadInput.one(f"{lang!r} is no language it can speak", where="--lang", remedy="Say da or en")
    spoken = cast("Language", lang or language())
    run = None
    if _RUN.fullmatch(name):
        if parameters or exercise:
            given = ", ".join([*parameters, *(["--exercise"] if exercise else [])])
            problem = f"a run has its parameters already; {given} cannot change it"
            raise BadInput.one(problem, where=name, remedy="Leave them out, or name a runbook")
        run = find_run(desk.runs, name)
    else:
        name, parameters = meant(name, parameters)
    paper = _of_run(run, desk, spoken) if run else _of_runbook(name, parameters, exercise, desk, spoken)
    page = to_paper(paper, spoken, desk.zone)
    if output is None and not surroundings().has_terminal():
        out().raw(page)
    else:
        write_page(output or Path(f"{paper.run or name}.paper.{spoken}.html"), page, where="paper.html")
        aside().say(words(_SAYS["how"]))
    if results is not None:
        _write_form(results, paper)
    aside().say(words(_SAYS["shred"]), "bad")
    given = " ".join(f"{key}={value}" for key, value in parameters.items())
    after = f"seawall answer {paper.run} --from-paper" if run else f"seawall plan {name} {given}".rstrip()
    next_command(aside(), after)


def _of_run(run: RunFolder, desk: Desk, spoken: Language) -> Paper:
    return make_paper(
        run.plan,
        read_state(run),
        desk.inventory,
        _how(desk),
        language=spoken,
        zone=desk.zone,
        now=surroundings().now(),
    )


def _of_runbook(
    name: str, parameters: Mapping[str, str], exercise: bool, desk: Desk, spoken: Language
) -> Paper:
    with leaving_secrets_sealed(), desk.open_world() as world:
        plan = imagine(desk, world, name, parameters, exercise=exercise)
    return paper_of_plan(plan, desk, spoken)


def paper_of_plan(plan: Plan, desk: Desk, spoken: Language) -> Paper:
    """Make the paper of a plan that was made without looking at anything."""
    return make_paper(
        plan,
        None,
        desk.city.inventory,
        _how(desk),
        language=spoken,
        zone=desk.zone,
        now=surroundings().now(),
        unread=tuple(desk.city.runbooks[plan.runbook].facts),
    )


def _how(desk: Desk) -> ByHand:
    def how(uses: str, _step: PlannedStep) -> Text | None:
        if not uses.startswith(f"{GROUP}."):
            return BY_HAND.get(uses)
        own = desk.city.own.actions.get(uses.partition(".")[2])
        if own is None:
            return None
        command = shlex.join(own.run)  # what it is called with stands in the same holes
        return Text(en=f"On {own.runs_on}: `{command}`", da=f"På {own.runs_on}: `{command}`")

    return how


def _write_form(path: Path, paper: Paper) -> None:
    if path.exists() and path.suffix != ".csv":
        raise BadInput.one("it is there already, and is no .csv file", where=str(path), remedy="Name another")
    try:
        write_whole(path, form([one.step.id for one in paper.lines if not one.over]).encode())
    except JournalError as error:
        raise BadInput.one(error.problem, where=str(path), remedy="Choose another place") from error
    aside().say(words(_SAYS["form"]).format(path=path))
