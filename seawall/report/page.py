"""A report as one HTML page: no script, nothing loaded from elsewhere, readable on a phone and on paper.

Everything that is not ours is escaped. Stands are words with a sign and never a colour alone (WCAG 1.4.1); colours
reach 4.5:1 in light and in dark (1.4.3).
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from importlib.resources import files

import jinja2

from seawall.model import Language
from seawall.report.account import Report, StepAccount
from seawall.report.figures import clock, moment, plain, span
from seawall.report.hands_told import hands_told
from seawall.report.markdown import acted
from seawall.report.recovering import told_recovery
from seawall.report.signing import glass_lines, in_words
from seawall.report.words import HEADINGS, OUTCOMES, STANDS

SIGNS = {
    "done": "✓",
    "undone": "↩",
    "not needed": "–",
    "skipped": "–",
    "not begun": "–",
    "waiting": "…",
    "under way": "▶",
    "undoing": "▶",
    "open": "…",
}
"""A sign beside the word for each stand and outcome; what is not here went wrong."""
WRONG = "✗"
PEOPLE = (
    "opened",
    "resumed",
    "acknowledged",
    "escalated",
    "notified",
    "unanswered",
    "by-hand",
    "approved",
    "lapsed",
    "answered",
    "abort-asked",
)
MOST_STEPS, MOST_EVENTS = 90, 100
"""So many steps and events a page shows, so that it stays under 100 KB; Markdown and JSON have them all."""


def to_page(report: Report, language: Language, zone: tzinfo) -> str:
    """Write the report as an HTML page in a language, with times in a zone."""

    def word(key: str) -> str:
        return HEADINGS[key].in_(language)

    return _template().render(
        report=report,
        language=language,
        word=word,
        words=lambda text: plain(text.in_(language)),
        clean=plain,
        acted=acted,
        does={one.id: one.does for one in report.steps},
        stand=lambda name: STANDS[name].in_(language),
        outcome=OUTCOMES[report.outcome or "open"].in_(language),
        sign=lambda name: SIGNS.get(name, WRONG),
        tone=tone,
        hands=lambda one: list(hands_told(one, language, zone)),
        span=lambda seconds: span(seconds, language),
        moment=lambda at: moment(at, zone),
        clock=lambda at: clock(at, zone),
        utc=_utc,
        share=lambda at: _share(report, at),
        width=lambda began, ended: max(0.4, _share(report, ended) - _share(report, began)),
        recovery=list(told_recovery(report.recovery, language)) if report.recovery else [],
        glass=list(glass_lines(report, language, zone)),
        yes_in_words=lambda yes: in_words(yes, language),
        people=[one for one in report.timeline if one.kind in PEOPLE],
        timeline=report.timeline[:MOST_EVENTS],
        steps=_steps(report),
    )


def _steps(report: Report) -> list[StepAccount]:
    """Choose the steps to show: all when they fit, else those that went wrong or changed something, then the first."""
    if len(report.steps) <= MOST_STEPS:
        return list(report.steps)
    troubled = {one.step for one in report.troubles} | {*report.in_doubt, *report.left}
    rank = {
        one.id: (one.id not in troubled, tone(one.stand) == "calm", not one.changed, n)
        for n, one in enumerate(report.steps)
    }
    chosen = set(sorted(rank, key=rank.__getitem__)[:MOST_STEPS])
    return [one for one in report.steps if one.id in chosen]


def tone(name: str) -> str:
    """Name the colour of a stand or outcome: good, bad, or neither."""
    if name in ("done", "undone"):
        return "good"
    return "calm" if name in SIGNS else "bad"


def _share(report: Report, at: datetime | None) -> float:
    """Say where an instant lies between the beginning and the end of the run, in per cent."""
    if at is None or not report.seconds:
        return 0.0
    return round(min(100.0, max(0.0, 100 * (at - report.opened_at).total_seconds() / report.seconds)), 2)


def _utc(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    source = files("seawall.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)
