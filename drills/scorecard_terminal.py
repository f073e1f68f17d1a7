"""The scorecard in a terminal: the verdict first, then the numbers beside their targets, then why.

States are a sign and a word; colour only repeats them, so a pipe, a screen reader and a red-blind person lose nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from drills.scorecard import Scorecard, seconds
from drills.scorecard_rows import (
    SIGNS,
    Mark,
    after,
    gist,
    judged_mark,
    judged_word,
    measured,
    parts,
    peoples_part,
    verdict_mark,
)
from drills.scorecard_words import say
from seawall.messages import MARK
from seawall.model import Language

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

STYLES: dict[Mark, str] = {"good": "green", "late": "yellow", "bad": "red", "unknown": "magenta", "plain": ""}
BAR = 30


def print_scorecard(
    card: Scorecard, console: Console, language: Language = "en", *, folder: Path | None = None
) -> None:
    """Print it. `folder` is where the page lies; its address ends the print."""
    for part in scorecard_parts(card, language):
        console.print(part, soft_wrap=False)
    if folder is not None:
        console.print(f"  {folder}", style="dim", soft_wrap=True, highlight=False)


def scorecard_svg(card: Scorecard, language: Language = "en", *, width: int = 100) -> str:
    """Return the print as a picture (SVG), for pages that show what a terminal shows."""
    from rich.console import Console

    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        console = Console(
            record=True, width=width, file=nowhere, force_terminal=True, color_system="truecolor"
        )
        print_scorecard(card, console, language)
        return console.export_svg(title=f"seawall · {say('scorecard', language)}", unique_id="scorecard")


def scorecard_parts(card: Scorecard, language: Language) -> Iterator[RenderableType]:
    """Yield what is printed, top to bottom."""
    yield _banner(card, language)
    yield from _section(say("targets", language), _numbers(card, language))
    if phases := parts(card, language):
        table = _grid(4)
        for part in phases:
            bar = "█" * max(1 if part.share else 0, round(part.share * BAR))
            table.add_row(part.name, _text(bar, "cyan"), part.lasted, part.percent)
        yield from _section(say("phases", language), table)
        if said := peoples_part(card, language):
            yield _text(f"  {said}")
    expected = _grid(3)
    for one in card.expectations:
        mark = judged_mark(one)
        sign = _text(f"{SIGNS[mark]} {judged_word(one, language)}", STYLES[mark])
        expected.add_row(sign, one.that.in_(language), _text(one.because.in_(language), "dim"))
    yield from _section(say("expected", language), expected)
    happened = _grid(2)
    for moment in card.timeline:
        at = after(card, moment.at, language) or f"{moment.at:%H:%M:%S}"
        happened.add_row(at, moment.what.in_(language))
    happened.columns[0].justify = "right"
    yield from _section(say("timeline", language), happened)
    if card.findings:
        yield from _section(
            say("findings", language), _list([one.in_(language) for one in card.findings], "!")
        )
    yield from _section(
        say("not-proved", language), _list([one.in_(language) for one in card.does_not_prove], "–")
    )


def _banner(card: Scorecard, language: Language) -> RenderableType:
    from rich.console import Group
    from rich.panel import Panel

    mark = verdict_mark(card)
    headline = f"{SIGNS[mark]} {card.verdict.headline.in_(language)}"
    lines = [_text(headline, f"bold {STYLES[mark]}"), _text(card.title.in_(language), "bold")]
    lines.append(_text(gist(card, language)))
    if card.stops_with_it:
        stops = ", ".join(title.in_(language) for title in card.stops_with_it)
        lines.append(_text(f"{say('stops-with-it', language)}: {stops}"))
    lasted = seconds(card.ended - card.began, language)
    held = f"{card.began:%Y-%m-%d %H:%M:%S} UTC, {say('took', language)} {lasted}, {say('lab', language)}"
    lines.append(_text(held, "dim"))
    lines += [_text(f"  {SIGNS[mark]} {why.in_(language)}", STYLES[mark]) for why in card.verdict.because]
    return Panel(
        Group(*lines), title=f"[bold]{MARK}[/]", title_align="left", border_style=STYLES[mark], padding=(0, 2)
    )


def _numbers(card: Scorecard, language: Language) -> Table:
    table = _grid(4)
    for row in measured(card, language):
        sign = _text(f"{SIGNS[row.mark]} {row.word}".strip(), STYLES[row.mark])
        target = f"{say('target', language).lower()} {row.target}" if row.target else ""
        table.add_row(row.what, _text(row.measured, "bold"), target, sign)
    return table


def _section(title: str, body: RenderableType) -> Iterator[RenderableType]:
    from rich.padding import Padding

    yield _text(f"\n{title}", "bold underline")
    yield Padding(body, (0, 0, 0, 2))


def _list(lines: list[str], sign: str) -> Table:
    table = _grid(2)
    for line in lines:
        table.add_row(sign, line)
    return table


def _grid(columns: int) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for _ in range(columns):
        table.add_column(overflow="fold")
    return table


def _text(text: str, style: str = "") -> RenderableType:
    from rich.text import Text

    return Text(text, style=style)
