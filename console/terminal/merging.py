"""What `seawall merge` does: runs from elsewhere into this history, each once, and Prefect told of each once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from console.terminal.desk import Desk
from console.terminal.from_go_bag import work_folder
from console.terminal.screen import Screen, next_command, out
from console.terminal.surroundings import operator, surroundings
from seawall.errors import ExitCode, JournalError
from seawall.go_bag.merging import Came, Merged, merge, runs_at
from seawall.imported import imported, told_prefect
from seawall.run_folder import RunFolder
from seawall.run_list import run_names


@dataclass(frozen=True, slots=True)
class InPrefect:
    """What Prefect was told: the runs by their flow runs there, and why others could not be."""

    told: dict[str, str]
    left: tuple[str, ...] = ()
    problem: str = ""


def merge_runs(source: Path | None, *, who: str | None, city: Path | None, as_json: bool) -> None:
    """Bring runs here and tell Prefect of them.

    Raises:
        BadInput: there are none to bring.
        typer.Exit: 3 when something was refused.
    """
    desk = Desk.in_folder(city)
    merged: list[Merged] = []
    if source is not None:
        place = _place(source.expanduser().absolute())
        here, by, now = desk.inventory.city.name, operator(who), surroundings().now()
        merged = [
            merge(run, desk.runs, city=here, by=by, source=str(place), now=now) for run in runs_at(place)
        ]
    seen = _tell_prefect(desk)
    refused = [one for one in merged if one.came is Came.REFUSED]
    if as_json:
        out().raw(json.dumps(_as_json(merged, seen), indent=2, ensure_ascii=False))
    else:
        _show(merged, seen, out(), asked=source is not None)
    raise typer.Exit(ExitCode.FAILED if refused else ExitCode.DONE)


def _place(source: Path) -> Path:
    """Return where the runs are: of a go-bag, what lies beside it."""
    return work_folder(source) if source.is_file() else source


def _tell_prefect(desk: Desk) -> InPrefect:
    """Tell Prefect of every imported run that it was not told of yet. Nothing here depends on it."""
    left = [run for run in _imported_runs(desk.runs) if told_prefect(run.path) is None]
    names = tuple(run.id for run in left)
    if not left or desk.settings.prefect == "off":
        return InPrefect({}, names, "the setting `prefect: off` leaves it out" if left else "")
    from flows import api

    url = api.api_url()
    if url is None or not api.answers(url):
        return InPrefect({}, names, "none is set" if url is None else f"it does not answer at {url}")
    from flows.importing import tell_prefect

    told, problem = tell_prefect(left, url, surroundings().now)
    return InPrefect(told, tuple(name for name in names if name not in told), problem)


def _imported_runs(runs: Path) -> list[RunFolder]:
    found = []
    for name in run_names(runs):
        run = RunFolder(runs, name)
        try:
            if imported(run.path) is not None:
                found.append(run)
        except JournalError:
            continue  # `seawall show` says what is wrong with it
    return found


def _show(merged: Sequence[Merged], seen: InPrefect, screen: Screen, *, asked: bool) -> None:
    for one in merged:
        screen.raw(one.run)
        if one.problem is None:
            screen.say(f"{one.came.value}", "good" if one.came is Came.MERGED else "plain", indent=2)
        else:
            screen.say(f"REFUSED: {one.problem.problem}.", "bad", indent=2, hang=2)
            screen.say(f"{one.problem.where}. {one.problem.remedy}.", indent=2, hang=2)
    if not asked and not seen.told and not seen.left:
        screen.say("Prefect was told of every imported run.")
    for run, flow_run in seen.told.items():
        screen.say(f"Prefect was told of {run}: {flow_run}", "dim", hang=2)
    if seen.left:
        count = f"{len(seen.left)} imported run{'s' if len(seen.left) > 1 else ''}"
        screen.say(f"Prefect was not told of {count}: {seen.problem}. Later: seawall merge", "warn", hang=2)
    here = [one.run for one in merged if one.came is not Came.REFUSED]
    next_command(screen, f"seawall show {here[-1]}" if here else "seawall runs")


def _as_json(merged: Sequence[Merged], seen: InPrefect) -> dict[str, Any]:
    return {
        "runs": [
            {
                "run": one.run,
                "came": one.came.value,
                "problem": None if one.problem is None else one.problem.problem,
                "where": None if one.problem is None else one.problem.where,
                "remedy": None if one.problem is None else one.problem.remedy,
            }
            for one in merged
        ],
        "prefect": {"told": seen.told, "left": list(seen.left), "problem": seen.problem or None},
    }
