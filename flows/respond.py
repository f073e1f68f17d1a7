"""Any runbook, started from Prefect: planned, opened as a run of the city, and carried out one task a step.

Approvals and questions are answered at the run itself (`seawall answer`); the flow waits for them within their limits.
Begun again by Prefect, it carries the same run on from its journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from connectors.calling import Calling
from flows.as_flow import RECORDED_WITHIN, refused, shown
from flows.choices import RunbookName
from flows.frozen import check_may_run, this_flow_run
from flows.hands import PrefectHands
from flows.place import Place, configured, place, utc_now
from seawall.carrying import carry_out, newly_opened
from seawall.decide import Ask, Finish
from seawall.drive import Watch
from seawall.errors import SeawallError
from seawall.journal import Asked, Event
from seawall.judging import judge_for
from seawall.page.keeping import Pages
from seawall.run_folder import RunFolder
from seawall.state import State as RunState
from seawall.steady import steady


@flow(name="respond", flow_run_name="{runbook}", retries=0, persist_result=False)
def respond(runbook: RunbookName, parameters: dict[str, str], *, exercise: bool) -> State[None]:
    """Carry out any runbook of the city.

    Args:
        runbook: which one.
        parameters: what it asks for, by name, e.g. service: login.
        exercise: an exercise marks every message ØVELSE / EXERCISE and leaves the public status alone.
    """
    return carried_out(runbook, parameters, exercise=exercise)


def carried_out(runbook: str, parameters: Mapping[str, str], *, exercise: bool) -> State[None]:
    """Plan a runbook and carry it out inside the flow that calls; return what Prefect should show of its end."""
    try:
        settings = configured()
        with place(settings.city, settings.runs) as here:
            return shown(carried_out_at(here, runbook, parameters, exercise=exercise))
    except SeawallError as error:
        return refused(error)


def carried_out_at(
    here: Place, runbook: str, parameters: Mapping[str, str], *, exercise: bool
) -> Finish | Ask:
    """Plan a runbook and carry it out in a city that is at hand, inside the flow that calls.

    Raises:
        IsFrozen: it runs by itself, and there is a freeze or nobody can tell.
        SeawallError: it cannot be planned, or not begun.
    """
    check_may_run(here.runs, here.city.inventory, this_flow_run(), get_run_logger().warning)
    given = {name: str(value) for name, value in parameters.items()}
    by = f"prefect:{flow_run.id}:{runbook}:{','.join(given.values())}"
    begun = here.opened_by(by) if (flow_run.run_count or 0) > 1 else None
    run = begun or here.open_run(str(runbook), given, exercise=exercise, by=by)
    clock = steady(utc_now)
    hands = PrefectHands(here.world, clock)
    try:
        with nullcontext() if begun else newly_opened(run, clock, by=by):
            pages = Pages.of(configured(), here.city, get_run_logger().warning)
            turns = Calling(here.city.inventory, here.world, clock)
            at = here.at_places(get_run_logger().warning)
            gate = judge_for(run.runs, here.city.inventory, None if at is None else at.places)
            watch = _told(run)
            return carry_out(
                run, hands, clock, watch=watch, pages=pages, turns=turns, gate=gate, at=at, by=by
            )
    finally:
        hands.close(RECORDED_WITHIN)


def _told(run: RunFolder) -> Watch:
    """Say in Prefect's log which run this is, and what people are asked; what was seen stays in the journal."""
    log = get_run_logger()
    log.info("Run %s: `seawall show %s`", run.id, run.id)

    def watch(event: Event, state: RunState) -> None:
        if isinstance(event, Asked):
            signed = event.what == "approval" and state.yeses.signed
            log.warning(
                "%s is asked about %s (%s): `seawall %s %s %s`",
                event.of,
                event.step,
                event.what,
                "approve" if signed else "answer",
                run.id,
                event.step,
            )

    return watch
