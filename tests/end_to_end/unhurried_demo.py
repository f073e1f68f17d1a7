"""`seawall demo`, whose commands wait for Prefect, and whose scenario is in another folder than the product's.

Run as `python -m tests.end_to_end.unhurried_demo SCENARIOS demo WORDS...`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from console.terminal import demo, demo_runs
from console.terminal.main import main
from drills.scenario_files import PRODUCT
from tests.end_to_end.awaiting import AWAITING

UNHURRIED_DEMO = [sys.executable, "-m", "tests.end_to_end.unhurried_demo"]


def write_unhurried(scenarios: Path) -> None:
    """Write the demo's scenario into a folder, with limits that no machine is too busy for."""
    name = f"{demo.SCENARIO}.yaml"
    text = (PRODUCT / name).read_text(encoding="utf-8")
    unhurried, found = re.subn(r"within: 60s", "within: 10m", text)
    assert found == 2
    scenarios.mkdir(exist_ok=True)
    (scenarios / name).write_text(unhurried, encoding="utf-8")


if __name__ == "__main__":
    vars(demo)["PRODUCT"] = Path(sys.argv.pop(1))
    demo_runs.SEAWALL = AWAITING
    main()
