"""Whether what was expected came true: one sentence each, in both languages. Pure.

None means it cannot be told, and is never taken for true. What came true after its limit is late, not false: a
service that came back late did come back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from drills.count import Loss, served_since, silences, total
from drills.ledger import Tried
from drills.outside import Told
from drills.primaries import Doubles
from drills.scenario import (
    AcceptsWrites,
    Expectation,
    LostWrites,
    LostWritesAreCounted,
    NothingIsProposed,
    NoTwoPrimaries,
    PeopleAreTold,
    RefusedWrites,
)
from drills.scorecard import Judged, seconds
from seawall.inventory import Inventory
from seawall.messages import MARK
from seawall.model import Text


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known when the judging is done.

    Attributes:
        since: what limits count from: the first fault, or the declaration where nothing broke.
        now: when this was known.
        fault: when the first fault struck.
        tries: the ledger, from the beginning of the load.
        loss: what was lost; None when the survivors could not be read.
        doubles: what the watch saw; None when it is not over yet.
        told: the messages that arrived since the drill began.
        proposed: when the probe proposed a failover.
    """

    since: datetime
    now: datetime
    fault: datetime | None
    tries: Sequence[Tried]
    told: Sequence[Told]
    loss: Loss | None = None
    doubles: Doubles | None = None
    proposed: datetime | None = None


def judge(expected: Expectation, seen: Observed, city: Inventory) -> Judged:  # noqa: PLR0911 - one a kind
    """Judge one expectation."""
    match expected:
        case AcceptsWrites():
            return _accepts(expected, seen, city)
        case NoTwoPrimaries():
            return _primaries(seen)
        case LostWritesAreCounted():
            return _counted(seen)
        case LostWrites():
            return _lost(expected, seen)
        case RefusedWrites():
            return _refused(expected, seen)
        case PeopleAreTold():
            return _told(expected, seen, city)
        case NothingIsProposed():
            return _proposed(expected, seen)


def still_open(expected: Expectation, seen: Observed, city: Inventory) -> bool:
    """Tell whether waiting longer could still make it come true, be it late."""
    match expected:
        case AcceptsWrites() | PeopleAreTold():
            judged = judge(expected, seen, city)
            return judged.met is False and judged.late_by is None
        case NothingIsProposed():
            return seen.proposed is None and seen.now < seen.since + expected.within
        case _:
            return False


def judge_mark(told: Sequence[Told]) -> Judged:
    """Judge what is always expected: every message of a drill begins by saying so."""
    that = Text(en="Every message says that it is an exercise", da="Enhver besked siger, at det er en øvelse")
    bare = sum(1 for one in told if not all(text.startswith(MARK) for text in one.texts))
    if bare:
        because = Text(en=f"{bare} of {len(told)} do not", da=f"{bare} af {len(told)} gør det ikke")
        return Judged(that=that, met=False, because=because)
    because = Text(en=f"All {len(told)} that arrived do", da=f"Alle {len(told)}, der nåede frem, gør det")
    if not told:
        because = Text(en="No message arrived", da="Ingen besked nåede frem")
    return Judged(that=that, met=True, because=because)


def _timely(that: Text, at: datetime | None, within: timedelta, seen: Observed, never: Text) -> Judged:
    if at is None:
        return Judged(that=that, met=False, because=never)
    after = at - seen.since
    late = after - within
    if late <= timedelta():
        because = Text(en=f"After {seconds(after)}", da=f"Efter {seconds(after, 'da')}")
        return Judged(that=that, met=True, because=because)
    because = Text(
        en=f"After {seconds(after)}, {seconds(late)} late",
        da=f"Efter {seconds(after, 'da')}, {seconds(late, 'da')} for sent",
    )
    return Judged(that=that, met=False, because=because, late_by=late)


def _accepts(expected: AcceptsWrites, seen: Observed, city: Inventory) -> Judged:
    title = city.services[expected.service].title
    site = city.sites[expected.at].title if expected.at else None
    where = Text(en=f" at {site}", da=f" på {site.in_('da')}") if site else Text(en="")
    that = Text(
        en=f"{title} accepts writes{where} within {seconds(expected.within)}",
        da=f"{title.in_('da')} tager imod{where.in_('da')} inden for {seconds(expected.within, 'da')}",
    )
    if expected.at and not any(one.site for one in seen.tries if one.accepted and one.began >= seen.since):
        silent = Text(
            en="No answer says which site it came from", da="Intet svar siger, hvilket sted det kom fra"
        )
        return Judged(
            that=that, met=None if served_since(seen.tries, since=seen.since) else False, because=silent
        )
    at = served_since(seen.tries, since=seen.since, site=expected.at)
    never = Text(en="Not until the drill ended", da="Ikke før øvelsen sluttede")
    return _timely(that, at, expected.within, seen, never)


def _primaries(seen: Observed) -> Judged:
    that = Text(en="Never two primaries at once", da="Aldrig to aktive databaser på én gang")
    if seen.doubles is None or not seen.doubles.looks:
        return Judged(that=that, met=None, because=Text(en="Nobody looked", da="Ingen så efter"))
    both, unseen = seen.doubles.both_for, seen.doubles.unseen_for
    if both:
        because = Text(
            en=f"Both took writes for {seconds(both)}", da=f"Begge tog imod i {seconds(both, 'da')}"
        )
        return Judged(that=that, met=False, because=because)
    if unseen:
        because = Text(
            en=f"One could not be seen for {seconds(unseen)} while it might have been taking writes",
            da=f"Den ene kunne ikke ses i {seconds(unseen, 'da')}, hvor den kan have taget imod",
        )
        return Judged(that=that, met=None, because=because)
    looks, apart = seen.doubles.looks, seen.doubles.apart
    because = Text(
        en=f"0 s, in {looks} tries to write, at most {seconds(apart)} apart",
        da=f"0 s, i {looks} forsøg på at skrive, højst {seconds(apart, 'da')} fra hinanden",
    )
    return Judged(that=that, met=True, because=because)


def _counted(seen: Observed) -> Judged:
    that = Text(en="Every lost write is counted", da="Enhver tabt skrivning er talt")
    if seen.loss is None:
        because = Text(
            en="The surviving database could not be read", da="Den overlevende database kunne ikke læses"
        )
        return Judged(that=that, met=None, because=because)
    lost, of = len(seen.loss.lost), seen.loss.acknowledged
    because = Text(
        en=f"{lost} of {of} acknowledged writes are lost", da=f"{lost} af {of} kvitterede skrivninger er tabt"
    )
    return Judged(that=that, met=True, because=because)


def _lost(expected: LostWrites, seen: Observed) -> Judged:
    that = Text(
        en=f"At most {expected.at_most} acknowledged writes are lost",
        da=f"Højst {expected.at_most} kvitterede skrivninger er tabt",
    )
    counted = _counted(seen)
    met = None if seen.loss is None else len(seen.loss.lost) <= expected.at_most
    return Judged(that=that, met=met, because=counted.because)


def _refused(expected: RefusedWrites, seen: Observed) -> Judged:
    limit = expected.at_most
    that = Text(
        en=f"Users are refused for at most {seconds(limit)}",
        da=f"Brugere afvises i højst {seconds(limit, 'da')}",
    )
    lasted = total(silences(seen.tries, since=seen.since))
    if lasted is None:
        because = Text(en="They still are", da="Det bliver de stadig")
        return Judged(that=that, met=False, because=because)
    because = Text(en=f"For {seconds(lasted)}", da=f"I {seconds(lasted, 'da')}")
    late = lasted - limit
    return Judged(
        that=that, met=late <= timedelta(), because=because, late_by=late if late > timedelta() else None
    )


def _told(expected: PeopleAreTold, seen: Observed, city: Inventory) -> Judged:
    audience = city.audiences[expected.audience]
    ways: Mapping[str, Text] = {"email": Text(en="mail", da="mail"), "slack": Text(en="Slack", da="Slack")}
    way = ways[expected.by]
    that = Text(
        en=f"{audience.title} are told by {way} within {seconds(expected.within)}",
        da=f"{audience.title.in_('da')} har fået besked pr. {way.in_('da')} inden for {seconds(expected.within, 'da')}",
    )
    if expected.by == "email":
        # Whoever has no address got nothing, and is counted by name, which nothing was sent to.
        wanted = {city.people[person].email or person for person in audience.people}
    else:
        wanted = {audience.slack} if audience.slack else set()
    first: dict[str, datetime] = {}
    for one in seen.told:
        if one.by == expected.by and one.at >= seen.since:
            first.setdefault(one.to, one.at)
    missing = len(wanted - first.keys())
    at = max((first[to] for to in wanted), default=None) if not missing else None
    never = Text(
        en=f"{missing} of {len(wanted)} got nothing" if wanted else "The audience has no such address",
        da=f"{missing} af {len(wanted)} fik intet" if wanted else "Modtagerne har ingen sådan adresse",
    )
    return _timely(that, at, expected.within, seen, never)


def _proposed(expected: NothingIsProposed, seen: Observed) -> Judged:
    that = Text(
        en=f"Nothing is proposed for {seconds(expected.within)}",
        da=f"Intet foreslås i {seconds(expected.within, 'da')}",
    )
    if seen.proposed is None:
        return Judged(that=that, met=True, because=Text(en="Nothing was", da="Det blev der ikke"))
    after = seen.proposed - seen.since
    because = Text(
        en=f"A failover was proposed after {seconds(after)}",
        da=f"En flytning blev foreslået efter {seconds(after, 'da')}",
    )
    return Judged(that=that, met=False, because=because)
