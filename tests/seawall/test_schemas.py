"""The schemas an editor uses accept every file we ship, and refuse what loading refuses."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

import drills
from drills.scenario import Scenario
from seawall.loading import PRODUCT
from seawall.schemas import schema, schema_of
from seawall.yaml_source import read_yaml, yaml_source

CITY = Path(drills.__file__).parent / "city"
SHIPPED = [
    *(("inventory", path) for path in sorted((CITY / "inventory").glob("*.yaml"))),
    *(("runbook", path) for path in sorted(PRODUCT.glob("*.yaml"))),
    *(("message", path) for path in sorted((PRODUCT / "messages").glob("*.yaml"))),
    *(("scenario", path) for path in sorted((CITY.parent / "scenarios").glob("*.yaml"))),
]


@cache
def validator(kind: Any) -> Any:
    made = schema_of(Scenario) if kind == "scenario" else schema(kind)
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def complaints(kind: Any, value: Any) -> list[str]:
    return [one.message for one in validator(kind).iter_errors(value)]


@pytest.mark.parametrize(("kind", "path"), SHIPPED, ids=lambda one: getattr(one, "stem", one))
def test_every_file_we_ship_fits_its_schema(kind, path):
    assert complaints(kind, read_yaml(path).value) == []


REFUSED = [
    ("inventory", "servces: {}"),
    ("inventory", "sites: {North: {title: T, address: A, coordinates: [1, 2]}}"),
    ("inventory", "sites: {north: {title: T, address: A, coordinates: [1]}}"),
    ("inventory", "people: {one: {title: T, email: e, role: [x]}}"),
    ("inventory", "backups: {b: {every: 5}}"),
    ("runbook", "{runbook: r, title: T, why: W, steps: []}"),
    ("runbook", "{runbook: r, title: {da: T}, why: W, steps: [{id: a, does: D}]}"),
    ("message", "{subject: S}"),
    ("settings", "prefect: maybe"),
]


@pytest.mark.parametrize(("kind", "text"), REFUSED)
def test_what_loading_refuses_an_editor_marks(kind, text):
    assert complaints(kind, yaml_source(text, "x").value)


WIDER = [
    (
        "runbook",
        "{runbook: r, title: T, why: W, steps: [{id: a, does: D, uses: x.y, proof: x.z, undo: x.w, when: false}]}",
    ),
    (
        "runbook",
        "{runbook: r, title: T, why: W, parameters: {n: {type: number, default: 5}}, steps: [{id: a, does: D}]}",
    ),
    ("message", "{subject: S, body: {en: E, da: D}}"),
    ("settings", "prefect: on"),
]


@pytest.mark.parametrize(("kind", "text"), WIDER)
def test_what_may_be_written_shorter_fits_too(kind, text):
    assert complaints(kind, yaml_source(text, "x").value) == []


def test_an_editor_shows_what_each_key_is_for():
    made = schema("inventory")
    service = made["$defs"]["Service"]["properties"]
    assert service["without_it"]["description"] == "what citizens cannot do while it is down."
    assert made["$defs"]["Targets"]["properties"]["rto"]["anyOf"][0]["examples"] == ["30s", "15m", "1h30m"]
    assert schema("runbook")["$defs"]["RunbookStep"]["properties"]["with"]["description"]
    assert "Attributes:" not in str(made)
