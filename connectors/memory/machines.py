"""Machines that one comes to, or does not: what twins that act on hosts have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.limit import in_time, unreachable
from seawall.actions import Deadline
from seawall.targets import Host


@dataclass(slots=True, kw_only=True)
class MachinesInMemory:
    """The way to every machine.

    Attributes:
        closed: ports on which nobody answers.
        reach: comes to a host, or says why it cannot.
    """

    closed: set[int] = field(default_factory=set)
    reach: Callable[[Host, Deadline], None] | None = None

    def warm(self, host: Host, deadline: Deadline) -> None:
        """See that the machine is there."""
        self._reach(host, deadline)

    def _reach(self, host: Host, deadline: Deadline) -> None:
        in_time(deadline, host.name)
        if host.port in self.closed:
            raise unreachable(host.name, "it is down")
        if self.reach is not None:
            self.reach(host, deadline)
