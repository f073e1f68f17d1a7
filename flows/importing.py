"""Tell Prefect, once, of runs that were carried out without it: a flow run each, and a task run a call.

What Prefect 3.8.8 keeps of their times, measured: the task runs have their real beginnings and ends, for these come as
events that say when they happened. A flow run's own states are stamped by the server as they arrive, so that it begins
and ends when it is imported; its expected start is the real one, and its parameters and message say both.

Source: prefect 3.8.8, server/schemas/actions.py (StateCreate takes no timestamp), services/task_run_recorder.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import PrefectException
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.utilities.urls import url_for

from flows import as_flow, hands
from seawall.decide import Finish
from seawall.errors import JournalError
from seawall.imported import ToldPrefect, imported, note_told
from seawall.journal import Ended, Event, Failed, NotNeeded, Opened, Settled, Started, Succeeded
from seawall.journal_file import read_journal
from seawall.plan import Plan
from seawall.run_folder import RunFolder

TAG = "imported"
FLOW = "respond"
"""The flow that such a run would have been."""
AT_ONCE = 100
"""Events in one request; Prefect takes more, and a run of 10,000 steps has 20,000."""


@dataclass(frozen=True, slots=True)
class MadeCall:
    """One call of a run, from its beginning to its ending, as the journal has them."""

    step: str
    attempt: int
    undoing: bool
    began: datetime
    ended: datetime
    state: State[None]

    @property
    def name(self) -> str:
        """What Prefect calls its task run, as when it looks on."""
        return f"{self.step}: undo" if self.undoing else self.step

    @property
    def key(self) -> str:
        """What tells it from every other call of its run."""
        return f"{self.name}-{self.attempt}"


def tell_prefect(
    runs: Sequence[RunFolder], url: str, clock: Callable[[], datetime]
) -> tuple[dict[str, str], str]:
    """Tell the Prefect whose API is at `url` of imported runs; one that it knows is not told twice.

    Returns:
        Where each is seen there, by run; and why the others could not be told.
    """
    told: dict[str, str] = {}
    try:
        with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
            flow = _posted(client, "/flows/", {"name": FLOW})["id"]
            for run in runs:
                flow_run = _tell_of(client, str(flow), run)
                seen_at = url_for("flow-run", obj_id=flow_run) or str(flow_run)
                note_told(run.path, ToldPrefect(at=clock(), flow_run=str(flow_run), url=seen_at))
                told[run.id] = seen_at
    except (PrefectException, OSError, JournalError) as error:
        return told, str(error).splitlines()[0] if str(error) else type(error).__name__
    except Exception as error:  # noqa: BLE001 - the rim: httpx is not imported here, and nothing hangs on being seen
        return told, f"{type(error).__name__} in Prefect"
    return told, ""


def calls_of(events: Sequence[Event]) -> Iterator[MadeCall]:
    """Yield every call that a journal saw begin and end, or settled later."""
    begun: dict[tuple[str, int, bool], datetime] = {}
    for event in events:
        match event:
            case Started():
                begun[event.step, event.attempt, event.undoing] = event.at
            case Succeeded() | Failed() | Settled() | NotNeeded():
                undoing = not isinstance(event, NotNeeded) and event.undoing
                began = begun.pop((event.step, event.attempt, undoing), None)
                if began is not None:
                    yield MadeCall(event.step, event.attempt, undoing, began, event.at, hands.shown(event))
            case _:
                pass


def _tell_of(client: SyncPrefectClient, flow: str, run: RunFolder) -> UUID:
    events = read_journal(run.journal_path)
    opened, ended = events[0], events[-1]
    how = imported(run.path)
    assert isinstance(opened, Opened)
    assert isinstance(ended, Ended)
    assert how is not None
    end = as_flow.shown(Finish(ended.outcome, ended.left))
    said = f"Imported by {how.by}; it really ran from {_span(opened.at, ended.at)}"
    scheduled = {
        "type": "SCHEDULED",
        "name": "Imported",
        "state_details": {"scheduled_time": opened.at.isoformat()},
    }
    made = {
        "flow_id": flow,
        "name": run.id,
        # The journal's head: the same run is the same flow run, and Prefect gives it back when it is told again.
        "idempotency_key": f"seawall-{how.head}",
        "parameters": {"run": run.id, "began": opened.at.isoformat(), "ended": ended.at.isoformat()},
        "tags": [TAG],
        "state": scheduled,
    }
    there = _posted(client, "/flow_runs/", made)
    flow_run = UUID(there["id"])
    happened = list(_happened(flow_run, run.plan, calls_of(events)))
    for first in range(0, len(happened), AT_ONCE):
        _posted(client, "/events", happened[first : first + AT_ONCE])
    if there["state_type"] != "SCHEDULED":  # it was told before, and only we do not remember
        return flow_run
    message = f"{said}. {end.message}" if end.message else said
    state = {"type": end.type.value, "name": f"Imported ({end.name})", "message": message}
    _posted(client, f"/flow_runs/{flow_run}/set_state", {"state": state, "force": True})
    return flow_run


def _happened(flow_run: UUID, plan: Plan, calls: Iterator[MadeCall]) -> Iterator[dict[str, Any]]:
    """Yield what Prefect's own engine would have sent of each call, with the times of the journal."""
    for call in calls:
        task_run = uuid5(flow_run, call.key)
        begun = uuid5(task_run, "begun")
        step = plan.by_id.get(call.step)
        task: dict[str, Any] = {
            "name": call.name,
            "task_key": (step.uses if step is not None else None) or "step",
            "dynamic_key": call.key,
            "tags": [TAG],
            "run_count": 1,
            "start_time": call.began.isoformat(),
            "expected_start_time": call.began.isoformat(),
            "total_run_time": 0.0,
        }
        running = {"type": "RUNNING", "name": "Running", "message": None}
        yield _event(begun, call.began, (flow_run, task_run), ("PENDING", running), task)
        ended = {"type": call.state.type.value, "name": call.state.name, "message": call.state.message}
        took = {
            "end_time": call.ended.isoformat(),
            "total_run_time": (call.ended - call.began).total_seconds(),
        }
        over = uuid5(task_run, "ended")
        yield _event(
            over, call.ended, (flow_run, task_run), ("RUNNING", ended), {**task, **took}, follows=begun
        )


def _event(
    event: UUID,
    at: datetime,
    runs: tuple[UUID, UUID],
    states: tuple[str, Mapping[str, str | None]],
    task: Mapping[str, Any],
    *,
    follows: UUID | None = None,
) -> dict[str, Any]:
    flow_run, task_run = runs
    before, state = states
    return {
        "id": str(event),
        "follows": None if follows is None else str(follows),
        "occurred": at.isoformat(),
        "event": f"prefect.task-run.{state['name']}",
        "resource": {
            "prefect.resource.id": f"prefect.task-run.{task_run}",
            "prefect.resource.name": task["name"],
            "prefect.run-count": "1",
            "prefect.state-name": str(state["name"]),
            "prefect.state-type": str(state["type"]),
            "prefect.state-message": state["message"] or "",
            "prefect.state-timestamp": at.isoformat(),
            "prefect.orchestration": "client",
        },
        "related": [
            {"prefect.resource.id": f"prefect.flow-run.{flow_run}", "prefect.resource.role": "flow-run"}
        ],
        "payload": {
            "intended": {"from": before, "to": state["type"]},
            "initial_state": None,
            "validated_state": {**state, "state_details": {}},
            "task_run": {**task, "empirical_policy": {}, "task_inputs": {}},
        },
    }


def _posted(client: SyncPrefectClient, path: str, content: Any) -> Any:
    answer = client.request("POST", path, json=content)  # type: ignore[arg-type]  # its type names GETs alone
    return answer.json() if answer.content else None


def _span(began: datetime, ended: datetime) -> str:
    return " to ".join(one.astimezone(UTC).isoformat(timespec="seconds") for one in (began, ended))
