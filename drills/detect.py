"""When a failover would be proposed: the service's own probe rule, carried out from the users' side.

So many misses in a row, one try every so often, as the inventory says. Being proposed is all it leads to; somebody
declares and approves.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from seawall.inventory import Probe
from seawall.targets import Endpoint

TryService = Callable[[timedelta], bool]
"""Try one write as a user would, and wait at most so long. False is a miss, whatever the reason."""

STOPS_WITHIN = timedelta(seconds=5)


@dataclass(slots=True)
class Rule:
    """How many misses in a row it takes. Fed one try after another."""

    misses: int
    missed: int = 0
    proposed: datetime | None = None

    def saw(self, *, served: bool, at: datetime) -> None:
        """Count one try. The first time the rule is fulfilled stays the one that counts."""
        self.missed = 0 if served else self.missed + 1
        if self.missed >= self.misses and self.proposed is None:
            self.proposed = at


class RunningProbe:
    """Tries the service on a thread of its own, by the rule of its inventory. Call `stop` when done."""

    def __init__(self, probe: Probe, attempt: TryService) -> None:
        self._rule = Rule(probe.misses)
        self._every = probe.every.total_seconds()
        self._attempt = attempt
        self._stop = threading.Event()
        self._suspected = threading.Event()
        self._fulfilled = threading.Event()
        self._wall, self._start = datetime.now(UTC), time.monotonic()
        self._thread = threading.Thread(target=self._watch, name="probe", daemon=True)
        self._thread.start()

    def suspects(self, within: timedelta) -> bool:
        """Wait at most `within` for a miss that nothing has made good since. Tells whether there is one."""
        return self._suspected.wait(max(0.0, within.total_seconds()))

    def proposed(self, within: timedelta) -> datetime | None:
        """Wait at most `within` for the rule to be fulfilled. Returns: when it first was, or None."""
        self._fulfilled.wait(max(0.0, within.total_seconds()))
        return self._rule.proposed

    def stop(self) -> None:
        """Stop trying. May be called twice."""
        self._stop.set()
        self._thread.join(STOPS_WITHIN.total_seconds())

    def _watch(self) -> None:
        due = self._start
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._every, time.monotonic())
            # A try must be over before the next is due, or a service that hangs is found later than one that is gone.
            served = self._attempt(timedelta(seconds=self._every))
            self._rule.saw(served=served, at=self._wall + timedelta(seconds=time.monotonic() - self._start))
            if self._rule.missed:
                self._suspected.set()
            else:
                self._suspected.clear()
            if self._rule.proposed is not None:
                self._fulfilled.set()


@dataclass(slots=True)
class ProbeWrites:
    """The real try: one POST to the ledger through the front, as its own writer, on a connection of its own."""

    front: Endpoint
    name: str
    writer: int
    seq: int = 0

    def __call__(self, within: timedelta) -> bool:
        """Make one write. Returns: whether it was acknowledged."""
        connection = http.client.HTTPConnection(
            self.front.address, self.front.port, timeout=within.total_seconds()
        )
        body = json.dumps({"writer": self.writer, "seq": self.seq, "at": datetime.now(UTC).isoformat()})
        self.seq += 1
        try:
            connection.request(
                "POST", "/ledger", body, {"Host": self.name, "Content-Type": "application/json"}
            )
            return connection.getresponse().status in range(200, 300)
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
