"""A drill held as a flow: the real lab loses a site, and the runbooks that rescue it are tasks in Prefect."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.unhurried_demo import write_unhurried
from tests.flows.conftest import ROOT, Prefect, until

pytestmark = [pytest.mark.lab, pytest.mark.prefect]


def test_a_scheduled_drill_brings_a_lab_up_loses_a_site_and_keeps_the_scorecard(
    prefect: Prefect, tmp_path: Path
) -> None:
    city = tmp_path / "city"
    shutil.copytree(ROOT / "drills" / "city", city)
    write_unhurried(city / "scenarios")
    code = "from flows.drill import drill; print(drill('lose-a-site', return_state=True).state_details.flow_run_id)"
    held = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**prefect.environment, "SEAWALL_CITY": str(city)},
        capture_output=True,
        text=True,
        timeout=270,
        check=False,
    )
    assert held.returncode == 0, held.stderr
    flow_run = held.stdout.split()[-1]
    (card,) = [json.loads(path.read_bytes()) for path in (city / "drills").glob("*-lose-a-site/drill.json")]

    assert card["verdict"]["kind"] == "passed", card["verdict"]
    assert prefect.get(f"/flow_runs/{flow_run}")["state_type"] == "COMPLETED"
    rescue = {"standby-is-fit", "fence", "promote", "repoint", "move-back/promote"}
    tasks = until(lambda: len(found := prefect.tasks(flow_run)) > 20 and found, "the steps of both runs")
    assert rescue <= set(tasks)
    assert {one["state_type"] for one in tasks.values()} == {"COMPLETED"}
    assert len(list((city / "runs").glob("2*"))) == 2
    pages = [one.name for one in (city / "exercise-pages").glob("*.html")]
    assert len(pages) == 3
    assert all(name.startswith("ØVELSE-EXERCISE-") for name in pages)
    assert not (city / "pages").exists()
