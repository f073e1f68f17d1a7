"""Users: they write to every server there is, at both sides, and keep what was acknowledged. They see two primaries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from connectors.memory.postgres import Row, ServerInMemory, ServersInMemory
from tests.simulation.guards import WayIn
from tests.simulation.network import Network

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 20.0


@dataclass
class Users:
    """Everybody who writes.

    Attributes:
        ways: through which they come in, where there is a lease.
        acknowledged: the writes that were acknowledged, and by which server.
        is_theirs: whether two servers accept writes because of what somebody did by hand.
        doubles: when two servers accepted writes at the same instant, and which.
    """

    network: Network
    servers: ServersInMemory
    tell: Callable[[str, str], None]
    ways: Mapping[str, WayIn]
    acknowledged: dict[str, str] = field(default_factory=dict)
    doubles: list[tuple[float, str]] = field(default_factory=list)
    is_theirs: bool = False
    _pause: float = FIRST_PAUSE
    _last: str = ""
    _written: int = 0

    def accepts(self, one: ServerInMemory) -> bool:
        """Tell whether a user's write would be accepted there now."""
        machine = self.network.machines[one.name.partition("/")[0]]
        up = machine.up and self.network.kernel.now >= machine.held_until
        way = self.ways.get(one.name)
        is_open = way is None or way.is_open
        return up and is_open and one.running and not one.held and not one.in_recovery

    def write(self) -> None:
        """Write to every server."""
        accepted = [one for one in self.servers.servers.values() if self.accepts(one)]
        for one in accepted:
            self._written += 1
            text = f"w{self._written}"
            one.log.append(Row(one.timeline, "ledger", text))
            self.acknowledged[text] = one.name
        names = " and ".join(one.name for one in accepted)
        if len(accepted) > 1 and not self.is_theirs:
            self.doubles.append((self.network.kernel.now, names))
        if names != self._last:
            self.tell("users", f"are served by {names or 'nobody'}")
            self._last = names

    def begin(self) -> None:
        """Go on writing: often at first, then less and less, for a story may take hours."""
        self.write()
        self.servers.catch_up()
        self.network.kernel.after(self._pause, self.begin)
        self._pause = min(self._pause * 1.1, LONGEST_PAUSE)
