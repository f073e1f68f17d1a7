"""The lease: what lets a primary's clients write to it, and what must be seen before another server is promoted.

Words stand in the slots of a row, `lease/<server>/1`, `/2` and so on; each is decided once, at a majority of the three
configured places (`seawall.slots`). `held`: the guard beside the server lets clients in. `revoked`: nobody may.
`granted`: it may be held again. The newest word counts.

A guard renews by looking: when a majority of the places show that nobody has begun on the slot after its own word, it
may let clients in for one term, counted from *before it asked*. Whoever promotes takes the next slot with `revoked`,
and waits a full term plus drift from the moment it was decided. Any two majorities share a place. There the guard asked
either before `revoked` came, and then its term is over by the end of the wait; or after, and then it knows.

All times here are seconds of one machine's CLOCK_BOOTTIME. CLOCK_MONOTONIC stands still while a machine is suspended:
measured by it, a machine that wakes up would still have the whole of a term that has long passed everywhere else.

Standard library only: this runs beside the database.
"""

from __future__ import annotations

import json
import math
import time
import uuid
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

NEVER = -math.inf
"""The end of a term that was never begun."""


def boottime() -> float:
    """Return the seconds since this machine was started, those it slept through included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def row_of(server: str) -> str:
    """Return the row of slots that a server's words stand in.

    >>> row_of("north-db/login")
    'lease/north-db/login'
    """
    return f"lease/{server}"


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a lease lasts, in seconds.

    Attributes:
        term: how long clients are let in after the guard has asked, at most.
        drift: by how much two machines' clocks may part in a term, with everything that makes the path close late.
        renew: how often the guard asks.
    """

    term: float
    drift: float
    renew: float

    def __post_init__(self) -> None:
        if not (0 < self.renew * 2 <= self.term and 0 < self.drift < self.term):
            message = "a term is at least twice as long as `renew`, and longer than its drift; none of them is nothing"
            raise ValueError(message)


def _nonce() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Word:
    """What stands in a slot.

    Attributes:
        says: see the module.
        by: the guard, or the person or run, whose word it is.
        term, drift: the longest that a guard of this server may still be going by, in seconds.
        boot: the boot (boot_id) of the machine of the guard that held it last.
        waits: how long that guard lets nobody in after its word, because another boot's may still: that other one's
            path is nobody's to close. It says another word when that is over.
        why: why it was revoked or granted, for people.
        nonce: makes it a word of its own, so that whoever reads it back knows theirs.
    """

    says: Literal["held", "revoked", "granted"]
    by: str
    term: float
    drift: float
    boot: str = ""
    waits: float = 0.0
    why: str = ""
    nonce: str = field(default_factory=_nonce)

    @property
    def was_held(self) -> bool:
        """Whether a guard has ever held this lease. Where none has, nothing says that users come through one."""
        return self.boot != ""

    def content(self) -> bytes:
        """Write it as it stands in a slot."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def read(cls, content: bytes) -> Word:
        """Read it. What cannot be read closes: it counts as revoked, by nobody knows whom."""
        try:
            found = json.loads(content)
            return cls(**found) if _is_sound(found) else UNREADABLE
        except (ValueError, TypeError, KeyError):
            return UNREADABLE


def _is_sound(found: dict[str, Any]) -> bool:
    return (
        found["says"] in ("held", "revoked", "granted")
        and all(isinstance(found[name], str) for name in ("by", "boot", "why", "nonce"))
        and all(
            isinstance(found[name], int | float) and 0 <= found[name] < math.inf
            for name in ("term", "drift", "waits")
        )
    )


UNREADABLE = Word("revoked", "unknown", 0, 0, why="what stands here is no word of a lease", nonce="")
"""What counts where something else stands."""


@dataclass(slots=True)
class Hold:
    """A guard's own side of a lease: its word, and until when it lets clients in.

    Attributes:
        number: the slot its word stands in.
        not_before: an instant before which it lets nobody in, whatever it has seen.
        alone_from: from then on nothing runs any more that another guard let in.
        until: on this machine's clock. What lets the clients in is told this instant, and never how long that is: "for
            another 20 seconds", acted on by a program that was held for a minute, would be a minute too late.
    """

    terms: Terms
    word: Word
    number: int
    not_before: float = NEVER
    alone_from: float = NEVER
    until: float = NEVER

    @classmethod
    def begun(cls, word: Word, terms: Terms, number: int, decided: float) -> Hold:
        """Make it, when the guard's word was seen to be decided at the instant `decided`."""
        alone = decided + word.term + word.drift
        return cls(terms, word, number, decided + word.waits, alone)

    def renew(self, asked: float, *, next_is_empty: bool | None) -> bool:
        """Begin another term if nobody has said anything since this guard's word; tell whether one began.

        Otherwise, also when no majority of the places answers, the term runs out.

        Args:
            asked: before the first place was asked, not when the last one answered: `revoked` may have come meanwhile.
            next_is_empty: whether a majority showed that nobody had begun on the slot after this guard's own; None when
                no majority answered.
        """
        if not next_is_empty or asked < self.not_before:
            return False
        self.until = max(self.until, asked + self.terms.term)
        return True

    def admits(self, now: float) -> bool:
        """Tell whether a client is let in at this instant."""
        return now < self.until

    def again(self) -> Word:
        """Return its word, to be said once more: in a slot that somebody has begun on, to learn who it was."""
        return replace(self.word, nonce=_nonce())

    def followed(self, word: Word, number: int) -> Hold:
        """Return this side after another word of its own was decided in the next slot."""
        return replace(self, word=word, number=number)

    def alone(self, now: float) -> Word | None:
        """Return what this guard says next: that no earlier guard need be heeded any more; or None."""
        own, word = self.terms, self.word
        if (word.term, word.drift, word.waits) == (own.term, own.drift, 0) or now < self.alone_from:
            return None
        return Word("held", word.by, own.term, own.drift, word.boot)


def beginning(before: Word | None, *, guard: str, boot: str, terms: Terms) -> Word | None:
    """Make the word by which a guard takes up a lease whose newest word is `before`; None when that was revoked.

    The guard has closed its own path before it asks.

    Args:
        before: as a majority holds it; None when nobody has said anything yet.
        guard: its own name, new at each start.
        boot: this machine's boot.
        terms: what this guard goes by.
    """
    if before is None:
        return Word("held", guard, terms.term, terms.drift, boot)
    if before.says == "revoked":
        return None
    # A guard before this one may go by a longer term, and what it let in outlives it by that much.
    term, drift = max(terms.term, before.term), max(terms.drift, before.drift)
    # On the same boot its path is the one that was just closed. On another it may be another machine's: a copy's.
    waits = before.waits if before.boot == boot else term + drift
    return Word("held", guard, term, drift, boot, waits)


def revoking(before: Word | None, *, by: str, why: str, terms: Terms | None = None) -> Word:
    """Make the word that closes a lease whose newest word is `before`. Its terms are what must be waited for.

    A guard says in its word what it goes by, and its inventory may be another one than the promoter's.
    """
    known = [one for one in (terms, before) if one is not None]
    term, drift = max((one.term for one in known), default=0), max((one.drift for one in known), default=0)
    boot, waits = (before.boot, before.waits) if before else ("", 0.0)
    return Word("revoked", by, term, drift, boot, waits, why)


def granting(revoked: Word, *, by: str, why: str) -> Word:
    """Make the word that lets a guard hold a lease again."""
    return replace(revoked, says="granted", by=by, why=why, nonce=_nonce())


def safe_from(revoked: Word, decided: float) -> float:
    """Return the first instant at which nothing is let in any more.

    Args:
        revoked: the word that was decided.
        decided: when it was seen to be, by the clock of whoever waits.
    """
    return decided + revoked.term + revoked.drift
