"""Single cells as values: a span of time with its unit, a tier, a list of names, a date."""

from __future__ import annotations

import re
from datetime import date, timedelta

from seawall.importing.columns import UNITS
from seawall.model import duration

_SPAN = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]*)\.?\s*(?:og|and)?\s*", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
DAYS_A_WEEK = 7


def span(cell: str, unit: str | None) -> timedelta:
    """Read `4 timer`, `1 h 30 min`, `15m`; a bare number only where the heading says its unit.

    >>> span("1 time 30 min", None), span("4", "h")
    (datetime.timedelta(seconds=5400), datetime.timedelta(seconds=14400))

    Raises:
        ValueError: it is none.
    """
    parts, end = [], 0
    for found in _SPAN.finditer(cell):
        if found.start() != end:
            break
        end = found.end()
        said = UNITS.get(found[2].lower()) if found[2] else unit
        if said is None:
            message = f"{cell!r} has no unit" if not found[2] else f"{found[2]!r} is no unit of time"
            raise ValueError(message)
        number = float(found[1].replace(",", "."))
        parts.append(f"{number * DAYS_A_WEEK:f}d" if said == "w" else f"{number:f}{said}")
    if not parts or end != len(cell):
        message = f"{cell!r} is no span of time"
        raise ValueError(message)
    return duration("".join(parts))


def tier(cell: str) -> int:
    """Read 1 to 4. Raises: ValueError."""
    match = re.fullmatch(r"(?:tier|prioritet|priority|klasse|class)?\s*([1-4])(?:\.0)?", cell, re.IGNORECASE)
    if match is None:
        message = f"{cell!r} is no tier"
        raise ValueError(message)
    return int(match[1])


def several(cell: str) -> list[str]:
    """Return the names in a cell, each once.

    >>> several("Login; CPR, Login | Post")
    ['Login', 'CPR', 'Post']
    """
    return list(dict.fromkeys(one.strip() for one in re.split(r"[,;|\n]", cell) if one.strip()))


def day(cell: str) -> date:
    """Read 2026-10-01, 1.10.2026 or 01/10/2026, the day before the month. Raises: ValueError."""
    match = _DATE.fullmatch(cell)
    if match is None:
        message = f"{cell!r} is no date"
        raise ValueError(message)
    year, month, of_month = match.group(1, 2, 3) if match[1] else match.group(6, 5, 4)
    return date(int(year), int(month), int(of_month))
