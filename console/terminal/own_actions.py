"""What the `action` commands do: list what steps can use, and write down that somebody read the city's own commands."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from console.terminal.confirming import confirm
from console.terminal.desk import Desk
from console.terminal.screen import Screen, next_command, out, words
from console.terminal.surroundings import operator, surroundings
from seawall.actions import Action
from seawall.errors import BadInput
from seawall.files import write_whole
from seawall.loading.nearest import choose
from seawall.loading.own_action_files import FOLDER, OwnFile, read_own_actions
from seawall.model import duration_text
from seawall.own_actions import GROUP, OwnAction

HEAD = re.compile(r"^(?:reviewed_by|on|digest):.*(?:\n|\Z)", re.MULTILINE)


def show_actions(wanted: tuple[str, ...], *, only_own: bool, city: Path | None, as_json: bool) -> None:
    """Show the actions that a step can use here. Raises: BadInput, with every mistake in the city's files."""
    desk = Desk.at(city)
    with desk.open_world() as world:
        actions = sorted(world.values(), key=lambda one: one.name)
    shown = [
        one
        for one in actions
        if not only_own or one.name.startswith(f"{GROUP}.")
        if all(word.lower() in f"{one.name} {one.does}".lower() for word in wanted)
    ]
    if as_json:
        out().raw(json.dumps({"actions": [_as_json(one) for one in shown]}, indent=2, ensure_ascii=False))
        return
    screen = out()
    room = max((len(one.name) for one in shown), default=0) + 2
    for one in shown:
        label = f"{one.name.ljust(room)}{one.effect.value.upper().ljust(9)}"
        screen.labelled(label, one.does, room=len(label), indent=2)
        if one.withheld is not None:
            screen.labelled("", f"NOT TO BE USED: it {one.withheld}", "bad", room=len(label), indent=2)
    if not shown:
        screen.say("No action fits." if wanted else f"The city has no actions of its own, in {FOLDER}/.")
    withheld = any(one.withheld for one in shown)
    next_command(screen, f"seawall action review {FOLDER}/..." if withheld else "seawall check")


def review_file(said: Path, *, yes: str | None, who: str | None, city: Path | None) -> None:
    """Show a file of own actions, and when its name was typed, write down who read it. Raises: BadInput."""
    desk = Desk.at(city)
    shelf = read_own_actions(desk.folder, desk.city.inventory)
    file, path = _found(shelf.files, said, desk.folder)
    assert file.file is not None
    person = operator(who)
    people = desk.city.inventory.people
    if person not in people:
        raise BadInput.one(
            f"{person} is no person of the inventory, and a review is somebody's",
            where="--as",
            remedy=f"Say who you are with --as NAME. {choose(person, people)}",
        )
    screen = out()
    screen.say(f"{file.source.shown}: {len(file.file.actions)} actions of the city's own", "strong")
    for name, own in file.file.actions.items():
        _show(name, own, screen)
    if file.file.withheld is None:
        screen.say()
        screen.say(f"Reviewed as it stands, by {file.file.reviewed_by} on {file.file.on}.", "good")
        next_command(screen, "seawall check")
        return
    screen.say()
    screen.say(f"It {file.file.withheld}. You sign that each does what it says, and nothing else.", "warn")
    confirm(path.stem, yes, screen, command=f"seawall action review {file.source.shown} --as {person}")
    day = desk.local(surroundings().now()).date()
    head = f"reviewed_by: {person}\non: {day}\ndigest: {file.file.content}\n"
    mode = path.stat().st_mode
    write_whole(path, _with_head(path.read_text(encoding="utf-8"), head).encode())
    path.chmod(mode & 0o777)
    screen.say(f"Written down: {person} reviewed it on {day}.", "good")
    next_command(
        screen,
        "seawall check",
        f"seawall lab try-action own.{next(iter(file.file.actions))}   # in a lab that is up",
    )


def _found(files: tuple[OwnFile, ...], said: Path, folder: Path) -> tuple[OwnFile, Path]:
    """Find the file that was named: by its path, or as it is called from the city's folder."""
    for one in files:
        path = folder / one.source.shown
        if said.absolute() == path.absolute() or str(said) in {one.source.shown, path.name, path.stem}:
            return one, path
    known = [one.source.shown for one in files]
    raise BadInput.one(
        f"{said} is no file of the city's own actions",
        where=str(said),
        remedy=choose(str(said), known) if known else f"Write one into {folder / FOLDER}",
    )


def _with_head(text: str, head: str) -> str:
    """Return the file with its review at the top, below the comment it begins with."""
    lines = HEAD.sub("", text).splitlines(keepends=True)
    comment = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join((*lines[:comment], head, *lines[comment:]))


def _show(name: str, own: OwnAction, screen: Screen) -> None:
    screen.say()
    effect = "READS" if own.effect == "reads" else "CHANGES"
    screen.say(f"{GROUP}.{name}  {effect}, on {own.runs_on}, at most {duration_text(own.limit)}", "strong")
    screen.say(words(own.does), indent=2)
    screen.labelled("runs", shlex.join(own.run), room=15, indent=2)
    for parameter, one in own.parameters.items():
        said = one.model_dump(mode="json", exclude_defaults=True, exclude={"type"})
        limits = "".join(f", {key.replace('_', ' ')} {value}" for key, value in said.items())
        screen.labelled("takes", f"{parameter}: {one.type}{limits}", room=15, indent=2)
    if own.effect == "changes":
        proof = own.proof or f"nothing: {words(own.no_proof) if own.no_proof else ''}"
        undo = own.undo or f"nothing: {words(own.no_way_back) if own.no_way_back else ''}"
        screen.labelled("proven by", proof, room=15, indent=2)
        screen.labelled("taken back by", undo, room=15, indent=2)


def _as_json(action: Action[Any, Any]) -> dict[str, Any]:
    return {
        "name": action.name,
        "effect": action.effect.value,
        "does": action.does,
        "limit": duration_text(action.limit),
        "takes": [name for name in action.args.model_fields if name not in action.pinned],
        "shows": list(action.seen.model_fields),
        "proof": action.proof,
        "undone_by": action.undone_by,
        "own": action.name.startswith(f"{GROUP}."),
        "withheld": action.withheld,
    }
