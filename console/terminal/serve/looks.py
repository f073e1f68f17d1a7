"""Looks at the programs' health addresses now and then, beside the loop, which must never wait for one of them."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import timedelta

EVERY = 2.0
ANSWERS_WITHIN = 3.0
FRESH = timedelta(seconds=10)
"""An answer counts for so long."""


class Looks:
    """When each program answered last, by its name."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._answered: dict[str, float] = {}
        self._over = threading.Event()

    def start(self) -> None:
        """Begin to look, one thread each: one that hangs must not keep the others from being seen."""
        for name, address in self._addresses.items():
            threading.Thread(
                target=self._look_at, args=(name, address), name=f"look {name}", daemon=True
            ).start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()

    def answered(self, name: str, *, since: timedelta, now: timedelta) -> bool:
        """Tell whether a program that was started at `since` answered lately. Times are of time.monotonic()."""
        at = self._answered.get(name)
        return at is not None and timedelta(seconds=at) > since and now - timedelta(seconds=at) < FRESH

    def _look_at(self, name: str, address: str) -> None:
        straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while not self._over.wait(EVERY):
            began = time.monotonic()
            try:
                with straight.open(address, timeout=ANSWERS_WITHIN):
                    self._answered[name] = began
            except (urllib.error.URLError, OSError, ValueError):
                continue
