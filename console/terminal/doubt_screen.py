"""A doubt as a person reads it: what was being done, what is known, where to look, what each answer leads to."""

from __future__ import annotations

from datetime import tzinfo

from console.terminal.screen import Screen, language, words
from seawall.doubts import Doubt, doubt_of
from seawall.journal_file import read_journal
from seawall.model import Text
from seawall.report.figures import clock
from seawall.run_folder import RunFolder
from seawall.state import State

DOUBTS = ("doubt", "undo-doubt")
"""Kinds of question that are about a doubt."""
DOING = Text(
    en="What was being done: {uses} on {targets}, begun {since} by {by}",
    da="Det, der var i gang: {uses} på {targets}, begyndt {since} af {by}",
)
NOT_A_TARGET = Text(en="nothing with a name", da="intet med et navn")
KNOWN = Text(en="What is known:", da="Det, man ved:")
LOOK = Text(en="Where to look; these change nothing:", da="Hvor man kan se efter; intet af det ændrer noget:")
NO_LOOK = Text(
    en="Where to look: nobody has written that down for {uses}",
    da="Hvor man kan se efter: det har ingen skrevet ned for {uses}",
)
IF_HAPPENED = Text(en="If you say happened: {leads}.", da="Siger du happened (det skete): {leads}.")
IF_NOT = Text(
    en="If you say did-not-happen: {leads}.", da="Siger du did-not-happen (det skete ikke): {leads}."
)


def doubt_about(run: RunFolder, state: State, step: str) -> Doubt:
    """Tell what is known of a step in doubt. Raises: JournalError."""
    return doubt_of(state, read_journal(run.journal_path), step)


def show_doubt(one: Doubt, screen: Screen, zone: tzinfo, *, indent: int) -> None:
    """Show what a person needs to know before they answer."""
    since = "?" if one.since is None else clock(one.since, zone)[:8]
    targets = ", ".join(one.targets) or words(NOT_A_TARGET)
    doing = words(DOING).format(uses=one.uses, targets=targets, since=since, by=words(one.by))
    screen.say(f"{doing}.", indent=indent, hang=2)
    if one.known:
        screen.say(words(KNOWN), indent=indent)
    for each in one.known:
        screen.say(f"{clock(each.at, zone)[:8]} {words(each.said)}", "dim", indent=indent + 2, hang=9)
    screen.say(words(LOOK) if one.look else f"{words(NO_LOOK).format(uses=one.uses)}.", indent=indent)
    for look in one.look:
        screen.raw(f"{' ' * (indent + 2)}{look.in_(language())}")
    screen.say(words(IF_HAPPENED).format(leads=words(one.if_happened)), "strong", indent=indent, hang=2)
    screen.say(words(IF_NOT).format(leads=words(one.if_not)), "strong", indent=indent, hang=2)
