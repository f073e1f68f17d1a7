"""Hold a drill in the lab before one's eyes, and say what it showed."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from console.terminal.carrying import Manner
from console.terminal.desk import Desk
from console.terminal.following import show_event
from console.terminal.lab import check_is_of_lab, city_of_lab, lab_folder
from console.terminal.responding import Responding
from console.terminal.screen import Screen, aside, language, next_command, out, words
from console.terminal.surroundings import operator, surroundings
from drills.hold import hold_drill
from drills.lab.layout import LabLayout
from drills.lab.outside import LabOutside
from drills.scenario import Scenario
from drills.scenario_files import PRODUCT, load_scenario, load_scenarios, scenario_files
from drills.scorecard import Moment, Scorecard
from seawall.errors import BadInput, ExitCode
from seawall.ground import choose
from seawall.journal import Event
from seawall.messages import MARK
from seawall.report.figures import clock
from seawall.state import State


def hold(
    name: str, *, lab: Path | None, city: Path | None, who: str | None, without_prefect: bool, as_json: bool
) -> None:
    """Hold the drill. Raises: BadInput before anything is broken; SeawallError; typer.Exit with how it was judged."""
    folder = lab_folder(lab)
    desk = _desk(folder, city)
    scenario = _scenario(desk, name)
    layout = LabLayout.load(folder)
    inventory = desk.city.inventory
    check_is_of_lab(layout, {one.name: one.host_key for one in inventory.whole_hosts()}, desk.folder)
    manner = Manner(desk, operator(who), "off" if without_prefect else desk.settings.prefect, as_json)
    screen = aside() if as_json else out()
    screen.say(f"{MARK}: {words(scenario.title)}", "mark")
    screen.say(words(scenario.why), indent=2)
    screen.say("Ctrl-C breaks it off; what was broken is then made whole.", "dim")

    def told(moment: Moment) -> None:
        screen.say(f"{clock(moment.at, desk.zone)} {words(moment.what)}", "strong", hang=13)

    def ran(event: Event, state: State) -> None:
        show_event(event, state.plan, screen, desk.zone, indent=2)

    drills = desk.folder / "drills" / f"{desk.local(surroundings().now()):%Y-%m-%d-%H%M%S}-{name}"
    with desk.open_world() as world:
        responding = Responding(manner, world, ran)
        card = hold_drill(
            scenario,
            inventory,
            LabOutside(folder, inventory),
            responding,
            drills,
            foresee=responding.foresee,
            show=told,
        )
    _show_card(card, drills, screen, as_json=as_json)
    raise typer.Exit(ExitCode.DONE if card.verdict.kind == "passed" else ExitCode.FAILED)


def show_scenarios(*, lab: Path | None, city: Path | None, as_json: bool) -> None:
    """List what can be held. Raises: BadInput."""
    desk = _desk(lab_folder(lab), city)
    found = load_scenarios([PRODUCT, desk.folder / "scenarios"])
    screen = out()
    if as_json:
        listed = [one.model_dump(mode="json", by_alias=True) for one in found.values()]
        screen.raw(json.dumps({"scenarios": listed}, indent=2, ensure_ascii=False))
        return
    for name, one in found.items():
        screen.say(name, "strong")
        screen.say(words(one.title), indent=2)
        screen.say(words(one.why), "dim", indent=2)
        if one.respond:
            screen.say(f"answered by {one.respond.runbook}, load on {one.load.service}", "dim", indent=2)
    next_command(screen, *(f"seawall drill run {name}" for name in found))


def _desk(lab: Path, city: Path | None) -> Desk:
    """Open the city as said or as it is here; the lab's own when there is neither."""
    try:
        return Desk.at(city)
    except BadInput:
        if city is None and (city_of_lab(lab) / "inventory").is_dir():
            return Desk.at(city_of_lab(lab))
        raise


def _scenario(desk: Desk, name: str) -> Scenario:
    """Load one scenario and hold it against the city it is held in. Raises: BadInput."""
    files = scenario_files([PRODUCT, desk.folder / "scenarios"])
    if name not in files:
        raise BadInput.one(
            f"there is no scenario {name}", where=f"scenario {name}", remedy=choose(name, files)
        )
    return load_scenario(files[name], desk.city.inventory, desk.city.runbooks)


def _show_card(card: Scorecard, folder: Path, screen: Screen, *, as_json: bool) -> None:
    if as_json:
        out().raw(card.model_dump_json(by_alias=True, indent=2))
    else:
        from rich.console import Console

        from drills.scorecard_terminal import print_scorecard

        screen.say()
        print_scorecard(card, Console(highlight=False), language(), folder=folder)
    for run in card.runs:
        screen.say(f"{run.runbook}: run {run.folder or 'none'}, {run.outcome.value}", "dim", indent=2, hang=2)
    next_command(
        screen, *(f"seawall report {run.folder}" for run in card.runs[:1] if run.folder), "seawall drill list"
    )
