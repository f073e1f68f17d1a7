"""Holds one server's lease: closes the way in, says its word, and then looks, again and again, that it is the newest.

Nothing here stops a database, and nothing rests on this program doing anything in time: what lets the clients in closes
by itself when this has not told it a later instant.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from connectors.guard.store import Bucket, BucketPlace
from connectors.guard.ways import FileWay, NftWay, Way, WayBroken
from seawall.lease import NEVER, Hold, Terms, Word, boottime
from seawall.leasing import next_is_empty, put_where_missing, say, take_up
from seawall.marks import MarkedPlace
from seawall.places import HOW_MANY, Places

BOOT = Path("/proc/sys/kernel/random/boot_id")
SHARE = 0.4
"""Of the time between two looks, what one place may take to answer."""
SOONER = 0.25
"""A guard that holds nothing tries again after this share of the time between two looks."""


SPREAD_EVERY = 60.0
"""Seconds between two looks whether its word still stands at every place; until it was seen there, it looks each time
that it renews."""


class SettingsWrong(Exception):
    """The settings cannot be used; says all that is wrong with them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a guard is told.

    Attributes:
        server: `host/cluster`, as the inventory calls it.
        places: by name.
        way: what lets the clients in.
        state: a file in which it writes how it stands, for `lab status` and whoever looks after the machine.
    """

    server: str
    terms: Terms
    places: Mapping[str, Bucket]
    way: Way
    state: Path | None


def read_settings(file: Path) -> Settings:
    """Read the settings. Raises: SettingsWrong."""
    try:
        found = json.loads(file.read_text())
        places = {name: _bucket(one) for name, one in found["places"].items()}
        terms = Terms(*(float(found[name]) for name in ("term", "drift", "renew")))
        state = found.get("state")
        settings = Settings(
            str(found["server"]), terms, places, _way(found["way"]), Path(state) if state else None
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        message = f"{file}: {what}. Write it anew as docs/lease.md shows."
        raise SettingsWrong(message) from error
    if len(settings.places) != HOW_MANY:
        message = f"{file}: there are {len(settings.places)} places; there must be three. See docs/lease.md."
        raise SettingsWrong(message)
    return settings


def _bucket(found: Mapping[str, Any]) -> Bucket:
    keys = [_secret(str(found[name])) for name in ("access_key", "secret_key")]
    return Bucket(str(found["url"]), str(found["bucket"]), str(found["region"]), *keys)


def _secret(reference: str) -> str:
    """Read a secret from the file that it is kept in; never from the settings themselves."""
    kind, _, where = reference.partition(":")
    if kind == "file":
        return Path(where).read_text().strip()
    if kind == "env":
        return os.environ[where]
    message = f"a guard reads keys from file:/path or env:NAME, and not from {kind}:"
    raise ValueError(message)


def _way(found: Mapping[str, Any]) -> Way:
    if "file" in found:
        return FileWay(Path(found["file"]))
    return NftWay(int(found["nft"]["port"]), [str(one) for one in found["nft"].get("exempt", ())])


class Guard:
    """One guard, from its start to its end.

    Args:
        settings: see there.
        places: made of the settings unless given.
        boot: this machine's boot.
        clock: CLOCK_BOOTTIME.
    """

    def __init__(
        self,
        settings: Settings,
        places: Places | None = None,
        *,
        boot: str | None = None,
        clock: Callable[[], float] = boottime,
    ) -> None:
        self.name = f"guard-{uuid.uuid4().hex[:12]}"
        self._settings, self._clock = settings, clock
        within = timedelta(seconds=settings.terms.renew * SHARE)
        buckets = [MarkedPlace(BucketPlace(name, one)) for name, one in sorted(settings.places.items())]
        self._places = places or Places(buckets, within=within)
        self._boot = boot or BOOT.read_text().strip()
        self._hold: Hold | None = None
        self._closed = self._revoked = False
        self._said = ""
        self._spread: tuple[str, float, set[str]] = ("", NEVER, set())

    def run(self) -> None:
        """Guard for good."""
        while True:
            began = time.monotonic()
            holds = self.step()
            pause = self._settings.terms.renew * (1 if holds else SOONER)
            time.sleep(max(0.0, began + pause - time.monotonic()))

    def step(self) -> bool:
        """Do what is due, once; tell whether the lease is held. What fails is said, and tried again next time."""
        self._revoked = False
        try:
            self._due()
            if self._revoked:  # since the last look; it may have been granted again, too
                self._due()
        except WayBroken as error:
            # Nothing is known of the way in any more: it is laid down anew, closed, before anything is said again.
            self._hold, self._closed = None, False
            self._say(f"the way in cannot be kept: {error.why}")
        self._write()
        return self._hold is not None

    def _due(self) -> None:
        settings = self._settings
        if self._hold is None:
            if not self._closed:
                settings.way.close()
                self._closed = True
            found = take_up(
                self._places,
                settings.server,
                settings.terms,
                guard=self.name,
                boot=self._boot,
                clock=self._clock,
            )
            if isinstance(found, str):
                self._say(f"not held: {found}")
                return
            self._hold = found
        self._renew(self._hold)

    def _renew(self, hold: Hold) -> None:
        asked = self._clock()
        empty = next_is_empty(self._places, self._settings.server, hold.number)
        if hold.renew(asked, next_is_empty=empty):
            self._settings.way.admit(hold.until)
            self._closed = False
            self._say(f"held in slot {hold.number}")
            self._put_where_missing(hold, asked)
        elif empty is False:
            self._find_out(hold)
        elif empty is None:
            self._say("held, and no majority of the places answers: the way in closes at the end of the term")
        else:
            self._say("held, and closed until what another boot let in is over")
        word = self._hold and self._hold.alone(self._clock())
        if self._hold and word:
            self._next(self._hold, word)

    def _put_where_missing(self, hold: Hold, now: float) -> None:
        """See to it that our word stands at all three places, or whoever reads it with one silent may not know it."""
        word, at, there = self._spread
        if word != hold.word.nonce or now - at >= SPREAD_EVERY:
            at, there = now, set()
        self._spread = hold.word.nonce, at, there
        if len(there) < HOW_MANY:
            put_where_missing(self._places, self._settings.server, hold.number, hold.word, there)

    def _find_out(self, hold: Hold) -> None:
        """Somebody has begun on the slot after ours: say our word there again, and learn who it was."""
        self._next(hold, hold.again())

    def _next(self, hold: Hold, word: Word) -> None:
        told = say(self._places, self._settings.server, hold.number + 1, word, self._clock)
        if told is None:
            return
        if told.ours:
            self._hold = hold.followed(word, told.decided.number)
            return
        self._hold = None
        self._settings.way.close()
        self._closed = True
        other = told.decided.word
        self._revoked = other is not None and other.says == "revoked"
        self._say(f"{other.says} by {other.by}" if other else "lost")

    def _say(self, what: str) -> None:
        if what != self._said:
            self._said = what
            sys.stderr.write(f"{self._settings.server}: {what}\n")
            sys.stderr.flush()

    def _write(self) -> None:
        """Write down how it stands. Nothing rests on it."""
        if self._settings.state is None:
            return
        until = self._hold.until if self._hold else NEVER
        state = {
            "server": self._settings.server,
            "guard": self.name,
            "slot": self._hold.number if self._hold else None,
            "until": None if until == NEVER else until,
            "says": self._said,
            "at": self._clock(),
        }
        fresh = self._settings.state.with_suffix(".new")
        try:
            fresh.write_text(json.dumps(state) + "\n")
            fresh.replace(self._settings.state)
        except OSError as error:
            self._say(f"{self._settings.state} cannot be written: {error.strerror}")
