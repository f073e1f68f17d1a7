"""A freeze keeps what Prefect starts by itself from running, and lets through what a person starts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import drills
from seawall.freezing import IsFrozen, freeze
from seawall.inventory import Inventory
from seawall.loading import load_inventory
from tests.fakes import MIDNIGHT
from tests.seawall.test_binding import INVENTORY

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

pytestmark = pytest.mark.slow  # Prefect takes two seconds to load


def begun(**more: Any) -> FlowRun:
    from prefect.client.schemas.objects import FlowRun

    return FlowRun.model_validate({"name": "n", "flow_id": "00000000-0000-0000-0000-000000000001", **more})


DUE: dict[str, Any] = {"auto_scheduled": True}
AGAIN: dict[str, Any] = {"run_count": 2}
SET_OFF: dict[str, Any] = {"created_by": {"type": "AUTOMATION", "id": None, "display_value": None}}
BY_A_PERSON: dict[str, Any] = {"run_count": 1}


@pytest.fixture
def inventory() -> Inventory:
    return INVENTORY.model_copy(update={"places": {}})


@pytest.mark.parametrize("one", [DUE, AGAIN, SET_OFF], ids=["due", "again", "set off"])
def test_what_nobody_started_stands_still(tmp_path, inventory, one):
    from flows.as_flow import refused
    from flows.frozen import check_may_run

    check_may_run(tmp_path, inventory, begun(**one), pytest.fail)
    freeze(tmp_path, None, by="anna", why="water in the hall", now=MIDNIGHT)
    with pytest.raises(IsFrozen, match="water in the hall") as caught:
        check_may_run(tmp_path, inventory, begun(**one), pytest.fail)
    state = refused(caught.value)
    assert (state.type.value, state.name) == ("CANCELLED", "Frozen")


def test_what_a_person_started_goes_on_and_is_warned(tmp_path, inventory):
    from flows.frozen import check_may_run, runs_by_itself

    freeze(tmp_path, None, by="anna", why="water in the hall", now=MIDNIGHT)
    warned: list[str] = []
    check_may_run(tmp_path, inventory, begun(**BY_A_PERSON), warned.append)
    assert warned == ["FROZEN by anna: water in the hall. A person started this, and it goes on"]
    assert not runs_by_itself(None)


def test_places_that_cannot_be_asked_count_as_frozen_for_what_nobody_started(tmp_path):
    """The reference city's places are nowhere in the world."""
    from flows.frozen import check_may_run

    city = load_inventory(Path(drills.__file__).parent / "city")
    with pytest.raises(IsFrozen, match=r"(north|south|witness).* silent"):
        check_may_run(tmp_path, city, begun(**DUE), pytest.fail)
    check_may_run(tmp_path, city, begun(**BY_A_PERSON), pytest.fail)
