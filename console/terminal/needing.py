"""What this city's services and runbooks need outside, found by planning every runbook for everything it fits."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.places import rights_at
from connectors.rights.gathered import Rights, gather
from console.terminal.check import SAMPLES
from console.terminal.desk import Desk
from seawall.actions import World
from seawall.binding import facts_to_read, make_plan
from seawall.errors import BadInput
from seawall.ground import Ground
from seawall.inventory import Inventory
from seawall.needed import Asked, asked_by, asked_of, undeclared
from seawall.plan import Plan
from seawall.runbook import Parameter, Runbook


@dataclass(frozen=True, slots=True)
class Needed:
    """What was found. `plans` were tried; of the actions in `unknown` nobody declared what they need."""

    rights: Rights
    plans: int
    unknown: Sequence[str]


def needed(desk: Desk, world: World) -> Needed:
    """Plan everything, and put together what it takes. Nothing outside is called. Raises: BadInput."""
    ground, inventory = desk.ground(world), desk.city.inventory
    asked: dict[tuple[str, str], Asked] = {}
    plans: list[Plan] = []
    for runbook in desk.city.runbooks.values():
        for plan, facts in _plans(runbook, ground, inventory):
            plans.append(plan)
            for one in (*facts, *asked_by(plan, world)):
                asked.setdefault((one.action, repr((one.need, one.at, one.source, one.args))), one)
    rights = gather(asked.values(), inventory)
    for bucket, allowed in rights_at(inventory).items():
        rights.buckets[bucket].update(allowed)
    return Needed(rights, len(plans), undeclared(plans, world))


def _plans(runbook: Runbook, ground: Ground, inventory: Inventory) -> Iterator[tuple[Plan, list[Asked]]]:
    for given in _sets(runbook, inventory):
        try:
            facts = facts_to_read(runbook.runbook, ground, given)
            plan = make_plan(runbook.runbook, ground, given, exercise=True)
        except BadInput:
            continue  # it does not fit these; what is wrong with a runbook, `seawall check` says
        yield plan, [need for one in facts for need in asked_of(one.uses, one.args, ground.actions)]


def _sets(runbook: Runbook, inventory: Inventory) -> Iterator[Mapping[str, str]]:
    named = {name: tuple(_candidates(one, inventory)) for name, one in runbook.parameters.items()}
    for values in itertools.product(*named.values()):
        given = {name: value for name, value in zip(named, values, strict=True) if value is not None}
        if _may_fit(runbook, given, inventory):
            yield given


def _may_fit(runbook: Runbook, given: Mapping[str, str], inventory: Inventory) -> bool:
    """Leave out the sites at which a service does not run, before a plan is tried for them."""
    kinds = {name: one.type for name, one in runbook.parameters.items()}
    services = [inventory.services[value] for name, value in given.items() if kinds[name] == "service"]
    sites = {value for name, value in given.items() if kinds[name] == "site"}
    return all(one.runs_at is None or sites <= set(one.runs_at.sites) for one in services)


def _candidates(parameter: Parameter, inventory: Inventory) -> Iterable[str | None]:
    """Name every value that a person could give; None for the parameter's own default."""
    named: Mapping[str, Iterable[str]] = {
        "service": inventory.services,
        "backup": inventory.backups,
        "choice": parameter.of,
        "yes-no": ("yes", "no"),
        "site": inventory.sites,
        "host": inventory.hosts,
        "audience": itertools.islice(inventory.audiences, 1),
        # A text may name a store, as in verify-backup; one that names none of them fits nothing and is left out.
        "text": inventory.stores,
    }
    default: tuple[str | None, ...] = () if parameter.default is None else (None,)
    found = tuple(named.get(parameter.type, ()))
    if parameter.type in SAMPLES and not default:
        return (SAMPLES[parameter.type],)
    if parameter.type in {"site", "choice"} and found:
        return found  # a default is one of them
    return (*default, *found) or (None,)
