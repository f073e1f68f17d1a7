"""Keep machines' addresses and people's names out of words that everybody may read.

Runbooks' authors write what a step does for the person who carries it out, and may name a machine there; what only
looks like an address is left out as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from seawall.inventory import Inventory
from seawall.model import Text
from seawall.report.figures import plain

if TYPE_CHECKING:
    from seawall.page.status import Said

LONGEST = 200
"""Characters of one sentence; a page of the longest ones still stays under 100 KB."""
LEFT_OUT = "…"
_ADDRESS = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?![\w.]*\d)"
    r"|\[?(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}[0-9a-fA-F:]*[0-9a-fA-F](?:\]:\d+)?"
    r"|\b[a-z][a-z0-9+.-]*://\S+"
)
"""IPv4, IPv6, and anything with a scheme."""
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+(?:[.+@]+[\w-]+)*")
"""Mail addresses, from where a word begins: from each letter on, a long word takes the square of its length."""


class Discreet:
    """What one city keeps to itself."""

    def __init__(self, inventory: Inventory) -> None:
        kept = {
            str(word)
            for host in inventory.hosts.values()
            for word in (host.address, host.hostname)
            if word and len(str(word)) > 3  # noqa: PLR2004 - shorter ones are parts of ordinary words
        }
        kept |= set(inventory.zones)
        for service in inventory.services.values():
            kept |= {service.reached_through.name or ""} if service.reached_through else set()
            if (theirs := service.run_by) is not None:
                kept |= {
                    theirs.telephone or "",
                    *theirs.places,
                    *(one.telephone for one in theirs.escalation),
                }
                kept |= {theirs.contract.number} if theirs.contract else set()
        for person in inventory.people.values():
            kept |= {word for word in (person.title, person.email, person.telephone) if word}
        kept.discard("")
        # What a supplier's desk asks for, and where they are reached, is for those who ring them.
        self._kept = sorted(kept, key=len, reverse=True)

    def text(self, text: Text) -> Text:
        """Return the text without them, each language clipped to what a page holds."""
        return Text(en=self._clean(text.en), da=None if text.da is None else self._clean(text.da))

    def all(self, said: Iterable[Said]) -> tuple[Said, ...]:
        """Return each of these without them."""
        return tuple(replace(one, text=self.text(one.text)) for one in said)

    def _clean(self, words: str) -> str:
        words = _ADDRESS.sub(LEFT_OUT, _MAIL.sub(LEFT_OUT, plain(words)))
        # Of thousands a sentence holds a few; one pattern of all of them is tried at every letter.
        if inside := [re.escape(one) for one in self._kept if one in words]:
            words = re.sub(rf"(?<!\w)(?:{'|'.join(inside)})(?!\w)", LEFT_OUT, words)
        return _clipped(words, LONGEST)


def clipped(text: Text, most: int = LONGEST) -> Text:
    """Return a text that the city wrote for citizens, no longer than a page can hold. Numbers to ring stay in it."""
    return Text(en=_clipped(text.en, most), da=None if text.da is None else _clipped(text.da, most))


def _clipped(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1].rstrip() + LEFT_OUT
