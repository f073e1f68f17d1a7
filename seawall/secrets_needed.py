"""Which secrets the steps of a plan will ask for, found by what their actions need and what their arguments point at.

Pure: references only, and nobody is asked for what is behind them. The plan is read as it is written, without making
targets of it again: a plan may have ten thousand steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seawall.actions import Action
from seawall.inventory import Inventory
from seawall.needs import (
    AsOwner,
    AtAddress,
    AtController,
    AtThePlaces,
    ByMail,
    BySlack,
    InBucket,
    InZone,
    Login,
    Need,
    OnHost,
    OrderUnit,
    Replicating,
)
from seawall.plan import Plan

FENCE_MEANS = ("stopped", "powered-off")
"""By what a server is fenced when its step does not say: each that works is enough."""


@dataclass(frozen=True, slots=True)
class SecretNeeded:
    """One reference.

    Attributes:
        steps: those that ask for what is behind it.
        other_way: whether each of them has another way, such as a fence that stops the server before it cuts the power.
    """

    reference: str
    steps: tuple[str, ...]
    other_way: bool


def secrets_needed(
    plan: Plan, actions: Mapping[str, Action[Any, Any]], inventory: Inventory
) -> tuple[SecretNeeded, ...]:
    """Return every reference that the steps that will run ask for, with their proofs and what takes them back."""
    steps: dict[str, dict[str, None]] = {}
    other_way: dict[str, bool] = {}
    for step in plan.steps:
        if step.skipped is not None or step.uses is None:
            continue
        calls = [(step.uses, step.args)]
        calls += [(one.uses, one.args) for one in (step.proof, step.unless, step.undo) if one is not None]
        for uses, args in calls:
            action = actions.get(uses)
            for need in (action.needs or ()) if action is not None else ():
                for reference in references_of(need, args, inventory):
                    steps.setdefault(reference, {})[step.id] = None
                    other_way[reference] = other_way.get(reference, True) and _is_one_of_two(need, args)
    return tuple(SecretNeeded(name, tuple(of), other_way[name]) for name, of in steps.items())


def references_of(need: Need, args: Mapping[str, Any], inventory: Inventory) -> Iterator[str]:
    """Yield the references that one need of one call asks for, as far as the plan knows them."""
    for reference in _of(need, args, inventory):
        if isinstance(reference, str):
            yield reference


def _of(need: Need, args: Mapping[str, Any], inventory: Inventory) -> Iterator[Any]:  # noqa: C901, PLR0912 - a line a kind
    match need:
        case OnHost():
            yield _in(args, need.of, "key")
        case AsOwner() | OrderUnit():
            yield _in(args, need.of, "host", "key")
        case Login():
            yield _in(args, need.of, "password")
        case Replicating():
            yield _in(args, need.source, "replicator_password")
        case InBucket():
            stores = _in(args, need.of)
            for store in stores if isinstance(stores, list | tuple) else (stores,):
                yield _in({"store": store}, "store", "access_key")
                yield _in({"store": store}, "store", "secret_key")
        case AtThePlaces() if need.is_in(args):
            yield from _of_places(inventory)
        case AtController() if "powered-off" in _means(need, args):
            yield _in(args, need.of, "power", "password")
        case InZone() if need.name:  # questions are asked unsigned
            yield _in(args, need.of, "key")
        case AtAddress():
            yield args.get("bearer")
        case ByMail():
            yield inventory.mail.password if inventory.mail is not None else None
        case BySlack():
            yield inventory.slack.token if inventory.slack is not None else None
        case _:  # a balancer listens to everybody who reaches it
            pass


def _means(need: AtController, args: Mapping[str, Any]) -> tuple[str, ...]:
    """Return by what it may be done, in this order: a fence has means of its own, a power switch is the only one."""
    return tuple(args.get("by", FENCE_MEANS)) if need.of == "server.host" else ("powered-off",)


def _is_one_of_two(need: Need, args: Mapping[str, Any]) -> bool:
    if isinstance(need, AtThePlaces):
        return bool(need.means)
    return isinstance(need, AtController) and len(_means(need, args)) > 1


def _of_places(inventory: Inventory) -> Iterator[str]:
    for entry in inventory.places.values():
        store = inventory.stores[entry.store]
        yield entry.access_key or store.access_key
        yield entry.secret_key or store.secret_key


def _in(args: Mapping[str, Any], path: str, *more: str) -> Any:
    """Follow a path into arguments as a plan holds them; None where it ends before, as at what only a step will see."""
    value: Any = args
    for name in (*path.split("."), *more):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
