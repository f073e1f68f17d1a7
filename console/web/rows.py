"""An entry of the history in words: what it was, how it ended, how long against its target. Pure.

A run's own time is no recovery time: that is measured from outside, in drills, and is said to be unknown elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from console.web.entries import End, Entry, Kind, stamp_of
from console.web.figures import day_and_hour, length
from console.web.place import Place, Target
from console.web.words import outcome, say, standing
from drills.scorecard import Scorecard
from seawall.model import Language
from seawall.report.account import Recovery
from seawall.report.figures import plain
from seawall.report.roles import role
from seawall.run_list import Standing

Tone = Literal["good", "bad", "late", "open", "plain"]
SIGNS: dict[Tone, str] = {"good": "✓", "bad": "✗", "late": "▲", "open": "…", "plain": ""}


@dataclass(frozen=True, slots=True)
class Said:
    """Some words, and how they stand; a sign and a colour only repeat it."""

    words: str
    tone: Tone = "plain"

    @property
    def sign(self) -> str:
        """The sign beside the words."""
        return SIGNS[self.tone]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the history, as it is read."""

    entry: Entry
    path: str
    began: str
    kind: str
    title: str
    services: str
    ended: Said
    lasted: str
    against: tuple[Said, ...]


def row(entry: Entry, place: Place, language: Language, now: datetime) -> Row:
    """Say an entry in a language."""
    services = place.services_of(entry.about)
    return Row(
        entry=entry,
        path=f"{'drills' if entry.kind is Kind.DRILL else 'runs'}/{entry.id}",
        began=_began(entry, place, language),
        kind=say(entry.kind.value, language),
        title=plain(entry.title.in_(language)) or entry.id,
        services=", ".join(plain(place.service(one).in_(language)) for one in services),
        ended=ended(entry, language),
        lasted=_lasted(entry, language, now),
        against=_against(entry, place, language),
    )


def _began(entry: Entry, place: Place, language: Language) -> str:
    """Say when it began; of a run that cannot be read, as its name says it, which is in local time already."""
    named = stamp_of(entry.id) if entry.end is End.UNREADABLE else None
    if named is not None:
        return day_and_hour(named, UTC, language)
    return day_and_hour(entry.began, place.zone, language)


def ended(entry: Entry, language: Language) -> Said:
    """Say how an entry ended, or how it stands."""
    tones: dict[End, Tone] = {End.WELL: "good", End.NOT_WELL: "bad", End.OPEN: "open", End.UNREADABLE: "bad"}
    tone = tones[entry.end]
    if entry.end is End.UNREADABLE:
        return Said(say("ended-unreadable", language), tone)
    if entry.card is not None:
        late = entry.card.verdict.kind == "late"
        return Said(entry.card.verdict.headline.in_(language), "late" if late else tone)
    if entry.run is None:
        return Said(say("no-result", language), tone)
    if entry.run.outcome is not None:
        return Said(outcome(entry.run.outcome.value, language), tone)
    if entry.run.standing is Standing.WAITS and entry.run.waits_for:
        return Said(say("waits-for", language, role=role(entry.run.waits_for).in_(language)), "late")
    left = entry.run.standing is Standing.INTERRUPTED
    return Said(standing(entry.run.standing, language), "bad" if left else tone)


def _lasted(entry: Entry, language: Language, now: datetime) -> str:
    if entry.card is not None:
        return _away(entry.card, language)
    if entry.took is not None:
        return say("took", language, span=length(entry.took, language))
    if entry.end is End.UNREADABLE or entry.run is None:
        return ""
    return say("open-for", language, span=length(max(now - entry.began, timedelta()), language))


def _away(card: Scorecard, language: Language) -> str:
    if card.rta is None:
        return say("rta-unknown", language)
    if not card.rta:
        return say("unnoticed", language)
    return say("away", language, span=length(card.rta, language))


def _against(entry: Entry, place: Place, language: Language) -> tuple[Said, ...]:
    if entry.card is not None:
        return _judged(entry.card, language)
    if entry.end is End.UNREADABLE or entry.run is None:
        return ()
    if entry.recovery is not None:
        return _kept_promise(entry.recovery, language)
    targets = place.targets_of(entry.about)
    if not targets:
        named = any(one.startswith("service:") for one in entry.about)
        return (Said(say("no-target", language)),) if named else ()
    hardest = min(targets, key=lambda one: one.rto)
    return (Said(f"{target_words(hardest, language)}; {say('not-measured', language)}"),)


def _kept_promise(one: Recovery, language: Language) -> tuple[Said, ...]:
    """Say what a run itself saw of the recovery, against what was promised."""
    promised = Target(timedelta(seconds=one.promised_seconds), promised=one.supplier is not None)
    against = Said(target_words(promised, language))
    if one.judged_seconds is None:
        return Said(say("rta-unknown", language)), against
    away = Said(say("away", language, span=length(timedelta(seconds=one.judged_seconds), language)))
    kept = Said(say("kept" if one.kept else "missed", language), "good" if one.kept else "late")
    return away, against, kept


def target_words(target: Target, language: Language, *, named: bool = True) -> str:
    """Say how long a service may be away, and that it is a target when it is to be `named`."""
    rto = length(target.rto, language)
    if target.promised:
        return say("promised", language, rto=rto)
    return say("target", language, rto=rto) if named else rto


def _judged(card: Scorecard, language: Language) -> tuple[Said, ...]:
    """Say a drill's measured time against the target that the drill was held to."""
    rto = card.targets.rto if card.targets else None
    if rto is None:
        return (Said(say("no-target", language)),)
    target = Said(target_words(Target(rto), language))
    if card.rta is None:
        return (target,)
    kept = card.rta <= rto
    return target, Said(say("kept" if kept else "missed", language), "good" if kept else "late")
