"""What other systems' files tell of a city: hosts, services and sites, where each was told, and what was odd.

Nothing in a draft is made up: what a file does not say is None, and becomes a gap.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta

from seawall.errors import Mistake
from seawall.loading.nearest import as_name

_LETTERS = str.maketrans(
    {
        "æ": "ae",
        "ø": "oe",
        "å": "aa",
        "Æ": "Ae",
        "Ø": "Oe",
        "Å": "Aa",
        "ß": "ss",
        "ð": "d",
        "þ": "th",
        "ł": "l",
    }
)

SSH_PORT = 22


def safe_name(text: str) -> str:
    """Return the name a thing called `text` stands under; empty when nothing of it can stand in a name.

    >>> safe_name("Løn og Økonomi"), safe_name("Borgerservice (2)"), safe_name("日本")
    ('loen-og-oekonomi', 'borgerservice-2', '')
    """
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text).translate(_LETTERS))
    name = as_name("".join(one for one in bare if not unicodedata.combining(one)))
    return re.sub(r"^[^a-z0-9]+", "", name)


@dataclass(slots=True)
class FoundHost:
    """A machine that a file names.

    Attributes:
        name: what it will stand under.
        said_in: the place that named it.
        key: where the private key is kept, as the inventory refers to it.
        host_key: its public key, e.g. `ssh-ed25519 AAAA...`.
        site: the name of the site it stands at.
        known_as: what else files may call it, in lower case.
        groups: the groups it is in, for whoever reads the file.
    """

    name: str
    address: str
    said_in: str
    port: int | None = None
    user: str | None = None
    key: str | None = None
    host_key: str | None = None
    site: str | None = None
    known_as: set[str] = field(default_factory=set)
    groups: list[str] = field(default_factory=list)


@dataclass(slots=True)
class FoundService:
    """A service that a file names. `hosts` and `database_hosts` hold by site what the file calls its machines."""

    name: str
    title: str
    said_in: str
    title_da: str | None = None
    tier: int | None = None
    needs: list[str] = field(default_factory=list)
    site: str | None = None
    standby: str | None = None
    no_standby: bool = False
    hosts: dict[str, list[str]] = field(default_factory=dict)
    postgres: bool = False
    other_engine: str | None = None
    database_hosts: dict[str, str] = field(default_factory=dict)
    url: str | None = None
    rto: timedelta | None = None
    rpo: timedelta | None = None
    mtpd: timedelta | None = None
    approved_on: date | None = None
    without_it: str | None = None
    without_it_da: str | None = None
    instead: str | None = None
    instead_da: str | None = None
    supplier: str | None = None
    telephone: str | None = None
    promised_rto: timedelta | None = None


@dataclass(slots=True)
class Draft:
    """What one or several files told.

    Attributes:
        sites: titles of sites by name.
        read: what was read and as what, e.g. `services.csv: 40 services, UTF-16, separated by ;`.
        notes: what was left out, and why; nothing is left out in silence.
    """

    sites: dict[str, str] = field(default_factory=dict)
    hosts: dict[str, FoundHost] = field(default_factory=dict)
    services: dict[str, FoundService] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(self, where: str, problem: str, remedy: str, corrected: str | None = None) -> None:
        """Note a mistake and go on reading."""
        self.mistakes.append(Mistake(where, problem, remedy, corrected))
