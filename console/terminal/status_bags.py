"""The go-bags that a city keeps, in `status` and `doctor`: too old, stale, gone, or as they should be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from console.terminal.desk import Desk
from console.terminal.screen import Screen, language, words
from console.terminal.status_words import BADLY, HEADS, SAYS, said
from console.terminal.surroundings import surroundings
from seawall.actions import CheckUp
from seawall.errors import BadInput
from seawall.report.figures import span
from seawall.situation import GoBagNow, Situation

ROOM = 9
MOST = 3
MAKE = "Make a new one: seawall go-bag"


def go_bags(desk: Desk) -> tuple[GoBagNow, ...]:
    """Tell how the city's go-bags are. Raises: BadInput when the city's files cannot be read."""
    if not desk.settings.go_bag.keep_at:  # most commands need nothing of what reads them
        return ()
    from seawall.go_bag.kept import go_bags_now

    found = go_bags_now(desk.settings, desk.inventory.city.name, surroundings().now())
    # Working from one, its city is what was laid out of it: it cannot have changed since.
    return tuple(found if desk.bag is None else (one.model_copy(update={"changed": ()}) for one in found))


def show_go_bags(one: Situation, screen: Screen, *, short: bool = False) -> None:
    """Show them; one that somebody would take in vain is red."""
    shown = [each for each in one.go_bags if not short or not each.well]
    if not shown:
        return
    screen.head(words(HEADS["go-bags"]))
    for each in shown:
        if each.well:
            screen.say(said(SAYS["bag-well"], path=each.path, age=_age(each)), indent=2, hang=2)
            continue
        for line in _lines(each):
            screen.labelled(words(BADLY), line, "bad", room=ROOM, indent=2)


def checked_bags(desk: Desk) -> Iterator[CheckUp]:
    """Read each go-bag whole, as `go-bag verify` does, and tell what is wrong with it."""
    from console.terminal.from_go_bag import judge_here
    from seawall.go_bag.bag import read_bag

    for each in go_bags(desk):
        what = f"go-bag {each.path}"
        try:
            if each.problem is None:
                read_bag(Path(each.path), judge_here(each.path))
        except BadInput as error:
            first = error.mistakes[0]
            yield CheckUp(what, False, first.problem, first.remedy)
            continue
        wrong = "; ".join(line.removeprefix(f"{each.path}: ") for line in _lines(each))
        yield CheckUp(
            what, each.well, wrong or f"whole, {_age(each)} old, as the city is", MAKE if wrong else ""
        )


def _lines(each: GoBagNow) -> Iterator[str]:
    if each.problem is not None:
        yield said(SAYS["bag-none"], path=each.path, why=each.problem)
    if each.too_old:
        yield said(
            SAYS["bag-old"], path=each.path, age=_age(each), good=span(each.good_for_seconds, language())
        )
    if each.changed:
        more = f" +{len(each.changed) - MOST}" if len(each.changed) > MOST else ""
        yield said(SAYS["bag-changed"], path=each.path, names=", ".join(each.changed[:MOST]) + more)


def _age(each: GoBagNow) -> str:
    return span(max(0.0, each.age_seconds or 0.0), language())
