"""Numbers and times as people read them: an instant with its zone, a length of time with its unit."""

from __future__ import annotations

from datetime import datetime, tzinfo

from seawall.model import Language


def span(seconds: float | None, language: Language = "en") -> str:
    """Write a length of time with as many digits as matter.

    >>> span(0.0342), span(2.5), span(75), span(3900), span(200_000), span(None)
    ('34 ms', '2.5 s', '1 min 15 s', '1 h 05 min', '2 d 7 h', '-')
    """
    if seconds is None:
        return "-"
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:  # noqa: PLR2004 - seconds in a minute
        text = f"{seconds:.1f}".removesuffix(".0")
        return f"{text.replace('.', ',') if language == 'da' else text} s"
    whole = round(seconds)
    if whole < 3600:  # noqa: PLR2004 - seconds in an hour
        return f"{whole // 60} min" + (f" {whole % 60:02} s" if whole % 60 else "")
    if whole < 86_400:  # noqa: PLR2004 - seconds in a day
        hours = "t" if language == "da" else "h"
        return f"{whole // 3600} {hours} {whole % 3600 // 60:02} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} {'t' if language == 'da' else 'h'}"


def moment(at: datetime | None, zone: tzinfo) -> str:
    """Write an instant with its date, seconds and zone: `2026-11-21 03:12:09 CET`."""
    return "-" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def clock(at: datetime | None, zone: tzinfo) -> str:
    """Write the time of day in milliseconds, for lists: a whole failover takes 300 of them. `03:12:09.434`."""
    return "-" if at is None else at.astimezone(zone).strftime("%H:%M:%S.%f")[:-3]


def plain(text: str) -> str:
    """Return `text` on one line and without control characters: what a host said must not steer a terminal."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
