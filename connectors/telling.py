"""What every way of telling people has in common: who is told what, and how little of it may be written down.

A plan names an audience. Whom that is, and at which address, stays here, in memory, and is in nothing that is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

from seawall.actions import Seen
from seawall.inventory import Inventory
from seawall.messages import Message
from seawall.model import Frozen, Name


class TellArgs(Frozen):
    """Who is told what.

    Attributes:
        audience: as the inventory calls it; its people's addresses are looked up when the message leaves.
        message: subject and body, in Danish and English.
    """

    audience: Name
    message: Message


class Told(Seen):
    """That a message left.

    Attributes:
        people: how many addresses took it; None where nobody can know, as in a Slack channel.
        refused: how many addresses the relay would not take.
    """

    audience: Name
    channel: Literal["email", "slack"]
    people: int | None
    refused: int = 0

    def __str__(self) -> str:
        if self.people is None:
            return f"posted to the channel of {self.audience}"
        refused = f", {self.refused} refused" if self.refused else ""
        return f"sent to {self.people} of {self.audience}{refused}"


@dataclass(frozen=True, slots=True)
class Audiences:
    """How each audience is reached: mail addresses, and the id of a Slack channel."""

    addresses: Mapping[Name, Sequence[str]] = field(default_factory=dict)
    channels: Mapping[Name, str] = field(default_factory=dict)

    @classmethod
    def of(cls, city: Inventory) -> Self:
        """Take them from the inventory."""
        return cls(
            addresses={
                name: tuple(
                    address
                    for person in audience.people
                    if (address := city.people[person].email) is not None
                )
                for name, audience in city.audiences.items()
            },
            channels={name: one.slack for name, one in city.audiences.items() if one.slack is not None},
        )
