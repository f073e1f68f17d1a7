"""Programs timed to the moment they end. `subprocess.run` with a timeout looks only every 50 ms whether they have."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ENDS_WITHIN = 60.0
SEAWALL = str(Path(sys.executable).with_name("seawall"))
_NOT_A_USERS = ("PYTHONDONTWRITEBYTECODE", "PREFECT_API_URL", "SEAWALL_CITY", "SEAWALL_PREFECT", "SEAWALL_AS")


def as_installed(bytecode: Path) -> dict[str, str]:
    """Return the environment of somebody who uses the command, with Python's bytecode kept in a folder of ours.

    Not to write bytecode is a developer's setting: it makes Python compile our sources at every start.
    """
    plain = {name: value for name, value in os.environ.items() if name not in _NOT_A_USERS}
    return {**plain, "PYTHONPYCACHEPREFIX": str(bytecode)}


def seconds(words: Sequence[str], environment: Mapping[str, str], *, may_fail: bool = False) -> float:
    """Return how long a program takes. Raises: CalledProcessError when it fails, or is killed at its limit."""
    began = time.monotonic()
    with subprocess.Popen(
        words,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if may_fail else None,
    ) as program:
        limit = threading.Timer(ENDS_WITHIN, program.kill)
        limit.start()
        try:
            status = program.wait()
        finally:
            limit.cancel()
    took = time.monotonic() - began
    if status and not (may_fail and status > 0):
        raise subprocess.CalledProcessError(status, list(words))
    return took
