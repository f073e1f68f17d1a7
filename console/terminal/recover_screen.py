"""What `recover` and `places` show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from connectors.world import places_in
from console.terminal.desk import Desk
from console.terminal.screen import aside, next_command, out
from console.terminal.surroundings import surroundings
from seawall.catching_up import NothingBegun
from seawall.errors import BadInput, ExitCode
from seawall.marks import look_at, set_up
from seawall.places import Places
from seawall.recovering import KnownRun, known_runs
from seawall.recovering import recover as recover_run
from seawall.run_folder import RunFolder
from seawall.steady import steady


def show_known(city: Path | None, *, as_json: bool) -> None:
    """List the open runs that the places know. Raises: PlaceSilent, BadInput."""
    desk = Desk.at(city)
    with _places(desk) as places:
        found = known_runs(places, lambda run: RunFolder(desk.runs, run).path.exists())
    if as_json:
        out().raw(json.dumps({"runs": [_as_json(one) for one in found]}, indent=2, ensure_ascii=False))
        return
    if not found:
        out().say("The places know no open run.")
        next_command(out(), "seawall runs")
        return
    for one in found:
        here = "on this machine too" if one.here else "not on this machine"
        opened = "not known yet" if one.opened is None else f"{one.opened.runbook}, opened by {one.opened.by}"
        out().say(f"{one.run} {here}")
        driver = f", driven last by {one.driver}" if one.driver else ""
        last = "" if one.last is None else f"; last copied at {desk.local(one.last.at):%Y-%m-%d %H:%M:%S}"
        out().say(f"{opened}{driver}{last}; {one.lines} lines", "dim")
    gone = next((one for one in found if not one.here), None)
    next_command(out(), f"seawall recover {gone.run}" if gone else f"seawall resume {found[0].run}")


def recover_here(name: str, city: Path | None, by: str, *, as_json: bool) -> None:
    """Fetch a run and say what is next; or, where there is nothing to fetch, that it is over. Raises: SeawallError."""
    desk = Desk.at(city)
    screen = aside() if as_json else out()
    run = RunFolder(desk.runs, name)
    try:
        with _places(desk) as places:
            lines = recover_run(places, run, steady(surroundings().now), by=by, tell=screen.say)
    except NothingBegun as over:
        _show_over(run.id, over, as_json=as_json)
        return
    if as_json:
        told = {"run": run.id, "folder": str(run.path), "lines": lines}
        out().raw(json.dumps(told, indent=2, ensure_ascii=False))
        return
    screen.say(f"{run.id} is here now, in {run.path}: its plan, and {lines} lines of its journal.", "good")
    screen.say(
        "What could have begun without a copy of that is in doubt; its proof is looked at when it goes on."
    )
    next_command(screen, f"seawall resume {run.id}", f"seawall show {run.id}")


def _show_over(run: str, over: NothingBegun, *, as_json: bool) -> None:
    if as_json:
        out().raw(json.dumps({"run": run, "folder": None, "lines": 0}, indent=2, ensure_ascii=False))
        return
    out().say(f"{run} is over: {over.problem}.", "good")
    out().say(f"{over.remedy}.")
    next_command(out(), "seawall recover")


def show_places(city: Path | None, *, set_up: bool, only: tuple[str, ...], as_json: bool) -> None:
    """Show each place, after its mark was laid down if that is wanted. Raises: BadInput, typer.Exit."""
    desk = Desk.at(city)
    if only and not set_up:
        raise BadInput.one("one place is set up alone, not shown", where="--only", remedy="Add --set-up")
    with _places(desk) as places:
        if unknown := [one for one in only if one not in places.names]:
            remedy = f"Use {', '.join(places.names)}"
            raise BadInput.one(f"there is no place {unknown[0]}", where="--only", remedy=remedy)
        if set_up:
            _set_up(places, only)
        found = look_at(places)
    well = all(one is None for one in found.values())
    if as_json:
        told = {
            "well": well,
            "places": [
                {
                    "place": name,
                    "counts": one is None,
                    "saw": one and one.problem,
                    "remedy": one and one.remedy,
                }
                for name, one in found.items()
            ],
        }
        out().raw(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        for name, one in found.items():
            if one is None:
                out().labelled("counts", f"{name}: it answers, and its mark is there", "good", room=10)
            else:
                out().labelled("NOT", f"{name}: {one.problem}", "bad", room=10)
                out().labelled("", f"{one.remedy}.", room=10)
        next_command(out(), "seawall doctor", "seawall recover")
    raise typer.Exit(ExitCode.DONE if well else ExitCode.FAILED)


def _set_up(places: Places, only: tuple[str, ...]) -> None:
    from seawall.marks import unmarked

    set_up(unmarked(places), only)


def _as_json(one: KnownRun) -> dict[str, object]:
    return {
        "run": one.run,
        "here": one.here,
        "runbook": one.opened and one.opened.runbook,
        "opened_by": one.opened and one.opened.by,
        "opened_at": one.opened and one.opened.at.isoformat(),
        "driven_by": one.driver or None,
        "lines": one.lines,
        "last_at": one.last and one.last.at.isoformat(),
    }


@contextmanager
def _places(desk: Desk) -> Iterator[Places]:
    with desk.open_world() as world:
        places = places_in(world)
        if places is None:
            remedy = "Write `places:` in its inventory (docs/places.md); until then only this machine knows of its runs"
            raise BadInput.one("the city has no places", where=str(desk.folder / "inventory"), remedy=remedy)
        yield places
