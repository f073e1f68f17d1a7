"""The JSON Schemas of the files people write, made from the models that read them, so that they cannot disagree."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from seawall.inventory import Inventory
from seawall.model import Text
from seawall.runbook import Check, Runbook, Undo

DRAFT = "https://json-schema.org/draft/2020-12/schema"
BARE = (Text, Check, Undo)
"""Models that a file may also hold as a plain string."""


def schema_of(kind: str) -> str:
    """Return the schema of `inventory`, `runbook` or `scenario` as JSON text."""
    schema = {"$schema": DRAFT, **_model(kind).model_json_schema(mode="validation", by_alias=True)}
    for name in (one.__name__ for one in BARE):
        if name in schema.get("$defs", {}):
            schema["$defs"][name] = {"anyOf": [{"type": "string"}, schema["$defs"][name]]}
    if kind == "inventory":
        # A city's inventory is many files, each with some of the sections.
        schema["required"] = []
    return json.dumps(_without_regex_of_python(schema), indent=2, ensure_ascii=False)


def _model(kind: str) -> type[BaseModel]:
    if kind == "scenario":
        from drills.scenario import Scenario

        return Scenario
    return Inventory if kind == "inventory" else Runbook


def _without_regex_of_python(value: Any) -> Any:
    """Write a duration as the text it is in a file; pydantic would call it ISO 8601."""
    if isinstance(value, dict):
        if value.get("format") == "duration":
            return {
                **{key: one for key, one in value.items() if key not in ("format", "default")},
                "type": "string",
                "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d))+$",
                "examples": ["30s", "15m", "1h30m"],
            }
        return {key: _without_regex_of_python(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_regex_of_python(one) for one in value]
    return value
