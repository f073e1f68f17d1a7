"""The three places, each a store at the end of a wire that is cut, loses answers, and delivers late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from seawall.actions import Deadline
from seawall.drivers import TermWord
from seawall.errors import CallError
from seawall.places import LIMIT, Places, silent
from seawall.slots import VOID
from tests.simulation.faults import PLACES
from tests.simulation.network import Network

T = TypeVar("T")
ENDED = b'"kind":"ended"'
TWO = 2
"""Places of the three that are a majority."""


@dataclass(slots=True)
class Stores:
    """What the three places keep, the terms that were asked for (when, by whom, at which keys), and ends of runs."""

    kept: Mapping[str, dict[str, bytes]] = field(default_factory=lambda: {name: {} for name in PLACES})
    _terms: dict[bytes, tuple[float, str, set[str]]] = field(default_factory=dict)
    _ends: dict[str, tuple[float, bytes]] = field(default_factory=dict)

    def asked(self, at: float, process: str, key: str, content: bytes) -> None:
        """Take note of what is sent. Whoever sends the same later only sees it through."""
        if "/term/" in key and content != VOID:
            self._terms.setdefault(content, (at, process, set()))[2].add(key)
        elif "/journal/" in key and ENDED in content:
            self._ends.setdefault(key, (at, content))

    def ends(self, run: str) -> list[float]:
        """Return when each end of a run was sent that a place knows; its own machine's disk may not have taken it."""
        return [
            at
            for key, (at, content) in self._ends.items()
            if key.startswith(f"runs/{run}/") and self._stands(key, content)
        ]

    def term_ends(self, process: str) -> float:
        """Return until when a process has the term at most: from when it was asked for, where two places hold it."""
        ends = [0.0]
        for content, (at, by, keys) in self._terms.items():
            if by == process and any(self._stands(key, content) >= TWO for key in keys):
                word = TermWord.read(content)
                ends.append(at + (word.lasts if word else 0.0))
        return max(ends)

    def _stands(self, key: str, content: bytes) -> int:
        return sum(one.get(key) == content for one in self.kept.values())


class WiredPlace:
    """One place, as one process reaches it. What is kept there outlives every process."""

    def __init__(self, name: str, network: Network, stores: Stores) -> None:
        self.name, self._network, self._stores, self._kept = name, network, stores, stores.kept[name]

    def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        """See `seawall.places.Place`."""
        current = self._network.kernel.current
        assert current is not None
        self._stores.asked(self._network.kernel.now, current.process.name, key, content)
        there: bytes = self._ask("put", lambda _end: self._kept.setdefault(key, content), within)
        return None if there == content else there

    def get(self, key: str, within: timedelta) -> bytes | None:
        """See `seawall.places.Place`."""
        return self._ask("get", lambda _end: self._kept.get(key), within)

    def names(self, prefix: str, within: timedelta) -> tuple[str, ...]:
        """See `seawall.places.Place`."""
        return self._ask(
            "list", lambda _end: tuple(sorted([key for key in self._kept if key.startswith(prefix)])), within
        )

    def remove(self, key: str, within: timedelta) -> None:
        """See `seawall.places.Place`."""
        self._ask("remove", lambda _end: self._kept.pop(key, None), within)

    def close(self) -> None:
        """See `seawall.places.Place`."""

    def _ask(self, what: str, act: Callable[[Deadline], T], within: timedelta) -> T:
        machine = self._network.machines[f"store-{self.name}"]
        deadline = self._network.deadline(within.total_seconds())
        try:
            return self._network.exchange(machine, what, act, deadline, changes=False)
        except CallError as error:
            raise silent(self.name, error.problem) from None


def wired(network: Network, stores: Stores, within: timedelta = LIMIT) -> Places:
    """Return the three places as one process reaches them."""
    return Places([WiredPlace(name, network, stores) for name in PLACES], within=within)
