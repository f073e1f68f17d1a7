"""What is broken now, what that drags along, and what waits for whom: one moment of a city, each fact with its age.

Unknown is not OK: a service that was not seen lately is unknown, never up.
"""

from __future__ import annotations

from seawall.situation.moment import (
    GoBagNow,
    PaperYes,
    ReviewOwed,
    RunNow,
    ScheduleNow,
    ServeNow,
    ServiceNow,
    Situation,
    StepNow,
    Wait,
    Watcher,
    Who,
)
from seawall.situation.runs import runs_now, schedule_now
from seawall.situation.services import services_now

__all__ = [
    "GoBagNow",
    "PaperYes",
    "ReviewOwed",
    "RunNow",
    "ScheduleNow",
    "ServeNow",
    "ServiceNow",
    "Situation",
    "StepNow",
    "Wait",
    "Watcher",
    "Who",
    "runs_now",
    "schedule_now",
    "services_now",
]
