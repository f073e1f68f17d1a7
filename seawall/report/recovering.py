"""How long a service was away, against what was promised for it, as far as a run can tell. Pure.

From the run alone: what was lost is counted by a drill's ledger and by nothing else, and at a supplier's nothing of
ours is written that could be counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from seawall.model import Language, Text
from seawall.plan import Promise
from seawall.report.account import Recovery
from seawall.report.figures import span
from seawall.state import State
from seawall.step_state import Stand

_WORDS = {
    "kept": Text(en="kept", da="holdt"),
    "late": Text(en="missed by {span}", da="overskredet med {span}"),
    "missed": Text(en="missed", da="overskredet"),
    "unknown": Text(en="not known", da="uvist"),
    "unseen": Text(en="not seen to be back", da="ikke set tilbage"),
    "against": Text(
        en="{took}, and {promised} was promised by {who}: {verdict}",
        da="{took}, og {who} har lovet {promised}: {verdict}",
    ),
    "in-all": Text(en="{took} from the beginning of the run", da="{took} fra kørslens begyndelse"),
    "city": Text(en="the city", da="kommunen"),
    "theirs": Text(
        en="not measured: {who} runs it, and nothing of ours is written there",
        da="ikke målt: {who} driver den, og intet af vores skrives der",
    ),
    "ours": Text(en="not measured: only a drill counts it", da="ikke målt: det tælles kun i en øvelse"),
}


def recovery_of(promise: Promise | None, state: State, opened: datetime) -> Recovery | None:
    """Return how the recovery went; None when the run's plan says nothing of what was promised."""
    if promise is None:
        return None
    began = opened if promise.since is None else _done(state, promise.since)
    back = _done(state, promise.served_again)
    judged = None if began is None or back is None else back - began
    over = began is not None and (state.last or opened) - began > promise.rto
    kept = judged <= promise.rto if judged is not None else False if over else None
    return Recovery(
        service=promise.service,
        supplier=promise.supplier,
        promised_seconds=promise.rto.total_seconds(),
        counted_from=promise.since,
        rta_seconds=_seconds(None if back is None else back - opened),
        judged_seconds=_seconds(judged),
        kept=kept,
        rpa_seconds=None,
    )


def told_recovery(one: Recovery, language: Language) -> Iterator[tuple[str, str]]:
    """Yield the rows that a report shows: the heading's key, and the words."""

    def say(word: str, **filled: str) -> str:
        return _WORDS[word].in_(language).format(**filled)

    verdict = {True: "kept", False: "missed", None: "unknown"}[one.kept]
    judged = say(verdict)
    if verdict == "missed" and one.judged_seconds is not None:
        judged = say("late", span=span(one.judged_seconds - one.promised_seconds, language))
    took = say("unseen") if one.judged_seconds is None else span(one.judged_seconds, language)
    who = one.supplier or say("city")
    promised = span(one.promised_seconds, language)
    yield "rta", say("against", took=took, promised=promised, who=who, verdict=judged)
    if one.rta_seconds is not None and one.rta_seconds != one.judged_seconds:
        yield "rta-in-all", say("in-all", took=span(one.rta_seconds, language))
    yield "rpa", say("theirs", who=one.supplier) if one.supplier else say("ours")


def _done(state: State, step: str) -> datetime | None:
    one = state.steps[step]
    return one.ended if one.stand is Stand.DONE else None


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds(), 3)
