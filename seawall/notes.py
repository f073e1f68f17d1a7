"""What a person writes down with `done`, such as a supplier's case number: short, on one line, and about nobody.

A note is kept in the journal, is shown in reports and travels in evidence. So what looks like somebody's own (a name,
an address or a number of the city's people, a CPR number, a mail address, an international telephone number) is refused
rather than taken and blackened: whoever writes it is there to write it otherwise.
"""

from __future__ import annotations

import re
from datetime import date

from seawall.errors import BadInput
from seawall.inventory import Inventory

LONGEST = 120
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_ABROAD = re.compile(r"(?:\+|\b00)\d[\d ()-]{6,}\d")
_CPR = re.compile(r"\b(\d{2})(\d{2})(\d{2})[- ]?\d{4}\b")
_FEWEST_DIGITS = 6
"""Of a telephone number of ours; anything shorter stands in too many case numbers."""


def checked_note(note: str, where: str, inventory: Inventory) -> str:
    """Return the note as it is written down.

    Raises:
        BadInput: it is empty, too long, not on one line, or looks like something about a person.
    """
    plain = note.strip()
    remedy = "Write a case number, or a few words about the matter and nobody; `none` when there is nothing"
    if not plain:
        raise BadInput.one("the note is empty", where=where, remedy=remedy)
    if len(plain) > LONGEST or not plain.isprintable():
        problem = f"a note is one line of at most {LONGEST} characters"
        raise BadInput.one(problem, where=where, remedy="Write less; the journal is no place for more")
    looks_like = _about_somebody(plain, inventory)
    if looks_like is not None:
        problem = f"the note holds {looks_like}, and journals are kept, shown and handed on"
        raise BadInput.one(problem, where=where, remedy=remedy)
    return plain


def _about_somebody(note: str, inventory: Inventory) -> str | None:
    if _MAIL.search(note):
        return "a mail address"
    if _ABROAD.search(note):
        return "a telephone number"
    if any(_is_day(*match.groups()) for match in _CPR.finditer(note)):
        return "what may be a CPR number"
    folded, digits = note.casefold(), re.sub(r"\D", "", note)
    for name, person in inventory.people.items():
        if person.title.casefold() in folded:
            return f"the name of {name}"
        number = re.sub(r"\D", "", person.telephone or "")
        if len(number) >= _FEWEST_DIGITS and (number in digits or number.removeprefix("45") == digits):
            return f"the telephone number of {name}"
    return None


def _is_day(day: str, month: str, year: str) -> bool:
    """Tell whether six digits are a day, as a CPR number begins. Its day may be written with 60 added.

    Source: cpr.dk, "Personnummeret i CPR": DDMMYY and four digits; replacement numbers have 60 added to the day.
    """
    try:
        date(2000 + int(year), int(month), int(day) % 60)
    except ValueError:
        return False
    return True
