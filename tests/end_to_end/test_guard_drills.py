"""The drills of a guard's faults, held as a person holds them: what is true of each on a machine of any speed."""

from __future__ import annotations

import json

import pytest

from seawall.errors import ExitCode
from tests.end_to_end.scene import Scene

pytestmark = [pytest.mark.lab, pytest.mark.matrix]
TIMED = ("Users are refused for", "Nothing is proposed", "Login accepts writes")
"""What is expected within a time: told, and not judged here."""
RUNS = {
    "guard-stopped": ["postgres-failover", "postgres-failback"],
    "guard-cut-off": ["postgres-failover", "postgres-failback"],
    "guard-killed": [],
}


@pytest.mark.parametrize("scenario", RUNS)
def test_a_guards_fault_loses_no_write_and_leaves_one_primary_which_users_reach(
    scene: Scene, scenario: str
) -> None:
    if scene.primary() != "north":
        scene.bring_home()
    timeline = scene.timeline()
    said = scene.seawall("drill", "run", scenario, "--without-prefect", "--json", within=600)
    assert said.code in (ExitCode.DONE, ExitCode.FAILED), said.all
    card = json.loads(said.out)
    untrue = [
        one["that"]["en"]
        for one in card["expectations"]
        if one["met"] is not True and not one["that"]["en"].startswith(TIMED)
    ]
    assert untrue == [], said.all
    assert card["writes"]["lost"] == 0
    assert card["writes"]["refused_for"] is not None, "users are let in when it is over"
    assert [(one["runbook"], one["outcome"]) for one in card["runs"]] == [
        (runbook, "done") for runbook in RUNS[scenario]
    ]
    assert (scene.primary(), scene.timeline()) == ("north", timeline + len(RUNS[scenario]))
    scene.check_serves("north")
