"""What a model expects at a place in a file: which keys, of what shape, and how one would be written."""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from seawall.model import Name, SecretRef, Text
from seawall.yaml_source import Loc

SECRET_PATTERN: str = get_args(SecretRef)[1].pattern
NAME_PATTERN: str = get_args(Name)[1].pattern


def bare(annotation: Any) -> Any:
    """Return what stands behind `Annotated` and `| None`."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif len(members(annotation)) == 1:
            annotation = members(annotation)[0]
        else:
            return annotation


def members(annotation: Any) -> list[Any]:
    """Return what a union may be besides None; nothing when it is no union."""
    is_union = get_origin(annotation) in {Union, types.UnionType}
    return [one for one in get_args(annotation) if one is not type(None)] if is_union else []


def shape_at(model: Any, path: Loc) -> Any:
    """Return the annotation of what stands at `path` in a file read as `model`; None when nothing is expected there.

    Between its keys `path` may name members of unions, as pydantic's errors do: by tag or by class.
    """
    here = bare(model)
    for part in path:
        here = bare(_member(here, part) if members(here) else _inside(here, part))
        if here is None:
            return None
    return here


def keys_of(shape: Any) -> Mapping[str, FieldInfo]:
    """Return the keys a mapping of this shape may have, as a file spells them; none for other shapes."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        return {field.alias or name: field for name, field in shape.model_fields.items()}
    return {}


def parts(shape: Any) -> list[Any]:
    """Return the annotations of what a mapping or a list of this shape holds."""
    if keys_of(shape):
        return [field.annotation for field in keys_of(shape).values()]
    if get_origin(shape) in {dict, tuple, list}:
        return [one for one in get_args(shape) if one is not Ellipsis]
    return []


def example(field: FieldInfo) -> str:
    """Return how a value of this field may be written."""
    if any(getattr(one, "pattern", None) == SECRET_PATTERN for one in field.metadata):
        return "env:NAME"
    shape = bare(field.annotation)
    if get_origin(shape) is Literal:
        return str(get_args(shape)[0])
    if get_origin(shape) in {tuple, list}:
        return "[...]"
    if get_origin(shape) is dict or (keys_of(shape) and shape is not Text):
        wanted = {key: one for key, one in keys_of(shape).items() if one.is_required()}
        return "{" + ", ".join(f"{key}: {example(one)}" for key, one in wanted.items()) + "}"
    return _EXAMPLES.get(shape, "...")


_EXAMPLES: dict[Any, str] = {
    Text: "{en: ..., da: ...}",
    timedelta: "15m",
    date: "2026-10-01",
    bool: "true",
}


def _member(union: Any, part: str | int) -> Any:
    """Return the member that `part` names, or else what is at `part` in the first member that has it."""
    shapes = [bare(one) for one in members(union)]
    for shape in shapes:
        tags = {tag for field in keys_of(shape).values() for tag in get_args(bare(field.annotation))}
        if part in tags or part == getattr(shape, "__name__", None):
            return shape
        if members(shape) and str(part).startswith("tagged-union"):
            return shape
    return next((found for shape in shapes if (found := _inside(shape, part)) is not None), None)


def _inside(shape: Any, part: str | int) -> Any:
    if keys_of(shape):
        field = keys_of(shape).get(str(part))
        return None if field is None else field.annotation
    kind, within = get_origin(shape), get_args(shape)
    if kind is dict:
        return within[1]
    if kind in {tuple, list} and isinstance(part, int):
        return within[0] if Ellipsis in within or len(within) <= part else within[part]
    return None
