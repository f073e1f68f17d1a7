"""One test message over each way, one after another; what came of each is kept before the next is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from connectors.mail import Mail
from connectors.slack import Slack
from connectors.world import RealWorld
from console.terminal.desk import Desk
from console.terminal.surroundings import surroundings
from console.terminal.trial_ways import Outcome, Way
from seawall.actions import Deadline, Occasion, World
from seawall.channels import Reached, Tried, keep
from seawall.errors import CallError, MayHaveActed, Unreachable
from seawall.trial_letter import trial_letter

PACE = 0.5
"""Seconds between two messages: a relay that gets a hundred at once takes us for somebody else."""
LIMIT = timedelta(seconds=30)
"""How long one message may take to be taken."""


@dataclass(frozen=True, slots=True)
class Senders:
    """What test messages leave by."""

    mail: Mail
    slack: Slack

    @classmethod
    def of(cls, world: World) -> Self:
        """Take them from the world. Those that runbooks use, with the same relay and the same credentials."""
        if isinstance(world, RealWorld):
            return cls(world.mail, world.slack)
        mail = next(one for one in world.connectors if isinstance(one, Mail))
        return cls(mail, next(one for one in world.connectors if isinstance(one, Slack)))


def send(ways: Sequence[Way], desk: Desk, senders: Senders, by: str) -> Iterator[Outcome]:
    """Send over each way and yield what came of it.

    Raises:
        JournalError: what came of one could not be kept; nothing more is sent.
    """
    go = f"test-{surroundings().now():%Y%m%d%H%M%S}"
    for number, way in enumerate(ways):
        if number:
            threading.Event().wait(PACE)
        outcome, reached = _send(way, desk, senders, by, go)
        at = surroundings().now()
        assert way.channel is not None, "what has no channel is not sent over"
        tried = Tried(whom=way.whom, kind=way.kind, channel=way.channel, at=at, by=by, outcome=reached)
        keep(desk.runs, tried)
        yield outcome


def _send(way: Way, desk: Desk, senders: Senders, by: str, go: str) -> tuple[Outcome, Reached]:
    words = trial_letter(city=desk.inventory.city.title, whom=way.whom, by=by, language=way.language)
    occasion = Occasion(Deadline.within(LIMIT), go, f"{way.channel}-{way.whom}", exercise=False)
    sender = senders.mail if way.channel == "email" else senders.slack
    try:
        sender.try_to_reach(way.whom, way.address, words, occasion)
    except Unreachable as error:
        return Outcome(way, "unreachable", error.problem, error.remedy), "unreachable"
    except MayHaveActed as error:
        remedy = f"Ask {way.whom} whether it came; {error.remedy}"
        return Outcome(way, "in doubt", error.problem, remedy), "in doubt"
    except CallError as error:
        remedy = error.remedy
        if way.kind == "person" and "channel_not_found" in error.problem:
            remedy = (
                f"Check `slack:` of {way.whom} in the inventory: it is the person's member id, U and digits"
            )
        return Outcome(way, "refused", error.problem, remedy), "refused"
    return Outcome(way, "accepted"), "accepted"
