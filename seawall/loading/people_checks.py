"""What would leave somebody unasked or untold although every entry reads well. Said by `check`; it stops no run.

At night a hole in next week's roster must not keep a city from loading, so none of this is a mistake of loading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from seawall.duties import Duty, Turn
from seawall.inventory import Inventory
from seawall.loading.consistency import Remark
from seawall.messages import Message
from seawall.model import Text
from seawall.on_duty import Stretch, gaps_in_cover
from seawall.yaml_source import Loc

MUST_BE_COVERED = timedelta(days=14)
"""How soon hours without anybody on duty begin that are a mistake; those that begin later are only said."""
LOOKED_AT = timedelta(days=56)


def mistakes_about_people(
    inventory: Inventory, templates: Mapping[str, Message], at: datetime
) -> Iterator[Remark]:
    """Find what leaves somebody out, as things stand at an instant."""
    for role, duty in inventory.duties.items():
        yield from _without_role(inventory, role, duty)
        yield from _at_once(role, duty)
        yield from (_uncovered(inventory, role, gap) for gap in _gaps(inventory, role, at, soon=True))
    for name, person in inventory.people.items():
        if person.language == "da":
            lacking = [one for one, message in templates.items() if not _is_danish(message)]
            if lacking:
                problem = f"{name} reads Danish, and there is no Danish in {', '.join(lacking)}"
                remedy = f"Write `da:` in templates/{lacking[0]}.yaml"
                yield Remark(("people", name, "language"), problem, remedy)


def findings_about_people(inventory: Inventory, at: datetime) -> Iterator[Remark]:
    """Find what is allowed and should be known, as things stand at an instant."""
    for role in inventory.duties:
        yield from (_uncovered(inventory, role, gap) for gap in _gaps(inventory, role, at, soon=False))
    for name, audience in inventory.audiences.items():
        for index, person in enumerate(audience.people):
            one = inventory.people.get(person)
            if one is not None and one.email is None:
                problem = f"{person} has no mail address, and is not told when {name} are written to"
                yield Remark(("audiences", name, "people", index), problem, "Add `email:` to the person")
    for name, person_ in inventory.people.items():
        for index, deputy in enumerate(person_.deputies):
            theirs = inventory.people[deputy].roles
            lacking = [role for role in person_.roles if role in inventory.duties and role not in theirs]
            if lacking:
                problem = (
                    f"{deputy} stands in for {name} and has no role {lacking[0]}, so is not asked for it"
                )
                yield Remark(("people", name, "deputies", index), problem, "Give the deputy the role")


def _without_role(inventory: Inventory, role: str, duty: Duty) -> Iterator[Remark]:
    holders = inventory.with_role(role)
    for path, person in _named(duty):
        if person in inventory.people and person not in holders:
            problem = f"{person} is on the roster of {role}, and does not have that role"
            yield Remark(
                ("duties", role, *path), problem, f"Add {role} to the person's `roles`, or name somebody else"
            )


def _named(duty: Duty) -> Iterator[tuple[Loc, str]]:
    weekly = () if duty.weekly is None else duty.weekly.people
    yield from ((("weekly", "people", index), one) for index, one in enumerate(weekly))
    for field, turns in (("dated", duty.dated), ("swaps", duty.swaps)):
        yield from (((field, index, "person"), one.person) for index, one in enumerate(turns))
    yield from ((("deputies", index), one) for index, one in enumerate(duty.deputies))


def _at_once(role: str, duty: Duty) -> Iterator[Remark]:
    """Find turns of one list that overlap: which of them counts, nobody can see from the file."""
    for field, turns in (("dated", duty.dated), ("swaps", duty.swaps)):
        for one, then in pairwise(sorted(enumerate(turns), key=lambda entry: entry[1].from_)):
            if then[1].from_ < one[1].until:
                path = ("duties", role, field, then[0])
                problem = (
                    f"two turns are at once from {then[1].from_:%Y-%m-%d %H:%M}: {_who(one[1], then[1])}"
                )
                yield Remark(path, problem, "Let one end where the other begins")


def _who(one: Turn, then: Turn) -> str:
    return f"{one.person} and {then.person}"


def _gaps(inventory: Inventory, role: str, at: datetime, *, soon: bool) -> Iterator[Stretch]:
    gaps = gaps_in_cover(inventory, role, at, at + LOOKED_AT)
    return (one for one in gaps if (one.since < at + MUST_BE_COVERED) is soon)


def _uncovered(inventory: Inventory, role: str, gap: Stretch) -> Remark:
    zone = ZoneInfo(inventory.city.timezone)
    since, until = (f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (gap.since, gap.until))
    away = gap.on_duty.instead_of
    why = f": {away} is away, and nobody stands in" if away else ""
    remedy = "Add a turn under `swaps:` or `dated:`, or `deputies:`" if away else "Add a turn under `dated:`"
    problem = f"nobody is on duty as {role} from {since} to {until}{why}"
    return Remark(("duties", role), problem, remedy, about_key=True)


def _is_danish(message: Message) -> bool:
    texts: tuple[Text, ...] = (message.subject, message.body)
    return all(one.da for one in texts)
