"""Days and times of day as citizens read them: `lørdag den 21. november 2026 kl. 03.12`, without seconds."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from seawall.model import Language

_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "da": ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"),
}
_MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "da": (
        *("januar", "februar", "marts", "april", "maj", "juni"),
        *("juli", "august", "september", "oktober", "november", "december"),
    ),
}


def hour(at: datetime, zone: tzinfo, language: Language) -> str:
    """Write the time of day.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
    >>> hour(at, UTC, "da"), hour(at, UTC, "en")
    ('kl. 03.12', '03:12')
    """
    return at.astimezone(zone).strftime("kl. %H.%M" if language == "da" else "%H:%M")


def day(at: datetime, zone: tzinfo, language: Language) -> str:
    """Write the date with its day of the week.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 21, tzinfo=UTC)
    >>> day(at, UTC, "da"), day(at, UTC, "en")
    ('lørdag den 21. november 2026', 'Saturday 21 November 2026')
    """
    local = at.astimezone(zone)
    weekday, month = _DAYS[language][local.weekday()], _MONTHS[language][local.month - 1]
    if language == "da":
        return f"{weekday} den {local.day}. {month} {local.year}"
    return f"{weekday} {local.day} {month} {local.year}"


def day_and_hour(at: datetime, zone: tzinfo, language: Language) -> str:
    """Write date and time of day."""
    between = " " if language == "da" else " at "
    return f"{day(at, zone, language)}{between}{hour(at, zone, language)}"


def hour_near(at: datetime, near: datetime, zone: tzinfo, language: Language) -> str:
    """Write the time of day; with its date when it does not lie on the day of `near`, which the reader has seen."""
    same_day = at.astimezone(zone).date() == near.astimezone(zone).date()
    return hour(at, zone, language) if same_day else day_and_hour(at, zone, language)


def on_the_minute(at: datetime) -> datetime:
    """Return the last whole minute: a promise is made for a minute that clocks show, and never a later one."""
    return at - timedelta(seconds=at.second, microseconds=at.microsecond)
