"""The place of the demo: `seawall demo` calls `show_demo`."""

from __future__ import annotations

from pathlib import Path

from seawall.errors import BadInput


def show_demo(lab: Path | None) -> int:
    """Show it all once, and return the exit code."""
    raise BadInput.one(
        "the demo is not here yet", where=str(lab or "demo"), remedy="Use `seawall drill run lose-a-site`"
    )
