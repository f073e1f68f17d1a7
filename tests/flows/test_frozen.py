"""A freeze keeps what Prefect starts by itself from running, and lets through what a person starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import FlowRun

import drills
from flows.as_flow import refused
from flows.frozen import check_may_run, runs_by_itself
from seawall.freezing import IsFrozen, freeze
from seawall.inventory import Inventory
from seawall.loading import load_inventory
from tests.fakes import MIDNIGHT
from tests.seawall.test_binding import INVENTORY


def begun(**more: Any) -> FlowRun:
    return FlowRun.model_validate({"name": "n", "flow_id": "00000000-0000-0000-0000-000000000001", **more})


DUE = begun(auto_scheduled=True)
AGAIN = begun(run_count=2)
SET_OFF = begun(created_by={"type": "AUTOMATION", "id": None, "display_value": None})
BY_A_PERSON = begun(run_count=1)


@pytest.fixture
def inventory() -> Inventory:
    return INVENTORY.model_copy(update={"places": {}})


@pytest.mark.parametrize("one", [DUE, AGAIN, SET_OFF], ids=["due", "again", "set off"])
def test_what_nobody_started_stands_still(tmp_path, inventory, one):
    check_may_run(tmp_path, inventory, one, pytest.fail)
    freeze(tmp_path, None, by="anna", why="water in the hall", now=MIDNIGHT)
    with pytest.raises(IsFrozen, match="water in the hall") as caught:
        check_may_run(tmp_path, inventory, one, pytest.fail)
    state = refused(caught.value)
    assert (state.type.value, state.name) == ("CANCELLED", "Frozen")


def test_what_a_person_started_goes_on_and_is_warned(tmp_path, inventory):
    freeze(tmp_path, None, by="anna", why="water in the hall", now=MIDNIGHT)
    warned: list[str] = []
    check_may_run(tmp_path, inventory, BY_A_PERSON, warned.append)
    assert warned == ["FROZEN by anna: water in the hall. A person started this, and it goes on"]
    assert not runs_by_itself(None)


def test_places_that_cannot_be_asked_count_as_frozen_for_what_nobody_started(tmp_path):
    """The reference city's places are nowhere in the world."""
    city = load_inventory(Path(drills.__file__).parent / "city")
    with pytest.raises(IsFrozen, match=r"(north|south|witness).* silent"):
        check_may_run(tmp_path, city, DUE, pytest.fail)
    check_may_run(tmp_path, city, BY_A_PERSON, pytest.fail)
