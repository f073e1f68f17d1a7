"""The people of a city, how each is reached, and who is told together.

What stands here stays here: plans and journals hold the name that somebody stands under, and nothing else of theirs.
"""

from __future__ import annotations

from typing import Literal

from seawall.duties import Span
from seawall.model import Frozen, Language, Name, Text

Channel = Literal["email", "slack", "telephone"]
CHANNELS: tuple[Channel, ...] = ("email", "slack", "telephone")
"""How people are reached; the last by somebody who rings them."""


class Person(Frozen):
    """Somebody with a part in this. What stands here stays here: plans and journals hold the name it stands under only.

    Attributes:
        title: the person's name, as colleagues know it.
        roles: what they may act as, e.g. incident-commander.
        telephone: rung by hand; nothing here rings by itself.
        slack: the person's member id, e.g. U0123456789.
        language: what they are written to in; in Danish and English when absent.
        deputies: who stands in for this person, the first first.
        away: when they cannot be on duty.
    """

    title: str
    roles: tuple[Name, ...] = ()
    email: str | None = None
    telephone: str | None = None
    slack: str | None = None
    language: Language | None = None
    deputies: tuple[Name, ...] = ()
    away: tuple[Span, ...] = ()

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The ways in which this person can be reached."""
        return tuple(channel for channel in CHANNELS if getattr(self, channel) is not None)


class Audience(Frozen):
    """People who are told together.

    Attributes:
        people: who is written to.
        slack: the id of the channel that is posted in, e.g. C0123456789.
    """

    title: Text
    people: tuple[Name, ...]
    slack: str | None = None
