"""`lab try-action`: one of the city's own actions, carried out in the lab and watched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from connectors.world import real_world
from console.terminal.desk import Desk
from console.terminal.lab import city_of_lab, lab_folder
from console.terminal.screen import Tone, aside, next_command, out
from console.terminal.surroundings import find_city
from drills.lab.layout import LabLayout
from drills.lab.trying import Trial, try_action
from seawall.actions import Action
from seawall.errors import BadInput, ExitCode, Mistake
from seawall.ground import choose
from seawall.inventory import Inventory
from seawall.loading.own_action_files import read_own_actions
from seawall.own_actions import GROUP, Own, OwnAction


def try_in_lab(
    name: str, given: Mapping[str, str], *, lab: Path | None, city: Path | None, as_json: bool
) -> None:
    """Try one action. Raises: BadInput, LabMisused, LabError; typer.Exit with 3 when it does not keep its word."""
    folder = lab_folder(lab)
    layout = LabLayout.load(folder)
    desk = Desk.at(city or _city_here(folder))
    actions = desk.city.own.actions
    short = name.removeprefix(f"{GROUP}.")
    if short not in actions:
        problem = f"the city in {desk.folder} has no action {name} of its own"
        raise BadInput.one(problem, where=name, remedy=choose(short, actions))
    # Also what nobody reviewed: to try it is a part of reading it.
    with real_world(desk.city.inventory, own=Own(actions)) as world:
        action = world[f"{GROUP}.{short}"]
        args = _arguments(action, actions[short], given, desk.city.inventory)
        screen = aside()
        trial = try_action(action.name, args, world, layout, lambda line: screen.say(line, "dim"))
    _show(trial, _to_review(desk, short), as_json=as_json)
    raise typer.Exit(ExitCode.DONE if trial.well else ExitCode.FAILED)


def _city_here(lab: Path) -> Path:
    """Return the city that one stands in, else the one beside the lab."""
    try:
        return find_city(None)
    except BadInput:
        return city_of_lab(lab)


def _arguments(
    action: Action[Any, Any], own: OwnAction, given: Mapping[str, str], city: Inventory
) -> dict[str, Any]:
    """Turn the words of a command line into arguments. Raises: BadInput, with everything that is wrong."""
    from pydantic import ValidationError

    mistakes = [
        Mistake(f"parameter {key}", f"{action.name} takes no {key}", choose(key, own.parameters))
        for key in given
        if key not in own.parameters
    ]
    args: dict[str, Any] = {**action.pinned}
    for key, one in own.parameters.items():
        if key not in given:
            mistakes.append(Mistake(f"parameter {key}", f"{key} is missing", f"Add {key}=..., a {one.type}"))
        elif one.type == "host" and given[key] not in city.hosts:
            mistakes.append(
                Mistake(f"parameter {key}", f"there is no host {given[key]}", choose(given[key], city.hosts))
            )
        else:
            args[key] = city.host(given[key]) if one.type == "host" else given[key]
    if not mistakes:
        try:
            action.args.model_validate(args)
        except ValidationError as error:
            mistakes += [
                Mistake(
                    f"parameter {one['loc'][0]}",
                    str(one["msg"]).removeprefix("Value error, "),
                    f"Give a {own.parameters[str(one['loc'][0])].type} that fits",
                )
                for one in error.errors(include_url=False, include_input=False)
            ]
    if mistakes:
        raise BadInput(mistakes)
    return args


def _to_review(desk: Desk, action: str) -> str | None:
    """Return the file of an action, when nobody has reviewed it as it stands."""
    for one in read_own_actions(desk.folder, desk.city.inventory).files:
        if one.file is not None and action in one.file.actions:
            return one.source.shown if one.file.withheld is not None else None
    return None


def _show(trial: Trial, to_review: str | None, *, as_json: bool) -> None:
    if as_json:
        told = {
            "action": trial.action,
            "effect": trial.effect.value,
            "well": trial.well,
            "seen": [{"what": one.what, "saw": one.saw, "well": one.well} for one in trial.seen],
        }
        out().raw(json.dumps(told, indent=2, ensure_ascii=False))
        return
    screen = out()
    screen.say(f"{trial.action}, which {trial.effect.value}", "strong")
    for one in trial.seen:
        mark = {True: "well", False: "WRONG", None: ""}[one.well]
        tone: Tone = "bad" if one.well is False else "plain"
        screen.labelled(mark.ljust(7), f"{one.what}: {one.saw}", tone, room=7, indent=2)
    if trial.well:
        screen.say("It keeps its word, as far as the lab can see.", "good")
        next_command(screen, f"seawall action review {to_review}" if to_review else "seawall check")
    else:
        screen.say("It does NOT keep its word. Correct the command, or what its file says of it.", "bad")
        next_command(screen, f"seawall lab try-action {trial.action}   # after correcting")
