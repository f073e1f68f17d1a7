"""`seawall`, which waits for Prefect to begin a run, however busy the machine is; so do the commands of its demo.

Run as `python -m tests.end_to_end.awaiting WORDS...`.
"""

from __future__ import annotations

import sys

from console.terminal.main import main
from tests.flows.patience import wait_for_its_beginning

AWAITING = [sys.executable, "-m", "tests.end_to_end.awaiting"]

if __name__ == "__main__":
    wait_for_its_beginning()
    if "demo" in sys.argv:
        from console.terminal import demo_runs

        demo_runs.SEAWALL = AWAITING
    main()
