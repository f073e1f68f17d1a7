"""Bring a PostgreSQL service home: the runbook `postgres-failback`, with a form of its own in Prefect."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.choices import PostgresService, Site
from flows.respond import carried_out


@flow(name="failback", flow_run_name="{service} back to {to}", retries=0, persist_result=False)
def failback(service: PostgresService, to: Site, *, exercise: bool) -> State[None]:
    """Bring a service home after a failover.

    Args:
        service: what is brought home.
        to: the site that was lost and stands again.
        exercise: an exercise marks every message ØVELSE / EXERCISE and leaves the public status alone.
    """
    return carried_out("postgres-failback", {"service": service, "to": to}, exercise=exercise)
