"""What a reader asks for: a page, a language, and a query that our own forms make. Anything else is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from console.web.archive import NAME, Wanted
from console.web.entries import End, Kind
from seawall.errors import BadInput, Mistake
from seawall.model import Language

SERVICE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
SOONEST, LATEST = 10, 3600
"""Seconds between which a page may be asked to refresh itself."""
EnumT = TypeVar("EnumT", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, read.

    Attributes:
        path: of the page, without its language: `runs/2026-...`.
        refresh: seconds after which the reader wants the page again, chosen by themselves.
    """

    language: Language
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    refresh: int | None = None

    @property
    def other(self) -> Language:
        """The other language."""
        return "en" if self.language == "da" else "da"

    def here(self, language: Language | None = None, **changed: str | int | None) -> str:
        """Return the address of this page, perhaps in another language or with a changed query."""
        query = {key: value for key, value in {**self.query, **changed}.items() if value not in (None, "")}
        address = f"/{language or self.language}/{self.path}"
        return f"{address}?{urlencode(query)}" if query else address


def read_request(language: Language, path: str, query: Mapping[str, str]) -> Asked:
    """Read a request. Raises: BadInput when it asks to be refreshed in no number of seconds."""
    said = query.get("refresh", "")
    if said and not (re.fullmatch(r"[0-9]{1,4}", said) and SOONEST <= int(said) <= LATEST):
        raise BadInput([_mistake("refresh", f"a number of seconds from {SOONEST} to {LATEST}")])
    return Asked(language, path, dict(query), int(said) if said else None)


def history_query(query: Mapping[str, str]) -> Wanted:
    """Read which entries are wanted. Raises: BadInput with everything that is wrong in the query."""
    mistakes: list[Mistake] = []
    service, before = query.get("service") or None, query.get("before") or None
    if service is not None and not SERVICE.fullmatch(service):
        mistakes.append(_mistake("service", "a service's name, such as login"))
    if before is not None and not NAME.fullmatch(before):
        mistakes.append(_mistake("before", "a run's or a drill's name"))
    kind = _one_of(Kind, query.get("kind"), "kind", mistakes)
    end = _one_of(End, query.get("ended"), "ended", mistakes)
    if mistakes:
        raise BadInput(mistakes)
    return Wanted(service, kind, end, before)


def preferred(accepts: str) -> Language:
    """Return the language that a browser likes best of ours, by its Accept-Language; Danish when it likes neither.

    >>> preferred("en-GB,en;q=0.9,da;q=0.8"), preferred("de, da;q=0.5"), preferred("de"), preferred("en;q=0")
    ('en', 'da', 'da', 'da')
    """
    likes: dict[Language, float] = {}
    for part in accepts[:500].split(","):
        tag, _, weight = part.strip().partition(";")
        match tag.strip().lower().partition("-")[0]:
            case "da":
                likes["da"] = max(likes.get("da", 0), _weight(weight))
            case "en":
                likes["en"] = max(likes.get("en", 0), _weight(weight))
    return "en" if likes.get("en", 0) > likes.get("da", 0) else "da"


def _weight(said: str) -> float:
    match = re.fullmatch(r"\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*", said)
    return float(match[1]) if match else 0.0 if said else 1.0


def _one_of(words: type[EnumT], said: str | None, where: str, mistakes: list[Mistake]) -> EnumT | None:
    if not said:
        return None
    try:
        return words(said)
    except ValueError:
        mistakes.append(_mistake(where, f"one of: {', '.join(words)}"))
        return None


def _mistake(where: str, wanted: str) -> Mistake:
    return Mistake(where, "this is not what a form of these pages sends", f"Give {wanted}")
