"""Verify backups by restoring them: the runbook `verify-backup`, for one of the city's backup sets or each in turn."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.as_flow import refused
from flows.choices import Backup, city_folder
from flows.its_turn import its_turn
from flows.respond import carried_out
from seawall.errors import SeawallError
from seawall.loading import load_inventory


@flow(name="verify-backups", retries=0, persist_result=False)
def verify_backups(backup: Backup | None = None, *, exercise: bool = False) -> State[None]:
    """Verify backups by restoring them on the host that the city says.

    Args:
        backup: which one; every backup of the city when left empty.
        exercise: an exercise marks every message ØVELSE / EXERCISE and leaves the public status alone.
    """
    try:
        with its_turn("verify-backups") as left_out:
            return left_out or _verified(backup, exercise=exercise)
    except SeawallError as error:
        return refused(error)


def _verified(backup: Backup | None, *, exercise: bool) -> State[None]:
    wanted = [backup] if backup else list(load_inventory(city_folder()).backups)
    ends = {one: carried_out("verify-backup", {"backup": one}, exercise=exercise) for one in wanted}
    bad = ", ".join(one for one, end in ends.items() if not end.is_completed())
    return Failed(message=f"Not verified: {bad}") if bad else Completed()
