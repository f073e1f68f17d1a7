"""Whether a flow runs by itself, and whether a freeze keeps it from that. What a person starts goes on, warned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext

from connectors.places import places_of
from connectors.secrets import Secrets
from seawall.freezing import check_thawed, freezes_here
from seawall.inventory import Inventory

BY_ITSELF = frozenset({"SCHEDULE", "AUTOMATION"})
"""Who created a flow run when nobody did. Source: prefect 3.8.8, `CreatedBy.type`."""


def runs_by_itself(begun: FlowRun | None) -> bool:
    """Tell whether nobody asked for this to run now: it was due, an event set it off, or Prefect begins it again."""
    if begun is None:
        return False
    created = begun.created_by.type if begun.created_by is not None else None
    return bool(begun.auto_scheduled) or created in BY_ITSELF or (begun.run_count or 0) > 1


def this_flow_run() -> FlowRun | None:
    """Return the flow run that calls; None outside of one."""
    context = FlowRunContext.get()
    return context.flow_run if context is not None else None


def check_may_run(
    runs: Path, inventory: Inventory, begun: FlowRun | None, warn: Callable[[str], object]
) -> None:
    """Check that the flow run `begun` may go on; `warn` is told of a freeze when a person started it.

    Raises:
        IsFrozen: it runs by itself, and there is a freeze or nobody can tell.
        JournalError: a person started it, and what is kept of freezes here cannot be read.
    """
    if runs_by_itself(begun):
        places = places_of(inventory, Secrets())
        try:
            check_thawed(runs, places)
        finally:
            if places is not None:
                places.close()
        return
    for one in freezes_here(runs):
        if one.lifted is None:
            warn(f"FROZEN by {one.by}: {one.why}. A person started this, and it goes on")
