"""Tell people something: the runbook `notify`, with a form of its own in Prefect."""

from __future__ import annotations

from typing import Literal

from prefect import flow
from prefect.client.schemas.objects import State

from flows.choices import Audience, Service, Site
from flows.respond import carried_out


@flow(name="notify", flow_run_name="{audience} about {service}", retries=0, persist_result=False)
def notify(
    audience: Audience,
    service: Service,
    what: Literal["service-down", "service-moving", "service-moved", "service-back-home"],
    to: Site,
    *,
    exercise: bool,
) -> State[None]:
    """Tell an audience about a service, by mail and on Slack.

    Args:
        audience: who is told.
        service: which service it is about.
        what: what has happened to it.
        to: the site it moves to, has moved to, or is back at.
        exercise: an exercise marks every message ØVELSE / EXERCISE and leaves the public status alone.
    """
    parameters = {"audience": audience, "service": service, "what": what, "to": to}
    return carried_out("notify", parameters, exercise=exercise)
