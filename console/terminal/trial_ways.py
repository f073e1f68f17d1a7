"""Whom `doctor --send-test` would write to, over what, and what it leaves out and why. Looks; sends nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from console.terminal.desk import Desk
from console.terminal.surroundings import surroundings
from seawall.channels import NOT_AGAIN_WITHIN, Channels, Reached
from seawall.errors import BadInput
from seawall.ground import choose
from seawall.inventory import Inventory
from seawall.model import Language
from seawall.people import Channel
from seawall.run_list import Standing, list_runs

CameTo = Reached | Literal["by hand", "not sent", "no channel"]
NOT_SENT = ("by hand", "not sent", "no channel")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach a person, or an audience's own channel. The address is in nothing that is shown.

    Attributes:
        channel: None when there is no way at all, as the inventory is written now.
    """

    whom: str
    kind: Literal["person", "audience"]
    channel: Channel | None
    address: str
    language: Language | None = None

    @property
    def is_by_hand(self) -> bool:
        """Whether only a person can use it."""
        return self.channel == "telephone"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one way."""

    way: Way
    came_to: CameTo
    problem: str = ""
    remedy: str = ""


def ways_to(inventory: Inventory, *, person: str | None, role: str | None, audience: str | None) -> list[Way]:
    """Return every way to reach those who are meant, one that is none for whom there is none; everybody by default.

    Raises:
        BadInput: there is no such person, role or audience, or more than one of them was named.
    """
    if sum(one is not None for one in (person, role, audience)) > 1:
        problem = "a person, a role and an audience were named, or two of them"
        raise BadInput.one(problem, where="--send-test", remedy="Name one of them, or none for everybody")
    names: Sequence[str] = tuple(inventory.people)
    ways: list[Way] = []
    if person is not None:
        _check(person, inventory.people, "person")
        names = (person,)
    elif role is not None:
        _check(role, {one for each in inventory.people.values() for one in each.roles}, "role")
        names = tuple(inventory.with_role(role))
    elif audience is not None:
        _check(audience, inventory.audiences, "audience")
        names = inventory.audiences[audience].people
        slack = inventory.audiences[audience].slack
        ways += [] if slack is None else [Way(audience, "audience", "slack", slack)]
    for name in dict.fromkeys(names):
        one = inventory.people[name]
        ways += [
            Way(name, "person", channel, getattr(one, channel), one.language) for channel in one.channels
        ] or [Way(name, "person", None, "", one.language)]
    return ways


def _check(name: str, known: Collection[str], what: str) -> None:
    if name not in known:
        raise BadInput.one(f"there is no {what} {name}", where="--send-test", remedy=choose(name, known))


def refuse_during_a_drill(desk: Desk) -> None:
    """Refuse while a drill is under way. Raises: BadInput."""
    open_ = (Standing.UNDER_WAY, Standing.WAITS)
    drill = next(
        (one for one in list_runs(desk.runs, most=20) if one.exercise and one.standing in open_), None
    )
    if drill is not None:
        problem = f"{drill.id} is an exercise under way, and a test between its messages would be taken for one of them"
        raise BadInput.one(
            problem, where="--send-test", remedy=f"Wait for its end: seawall show {drill.id} --follow"
        )


def sorted_out(ways: Sequence[Way], channels: Channels) -> tuple[list[Way], list[Outcome]]:
    """Divide the ways into those to send over, and those that are not sent over now, and why."""
    to_send: list[Way] = []
    left: list[Outcome] = []
    seen: dict[tuple[str, str], str] = {}
    now = surroundings().now()
    for way in ways:
        if way.channel is None:
            remedy = f"`seawall fill people.{way.whom} email=...`, or slack, or telephone"
            left.append(Outcome(way, "no channel", "nothing is written down to reach them by", remedy))
            continue
        last = channels.last(way.whom, way.channel, way.kind)
        first = seen.setdefault((way.channel, way.address.casefold()), way.whom)
        if way.is_by_hand:
            remedy = f"Ring {way.whom} and say that it is a test: seawall person show {way.whom}"
            left.append(Outcome(way, "by hand", "nothing here rings by itself", remedy))
        elif first != way.whom:
            left.append(Outcome(way, "not sent", f"it is the address of {first}, who is written to"))
        elif (
            last is not None and last.outcome in ("accepted", "in doubt") and now < last.at + NOT_AGAIN_WITHIN
        ):
            minutes = round((now - last.at).total_seconds() / 60)
            problem = f"it was tested {minutes} min ago"
            left.append(Outcome(way, "not sent", problem))
        else:
            to_send.append(way)
    return to_send, left
