"""Move a PostgreSQL service to another site: the runbook `postgres-failover`, with a form of its own in Prefect."""

from __future__ import annotations

from typing import Literal

from prefect import flow
from prefect.client.schemas.objects import State

from flows.choices import PostgresService, Site
from flows.respond import carried_out


@flow(name="failover", flow_run_name="{service} to {to}", retries=0, persist_result=False)
def failover(
    service: PostgresService, to: Site, mode: Literal["planned", "disaster"] = "disaster", *, exercise: bool
) -> State[None]:
    """Move a service to another site.

    Args:
        service: what is moved.
        to: the site it should run at afterwards.
        mode: planned loses nothing and needs both sites; disaster goes on without the old one once that is fenced.
        exercise: an exercise marks every message ØVELSE / EXERCISE and leaves the public status alone.
    """
    return carried_out("postgres-failover", {"service": service, "to": to, "mode": mode}, exercise=exercise)
