"""Write a status as one HTML page, Danish first and English below: no script, nothing loaded, for phone and paper.

Everything that is not ours is escaped. What the city wrote in English only is marked as English in the Danish half.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache, partial
from importlib.resources import files
from itertools import groupby
from typing import Any

import jinja2
from markupsafe import Markup, escape

from seawall.messages import MARK
from seawall.model import Language, Text
from seawall.page.status import Status
from seawall.page.words import EXERCISE, HEADINGS, HEADLINES, KINDS, PROMISES, SENTENCES, WORK
from seawall.report.dates import day_and_hour, hour, hour_near
from seawall.report.figures import plain
from seawall.sightings import Condition

OPEN = ("under-way", "waits", "halted", "doubt")


@dataclass(frozen=True, slots=True)
class Other:
    """Another run that has a page beside this one."""

    href: str
    title: Text
    stands: Text


def to_html(status: Status, zone: tzinfo, others: Sequence[Other] = ()) -> str:
    """Write the page. Times are told in `zone`."""
    danish, english = (headline(status, zone, language) for language in ("da", "en"))
    mark = f"{MARK}: " if status.exercise else ""
    return _template("frame.html.j2").render(
        status=status,
        title=f"{mark}{danish} / {english}",
        danish=Markup(_half(status, zone, "da", 1, others)),  # noqa: S704 - made by a template that escapes
        english=Markup(_half(status, zone, "en", 2, others)),  # noqa: S704 - as above
    )


def get_ready() -> None:
    """Read the templates, which takes longer than to write a page."""
    for name in ("frame.html.j2", "page.html.j2"):
        _template(name)


def headline(status: Status, zone: tzinfo, language: Language) -> str:
    """Say the one thing that somebody reads who reads one line."""
    if status.concern.reach != "touches":
        return plain(status.title.in_(language))
    kind, seen = _best_known(status)
    at = hour_near(seen, status.written, zone, language) if seen else ""
    return HEADLINES[kind].in_(language).format(services=_services(status, language), at=at)


def _best_known(status: Status) -> tuple[str, datetime | None]:
    """Say what is known of the services, and when it was seen: the newest counts, and a bad one over a good one."""
    outside, checked = status.outside, status.checked
    down_at = outside.at if outside is not None and outside.condition is Condition.DOWN else None
    if down_at is not None and (checked is None or down_at > checked):
        return "down", down_at
    if checked is not None:
        return "checked", checked
    if outside is not None and outside.condition is Condition.UP:
        return "up", outside.at
    return ("expect" if status.work in OPEN else "unknown"), None


def _half(status: Status, zone: tzinfo, language: Language, top: int, others: Sequence[Other]) -> str:
    def near(at: datetime) -> str:
        return hour_near(at, status.written, zone, language)

    def sentence(key: str, **values: Any) -> str:
        return SENTENCES[key].in_(language).format(**values)

    def promised(key: str, **values: Any) -> str:
        return PROMISES[key].in_(language).format(ask=ask, **values)

    ask = PROMISES["ring" if status.telephone else "ask"].in_(language).format(number=_unbroken(status))
    began = day_and_hour(status.began, zone, language)
    until = status.next_update
    return _template("page.html.j2").render(
        status=status,
        others=others,
        language=language,
        top=top,
        kind=KINDS["exercise" if status.exercise else "real"],
        exercise=EXERCISE,
        headline=headline(status, zone, language),
        work=_work(status, language),
        promise=promised("over", at=near(status.written))
        if until is None
        else promised("next", at=near(until)),
        stale="" if until is None else promised("stale", at=near(until)),
        without=_without(status),
        since=_since(status, sentence, lambda at: day_and_hour(at, zone, language)),
        began=sentence("began", at=began),
        about=_about(status, language),
        dragged=_dragged(status, language),
        written=sentence(
            "written",
            at=day_and_hour(status.written, zone, language),
            zone=status.written.astimezone(zone).strftime("%Z"),
            run=status.run,
        ),
        heading=lambda key, **values: HEADINGS[key].in_(language).format(**values),
        sentence=sentence,
        words=lambda text: text.in_(language),
        tell=partial(_tell, language=language),
        plain=plain,
        hour=lambda at: hour(at, zone, language),
        utc=lambda at: at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    )


def _unbroken(status: Status) -> str:
    return (status.telephone or "").replace(" ", "\N{NO-BREAK SPACE}")


def _tell(text: Text, language: Language) -> Markup:
    """Escape the city's words, and say so where they are not in the page's language (WCAG 3.1.2)."""
    words = escape(plain(text.in_(language)))
    return Markup('<span lang="en">{}</span>').format(words) if language == "da" and not text.da else words


def _work(status: Status, language: Language) -> str:
    who = status.waits_for.in_(language) if status.waits_for else ""
    said = WORK[status.work].in_(language).format(who=who)
    if status.work == "halted" and who:
        said += " " + WORK["waits"].in_(language).format(who=who)
    return said


def _since(status: Status, sentence: Callable[..., str], told: Callable[[datetime], str]) -> str:
    outside = status.outside
    if outside is None or (outside.since is None and outside.up_at is None):
        return sentence("since")
    if outside.since is not None:
        return sentence("since-seen", at=told(outside.since))
    up = outside.up_at or status.written
    return sentence("seen-up" if outside.condition is Condition.UP else "since-up", at=told(up))


def _without(status: Status) -> str:
    """Name the heading over what citizens cannot do, as far as that is known."""
    if status.exercise:
        return "without-pretended"
    if status.concern.reach != "touches":
        return "without-if"
    kind, _ = _best_known(status)
    return {"down": "without", "expect": "without", "checked": "without-then"}.get(kind, "without-if")


def _about(status: Status, language: Language) -> str:
    reach = "copies" if status.concern.reach == "copies" else "unsaid"
    return SENTENCES[reach].in_(language).format(services=_services(status, language))


def _services(status: Status, language: Language) -> str:
    names = [plain(one.in_(language)) for one in status.concern.titles]
    if len(names) > 3:  # noqa: PLR2004 - as many as a heading holds
        return f"{', '.join(names[:3])} {SENTENCES['more'].in_(language).format(count=len(names) - 3)}"
    between = " og " if language == "da" else " and "
    return between.join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _dragged(status: Status, language: Language) -> list[tuple[str, list[Any]]]:
    leaning = [one for one in status.affected if one.through is not None]
    groups = groupby(leaning, key=lambda one: one.through)
    return [(through.in_(language), list(ones)) for through, ones in groups if through is not None]


@cache
def _template(name: str) -> jinja2.Template:
    source = files("seawall.page").joinpath(name).read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)
