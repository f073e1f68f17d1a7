"""The three places, each a store at the end of a wire that is cut, loses answers, and delivers late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from seawall.actions import Deadline
from seawall.errors import CallError
from seawall.places import LIMIT, Places, silent
from tests.simulation.faults import PLACES
from tests.simulation.network import Network
from tests.simulation.virtual import TIME

T = TypeVar("T")


class WiredPlace:
    """One place, as one process reaches it. What is kept there outlives every process."""

    def __init__(self, name: str, network: Network, kept: dict[str, bytes]) -> None:
        self.name, self._network, self._kept = name, network, kept

    def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        """See `seawall.places.Place`."""
        there: bytes = self._ask("put", lambda _end: self._kept.setdefault(key, content), within)
        return None if there == content else there

    def get(self, key: str, within: timedelta) -> bytes | None:
        """See `seawall.places.Place`."""
        return self._ask("get", lambda _end: self._kept.get(key), within)

    def names(self, prefix: str, within: timedelta) -> tuple[str, ...]:
        """See `seawall.places.Place`."""
        return self._ask(
            "list", lambda _end: tuple(sorted(key for key in self._kept if key.startswith(prefix))), within
        )

    def remove(self, key: str, within: timedelta) -> None:
        """See `seawall.places.Place`."""
        self._ask("remove", lambda _end: self._kept.pop(key, None), within)

    def close(self) -> None:
        """See `seawall.places.Place`."""

    def _ask(self, what: str, act: Callable[[Deadline], T], within: timedelta) -> T:
        machine = self._network.machines[f"store-{self.name}"]
        deadline = Deadline(TIME.monotonic() + within.total_seconds(), TIME.monotonic)
        try:
            return self._network.exchange(machine, what, act, deadline, changes=False)
        except CallError as error:
            raise silent(self.name, error.problem) from None


def wired(network: Network, kept: dict[str, dict[str, bytes]], within: timedelta = LIMIT) -> Places:
    """Return the three places as one process reaches them."""
    return Places([WiredPlace(name, network, kept[name]) for name in PLACES], within=within)
