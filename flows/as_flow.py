"""The flow that a run in this process is: it hands the core Prefect's hands, and says truthfully how the run ended."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import datetime, timedelta

from prefect import flow
from prefect.client.schemas.objects import State, StateType
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Completed, Failed
from prefect.utilities.urls import url_for

from flows.hands import PrefectHands
from flows.in_process import Carrying
from seawall.actions import World
from seawall.decide import Ask, Finish
from seawall.errors import SeawallError
from seawall.freezing import IsFrozen
from seawall.journal import Outcome

RECORDED_WITHIN = timedelta(seconds=1)
"""How long the end of a run waits for its last tasks to be finished in Prefect."""


def under_prefect(
    carrying: Carrying, *, run: str, world: World, clock: Callable[[], datetime], prefect_api: str
) -> None:
    """Begin a flow that takes `carrying` and carries it out; return when Prefect has taken in how it ended.

    Whatever Prefect raises is kept as `carrying.problem`: there is nobody in this thread to tell.
    """
    os.environ["PREFECT_API_URL"] = prefect_api
    _leave_the_terminal_alone()
    hands = PrefectHands(world, clock)

    @flow(name="respond", flow_run_name="{run}", retries=0, persist_result=False, validate_parameters=False)
    def respond(run: str) -> State[None]:  # noqa: ARG001 - the only thing Prefect is told
        carrying.flow_run = flow_run.id
        carrying.url = url_for("flow-run", obj_id=flow_run.id)
        carrying.stop = hands.stop
        if carrying.take(by_prefect=True):
            carrying.carry_out(hands)
        carrying.over.wait()
        hands.close(RECORDED_WITHIN)
        carrying.notes.extend(hands.notes)
        return shown(carrying.end)

    try:
        with temporary_settings({PREFECT_API_URL: prefect_api}):
            respond(run, return_state=True)
        EventsWorker.drain_all(timeout=None)
        APILogWorker.drain_all(timeout=None)
    except BaseException as error:  # noqa: BLE001 - the rim: a thread nobody waits for
        carrying.problem = f"{type(error).__name__} in Prefect"


def shown(end: Finish | Ask | None) -> State[None]:
    """Return the state that Prefect shows for a run that came to this end; None stands for one that was broken off."""
    match end:
        case Finish(outcome=Outcome.DONE):
            return Completed()
        case Finish(outcome=Outcome.ABORTED | Outcome.UNDONE):
            return State(type=StateType.CANCELLED, name=end.outcome.capitalize(), message=_left(end))
        case Finish():
            return Failed(name=end.outcome.capitalize(), message=_left(end))
        case Ask():
            asked = ", ".join(question.step.id for question in end.questions)
            return Failed(
                name="Unanswered",
                message=f"Nobody answered about {asked} in time; `seawall answer`, then `seawall resume`",
            )
        case None:
            return Failed(name="BrokenOff", message="`seawall resume` carries it on from its journal")


def refused(error: SeawallError) -> State[None]:
    """Return the state that Prefect shows for what could not be begun. Raised, it would be kept there as a pickle."""
    if isinstance(error, IsFrozen):
        return State(type=StateType.CANCELLED, name="Frozen", message=str(error))
    return Failed(name=type(error).__name__, message=str(error))


def _left(end: Finish) -> str:
    return f"Still stands or is not known: {', '.join(end.left)}" if end.left else ""


def _leave_the_terminal_alone() -> None:
    """Take Prefect's words off the terminal: what a person should see there is written from the journal.

    Source: prefect 3.8.8, logging.yml for the loggers. APILogWorker and EventsWorker complain about a lost server under
    their own names, and straight to standard error unless `logging.raiseExceptions` is off.
    """
    logging.raiseExceptions = False
    every = (one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger))
    for logger in (logging.root, *every):
        for handler in list(logger.handlers):
            if isinstance(handler, logging.StreamHandler) and type(handler).__module__.startswith("prefect"):
                logger.removeHandler(handler)
    for name in ("prefect", "prefect._internal", "EventsWorker", "APILogWorker"):
        quiet = logging.getLogger(name)
        quiet.propagate = False
        quiet.addHandler(logging.NullHandler())
