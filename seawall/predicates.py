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

from pydantic import Field, TypeAdapter, ValidationError

from seawall.actions import Seen
from seawall.model import Duration, Frozen, duration, duration_text, size

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


class PlanPredicate(Frozen):
    """What a plan rests on: a fact, the READS call that tells it, and what it must see. It holds no value seen.

    Attributes:
        fact: the fact's name; inside a runbook that another uses, under the name of the step that uses it.
        expect: all of it must hold.
        unknown: what happens when it cannot be told.
        within: how long looking may take.
    """

    fact: str
    uses: str
    args: dict[str, Any]
    expect: tuple[Predicate, ...]
    unknown: Literal["stops", "goes-on"]
    within: Duration

    def __str__(self) -> str:
        return f"{self.fact}: {', '.join(map(str, self.expect))}"


class Checked(Frozen):
    """What was found of one fact that a plan rests on.

    Attributes:
        holds: None when it could not be told.
        saw: what was seen of it, or why nothing was.
    """

    fact: str
    holds: bool | None
    saw: str


def _is_empty(value: object) -> bool:
    return value == ()


Looks = Annotated[tuple[Checked, ...], Field(exclude_if=_is_empty)]
"""What was found, right before a call, of what the plan rests on."""


def judged(wanted: PlanPredicate, seen: Seen | None, problem: str = "") -> Checked:
    """Hold what was seen of a fact against what a plan rests on.

    Args:
        wanted: what must hold.
        seen: None when nothing was.
        problem: why nothing was.
    """
    if seen is None:
        return Checked(fact=wanted.fact, holds=None, saw=problem or "it could not be read")
    false, unknown = unmet(wanted.expect, seen)
    if false or unknown:
        parts = [f"expected {one}, saw {getattr(seen, one.field)}" for one in false]
        parts += [f"expected {one}, and it is unknown" for one in unknown]
        return Checked(fact=wanted.fact, holds=False if false else None, saw="; ".join(parts))
    return Checked(fact=wanted.fact, holds=True, saw=str(seen))


def stops(wanted: PlanPredicate, found: Checked) -> bool:
    """Tell whether a plan that rests on `wanted` cannot go on from what was found."""
    return found.holds is False or (found.holds is None and wanted.unknown == "stops")


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
