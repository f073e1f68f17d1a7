"""Whom to ring while a plan is carried out by hand: by the name or function they stand under, and a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from seawall.inventory import Inventory
from seawall.model import Text
from seawall.on_duty import on_duty
from seawall.plan import Plan, PlannedStep
from seawall.report.roles import role as called

_ON_DUTY = Text(en="{role}, on duty until the next handover", da="{role}, på vagt indtil næste vagtskifte")
_STANDS_IN = Text(en="{role}, stands in", da="{role}, stedfortræder")
_SUPPLIER = Text(
    en="runs {service}; contract {contract}; answers {answers}",
    da="driver {service}; kontrakt {contract}; svarer {answers}",
)
_THEIRS = Text(en="of {supplier}, when it is late", da="hos {supplier}, når de er sene")
_CITY = Text(en="the city's own number", da="kommunens eget nummer")


@dataclass(frozen=True, slots=True)
class Number:
    """Somebody to ring.

    Attributes:
        who: the name that a person stands under, or a function.
        telephone: None when none is written down.
    """

    who: Text
    what: Text
    telephone: str | None


def roles_of(step: PlannedStep) -> Iterator[str]:
    """Yield the roles that a step asks, the first first."""
    if step.by is not None:
        yield step.by
        if step.escalate is not None and step.escalate.to is not None:
            yield step.escalate.to
    if step.approve is not None:
        yield step.approve.by
        if step.approve.escalate is not None and step.approve.escalate.to is not None:
            yield step.approve.escalate.to


def numbers_of(plan: Plan, inventory: Inventory, at: datetime) -> tuple[Number, ...]:
    """Return whom to ring: those who are asked, those who are told, suppliers, and the city's own functions."""
    return tuple({one.who.en: one for one in reversed([*_all(plan, inventory, at)])}.values())[::-1]


def _all(plan: Plan, inventory: Inventory, at: datetime) -> Iterator[Number]:
    steps = [step for step in plan.steps if step.skipped is None]
    for role in dict.fromkeys(role for step in steps for role in roles_of(step)):
        yield from _in_role(role, inventory, at)
    for name in dict.fromkeys(str(step.args["audience"]) for step in steps if "audience" in step.args):
        audience = inventory.audiences.get(name)
        for person in audience.people if audience else ():
            yield Number(
                Text(en=person), audience.title if audience else Text(en=name), _of(person, inventory)
            )
    for value in plan.parameters.values():
        service = inventory.services.get(value)
        if service is None or service.run_by is None:
            continue
        yield from _supplier(value, inventory)
    for one in inventory.city.numbers:
        yield Number(one.title, _CITY, one.telephone)


def _in_role(role: str, inventory: Inventory, at: datetime) -> Iterator[Number]:
    now, words = on_duty(inventory, role, at), called(role)
    first = () if now.person is None else (now.person,)
    for name in dict.fromkeys((*first, *now.deputies, *inventory.with_role(role))):
        what = _ON_DUTY if name in first else _STANDS_IN if name in now.deputies else None
        yield Number(
            Text(en=name),
            words
            if what is None
            else Text(en=what.en.format(role=words.en), da=what.in_("da").format(role=words.in_("da"))),
            _of(name, inventory),
        )


def _of(person: str, inventory: Inventory) -> str | None:
    return inventory.people[person].telephone if person in inventory.people else None


def _supplier(name: str, inventory: Inventory) -> Iterator[Number]:
    service = inventory.services[name]
    theirs = service.run_by
    assert theirs is not None
    contract, answers = theirs.contract, theirs.answers

    def said(language: str) -> str:
        english = language == "en"
        return (_SUPPLIER.en if english else _SUPPLIER.in_("da")).format(
            service=service.title.in_("en" if english else "da"),
            contract=contract.number if contract and contract.number else "-",
            answers="-" if answers is None else answers.in_("en" if english else "da"),
        )

    yield Number(Text(en=theirs.supplier), Text(en=said("en"), da=said("da")), theirs.telephone)
    for one in theirs.escalation:
        what = Text(
            en=_THEIRS.en.format(supplier=theirs.supplier),
            da=_THEIRS.in_("da").format(supplier=theirs.supplier),
        )
        yield Number(one.title, what, one.telephone)
