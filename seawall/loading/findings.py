"""What is allowed and should be known before the water comes: copies that drown together, promises on slower ones."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import timedelta

from seawall.inventory import Inventory, Service
from seawall.loading.consistency import Remark
from seawall.model import duration_text

ONE_BY_ONE = 3
"""Findings of one kind that are told each by itself; more are told together."""


def findings(inventory: Inventory) -> Iterator[Remark]:
    """Find what weakens the city without being a mistake in its files."""
    yield from _shared_fate(inventory)
    yield from _backups(inventory)
    yield from _promises(inventory)
    yield from _reached_by_name(inventory)


def _reached_by_name(inventory: Inventory) -> Iterator[Remark]:
    named = {name: one.address for name, one in inventory.hosts.items() if not _is_ip(one.address)}
    if len(named) > ONE_BY_ONE:
        first, count = next(iter(named)), len(named)
        shown = ", ".join(list(named)[:ONE_BY_ONE])
        problem = f"{count} hosts are reached by name, so only while DNS works: {shown} and {count - ONE_BY_ONE} more"
        yield Remark(("hosts", first, "address"), problem, "Write their IP addresses")
        return
    for name, address in named.items():
        problem = f"{name} is reached by the name {address}, so only while DNS works"
        yield Remark(("hosts", name, "address"), problem, "Write its IP address")


def _shared_fate(inventory: Inventory) -> Iterator[Remark]:
    pairs: dict[tuple[str, ...], list[str]] = {}
    for name, service in inventory.services.items():
        if service.runs_at is not None and service.runs_at.standby is not None:
            pairs.setdefault(tuple(sorted(service.runs_at.sites)), []).append(name)
    for (one, other), services in pairs.items():
        if shared := _shared(inventory, one, other):
            problem = f"{one} and {other} both hang on {', '.join(shared)}: {', '.join(services)} can lose both at once"
            remedy = "Choose standby sites that share nothing, or remove what they share"
            yield Remark(("sites", other, "failure_domains"), problem, remedy, about_key=True)


def _backups(inventory: Inventory) -> Iterator[Remark]:
    for name, backup in inventory.backups.items():
        sites = {inventory.stores[store].site for store in backup.stored_in}
        elsewhere = sites - {backup.taken_at}
        path = ("backups", name, "stored_in")
        if not elsewhere:
            problem = f"every copy of {name} is at {backup.taken_at}, where it is taken: one event takes all"
            yield Remark(path, problem, "Add a store at another site", about_key=True)
        elif all(_shared(inventory, backup.taken_at, site) for site in elsewhere):
            shared = sorted(
                {domain for site in elsewhere for domain in _shared(inventory, backup.taken_at, site)}
            )
            problem = f"every copy of {name} hangs on what {backup.taken_at} hangs on: {', '.join(shared)}"
            yield Remark(path, problem, "Add a store at a site that shares none of these", about_key=True)
    kept = {backup.service for backup in inventory.backups.values()}
    for name, service in inventory.services.items():
        if service.database is not None and name not in kept:
            problem = f"no backup of {name} is taken; a standby repeats every mistake at once"
            yield Remark(
                ("services", name, "database"), problem, "Add a backup set under `backups:`", about_key=True
            )


def _promises(inventory: Inventory) -> Iterator[Remark]:
    for name, service in inventory.services.items():
        if service.targets is None or service.targets.rto is None:
            continue
        for index, needed in enumerate(service.needs):
            promised = _promised(inventory.services[needed])
            if promised is not None and promised > service.targets.rto:
                ours, theirs = duration_text(service.targets.rto), duration_text(promised)
                problem = f"{name} promises to be back in {ours}, and needs {needed}, which promises {theirs}"
                yield Remark(
                    ("services", name, "needs", index), problem, "Agree on targets that fit one another"
                )


def _promised(service: Service) -> timedelta | None:
    if service.run_by is not None:
        return service.run_by.promised_rto
    return None if service.targets is None else service.targets.rto


def _shared(inventory: Inventory, one: str, other: str) -> tuple[str, ...]:
    domains = inventory.sites[other].failure_domains
    return tuple(domain for domain in inventory.sites[one].failure_domains if domain in domains)


def _is_ip(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True
