"""What was lost, and how long nobody was served: counted from what users saw and what survived, never from step times.

A write counts as lost when it was acknowledged and is not in the database that serves now. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from operator import attrgetter

from drills.ledger import Tried, WriteId

VERIFIED = 3
"""So many writes in a row must be acknowledged before a service counts as serving again: one may be a straggler."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What was acknowledged and is gone.

    Attributes:
        acknowledged: how many different writes were acknowledged.
        lost: the acknowledged writes that are not there any more, in the order of their acknowledgement.
        rpa: how far back the loss reaches. None when that cannot be told, because nothing acknowledged before it
            survived.
    """

    acknowledged: int
    lost: tuple[Tried, ...]
    rpa: timedelta | None


def count_lost(
    tries: Iterable[Tried], survivors: AbstractSet[WriteId], *, disruption: datetime | None
) -> Loss:
    """Compare what was acknowledged with what survived.

    The RPA is the time from the acknowledgement of the newest surviving write before the disruption to the
    disruption. Where the loss has holes it reaches to the oldest lost write, and where the old primary went on
    acknowledging after the disruption, to the newest lost one; so it is never smaller than what really is gone.
    Acknowledged is when the answer arrived, at most one request later than the commit.

    Args:
        tries: the ledger. Read it before the survivors, or writes of the meantime look lost.
        survivors: every write in the database that serves now.
        disruption: when the fault struck; None in a planned move, where the newest lost write takes its place.

    Source: NIST SP 800-34r1 and ISO 22301 for RPO; measured against the last commit present after recovery.
    """
    acknowledged = _acknowledged(tries)
    lost = tuple(tried for tried in acknowledged if tried.write not in survivors)
    return Loss(len(acknowledged), lost, _reach(acknowledged, lost, disruption))


def _acknowledged(tries: Iterable[Tried]) -> Sequence[Tried]:
    first: dict[WriteId, Tried] = {}
    for tried in sorted((one for one in tries if one.accepted), key=attrgetter("ended")):
        first.setdefault(tried.write, tried)
    return tuple(first.values())


def _reach(
    acknowledged: Sequence[Tried], lost: Sequence[Tried], disruption: datetime | None
) -> timedelta | None:
    if not lost:
        return timedelta()
    gone = {tried.write for tried in lost}
    end = max(disruption or lost[-1].ended, lost[-1].ended)
    kept = [tried.ended for tried in acknowledged if tried.write not in gone]
    before = [at for at in kept if at <= (disruption or lost[0].ended)]
    if not before:
        return None
    return end - min(max(before), lost[0].ended)


@dataclass(frozen=True, slots=True)
class Silence:
    """A stretch in which users were refused.

    Attributes:
        began: when the first refused write was sent.
        served: when the first of the writes that showed the service back was acknowledged; None when none was.
    """

    began: datetime
    served: datetime | None

    @property
    def lasted(self) -> timedelta | None:
        """How long users were refused; None while they still are."""
        return None if self.served is None else self.served - self.began


def silences(tries: Iterable[Tried], *, since: datetime | None = None) -> tuple[Silence, ...]:
    """Return every stretch in which users were refused, in order.

    A stretch begins with a refused write and is over with the first of `VERIFIED` acknowledged ones in a row. In the
    order in which the writes were sent: the answer to an older one may come later, and says nothing about now.
    """
    found: list[Silence] = []
    began: datetime | None = None
    streak: list[Tried] = []
    for tried in _sent(tries, since):
        if not tried.accepted:
            began, streak = began or tried.began, []
        elif began is not None:
            streak.append(tried)
            if len(streak) == VERIFIED:
                found.append(Silence(began, streak[0].ended))
                began, streak = None, []
    if began is not None:
        found.append(Silence(began, None))
    return tuple(found)


def total(found: Collection[Silence]) -> timedelta | None:
    """Add the silences up; None when one has no end."""
    lengths = [one.lasted for one in found]
    return None if None in lengths else sum((one for one in lengths if one is not None), timedelta())


def served_since(tries: Iterable[Tried], *, since: datetime, site: str | None = None) -> datetime | None:
    """Return when users were served for good: the first acknowledgement after which none was refused.

    Args:
        tries: the ledger, up to the instant that is asked about.
        since: what was sent before counts for nothing.
        site: only what this site says it did counts.

    Returns:
        None as long as fewer than `VERIFIED` in a row were acknowledged.
    """
    newest_first = reversed(_sent(tries, since))  # asked again and again while a drill lasts
    streak = list(takewhile(lambda one: one.accepted and site in {None, one.site}, newest_first))
    return streak[-1].ended if len(streak) >= VERIFIED else None


def _sent(tries: Iterable[Tried], since: datetime | None) -> Sequence[Tried]:
    return sorted((one for one in tries if since is None or one.began >= since), key=attrgetter("began"))
