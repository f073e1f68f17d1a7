"""The rows that every form of the scorecard shows, worded, so that the terminal and the page cannot disagree. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from drills.scorecard import Judged, Scorecard, Writes, minutes, seconds
from drills.scorecard_words import say
from seawall.model import Language

Mark = Literal["good", "late", "bad", "unknown", "plain"]
"""How a row stands. Forms give each a sign and a word; colour only repeats it."""

SIGNS: dict[Mark, str] = {"good": "✔", "late": "▲", "bad": "✘", "unknown": "?", "plain": ""}


@dataclass(frozen=True, slots=True)
class Row:
    """One measured number beside its target."""

    what: str
    measured: str
    target: str
    mark: Mark
    word: str


@dataclass(frozen=True, slots=True)
class Part:
    """One phase. `share` of the whole is between 0 and 1; `percent` says it, or nothing when it is not known."""

    name: str
    lasted: str
    share: float
    percent: str


def verdict_mark(card: Scorecard) -> Mark:
    """Return how the drill as a whole stands."""
    marks: dict[str, Mark] = {"passed": "good", "late": "late", "failed": "bad", "unknown": "unknown"}
    return marks[card.verdict.kind]


def measured(card: Scorecard, language: Language) -> tuple[Row, ...]:
    """Return the measured numbers, those with a target first."""
    rto, rpo = (card.targets.rto, card.targets.rpo) if card.targets else (None, None)
    rta = _against(say("rta", language), card.rta, rto, language)
    rpa = _against(say("rpa", language), card.rpa, rpo, language)
    writes = card.writes
    lost = "–" if writes.lost is None else f"{writes.lost} {say('of', language)} {writes.acknowledged}"
    rows = [rta, rpa, _lost(card.writes, lost, language)]
    if card.primaries is not None:
        both, unseen = card.primaries.both_for, card.primaries.unseen_for
        text = seconds(both, language)
        if unseen:
            text += f", {say('unseen', language, span=seconds(unseen, language))}"
        mark: Mark = "bad" if both else "unknown" if unseen else "good"
        words: dict[Mark, str] = {"bad": "missed", "unknown": "unknown", "good": "kept"}
        rows.append(Row(say("doubles", language), text, "0 s", mark, say(words[mark], language)))
    rows.append(
        _plain("refused", seconds(writes.refused_for, language), language, unknown=writes.refused_for is None)
    )
    rows.append(
        _plain("slowest", seconds(writes.slowest, language), language, unknown=writes.slowest is None)
    )
    rows.append(
        _plain(
            "rta-declared", seconds(card.rta_from_declaration, language), language, unknown=card.rta is None
        )
    )
    return tuple(rows)


def _against(what: str, span: timedelta | None, target: timedelta | None, language: Language) -> Row:
    text, wanted = seconds(span, language), seconds(target, language)
    if span is None:
        return Row(what, text, wanted, "unknown", say("unknown", language))
    if target is None:
        return Row(what, text, wanted, "plain", "")
    if span <= target:
        return Row(what, text, wanted, "good", say("kept", language))
    return Row(what, text, wanted, "late", f"{say('missed', language)}: +{minutes(span - target)}")


def _lost(writes: Writes, text: str, language: Language) -> Row:
    """Return what was lost; where two people went on without evidence, beside what they expected to lose by it."""
    expected = writes.expected
    if expected is None:
        return _plain("lost", text, language, unknown=writes.lost is None)
    who = say("expected-loss", language, who=", ".join(expected.by), seconds=f"{expected.seconds:g}")
    mark: Mark = "unknown" if writes.lost is None else "good" if writes.lost <= expected.writes else "bad"
    words: dict[Mark, str] = {"bad": "missed", "unknown": "unknown", "good": "kept"}
    return Row(
        say("lost", language), f"{text}; {who}", f"{expected.writes}", mark, say(words[mark], language)
    )


def _plain(word: str, text: str, language: Language, *, unknown: bool) -> Row:
    return Row(
        say(word, language),
        text,
        "",
        "unknown" if unknown else "plain",
        say("unknown", language) if unknown else "",
    )


def peoples_part(card: Scorecard, language: Language) -> str:
    """Say how much of the recovery time only people were waited for; nothing when that was not seen."""
    if card.waited_for_people is None or not card.rta:
        return ""
    machines = seconds(max(timedelta(), card.rta - card.waited_for_people), language)
    people = seconds(card.waited_for_people, language)
    return say("peoples-part", language, people=people, machines=machines)


def parts(card: Scorecard, language: Language) -> tuple[Part, ...]:
    """Return the phases with their shares; none when nobody was refused, or nothing was measured."""
    whole = sum((phase.lasted for phase in card.phases if phase.lasted), timedelta())
    if not whole or card.rta == timedelta():
        return ()
    shares = [(phase.lasted or timedelta()) / whole for phase in card.phases]
    return tuple(
        Part(
            name=say(phase.name, language),
            lasted=seconds(phase.lasted, language),
            share=share,
            percent="" if phase.lasted is None else f"{share:.0%}",
        )
        for phase, share in zip(card.phases, shares, strict=True)
    )


def judged_mark(one: Judged) -> Mark:
    """Return how one expectation stands."""
    if one.met is None:
        return "unknown"
    if one.met:
        return "good"
    return "late" if one.late_by else "bad"


def judged_word(one: Judged, language: Language) -> str:
    """Return it as a word."""
    words: dict[Mark, str] = {"good": "yes", "bad": "no", "late": "late", "unknown": "unknown"}
    return say(words[judged_mark(one)], language)


FELT_LATER = timedelta(seconds=1)
"""A disruption that users feel so much later is not what the service was gone for."""


def gist(card: Scorecard, language: Language) -> str:
    """Return the drill in one sentence."""
    title = card.service_title.in_(language)
    writes = card.writes
    if card.rta is None:
        gone = say("gist-never", language, service=title)
    elif not card.rta:
        gone = say("gist-unnoticed", language, service=title)
    else:
        gone = say("gist-gone", language, service=title, span=seconds(card.rta, language))
        refused = writes.refused_for
        if refused is not None and card.rta - refused > FELT_LATER:
            spans = {"refused": seconds(refused, language), "span": seconds(card.rta, language)}
            gone = say("gist-later", language, service=title, **spans)
    if writes.lost is None:
        return f"{gone} {say('gist-uncounted', language)}"
    return f"{gone} {say('gist-lost', language, lost=str(writes.lost), of=str(writes.acknowledged))}"


def after(card: Scorecard, at: datetime, language: Language) -> str:
    """Return how long after the disruption something was: `+3.90 s`, `−5.00 s`; nothing without a disruption."""
    if card.disrupted is None:
        return ""
    span = (at - card.disrupted).total_seconds()
    text = f"{span:+.2f} s".replace("-", "−")
    return text.replace(".", ",") if language == "da" else text
