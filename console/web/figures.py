"""Times as these pages write them; lengths of time are written as reports and scorecards write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from drills.scorecard import seconds
from seawall.model import Language

_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "da": ("jan.", "feb.", "mar.", "apr.", "maj", "jun.", "jul.", "aug.", "sep.", "okt.", "nov.", "dec."),
}


def day_and_hour(at: datetime, zone: tzinfo, language: Language) -> str:
    """Write when something was, so short that it fits a table.

    >>> at = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
    >>> day_and_hour(at, UTC, "da"), day_and_hour(at, UTC, "en")
    ('21. nov. 2026 kl. 03.12', '21 Nov 2026, 03:12')
    """
    local = at.astimezone(zone)
    month = _MONTHS[language][local.month - 1]
    if language == "da":
        return f"{local.day}. {month} {local.year} kl. {local:%H.%M}"
    return f"{local.day} {month} {local.year}, {local:%H:%M}"


def machine_time(at: datetime) -> str:
    """Write an instant for `<time datetime>`: `2026-11-21T02:12:09Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def length(span: timedelta, language: Language) -> str:
    """Write a length of time: whole seconds from a minute on, or as scorecards do below."""
    if span < timedelta(minutes=1):
        return seconds(span, language)
    minutes, left = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    hour = "t" if language == "da" else "h"
    day = "d"
    parts = [(days, day), (hours, hour), (minutes, "min"), (left, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count)
