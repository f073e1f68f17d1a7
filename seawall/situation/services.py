"""How each service is, what a broken one drags along, and how much of its time is left. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from seawall.inventory import Inventory, Service
from seawall.sightings import Condition, Pace, Sighting, condition_at
from seawall.situation.moment import ServiceNow


def services_now(inventory: Inventory, seen: Mapping[str, Sighting], now: datetime) -> tuple[ServiceNow, ...]:
    """Tell how each service is, those of the first tier first."""
    conditions = {
        name: Condition.UNKNOWN
        if one.probe is None
        else condition_at(seen.get(name), now, Pace(one.probe.every, one.probe.misses))
        for name, one in inventory.services.items()
    }
    down = [name for name, condition in conditions.items() if condition is Condition.DOWN]
    needed_by = _needed_by(inventory.services)
    drags = {name: _reached_from(name, needed_by) for name in down}
    needs_down: dict[str, list[str]] = {}
    for name in down:
        for one in drags[name]:
            needs_down.setdefault(one, []).append(name)
    told = [
        _service_now(
            name,
            inventory.services[name],
            condition,
            seen.get(name),
            now,
            drags=drags.get(name, ()),
            needs_down=tuple(needs_down.get(name, ())),
        )
        for name, condition in conditions.items()
    ]
    return tuple(sorted(told, key=lambda one: one.tier or 9))


def _service_now(
    name: str,
    service: Service,
    condition: Condition,
    sighting: Sighting | None,
    now: datetime,
    *,
    drags: tuple[str, ...],
    needs_down: tuple[str, ...],
) -> ServiceNow:
    targets, supplier = service.targets, service.run_by
    rto = targets.rto if targets else None
    if rto is None and supplier is not None:
        rto = supplier.promised_rto
    mtpd = targets.mtpd if targets else None
    away = now - sighting.since if condition is Condition.DOWN and sighting and sighting.since else None
    unknown = condition is Condition.UNKNOWN
    seen_at = sighting.told_at if sighting else None
    return ServiceNow(
        service=name,
        title=service.title,
        tier=service.tier,
        condition=condition,
        was=sighting.condition if unknown and sighting else None,
        since=sighting.since if sighting and not unknown else None,
        seen_at=seen_at,
        age_seconds=(now - seen_at).total_seconds() if seen_at else None,
        watched=service.probe is not None,
        misses=sighting.misses if sighting else 0,
        saw=sighting.saw if sighting else "",
        without_it=service.without_it,
        instead=service.instead,
        needs_down=needs_down,
        drags=drags,
        rto_seconds=rto.total_seconds() if rto else None,
        rto_left_seconds=(rto - away).total_seconds() if rto and away is not None else None,
        mtpd_seconds=mtpd.total_seconds() if mtpd else None,
        mtpd_left_seconds=(mtpd - away).total_seconds() if mtpd and away is not None else None,
        responds=responds_to(service),
        run_by=supplier.supplier if supplier else None,
        telephone=supplier.telephone if supplier else None,
    )


def _needed_by(services: Mapping[str, Service]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, one in services.items():
        for needed in one.needs:
            found.setdefault(needed, []).append(name)
    return found


def _reached_from(name: str, needed_by: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Return what needs it, nearest first, each once."""
    reached: dict[str, None] = {name: None}
    wave = [name]
    while wave:
        further = [one for last in wave for one in needed_by.get(last, ()) if one not in reached]
        wave = list(dict.fromkeys(further))
        reached.update(dict.fromkeys(wave))
    reached.pop(name)
    return tuple(reached)


def responds_to(service: Service) -> str | None:
    """Name the runbook that brings such a service back, or, of a supplier's, that presses for it."""
    if service.run_by is not None:
        return "supplier-outage"
    kinds = (
        ("postgres-failover", service.database),
        ("static-site-failover", service.web_root),
        ("stateless-service-failover", service.unit),
    )
    return next((runbook for runbook, one in kinds if one is not None and len(one.at) > 1), None)
