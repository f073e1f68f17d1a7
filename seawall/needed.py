"""What a city's plans need outside, found by looking at each call's action and at what its arguments point at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from seawall.actions import Action
from seawall.needs import Need, Replicating
from seawall.plan import Plan, references


@dataclass(frozen=True, slots=True)
class Asked:
    """One need of one action, with what it points at.

    Attributes:
        at: the target itself: a Server, Host, Store, Balancer, Zone, an address; None for what the city has one of.
        source: the other server, for what connects two.
        args: the call's arguments as rendered.
    """

    action: str
    need: Need
    at: Any
    source: Any = None
    args: Mapping[str, Any] | None = None


def asked_by(plan: Plan, actions: Mapping[str, Action[Any, Any]]) -> Iterator[Asked]:
    """Yield what the steps that will run need, with their proofs and what takes them back."""
    for step in plan.steps:
        if step.skipped is None and step.uses is not None:
            yield from asked_of(step.uses, step.args, actions)
            for other in (step.proof, step.unless, step.undo):
                if other is not None:
                    yield from asked_of(other.uses, other.args, actions)


def asked_of(uses: str, args: Mapping[str, Any], actions: Mapping[str, Action[Any, Any]]) -> Iterator[Asked]:
    """Yield what one call needs. What only an earlier step will know is not known here, and points at nothing."""
    action = actions.get(uses)
    if action is None:
        return
    for need in action.needs or ():
        source = None
        if isinstance(need, Replicating):
            source = next(iter(_targets(action, need.source, args)), None)
        for at in _targets(action, need.of, args) if need.of else (None,):
            yield Asked(uses, need, at, source, args)


def undeclared(plans: Iterable[Plan], actions: Mapping[str, Action[Any, Any]]) -> tuple[str, ...]:
    """Return the actions in use of which nobody said what they need."""
    used = {step.uses for plan in plans for step in plan.steps if step.skipped is None and step.uses}
    return tuple(sorted(name for name in used if name in actions and actions[name].needs is None))


def _targets(action: Action[Any, Any], path: str, args: Mapping[str, Any]) -> tuple[Any, ...]:
    """Read the argument that `path` begins with as its own type, and follow the rest of the path into it."""
    first, *rest = path.split(".")
    value = args.get(first)
    if value is None or references(value):
        return ()
    try:
        found = TypeAdapter(action.args.model_fields[first].annotation).validate_python(value)
    except ValidationError:
        return ()
    for name in rest:
        found = getattr(found, name, None)
    if found is None:
        return ()
    return tuple(found) if isinstance(found, list | tuple) else (found,)
