"""The people of a city as a person asks for them: who is on duty, how each is reached and when that was tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from console.terminal.desk import Desk
from console.terminal.surroundings import surroundings
from seawall.channels import Channels, Tried, read_channels
from seawall.duties import wall_clock
from seawall.errors import BadInput, JournalError
from seawall.ground import choose
from seawall.inventory import Inventory
from seawall.on_duty import OnDuty, Stretch, gaps_in_cover, handover, instant, on_duty
from seawall.people import CHANNELS, Channel, Person

COVERED_FOR = timedelta(days=28)
"""How far ahead hours without anybody on duty are looked for."""
OLD = timedelta(days=90)
"""After how long a test says little: people change telephones, and relays their rules."""


@dataclass(frozen=True, slots=True)
class RoleNow:
    """One role, who may act in it, and who is on duty in it."""

    role: str
    people: tuple[str, ...]
    on_duty: OnDuty
    handover: tuple[datetime, OnDuty] | None


@dataclass(frozen=True, slots=True)
class Way:
    """One channel of a person. `tried` is None when it was never tried, or when that cannot be told."""

    channel: Channel
    address: str
    tried: Tried | None

    @property
    def is_by_hand(self) -> bool:
        """Whether somebody has to ring."""
        return self.channel == "telephone"


@dataclass(frozen=True, slots=True)
class PersonNow:
    """One person, as they stand now."""

    name: str
    person: Person
    on_duty_as: tuple[str, ...]
    away_until: datetime | None
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Everybody:
    """What `person list` shows. `untold`: why it is not known when channels were tried, when it is not."""

    at: datetime
    zone: ZoneInfo
    people: tuple[PersonNow, ...]
    roles: tuple[RoleNow, ...]
    uncovered: tuple[tuple[str, Stretch], ...]
    unreached: tuple[str, ...]
    untold: str


@dataclass(frozen=True, slots=True)
class Duties:
    """What `duty` shows."""

    at: datetime
    zone: ZoneInfo
    roles: tuple[RoleNow, ...]
    uncovered: tuple[tuple[str, Stretch], ...]


def everybody(desk: Desk, role: str | None) -> Everybody:
    """Return everybody, or those who may act in a role. Raises: BadInput."""
    inventory, at = desk.inventory, surroundings().now()
    channels, untold = _channels(desk)
    roles = tuple(_roles(inventory, role, at))
    people = tuple(
        _person(inventory, name, channels, at)
        for name, one in inventory.people.items()
        if role is None or role in one.roles
    )
    return Everybody(
        at=at,
        zone=ZoneInfo(inventory.city.timezone),
        people=people,
        roles=roles,
        uncovered=tuple(_uncovered(inventory, roles, at)),
        unreached=tuple(one.name for one in people if not one.ways),
        untold=untold,
    )


def somebody(desk: Desk, name: str) -> Everybody:
    """Return one person, and the roles they have. Raises: BadInput when there is none of that name."""
    inventory = desk.inventory
    if name not in inventory.people:
        remedy = choose(name, inventory.people)
        raise BadInput.one(f"there is no person {name}", where=f"person {name}", remedy=remedy)
    whole = everybody(desk, None)
    mine = inventory.people[name].roles
    return Everybody(
        at=whole.at,
        zone=whole.zone,
        people=tuple(one for one in whole.people if one.name == name),
        roles=tuple(one for one in whole.roles if one.role in mine),
        uncovered=(),
        unreached=tuple(one for one in whole.unreached if one == name),
        untold=whole.untold,
    )


def duties_at(desk: Desk, said: str | None, role: str | None) -> Duties:
    """Return who is on duty at a time of the city's clock. Raises: BadInput."""
    inventory = desk.inventory
    zone = ZoneInfo(inventory.city.timezone)
    at = surroundings().now() if said is None else _said(said, zone)
    roles = tuple(_roles(inventory, role, at))
    return Duties(at=at, zone=zone, roles=roles, uncovered=tuple(_uncovered(inventory, roles, at)))


def _said(text: str, zone: ZoneInfo) -> datetime:
    try:
        return instant(wall_clock(text), zone)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        remedy = "Write it as the city's clock shows it, e.g. --at '2026-12-24 20:00'"
        raise BadInput.one(f"{text!r} is no time", where="--at", remedy=remedy) from None
    return at.astimezone(UTC)


def _roles(inventory: Inventory, only: str | None, at: datetime) -> Iterator[RoleNow]:
    """Yield the roles, those with a duty first. Raises: BadInput."""
    held = (role for person in inventory.people.values() for role in person.roles)
    names = tuple(dict.fromkeys((*inventory.duties, *held)))
    if only is not None and only not in names:
        problem = f"nobody has the role {only}"
        raise BadInput.one(problem, where=f"role {only}", remedy=choose(only, names))
    for name in names:
        if only in {None, name}:
            ahead = handover(inventory, name, at)
            yield RoleNow(name, tuple(inventory.with_role(name)), on_duty(inventory, name, at), ahead)


def _uncovered(inventory: Inventory, roles: Iterable[RoleNow], at: datetime) -> Iterator[tuple[str, Stretch]]:
    for one in roles:
        for gap in gaps_in_cover(inventory, one.role, at, at + COVERED_FOR):
            yield one.role, gap


def _person(inventory: Inventory, name: str, channels: Channels, at: datetime) -> PersonNow:
    person, zone = inventory.people[name], ZoneInfo(inventory.city.timezone)
    on = tuple(role for role in person.roles if on_duty(inventory, role, at).person == name)
    away = [
        instant(one.until, zone)
        for one in person.away
        if instant(one.from_, zone) <= at < instant(one.until, zone)
    ]
    ways = tuple(
        Way(channel, getattr(person, channel), channels.last(name, channel))
        for channel in CHANNELS
        if getattr(person, channel) is not None
    )
    return PersonNow(name, person, on, max(away, default=None), ways)


def _channels(desk: Desk) -> tuple[Channels, str]:
    try:
        return read_channels(desk.runs), ""
    except JournalError as error:
        return Channels(), str(error)
