"""JSON Schemas of the files people write, made from the models that read them, so that an editor completes and checks.

What authors may write is wider than what the models hold: a duration is `15m`, a text may be a plain string, an
action's name may stand for a whole check. The schemas say what may be written.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from seawall.inventory import Inventory
from seawall.loading.shapes import bare, keys_of, members, parts
from seawall.messages import Message
from seawall.model import Text
from seawall.own_actions import OwnActionsFile
from seawall.runbook import Check, Parameter, Runbook, Undo
from seawall.settings import SettingsFile

Kind = Literal["inventory", "runbook", "message", "settings", "actions"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
DURATION = r"^(\d+(\.\d+)?(ms|s|m|h|d)\s*)+$"
MAY_BE_PLAIN = (Text, Check, Undo)
"""Models that a plain string may stand for."""

_ATTRIBUTE = re.compile(r"^        (\w+): (.*(?:\n            .*)*)", re.MULTILINE)


def schema(kind: Kind) -> dict[str, Any]:
    """Return the JSON Schema of one kind of file."""
    models: dict[Kind, type[BaseModel]] = {
        "inventory": Inventory,
        "runbook": Runbook,
        "message": Message,
        "settings": SettingsFile,
        "actions": OwnActionsFile,
    }
    made = schema_of(models[kind])
    if kind == "inventory":
        made.pop("required")  # each file of an inventory holds some of its sections
    return made


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of files that are read as `model`."""
    made = {"$schema": DRAFT, **model.model_json_schema(schema_generator=_AsWritten)}
    described = {one.__name__: one for one in _models(model, set())}
    definitions = made.get("$defs", {})
    for name, definition in [(model.__name__, made), *definitions.items()]:
        if name in described:
            _describe(described[name], definition)
    for plain in MAY_BE_PLAIN:
        if plain.__name__ in definitions:
            whole = definitions[plain.__name__]
            definitions[plain.__name__] = {
                "description": whole.get("description", ""),
                "anyOf": [{"type": "string"}, whole],
            }
    if Parameter.__name__ in definitions:
        definitions[Parameter.__name__]["properties"]["default"]["anyOf"] += [
            {"type": "number"},
            {"type": "boolean"},
        ]
    return made


class _AsWritten(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        del schema
        return {"type": "string", "pattern": DURATION, "examples": ["30s", "15m", "1h30m"]}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        if "patternProperties" in made:
            made["additionalProperties"] = False
        return made


def _models(shape: Any, seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Yield every model that a file of this shape may hold."""
    shape = bare(shape)
    if keys_of(shape):
        if shape in seen:
            return
        seen.add(shape)
        yield shape
    for part in (*members(shape), *parts(shape)):
        yield from _models(part, seen)


def _describe(model: type[BaseModel], definition: dict[str, Any]) -> None:
    """Put the words of a model's docstring where an editor shows them."""
    words = inspect.cleandoc(model.__doc__ or "")
    definition["description"] = _one_line(re.split(r"\n\s*\n", words)[0])
    definition.pop("title", None)
    told = {name: _one_line(text) for name, text in _ATTRIBUTE.findall(model.__doc__ or "")}
    for name, field in model.model_fields.items():
        shown = definition.get("properties", {}).get(field.alias or name)
        if shown is not None and name in told:
            shown["description"] = told[name]


def _one_line(text: str) -> str:
    return " ".join(text.split())
