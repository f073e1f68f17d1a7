"""`seawall`, which waits for Prefect to begin a run, however busy the machine is.

Run as `python -m tests.end_to_end.awaiting WORDS...`.
"""

from __future__ import annotations

import sys

from console.terminal.main import main
from tests.flows.patience import wait_for_its_beginning

AWAITING = [sys.executable, "-m", "tests.end_to_end.awaiting"]

if __name__ == "__main__":
    wait_for_its_beginning()
    main()
