"""A schedule's turn: one run of it at a time, and none long after its time.

Prefect starts whatever was due while nobody was there to start it: after a week without a worker, seven verifications
at once. Seawall leaves out what is late, and says so: what was missed is overdue (`seawall status`), and comes again at
its next time, or by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.logging import get_run_logger

from flows.frozen import check_may_run
from flows.place import configured, utc_now
from flows.schedules import city_schedules
from seawall.errors import Busy
from seawall.freezing import IsFrozen
from seawall.loading import load_inventory
from seawall.schedules import Schedule, ScheduledFlow, due_after
from seawall.serve_folder import ServeFolder

LATE = timedelta(minutes=15)
"""How long after its time a scheduled run is still begun; a server or a worker that died is back by then."""

BEGINS_WITHIN = timedelta(minutes=1)
"""How long after its time a worker that is well begins a run: it looks every few seconds, then loads Prefect."""


@contextmanager
def its_turn(flow: ScheduledFlow) -> Iterator[State[None] | None]:
    """Take the turn of `flow` until the block ends, and yield None; else what Prefect should show instead of a run.

    What a person starts is never late, and waits for no turn.

    Raises:
        SeawallError: no city is set, or its files are wrong.
    """
    context = FlowRunContext.get()
    begun = context.flow_run if context is not None else None
    if begun is None or not begun.auto_scheduled:
        yield None
        return
    settings = configured()
    inventory = load_inventory(settings.city)
    try:
        check_may_run(settings.runs, inventory, begun, get_run_logger().warning)
    except IsFrozen as error:
        yield _left_out("Frozen", str(error))
        return
    schedules = city_schedules(settings, inventory)
    wanted = [one for one in schedules if one.flow == flow and _is_of(one, begun.parameters)]
    if (begun.run_count or 0) <= 1 and (missed := too_late(begun, wanted, utc_now())):
        yield missed
        return
    try:
        turn = ServeFolder.of(settings.city).take_turn(_turn(flow, begun.parameters), f"prefect:{begun.id}")
    except Busy as error:
        yield _left_out("StillUnderWay", f"The one before has not ended: {error.problem}")
        return
    with turn:
        yield None


def too_late(begun: FlowRun, schedules: list[Schedule], now: datetime) -> State[None] | None:
    """Return what Prefect should show of a run that comes too late, or when the next one is due already."""
    # Prefect's times are not quite datetimes: without a zone they are compared and moved by rules of their own.
    due = datetime.fromtimestamp((begun.expected_start_time or now).timestamp(), UTC)
    following = [after for one in schedules if (after := due_after(one, due)) is not None]
    if now - due > LATE or any(after + BEGINS_WITHIN <= now for after in following):
        when = f"{due:%Y-%m-%d %H:%M} UTC"
        return _left_out("Missed", f"It was due at {when}; it comes again at its next time, or by hand")
    return None


def _turn(flow: ScheduledFlow, parameters: Mapping[str, object]) -> str:
    """Name the turn: drills would measure one another, but two backups are verified side by side."""
    return f"{flow}-{parameters['backup']}" if parameters.get("backup") else flow


def _is_of(schedule: Schedule, parameters: Mapping[str, object]) -> bool:
    return all(str(parameters.get(key)) == value for key, value in schedule.given.items())


def _left_out(name: str, message: str) -> State[None]:
    return State(type=StateType.CANCELLED, name=name, message=message)
