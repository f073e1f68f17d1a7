"""DNS zones held in a dict."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.dns import RecordSet, RecordType, Replacement, host_name
from connectors.limit import in_time, unreachable
from seawall.actions import Deadline
from seawall.errors import DidNothing, WrongTarget
from seawall.targets import Endpoint, Zone


@dataclass(slots=True)
class ZonesInMemory:
    """The zones of `names`, and no others.

    Attributes:
        names: of the zones.
        records: by name and type, what there is.
        down: servers that do not answer.
        keys: key names the server takes; None: every one.
    """

    names: set[str]
    records: dict[tuple[str, RecordType], RecordSet] = field(default_factory=dict)
    down: set[Endpoint] = field(default_factory=set)
    keys: set[str] | None = None
    changes: int = 1

    def look_up(self, zone: Zone, name: str, record: RecordType, deadline: Deadline) -> RecordSet:
        """Tell what there is. See `connectors.dns.Zones`."""
        self._reach(zone, deadline)
        found = self.records.get((name, record))
        alias = self.records.get((name, "CNAME"))
        return found or RecordSet((), alias_of=alias.values[0] if alias else None)

    def replace(self, replacement: Replacement, deadline: Deadline) -> None:
        """Replace all or nothing. See `connectors.dns.Zones`."""
        where = self._reach(replacement.zone, deadline)
        self._expect_key(replacement.zone, where)
        place = (replacement.name, replacement.type)
        if self.records.get(place, RecordSet(())).values != replacement.was:
            problem = "somebody else changed the name at the same moment"
            raise WrongTarget(problem, where=where, remedy="See who changed it, then plan again")
        others = {
            kind for name, kind in self.records if name == replacement.name and kind != replacement.type
        }
        if others and "CNAME" in {*others, replacement.type}:
            return  # as a real server does: RFC 2136, 3.4.2.2
        self.records[place] = RecordSet((replacement.to,), ttl=replacement.ttl)
        self.changes += 1

    def serial(self, zone: Zone, deadline: Deadline) -> int:
        """Tell how often something changed. See `connectors.dns.Zones`."""
        self._expect_key(zone, self._reach(zone, deadline))
        return self.changes

    def _expect_key(self, zone: Zone, where: str) -> None:
        if self.keys is not None and zone.key_name not in self.keys:
            raise DidNothing(
                "the server does not take our key", where=where, remedy="Check the zone's key_name"
            )

    def _reach(self, zone: Zone, deadline: Deadline) -> str:
        where = f"{zone.name} ({zone.server})"
        in_time(deadline, where)
        if zone.server in self.down:
            raise unreachable(where, "it is down")
        if host_name(zone.name) not in self.names:
            problem = "the server is not the one of this zone: REFUSED"
            raise WrongTarget(
                problem, where=where, remedy="Check the zone's name and server in the inventory"
            )
        return where
