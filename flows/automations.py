"""The zombie rule: a flow run whose process died is shown as crashed, and not as running for ever.

Prefect itself leaves such a run Running. While a flow runs it sends a heartbeat; the rule waits for the next one, or
for the run's end, and calls the run crashed when neither comes. What became of it, the run's own journal knows.
"""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from prefect.automations import Automation, EventTrigger, Posture
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState

from flows import ENVIRONMENT

NAME = "Seawall: a flow run without a heartbeat has crashed"
MISSED = 3
"""Heartbeats that may be missing before the rule acts; a busy machine is late with one."""
SILENCE = MISSED * timedelta(seconds=int(ENVIRONMENT["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]))

_HEARTBEAT = "prefect.flow-run.heartbeat"
_ENDINGS = frozenset(f"prefect.flow-run.{name}" for name in ("Completed", "Failed", "Crashed", "Cancelled"))


def ensure_zombie_rule(silence: timedelta = SILENCE) -> None:
    """Create the rule at the Prefect that is set, or bring the one that is there up to date.

    Raises:
        prefect.exceptions.PrefectException, httpx.HTTPError: as Prefect's client does, when it does not answer.
    """
    wanted = _rule(silence)
    try:
        there = cast("Automation", Automation.read(name=NAME))  # typed as if it were awaited
    except ValueError:
        wanted.create()
        return
    if _words(there) != _words(wanted):
        wanted.id = there.id
        wanted.update()


def _words(rule: Automation) -> dict[str, object]:
    """Return what a rule says, without the ids that the server gives."""
    return {
        **rule.model_dump(include={"description", "enabled", "actions"}),
        "trigger": rule.trigger.model_dump(exclude={"id"}),
    }


def _rule(silence: timedelta) -> Automation:
    """Return the rule. Source: docs.prefect.io, "Detect zombie flows", read 2026-11."""
    return Automation(
        name=NAME,
        description="Created by Seawall. The run's journal says what happened: `seawall show`, then `seawall resume`.",
        trigger=EventTrigger(
            after={_HEARTBEAT},
            expect={_HEARTBEAT, *_ENDINGS},
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=silence,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                message="Its process gave no sign of life. `seawall resume` carries the run on from its journal",
            )
        ],
    )


if __name__ == "__main__":
    ensure_zombie_rule()
