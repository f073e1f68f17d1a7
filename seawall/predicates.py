"""What a runbook expects to be seen, checked when the plan is made and held against what was seen when it runs.

`{in_recovery: true, missing_at_most: 16 MB}` becomes two predicates. A field that was not seen makes a predicate
unknown, which is neither true nor false.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from seawall.actions import Seen
from seawall.model import Frozen, duration, duration_text, size

Operator = Literal["is", "is_not", "at_most", "at_least", "one_of"]
_SUFFIXES: tuple[Operator, ...] = ("at_most", "at_least", "one_of", "is_not")
Value = bool | int | float | str | tuple[bool | int | float | str, ...] | None


class Predicate(Frozen):
    """One field of what is seen, and what it must be. Durations are seconds, sizes bytes."""

    field: str
    operator: Operator
    value: Value
    written: str

    def holds(self, seen: Seen) -> bool | None:
        """Tell whether it holds over `seen`; None when the field is unknown."""
        found = _plain(getattr(seen, self.field))
        if found is None:
            return None
        return _compare(self.operator, found, self.value)

    def held(self, seen: Mapping[str, Any]) -> bool:
        """Tell whether it held over what a step saw, as the journal has it; not when the field was unknown."""
        found = seen.get(self.field)
        return found is not None and _compare(self.operator, found, self.value)

    def __str__(self) -> str:
        return f"{self.field} {self.operator.replace('_', ' ')} {self.written}"


def read_predicates(expect: Mapping[str, Any], seen: type[Seen]) -> tuple[Predicate, ...]:
    """Read `expect` against the type of what will be seen.

    Raises:
        ValueError: a field that is not seen, or a value that cannot be compared with it; says which exist.
    """
    return tuple(_read(key, value, seen) for key, value in expect.items())


def unmet(predicates: Iterable[Predicate], seen: Seen) -> tuple[tuple[Predicate, ...], tuple[Predicate, ...]]:
    """Return the predicates that do not hold, and those that are unknown."""
    verdicts = [(predicate, predicate.holds(seen)) for predicate in predicates]
    return tuple(p for p, held in verdicts if held is False), tuple(p for p, held in verdicts if held is None)


def _read(key: str, value: Any, seen: type[Seen]) -> Predicate:
    field, operator = key, "is"
    if key not in seen.model_fields:
        for suffix in _SUFFIXES:
            if key.endswith(f"_{suffix}"):
                field, operator = key.removesuffix(f"_{suffix}"), suffix
    if field not in seen.model_fields:
        known = ", ".join(seen.model_fields)
        message = f"{field!r} is not something {seen.__name__} shows; it shows {known}"
        raise ValueError(message)
    annotation = without_none(seen.model_fields[field].annotation)
    plain = (
        tuple(_value(one, annotation, key) for one in value)
        if operator == "one_of"
        else _value(value, annotation, key)
    )
    return Predicate(field=field, operator=operator, value=plain, written=_written(value))  # type: ignore[arg-type]


def _value(value: Any, annotation: Any, key: str) -> Any:
    try:
        if annotation is timedelta:
            return duration(value).total_seconds()
        if annotation is float and isinstance(value, str):
            return duration(value).total_seconds()
        if annotation is int and isinstance(value, str):
            return size(value)
        return _plain(TypeAdapter(annotation).validate_python(value))
    except (ValueError, ValidationError) as error:
        message = f"{value!r} cannot be compared with {key}"
        raise ValueError(message) from error


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return duration_text(value)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _compare(operator: Operator, found: Any, value: Any) -> bool:
    match operator:
        case "is":
            return bool(found == value)
        case "is_not":
            return bool(found != value)
        case "at_most":
            return bool(found <= value)
        case "at_least":
            return bool(found >= value)
        case "one_of":
            return found in value


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def without_none(annotation: Any) -> Any:
    """Return the kind behind `Annotated` and `| None`."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        return without_none(kinds[0]) if len(kinds) == 1 else annotation
    return annotation
