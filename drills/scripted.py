"""People of a lab who sign by themselves in a drill: their keys lie beside the lab's trust root.

On a host with a trust root of its own there are no such keys, and a drill's people sign for themselves, by
`seawall approve`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from connectors.ssh.agent import key_from_file
from seawall.journal import Answered, Approved
from seawall.judging import word_of
from seawall.plan import Plan, PlannedStep
from seawall.signed import Signed
from seawall.signed_words import statement_of
from seawall.signers import trust_folder
from seawall.sshsig import Signing
from seawall.statements import request_for, signed, yes_to
from seawall.step_state import StepState

PEOPLE = "people"
"""The folder beside the trust root: `drills.lab.people` fills it."""


def scripted_key(name: str) -> Signing | None:
    """Return the key of one of the lab's people; None where there is none. `prefect:...` signs as `prefect`."""
    trust = trust_folder()
    path = None if trust is None else trust.parent / PEOPLE / name.partition(":")[0]
    return None if path is None or not path.is_file() else key_from_file(path, lambda: "")


def scripted_yes(
    plan: Plan, step: PlannedStep, *, run: str, requester: str, by: str, now: datetime
) -> Approved | None:
    """Return the yes that a scripted person signs; None when they have no key here."""
    key = scripted_key(by)
    if key is None or step.approve is None:
        return None
    statement = yes_to(plan, step, run=run, requester=requester, by=by, now=now, lasts=step.approve.lasts)
    return word_of(statement, signed(statement, statement.namespace, key))


def scripted_answer(word: Answered, plan: Plan, *, run: str) -> Answered | None:
    """Return an answer about their own step as a scripted person signs it; None when they have no key here."""
    key = scripted_key(word.by)
    if key is None:
        return None
    statement = statement_of(word, StepState(plan.by_id[word.step]), plan, run=run)
    return word.model_copy(update={"signed": signed(statement, statement.namespace, key)})


def scripted_request(plan: Plan, by: str, now: datetime) -> Callable[[str], Signed | None]:
    """Return what signs for a drill's run; it signs nothing where whoever holds the drill has no key here."""

    def sign(run: str) -> Signed | None:
        key = scripted_key(by)
        statement = request_for(plan, run=run, requester=by, now=now)
        return None if key is None else signed(statement, "seawall-request", key)

    return sign
