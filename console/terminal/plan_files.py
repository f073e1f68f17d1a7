"""Plans kept in files: written whole, and read back only when they are what was written."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from seawall.errors import BadInput, JournalError, PlanStale
from seawall.files import write_whole
from seawall.plan import Plan

LARGEST = 64 * 2**20
"""Bytes; the plan of an evacuation of 1,000 services has about 20 million."""


def write_plan(plan: Plan, path: Path) -> None:
    """Keep a plan at `path`. Raises: BadInput when it cannot be written there."""
    if path.exists() and (path.is_dir() or not path.name.endswith(".json")):
        # A slip such as `-o inventory/services.yaml` must not cost somebody their city.
        raise BadInput.one(
            "it is there already, and is no .json file", where=str(path), remedy="Name another file"
        )
    try:
        write_whole(path, plan.content)
    except JournalError as error:
        raise BadInput.one(error.problem, where=str(path), remedy="Choose another place") from error


def looks_like_file(word: str) -> bool:
    """Tell whether what was typed means a file with a plan, and not a runbook's name."""
    return word.endswith(".json") or "/" in word


def read_plan(path: Path, city: str) -> Plan:
    """Read a plan that `write_plan` kept.

    Raises:
        BadInput: it is no plan.
        PlanStale: it is a plan for another city.
    """
    where = str(path)
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput.one(
                "it is larger than any plan", where=where, remedy="Name a file that `seawall plan -o` wrote"
            )
        content = path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {(error.strerror or str(error)).lower()}"
        raise BadInput.one(
            problem, where=where, remedy="Check the name; `seawall plan ... -o FILE` writes one"
        ) from error
    try:
        plan = Plan.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        problem = f"this is not a plan{f': {place}' if place else ''}: {first['msg']}"
        raise BadInput.one(
            problem, where=where, remedy="Make it again with `seawall plan ... -o FILE`"
        ) from error
    if plan.city != city:
        problem = f"it was made for the city {plan.city}, and this is {city}"
        raise PlanStale(problem, where=where, remedy="Go to that city's folder, or plan again")
    return plan
