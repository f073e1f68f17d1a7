"""Programs timed to the moment they end. `subprocess.run` with a timeout looks only every 50 ms whether they have."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence

ENDS_WITHIN = 60.0


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
