"""Scorecards of simulated drills: one that went well, one that went badly, one that came late, one broken off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from drills.hold import hold_drill
from drills.scorecard import Scorecard
from drills.written import read_scorecard
from tests.drills.simulated import Moves, SimulatedClock, SimulatedPlace
from tests.drills.small_city import small_city, small_scenario

SOON = {"rto": "10s", "rpo": "500ms", "mtpd": "4h", "approved_by": "dr-manager", "on": "2026-10-01"}


def passed(folder: Path) -> Scorecard:
    return _held(folder / "drill-20261121-passed", Moves)


def failed(folder: Path) -> Scorecard:
    def badly(place: SimulatedPlace) -> Moves:
        place.missing = 137
        return Moves(place, fences=False, takes=timedelta(seconds=20), mark="Vigtigt")

    planned = {"runbook": "failover", "with": {"to": "south"}, "when": "declared", "at": "2s"}
    return _held(folder / "drill-20261121-failed", badly, timeline=[], respond=planned, targets=SOON)


def late(folder: Path) -> Scorecard:
    def slowly(place: SimulatedPlace) -> Moves:
        place.missing = 3
        return Moves(place, takes=timedelta(seconds=20))

    return _held(folder / "drill-20261121-late", slowly, targets=SOON)


def broken_off(folder: Path) -> Scorecard:
    def stop() -> None:
        raise KeyboardInterrupt

    where = folder / "drill-20261121-broken-off"
    try:
        _held(where, lambda place: Moves(place, instead={"failover": stop}))
    except KeyboardInterrupt:
        return read_scorecard(where)
    raise AssertionError("it was to be broken off")


ALL = (passed, failed, late, broken_off)


def _held(folder: Path, response: Callable[[SimulatedPlace], Moves], **changed: Any) -> Scorecard:
    place = SimulatedPlace(SimulatedClock())
    city = small_city(targets=changed.pop("targets")) if "targets" in changed else small_city()
    return hold_drill(small_scenario(**changed), city, place, response(place), folder, clock=place.clock)
