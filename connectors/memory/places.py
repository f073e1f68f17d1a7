"""A place held in a dict, for tests and pretend worlds: it can be cut off, wiped, and lose what it was about to say."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta

from seawall.places import silent


@dataclass(slots=True)
class PlaceInMemory:
    """One place.

    Attributes:
        down: it does not answer, and takes nothing in.
        deaf: it takes in what it is sent, and its answers are lost.
    """

    name: str
    down: bool = False
    deaf: bool = False
    kept: dict[str, bytes] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        """Store what is not there yet. See `seawall.places.Place`."""
        self._reach(within)
        with self._turn:
            there = self.kept.setdefault(key, content)
        self._answer()
        return None if there == content else there

    def get(self, key: str, within: timedelta) -> bytes | None:
        """Return what stands there. See `seawall.places.Place`."""
        self._reach(within)
        self._answer()
        return self.kept.get(key)

    def names(self, prefix: str, within: timedelta) -> tuple[str, ...]:
        """List what is there. See `seawall.places.Place`."""
        self._reach(within)
        self._answer()
        with self._turn:
            return tuple(sorted(key for key in self.kept if key.startswith(prefix)))

    def remove(self, key: str, within: timedelta) -> None:
        """Remove what stands there. See `seawall.places.Place`."""
        self._reach(within)
        with self._turn:
            self.kept.pop(key, None)
        self._answer()

    def close(self) -> None:
        """There is nothing to let go of."""

    def _reach(self, within: timedelta) -> None:
        if self.down or within <= timedelta():
            raise silent(self.name, "nobody answers at its address")

    def _answer(self) -> None:
        if self.deaf:
            raise silent(self.name, "no answer came within the limit")
