"""The failures of the first tier that plans are made for beforehand: each service gone, each site lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from seawall.go_bag.manifest import KeptPlan, LostSite
from seawall.inventory import Inventory, Service
from seawall.situation.services import responds_to

FIRST_TIER = 1
LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class Failure:
    """A service of the first tier that is gone where it runs, and what answers that.

    Attributes:
        name: what its plan is called.
        lost: the site it ran at; None for a supplier's.
        runbook: None when no runbook answers it; `why` says why.
    """

    name: str
    service: str
    lost: str | None
    runbook: str | None
    parameters: Mapping[str, str]
    why: str = ""


def failures(inventory: Inventory) -> Iterator[Failure]:
    """Yield the failures of every service of the first tier, those that others need before these."""
    for name in _in_order(inventory.services):
        service = inventory.services[name]
        if service.tier == FIRST_TIER:
            yield _failure(name, service)


def lost_sites(inventory: Inventory, plans: tuple[KeptPlan, ...]) -> tuple[LostSite, ...]:
    """Return for each site which plans answer its loss, in the order in which they are to be run."""
    return tuple(
        LostSite(site=name, title=site.title, plans=tuple(one.name for one in plans if one.lost == name))
        for name, site in inventory.sites.items()
        if not site.witness
    )


def _failure(name: str, service: Service) -> Failure:
    runbook = responds_to(service)
    if service.run_by is not None:
        return Failure(f"{name}-down"[:LONGEST_NAME], name, None, runbook, {"service": name})
    standby = service.runs_at.standby if service.runs_at is not None else None
    lost = service.runs_at.active if service.runs_at is not None else None
    if runbook is None or standby is None:
        why = "it has no standby site" if standby is None else "no runbook moves a service like it"
        return Failure(f"{name}-down"[:LONGEST_NAME], name, lost, None, {}, why)
    plan = f"{name}-to-{standby}"[:LONGEST_NAME]
    return Failure(plan, name, lost, runbook, {"service": name, "to": standby})


def _in_order(services: Mapping[str, Service]) -> Iterator[str]:
    """Yield services so that each comes after those that it needs."""
    order = TopologicalSorter(
        {name: [need for need in one.needs if need in services] for name, one in services.items()}
    )
    yield from order.static_order()
