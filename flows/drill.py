"""Hold a drill in a lab of its own on the worker's machine: nothing of the city is touched, and everything is measured.

The scorecard is kept with the city's drills, the runs with its runs; the lab is gone when the drill is over.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from drills.hold import hold_drill
from drills.lab.inventory import write_inventory
from drills.lab.outside import LabOutside
from drills.lab.up import lab_down, lab_up
from drills.scenario_files import PRODUCT, load_scenarios
from drills.scorecard import Scorecard
from flows.as_flow import refused
from flows.choices import ScenarioName
from flows.its_turn import its_turn
from flows.place import configured, place, utc_now
from flows.responding import Responding
from seawall.errors import SeawallError


@flow(name="drill", flow_run_name="{scenario}", retries=0, persist_result=False)
def drill(scenario: ScenarioName) -> State[None]:
    """Hold a drill in a lab of its own, and measure it from outside. Always an exercise.

    Args:
        scenario: what breaks, who responds, and what must hold afterwards.
    """
    try:
        with its_turn("drill") as left_out:
            if left_out is not None:
                return left_out
            card = held_in_a_lab(str(scenario))
    except SeawallError as error:
        return refused(error)
    said = "; ".join(text.en for text in card.verdict.because)
    return Completed(message=said) if card.verdict.kind == "passed" else Failed(message=said)


def held_in_a_lab(scenario: str) -> Scorecard:
    """Bring a lab up, hold the drill, take the lab down. Raises: SeawallError."""
    settings = configured()
    kept = settings.city / "drills" / f"{utc_now():%Y-%m-%d-%H%M%S}-{scenario}"
    with _a_lab() as lab, place(lab / "city", settings.runs) as here:
        city = here.city
        known = load_scenarios([PRODUCT, settings.city / "scenarios"], city.inventory, city.runbooks)
        return hold_drill(
            known[scenario], city.inventory, LabOutside(lab / "lab", city.inventory), Responding(here), kept
        )


@contextmanager
def _a_lab() -> Iterator[Path]:
    """Yield a folder with `lab`, a lab that is up, and `city`, the reference city with that lab's machines."""
    # Not below a home folder: when root starts the lab, PostgreSQL runs as another account. A socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="seawall-", dir="/var/tmp"))
    folder.chmod(0o711)
    try:
        layout = lab_up(folder / "lab", tell=get_run_logger().info)
        write_inventory(layout, folder / "city" / "inventory")
        yield folder
    finally:
        lab_down(folder / "lab")
        shutil.rmtree(folder, ignore_errors=True)
