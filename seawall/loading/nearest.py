"""Which of the names that exist somebody meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

SHOWN_AT_MOST = 12


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, if any is like it at all."""
    return next(iter(difflib.get_close_matches(name.lower(), list(known), n=1)), None)


def choose(name: str, known: Iterable[str]) -> str:
    """Say what to write instead of `name`."""
    known = list(known)
    if (one := nearest(name, known)) is not None:
        return f"Write `{one}`"
    if not known:
        return "There are none to choose from yet; add it, or remove this"
    more = f" and {len(known) - SHOWN_AT_MOST} more" if len(known) > SHOWN_AT_MOST else ""
    return f"Use one of: {', '.join(known[:SHOWN_AT_MOST])}{more}"


def as_name(text: str, between: str = "-") -> str:
    """Return `text` as a name may be written.

    >>> as_name("North Hall"), as_name("North Hall", "_")
    ('north-hall', 'north_hall')
    """
    return re.sub(r"[^a-z0-9]+", between, text.lower()).strip("-_")[:63]
