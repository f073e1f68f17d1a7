"""Which column of a spreadsheet is which, by its heading in Danish or English; and the units that headings carry."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "name": (
        "name", "service", "service name", "system", "application", "it system", "title",
        "navn", "tjeneste", "tjenestenavn", "it-system", "systemnavn", "fagsystem", "applikation", "titel",
    ),
    "id": ("id", "short name", "kortnavn", "kode", "code"),
    "title_en": ("title en", "english title", "english name", "engelsk titel", "engelsk navn"),
    "title_da": ("title da", "danish title", "danish name", "dansk titel", "dansk navn"),
    "tier": ("tier", "priority", "class", "criticality", "prioritet", "klasse", "kritikalitet", "niveau"),
    "needs": (
        "needs", "depends on", "dependencies", "depends", "requires",
        "behøver", "kræver", "afhænger af", "afhængigheder", "afhængig af",
    ),
    "site": (
        "site", "location", "data centre", "data center", "datacenter", "active site", "primary site", "hall",
        "sted", "lokation", "placering", "hal", "aktivt sted", "primært sted",
    ),
    "standby": (
        "standby", "standby site", "secondary site", "dr site", "failover site",
        "reservested", "reserve", "sekundært sted", "reservesite",
    ),
    "host": ("host", "hosts", "server", "servers", "hostname", "machine", "vært", "servere", "servernavn", "maskine"),
    "standby_host": ("standby host", "standby server", "reserveserver", "reservemaskine"),
    "database": ("database", "db", "database engine", "engine", "databasemotor", "databasetype"),
    "database_host": ("database host", "database server", "db host", "db server", "databaseserver", "dbserver"),
    "standby_database_host": (
        "standby database host", "standby database server", "standby db", "replica",
        "reservedatabaseserver", "replika",
    ),
    "url": ("url", "link", "web address", "probe", "health check", "webadresse", "overvågning", "hjemmeside"),
    "rto": ("rto", "recovery time objective", "genopretningstid", "rto mål"),
    "rpo": ("rpo", "recovery point objective", "datatab", "rpo mål"),
    "mtpd": ("mtpd", "mao", "maximum tolerable period of disruption", "maksimal nedetid", "tåler"),
    "approved_on": ("approved on", "approved", "godkendt", "godkendt den"),
    "without_it": ("without it", "impact", "consequence"),
    "without_it_da": ("uden den", "konsekvens", "konsekvens for borgere", "uden tjenesten"),
    "instead": ("instead", "workaround", "fallback"),
    "instead_da": ("i stedet", "nødprocedure", "nødplan", "alternativ"),
    "supplier": ("supplier", "vendor", "run by", "leverandør", "driftsleverandør", "drives af"),
    "telephone": ("telephone", "phone", "supplier telephone", "telefon", "leverandørens telefon", "vagttelefon"),
    "promised_rto": ("promised rto", "supplier rto", "contract rto", "lovet rto", "leverandørens rto"),
}  # fmt: skip
"""Headings by what they head. Case, hyphens, underscores and what stands in brackets do not matter."""

SPANS = ("rto", "rpo", "mtpd", "promised_rto")
_UNITS = {
    "w": ("w", "week", "weeks", "uge", "uger"),
    "d": ("d", "day", "days", "dag", "dage", "døgn"),
    "h": ("h", "hr", "hrs", "hour", "hours", "t", "time", "timer"),
    "m": ("m", "min", "mins", "minute", "minutes", "minut", "minutter"),
    "s": ("s", "sec", "secs", "second", "seconds", "sek", "sekund", "sekunder"),
}
UNITS = {word: unit for unit, words in _UNITS.items() for word in words}
"""What a unit of time may be called."""

SLIP = 0.8
"""How alike a heading must be to one that is known for the difference to be a slip of the hand."""

_ALIKE = {" ".join(re.sub(r"[-_]", " ", one).split()): of for of, all_ in HEADINGS.items() for one in all_}


def heading(text: str) -> tuple[str | None, str | None]:
    """Return what a column with this heading holds, and the unit its numbers are in; None for either.

    >>> heading("RTO (timer)"), heading("Afhænger_af"), heading("Budget")
    (('rto', 'h'), ('needs', None), (None, None))
    """
    bare = _plain(text)
    if bare in _ALIKE:
        return _ALIKE[bare], None
    words = bare.split()
    unit = UNITS.get(words[-1]) if len(words) > 1 else None
    column = _ALIKE.get(" ".join(words[:-1])) if unit else None
    return (
        (column, unit)
        if column in SPANS
        else (_ALIKE.get(re.sub(r"\s*\(.*\)", "", text.strip().lower())), None)
    )


def meant(text: str, free: Sequence[str]) -> str | None:
    """Return the heading of a column in `free` that a mistyped one stands for; None when it is alike none."""
    known = [one for one, of in _ALIKE.items() if of in free and len(one) > len("rto")]
    swapped = [one for one in known if _two_swapped(_plain(text), one)]
    return next(iter([*swapped, *difflib.get_close_matches(_plain(text), known, n=1, cutoff=SLIP)]), None)


def _two_swapped(text: str, known: str) -> bool:
    """Tell whether two letters beside one another changed places, and nothing else."""
    differ = [n for n, (one, other) in enumerate(zip(text, known, strict=False)) if one != other]
    return len(differ) == 2 and differ[1] - differ[0] == 1 and sorted(text) == sorted(known)  # noqa: PLR2004 - two


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[-_()\[\]:*]", " ", text.lower()).split())
