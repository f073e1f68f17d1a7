"""Freeze and thaw from a terminal, and say on every screen that starts something that there is a freeze."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from console.terminal.desk import Desk
from console.terminal.from_go_bag import vault_here
from console.terminal.screen import Screen, next_command, out, words
from console.terminal.status_words import GOES_ON, SAYS, said
from console.terminal.surroundings import operator, surroundings
from seawall.errors import BadInput, ExitCode, JournalError
from seawall.freezing import Freeze, freeze, freezes_here, thaw
from seawall.report.figures import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from seawall.places import Places


def freeze_all(why: str, *, who: str | None, city: Path | None, as_json: bool) -> None:
    """Freeze here and at every place. Raises: BadInput, JournalError; typer.Exit when a place was not told."""
    desk = Desk.at(city)
    with _places(desk) as places:
        made, untold = freeze(desk.runs, places, by=operator(who), why=why, now=surroundings().now())
    if as_json:
        out().raw(json.dumps({"frozen": True, **_as_json([made], untold)}, indent=2, ensure_ascii=False))
    else:
        out().say(f"Frozen. {words(GOES_ON)}.", "strong")
        _say_untold(untold, out())
        next_command(out(), "seawall status", 'seawall thaw --why "..."')
    _end(untold)


def thaw_all(why: str, *, who: str | None, city: Path | None, as_json: bool) -> None:
    """Lift every freeze. Raises: BadInput, JournalError; typer.Exit when a place was not told."""
    desk, person = Desk.at(city), operator(who)
    people = desk.people
    if people is not None and person not in people.people:
        named = ", ".join(sorted(people.people))
        raise BadInput.one(
            f"there is no person {person!r} in this city, and only a named person lifts a freeze",
            where="seawall thaw",
            remedy=f"Say who you are with --as NAME; there are: {named}",
        )
    with _places(desk) as places:
        lifted, untold = thaw(desk.runs, places, by=person, why=why, now=surroundings().now())
    if as_json:
        out().raw(json.dumps({"frozen": False, **_as_json(lifted, untold)}, indent=2, ensure_ascii=False))
    else:
        for one in lifted:
            out().say(f"Lifted what {one.by} froze at {moment(one.at, desk.zone)}: {one.why}", hang=2)
        _say_untold(untold, out())
        next_command(out(), "seawall status")
    _end(untold)


def warn_of_freeze(runs: Path, zone: tzinfo, screen: Screen) -> None:
    """Say that there is a freeze, as far as is known on this machine, to whoever starts something by hand."""
    try:
        standing = [one for one in freezes_here(runs) if one.lifted is None]
    except JournalError as error:
        screen.say(str(error), "bad", hang=2)
        return
    for one in standing:
        line = said(SAYS["frozen"], by=one.by, at=moment(one.at, zone), why=one.why)
        screen.say(f"{line}. {words(GOES_ON)}.", "bad", hang=2)


@contextmanager
def _places(desk: Desk) -> Iterator[Places | None]:
    """Give the city's places; None when it has none, or its files cannot say: then this machine alone is told."""
    people = desk.people
    if people is None or not people.places:
        yield None
        return
    from connectors.places import places_of

    places = places_of(people, vault_here())
    try:
        yield places
    finally:
        if places is not None:
            places.close()


def _say_untold(untold: Sequence[str], screen: Screen) -> None:
    if untold:
        screen.say(
            f"Not told, for nobody answers there: {', '.join(untold)}. Whoever cannot ask all places stands still too.",
            "bad",
            hang=2,
        )


def _as_json(freezes: Sequence[Freeze], untold: Sequence[str]) -> dict[str, object]:
    return {"freezes": [one.model_dump(mode="json") for one in freezes], "places_not_told": sorted(untold)}


def _end(untold: Sequence[str]) -> None:
    if untold:
        raise typer.Exit(ExitCode.UNREACHABLE)
