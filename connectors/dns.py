"""DNS: point a name at one address or host, if it still points where it was expected to, and never at nothing.

An empty record set must never be written: every large outage made by automated DNS changes went through one. The real
wire is `connectors.rfc2136`; the one in memory is `connectors.memory.dns`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import AfterValidator, Field, model_validator

from connectors.limit import LOOKS
from seawall.actions import Action, CheckUp, Deadline, Effect, Occasion, Proof, Ready, Seen
from seawall.errors import CallError, DidNothing, MayHaveActed, WrongTarget
from seawall.model import Duration, Frozen
from seawall.needs import InZone
from seawall.targets import Zone

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST_NAME = 253
_WEEK = timedelta(days=7)


def host_name(text: str) -> str:
    """Write a host name one way: lower case, no dot at the end. Raises: ValueError when it is none."""
    plain = text.lower().removesuffix(".")
    if len(plain) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in plain.split(".")):
        message = f"{text!r} is not a host name"
        raise ValueError(message)
    return plain


def _ttl(span: timedelta) -> timedelta:
    if not timedelta(seconds=1) <= span <= _WEEK or span.microseconds:
        message = "a time to live is whole seconds, from 1s to 7d"
        raise ValueError(message)
    return span


HostName = Annotated[str, AfterValidator(host_name)]
RecordType = Literal["A", "AAAA", "CNAME"]


class LookUpArgs(Frozen):
    """Which records of a zone are looked up. `name` is written in full: `login.city.example`."""

    zone: Zone
    name: HostName
    type: RecordType = "A"

    @model_validator(mode="after")
    def _inside(self) -> Self:
        zone = host_name(self.zone.name)
        if self.name != zone and not self.name.endswith(f".{zone}"):
            message = f"{self.name} is not in the zone {zone}"
            raise ValueError(message)
        return self


class PointArgs(LookUpArgs):
    """Where a name points from now on.

    Attributes:
        to: an address for A and AAAA, a host name for CNAME.
        ttl: how long others may remember it.
        expected_now: what it may point at before; anything else stops the change. None: whatever it is.
    """

    to: str
    ttl: Annotated[Duration, AfterValidator(_ttl)] = timedelta(seconds=30)
    expected_now: Annotated[tuple[str, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _fits_type(self) -> Self:
        for value in (self.to, *(self.expected_now or ())):
            plain(self.type, value)
        if self.type == "CNAME" and self.name == host_name(self.zone.name):
            message = "the top of a zone cannot be a CNAME (RFC 1034, 3.6.2); point its A or AAAA"
            raise ValueError(message)
        return self

    @property
    def value(self) -> str:
        """`to`, written one way."""
        return plain(self.type, self.to)


class Records(Seen):
    """What the zone's own server says of a name.

    Attributes:
        value: the only record; None when there is none, or more than one.
        alias_of: the name is a CNAME, which was not asked for, of this host.
    """

    name: str
    value: str | None
    values: tuple[str, ...]
    ttl: Duration | None = None
    alias_of: str | None = None

    def __str__(self) -> str:
        return f"{self.name} is {', '.join(self.values) or 'nothing'}"


class PointedName(Seen):
    """That a name points where it should. `was` is what it pointed at before, if that was seen."""

    name: str
    to: str
    was: tuple[str, ...] | None = None
    changed: bool = True

    def __str__(self) -> str:
        before = f", before to {' and '.join(self.was) or 'nowhere'}" if self.was is not None else ""
        return f"{self.name} leads to {self.to}{before if self.changed else ' already'}"


class IsPointed(Proof):
    """Whether the zone's own server says that a name points there and nowhere else."""

    pointed: PointedName | None = None

    def stand_in(self) -> PointedName | None:
        """Return what the step that pointed would have seen."""
        return self.pointed


@dataclass(frozen=True, slots=True)
class RecordSet:
    """Every record of one name and type, as a zone's own server has it. `ttl` in seconds."""

    values: tuple[str, ...]
    ttl: int | None = None
    alias_of: str | None = None


@dataclass(frozen=True, slots=True)
class Replacement:
    """One record in the place of a whole set, on the condition that the set is still `was`. `ttl` in seconds."""

    zone: Zone
    name: str
    type: RecordType
    was: tuple[str, ...]
    to: str
    ttl: int


class Zones(Protocol):
    """The wire: what a zone's own server must be able to do."""

    def look_up(self, zone: Zone, name: str, record: RecordType, deadline: Deadline) -> RecordSet:
        """Tell what the server has; no values when there is no such name.

        Raises: Unreachable, DidNothing; WrongTarget when the server is not the zone's own.
        """

    def replace(self, replacement: Replacement, deadline: Deadline) -> None:
        """Replace all at once, or nothing.

        Raises: Unreachable, DidNothing, MayHaveActed; WrongTarget when the set was another by then.
        """

    def serial(self, zone: Zone, deadline: Deadline) -> int:
        """Tell the zone's serial number, asked with our key. Raises: Unreachable, DidNothing, WrongTarget."""


class Dns:
    """DNS zones that take signed updates."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what a zone can be asked to do."""
        return (
            Action(
                "dns.lookup",
                Effect.READS,
                LookUpArgs,
                Records,
                self._look_up,
                "Asks the zone's own server where a name points",
                needs=(InZone("zone"),),
            ),
            Action(
                "dns.point",
                Effect.CHANGES,
                PointArgs,
                PointedName,
                self._point,
                "Points a name at one address or host, if it still points where expected; caches follow in the old TTL",
                proof="dns.is-pointed",
                ready=self._ready_for,
                needs=(InZone("zone", "name", "type"),),
            ),
            Action(
                "dns.is-pointed",
                Effect.READS,
                PointArgs,
                IsPointed,
                self._is_pointed,
                "Tells whether a name points there and nowhere else, as the zone's own server has it",
                needs=(InZone("zone"),),
            ),
        )

    def close(self) -> None:
        """There is nothing to let go of: a connection lives for one call."""

    def check(self, zones: Iterable[Zone], deadline: Deadline) -> Iterator[CheckUp]:
        """Look at each zone, with its key but without changing it."""
        for zone in zones:
            what = f"zone {zone.name}"
            try:
                serial = self._zones.serial(zone, deadline.at_most(LOOKS))
            except CallError as error:
                yield CheckUp.failed(what, error)
            else:
                yield CheckUp(what, well=True, saw=f"answers our key, serial {serial}")

    def _ready_for(self, args: PointArgs) -> Iterable[Ready]:
        return (Ready(self._zones.serial, args.zone),)

    def _look_up(self, args: LookUpArgs, occasion: Occasion) -> Records:
        found = self._zones.look_up(args.zone, args.name, args.type, occasion.deadline)
        return Records(
            name=args.name,
            value=found.values[0] if len(found.values) == 1 else None,
            values=found.values,
            ttl=None if found.ttl is None else timedelta(seconds=found.ttl),
            alias_of=found.alias_of,
        )

    def _point(self, args: PointArgs, occasion: Occasion) -> PointedName:
        before = self._zones.look_up(args.zone, args.name, args.type, occasion.deadline)
        _expect(args, before)
        ttl = int(args.ttl.total_seconds())
        pointed = PointedName(name=args.name, to=args.value, was=before.values)
        if before.values == (args.value,) and before.ttl == ttl:
            return pointed.model_copy(update={"changed": False})
        replacement = Replacement(args.zone, args.name, args.type, before.values, args.value, ttl)
        try:
            self._zones.replace(replacement, occasion.deadline)
        except MayHaveActed:
            if self._seen(args, occasion.deadline) != (args.value,):
                raise
            return pointed
        after = self._seen(args, occasion.deadline)
        if after in {(args.value,), None}:
            return pointed
        where = f"{args.name} in {args.zone}"
        if after == before.values:
            problem = "the server said yes and left the name as it was"
            raise DidNothing(
                problem, where=where, remedy="See whether records of another type stand at that name"
            )
        problem = f"after the change it is {', '.join(after) or 'nothing'}"
        raise MayHaveActed(problem, where=where, remedy="See who else changes this zone, then point it again")

    def _is_pointed(self, args: PointArgs, occasion: Occasion) -> IsPointed:
        found = self._zones.look_up(args.zone, args.name, args.type, occasion.deadline)
        because = f"{args.name} is {', '.join(found.values) or 'nothing'}"
        if found.values != (args.value,):
            return IsPointed(holds=False, because=because)
        return IsPointed(holds=True, because=because, pointed=PointedName(name=args.name, to=args.value))

    def _seen(self, args: PointArgs, deadline: Deadline) -> tuple[str, ...] | None:
        try:
            return self._zones.look_up(args.zone, args.name, args.type, deadline).values
        except CallError:
            return None


def plain(record: RecordType, value: str) -> str:
    """Write a record's value one way. Raises: ValueError when it does not fit the type."""
    if record == "CNAME":
        return host_name(value)
    address = ipaddress.ip_address(value)
    if address.version != (4 if record == "A" else 6):
        message = f"{value} does not fit an {record} record"
        raise ValueError(message)
    return str(address)


def _expect(args: PointArgs, before: RecordSet) -> None:
    where = f"{args.name} in {args.zone}"
    if before.alias_of is not None:
        problem = f"the name is a CNAME of {before.alias_of}, so it can have no {args.type} record"
        raise WrongTarget(problem, where=where, remedy="Point its CNAME instead")
    if args.expected_now is None or before.values == (args.value,):
        return
    expected = {plain(args.type, value) for value in args.expected_now}
    if not before.values or not expected.issuperset(before.values):
        problem = f"it is {', '.join(before.values) or 'nothing'} and not {' or '.join(sorted(expected))}"
        raise WrongTarget(problem, where=where, remedy="See who changed it, then plan again")
