"""The arguments of one call, bound: rendered, checked against the action's own type, references left open but typed."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from seawall.actions import Action, Seen
from seawall.expressions import ExpressionError, value_of
from seawall.ground import Wrong
from seawall.inventory import NotWritten
from seawall.model import Frozen, duration_text
from seawall.plan import references
from seawall.predicates import without_none
from seawall.targets import Host, Server, Unit, WebRoot


@dataclass(frozen=True, slots=True)
class Arguments:
    """What an argument may name: expressions' names, and the actions of the steps before, under `prefix`."""

    names: Mapping[str, Any]
    actions: Mapping[str, Action[Any, Any]]
    prefix: str


@dataclass(frozen=True, slots=True)
class Bound:
    """Arguments as they stand in a plan, what they refer to and keep busy, and what is wrong with them."""

    values: dict[str, Any]
    references: tuple[str, ...]
    lanes: tuple[str, ...]
    mistakes: tuple[Wrong, ...]


def bind_arguments(action: Action[Any, Any], written: Mapping[str, Any], given: Arguments) -> Bound:
    """Render `written` and check every argument against `action.args`."""
    fields = {
        (one.alias or name): name
        for name, one in action.args.model_fields.items()
        if name not in action.pinned
    }
    mistakes: list[Wrong] = []
    values: dict[str, Any] = {}
    lanes: dict[str, None] = {}
    for key, raw in written.items():
        if key not in fields:
            nearest = difflib.get_close_matches(key, fields, n=1)
            remedy = f"Did you mean {nearest[0]}" if nearest else f"It takes {', '.join(fields) or 'nothing'}"
            mistakes.append(Wrong((key,), f"{action.name} takes no {key!r}", remedy))
            continue
        try:
            value = _rendered(raw, given)
        except ExpressionError as error:
            lacks = error.__cause__ if isinstance(error.__cause__, NotWritten) else None
            remedy = "Name something that the runbook's parameters give"
            mistakes.append(Wrong((key,), str(error), remedy, lacks))
            continue
        if (referred := _reference(value)) is not None:
            mistakes += [
                Wrong((key,), *wrong)
                for wrong in _reference_wrongs(action.args, fields[key], referred, given)
            ]
            values[key] = {"from": given.prefix + referred}
            continue
        if value is not None and _is_seen(action.args.model_fields[fields[key]].annotation):
            remedy = "Refer to the step that saw it: `{from: STEP}`"
            mistakes.append(
                Wrong((key,), f"{key} of {action.name} is what a step saw, never written", remedy)
            )
            continue
        try:
            typed = _adapter(cast("Hashable", action.args), fields[key]).validate_python(_dumped(value))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join([key, *(str(part) for part in first["loc"])])
            mistakes.append(
                Wrong(
                    (key,),
                    f"{where} of {action.name}: {first['msg'].removeprefix('Value error, ')}",
                    "See docs/actions.md for what it takes",
                )
            )
            continue
        lanes.update(dict.fromkeys(_lanes(typed)))
        values[key] = _adapter(cast("Hashable", action.args), fields[key]).dump_python(typed, mode="json")
    for key, name in fields.items():
        if key not in written and action.args.model_fields[name].is_required():
            mistakes.append(Wrong((), f"{action.name} needs {key!r}", f"Add `{key}:` to its `with`"))
    for name, pinned in action.pinned.items():
        typed = _adapter(cast("Hashable", action.args), name).validate_python(pinned)
        lanes.update(dict.fromkeys(_lanes(typed)))
        values[name] = pinned
    return Bound(
        values, tuple(name.partition(".")[0] for name in references(values)), tuple(lanes), tuple(mistakes)
    )


def _rendered(raw: Any, given: Arguments) -> Any:
    if isinstance(raw, str):
        return value_of(raw, given.names)
    if isinstance(raw, dict):
        return (
            raw if _reference(raw) is not None else {key: _rendered(one, given) for key, one in raw.items()}
        )
    if isinstance(raw, list):
        return [_rendered(one, given) for one in raw]
    return raw


def _reference(value: Any) -> str | None:
    return (
        value["from"]
        if isinstance(value, dict) and set(value) == {"from"} and isinstance(value["from"], str)
        else None
    )


def _reference_wrongs(
    args: type[Frozen], field: str, referred: str, given: Arguments
) -> Iterator[tuple[str, str]]:
    step, _, part = referred.partition(".")
    action = given.actions.get(given.prefix + step)
    if action is None:
        known = ", ".join(name.removeprefix(given.prefix) for name in given.actions) or "none"
        yield f"no step {step!r} before this one", f"Refer to a step that this one waits for: {known}"
        return
    seen: Any = action.seen
    if part:
        if part not in action.seen.model_fields:
            yield f"{action.name} does not show {part!r}", f"It shows {', '.join(action.seen.model_fields)}"
            return
        seen = without_none(action.seen.model_fields[part].annotation)
    wanted = without_none(args.model_fields[field].annotation)
    fits = seen == wanted or (
        isinstance(seen, type) and isinstance(wanted, type) and issubclass(seen, wanted)
    )
    if not fits:
        yield (
            f"{referred!r} is a {_called(seen)}, and {field} takes a {_called(wanted)}",
            "Refer to a step that shows the right thing",
        )


def _is_seen(annotation: Any) -> bool:
    """Tell whether an argument is what an earlier step saw, such as evidence: nobody writes that by hand."""
    wanted = without_none(annotation)
    return isinstance(wanted, type) and issubclass(wanted, Seen)


def _called(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _dumped(value: Any) -> Any:
    """Turn models of one kind into plain values, so that an equal shape of another kind is checked afresh."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, list | tuple):
        return [_dumped(one) for one in value]
    if isinstance(value, dict):
        return {key: _dumped(one) for key, one in value.items()}
    if isinstance(value, timedelta):
        return duration_text(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _lanes(value: Any) -> Iterator[str]:
    match value:
        case Server() | WebRoot() | Unit():
            yield f"host:{value.host.name}"
        case Host():
            yield f"host:{value.name}"
        case Seen():
            return
        case list() | tuple():
            for one in value:
                yield from _lanes(one)


@lru_cache(maxsize=1024)
def _adapter(args: Hashable, field: str) -> TypeAdapter[Any]:
    one = cast("type[Frozen]", args).model_fields[field]
    annotation: Any = one.annotation
    for more in one.metadata:
        annotation = Annotated[annotation, more]
    return TypeAdapter(annotation)
