"""Who a runbook asks for, and whether the city has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from seawall.errors import Mistake
from seawall.inventory import Inventory
from seawall.loading.nearest import choose, nearest
from seawall.loading.runbook_files import RunbookFile


def unfilled_roles(files: Iterable[RunbookFile], inventory: Inventory) -> Iterator[Mistake]:
    """Find the steps that wait for people in a role whom the city does not have, or not so many."""
    roles = list(dict.fromkeys(role for person in inventory.people.values() for role in person.roles))
    for file in files:
        steps = () if file.runbook is None else file.runbook.steps
        for index, step in enumerate(steps):
            if step.by is not None and step.by not in roles:
                yield _nobody(file, ("steps", index, "by"), step.by, roles)
            if step.answered_by is not None and step.answered_by not in roles:
                yield _nobody(file, ("steps", index, "answered_by"), step.answered_by, roles)
            if step.escalate is not None and step.escalate.to not in (None, *roles):
                yield _nobody(file, ("steps", index, "escalate", "to"), str(step.escalate.to), roles)
            if step.approve is None:
                continue
            further = step.approve.escalate
            if further is not None and further.to not in (None, *roles):
                path = ("steps", index, "approve", "escalate", "to")
                yield _nobody(file, path, str(further.to), roles)
            there = len(inventory.with_role(step.approve.by))
            if there == 0:
                yield _nobody(file, ("steps", index, "approve", "by"), step.approve.by, roles)
            elif there < step.approve.people:
                problem = (
                    f"{step.approve.people} people must say yes, and {there} can act as {step.approve.by}"
                )
                where = file.source.where(("steps", index, "approve"))
                yield Mistake(where, problem, "Give more people the role in inventory/people.yaml")


def _nobody(file: RunbookFile, path: tuple[str | int, ...], role: str, roles: list[str]) -> Mistake:
    meant = nearest(role, roles)
    corrected = file.source.rewritten(file.source.spot(path).value, meant) if meant else None
    remedy = choose(role, roles) if meant else "Give somebody the role in inventory/people.yaml"
    return Mistake(file.source.where(path), f"nobody can act as `{role}`", remedy, corrected)
