"""A balancer held in a dict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.balancer import ServerState
from connectors.limit import in_time, unreachable
from seawall.actions import Deadline
from seawall.errors import WrongTarget
from seawall.targets import Balancer, Endpoint


@dataclass(slots=True)
class RuntimeInMemory:
    """Every balancer there is.

    Attributes:
        backends: by balancer and backend, its servers as they are now.
        down: names of balancers that do not answer.
        watched: runtime sockets that let us look only.
    """

    backends: dict[tuple[str, str], tuple[ServerState, ...]] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    watched: set[Endpoint] = field(default_factory=set)

    @classmethod
    def of(cls, pointed: Mapping[tuple[str, str], tuple[str, Sequence[str]]]) -> RuntimeInMemory:
        """Make backends from balancer and backend -> the server let in, and the others."""
        return cls(
            {
                place: tuple(
                    ServerState(name=name, ready=name == let_in, up=name == let_in, sessions=0)
                    for name in sorted({let_in, *others})
                )
                for place, (let_in, others) in pointed.items()
            }
        )

    def look(self, balancer: Balancer, backend: str, deadline: Deadline) -> tuple[ServerState, ...]:
        """Tell the servers of a backend. See `connectors.balancer.Runtime`."""
        where = self._reach(balancer, deadline)
        servers = self.backends.get((balancer.name, backend))
        if not servers:
            known = ", ".join(name for of, name in self.backends if of == balancer.name) or "none"
            problem = f"there is no backend {backend}; there is {known}"
            raise WrongTarget(problem, where=where, remedy="Check the backend in the inventory")
        return servers

    def turn(
        self, balancer: Balancer, backend: str, out: Sequence[str], into: str | None, deadline: Deadline
    ) -> tuple[str, tuple[ServerState, ...]]:
        """Take servers out, then let one in. See `connectors.balancer.Runtime`."""
        servers = self.look(balancer, backend, deadline)
        if balancer.runtime in self.watched:
            return "Permission denied", servers
        after = tuple(_turned(one, out, into) for one in servers)
        self.backends[balancer.name, backend] = after
        return "", after

    def level(self, balancer: Balancer, deadline: Deadline) -> str:
        """Tell with which rights it listens to us. See `connectors.balancer.Runtime`."""
        self._reach(balancer, deadline)
        return "user" if balancer.runtime in self.watched else "admin"

    def _reach(self, balancer: Balancer, deadline: Deadline) -> str:
        where = f"{balancer} ({balancer.runtime})"
        in_time(deadline, where)
        if balancer.name in self.down:
            raise unreachable(where, "it is down")
        return where


def _turned(server: ServerState, out: Sequence[str], into: str | None) -> ServerState:
    if server.name in out:
        return server.model_copy(update={"ready": False, "up": False, "sessions": 0})
    if server.name == into:
        return server.model_copy(update={"ready": True, "up": True})
    return server
