"""The guards of the servers' leases, and the ways in that they keep: the product's own guard, on simulated machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from connectors.guard.guard import SHARE, Guard, Settings
from seawall.lease import NEVER
from seawall.places import Places
from seawall.targets import Server
from tests.simulation.kernel import Kernel, Process
from tests.simulation.network import Network


@dataclass
class WayIn:
    """The way of users' programs into one server. It goes by the machine's clock, and asks nobody."""

    kernel: Kernel
    until: float = NEVER

    def admit(self, until: float) -> None:
        """Let them in until an instant."""
        self.until = until

    def close(self) -> None:
        """Let nobody in."""
        self.until = NEVER

    @property
    def is_open(self) -> bool:
        """Whether users get in now."""
        return self.kernel.now < self.until


class _Quiet(Guard):
    """A guard whose words go into the story."""

    told: Callable[[str], None] = staticmethod(lambda _what: None)

    def _say(self, what: str) -> None:
        if what != self._said:
            self._said = what
            self.told(what)


@dataclass
class Guards:
    """One guard a server, each in a process of its own on the server's machine, and the way that it keeps.

    Attributes:
        places: makes the three places as one process reaches them, with a limit for one answer.
    """

    network: Network
    places: Callable[[timedelta], Places]
    tell: Callable[[str, str], None]
    ways: dict[str, WayIn] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    _boots: int = 0

    def begin(self, server: Server) -> None:
        """Start the guard of a server, as its machine does when it starts."""
        self._boots += 1
        kernel, boot = self.network.kernel, f"boot {self._boots}"
        way = self.ways.setdefault(server.name, WayIn(kernel))
        process = Process(kernel, f"guard {server.host.site}", server.host.site)
        self.processes[server.name] = process

        def guard() -> None:
            assert server.lease is not None
            terms = server.lease.terms
            places = self.places(timedelta(seconds=terms.renew * SHARE))
            one = _Quiet(
                Settings(server.name, terms, {}, way, None), places, boot=boot, clock=lambda: kernel.now
            )
            one.name = f"{process.name} {boot}"  # the real one is new each time, and so it is here
            one.told = lambda what: self.tell(process.name, what)
            one.run()

        kernel.spawn(process, guard)

    def end(self, server: str) -> None:
        """Kill the guard of a server, and close the way with its machine."""
        if server in self.processes:
            self.processes.pop(server).kill()
            self.ways[server].close()

    def hold(self, server: str, lasts: float) -> bool:
        """Let a guard stand still for a while; tell whether there is one."""
        if server not in self.processes:
            return False
        self.processes[server].held_until = self.network.kernel.now + lasts
        return True
