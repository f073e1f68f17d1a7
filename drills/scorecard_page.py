"""The scorecard as a page: one file, no script, readable on a phone, on paper, without colour and by a screen reader.

Source: WCAG 2.1 A and AA (1.3.1, 1.4.1, 1.4.3, 1.4.10, 3.1.1), which Danish law asks of public bodies' pages.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from drills.scorecard import Scorecard, seconds
from drills.scorecard_rows import (
    SIGNS,
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
    from jinja2 import Environment

HERE = Path(__file__).parent


def scorecard_page(card: Scorecard, language: Language, *, other: str | None = None) -> str:
    """Return the whole page. `other` is the address of the same page in the other language."""
    from markupsafe import Markup

    body = Markup(scorecard_fragment(card, language, other=other))  # noqa: S704 - the template escaped it
    style = Markup((HERE / "scorecard.css").read_text(encoding="utf-8"))  # noqa: S704 - a file of ours
    page = _templates().get_template("scorecard.html.j2")
    return page.render(card=card, language=language, mark=MARK, body=body, style=style) + "\n"


def scorecard_fragment(card: Scorecard, language: Language, *, other: str | None = None) -> str:
    """Return what stands inside the page's body, for pages that show a scorecard among other things."""
    return (
        _templates()
        .get_template("scorecard_body.html.j2")
        .render(
            card=card,
            language=language,
            other=other,
            other_language="da" if language == "en" else "en",
            mark=MARK,
            signs=SIGNS,
            verdict=verdict_mark(card),
            gist=gist(card, language),
            rows=measured(card, language),
            phases=parts(card, language),
            peoples=peoples_part(card, language),
            judged_mark=judged_mark,
            judged_word=judged_word,
            say=partial(_say, language),
            seconds=partial(seconds, language=language),
            after=lambda at: after(card, at, language),
        )
    )


def _say(language: Language, word: str, **values: str) -> str:
    return say(word, language, **values)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
