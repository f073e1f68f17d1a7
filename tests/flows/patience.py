"""Longer limits for Prefect, for tests that are not about them: a busy machine is no failure.

Each function takes how a limit is set: `setattr` in a process of its own, monkeypatch's in that of the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flows import in_process

LONG = 60.0
"""Seconds. Prefect takes a second or two to begin a run, and hardly any to take the rest in."""
Set = Callable[[Any, str, Any], None]


def wait_for_its_beginning(to: Set = setattr) -> None:
    """Give Prefect time to begin a run."""
    to(in_process, "BEGINS_WITHIN", LONG)


def wait_for_all_of_it(to: Set = setattr) -> None:
    """Give it time also to come to each call, and to take in how the run ended. Loads Prefect."""
    from flows import as_flow, hands

    wait_for_its_beginning(to)
    to(in_process, "TAKES_IN_WITHIN", LONG)
    to(as_flow, "RECORDED_WITHIN", timedelta(seconds=LONG))
    to(hands, "PATIENCE", LONG)


BY_NAME: dict[str, Callable[[], None]] = {
    one.__name__: one for one in (wait_for_its_beginning, wait_for_all_of_it)
}
