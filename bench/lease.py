"""A failover for which nothing but the lease gives evidence: the machine is held, and its power controller is gone.

What a term takes to run out is what it is, and is taken off. What is left is ours: revoking, sealing, promoting,
leading users over. The lab's lease is a short one, for the same reason.
"""

from __future__ import annotations

import signal
import time
from datetime import timedelta

from bench.place import Place, lab, move
from bench.shape import Budget, Measured, Samples
from drills.lab.faults import heal
from drills.lab.processes import running_on, send
from seawall.targets import Lease

ROUNDS = 10
LEASE = Lease(term=timedelta(seconds=3), drift=timedelta(milliseconds=300), renew=timedelta(milliseconds=500))
BEYOND = 0.3
HELD_WITHIN = 20.0


def run() -> Measured:
    """Measure."""
    waited = (LEASE.term + LEASE.drift).total_seconds()
    with lab(lease=LEASE) as here:
        whole = tuple(_round(here) for _ in range(ROUNDS))
    in_all = Samples(of="lease-expired: in all", unit="s", values=whole)
    beyond = Samples(
        of="lease-expired: beyond term and drift", unit="s", values=tuple(one - waited for one in whole)
    )
    return Measured(
        question="How long does a failover take when only the lease gives evidence, beyond what its term takes?",
        samples=(in_all, beyond),
        ratios=(),
        budgets=(Budget(of="seconds beyond term and drift, median", at_most=BEYOND, is_now=beyond.median),),
        beside=f"Term {waited - LEASE.drift.total_seconds():g} s, drift {LEASE.drift.total_seconds():g} s. The term"
        " counts from the revocation, not from the last renewal: whoever promotes cannot know when that was.",
    )


def _round(here: Place) -> float:
    old = here.server(here.active)
    _until_held(here)
    here.kill("witness-power")
    held = running_on(here.layout.places, old.host.name)
    send(held, signal.SIGSTOP)
    took = move(here, mode="disaster")
    heal(here.layout.folder)
    with here.desk.open_world() as world:
        here.perform(world, "postgres.fence", {"server": old, "by": ["stopped"]})
    here.come_back()
    return took


def _until_held(here: Place) -> None:
    """Wait until both guards hold their leases again."""
    end = time.monotonic() + HELD_WITHIN
    with here.desk.open_world() as world:
        for site in (here.active, here.standby):
            while (
                here.perform(world, "lease.state", {"server": here.server(site)}).model_dump()["says"]
                != "held"
            ):
                if time.monotonic() > end:
                    message = f"nobody holds the lease at {site}"
                    raise TimeoutError(message)
                time.sleep(0.1)
