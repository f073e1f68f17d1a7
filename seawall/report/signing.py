"""How yeses were given, for a report: typed, signed, by telephone or by breaking the glass; who reviewed that since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from seawall.model import Language, Text
from seawall.report.account import Broken, Report, Signature
from seawall.report.figures import moment, span
from seawall.report.of_yeses import how_of, kind_of, on_paper
from seawall.report.overriding import override_lines
from seawall.state import State
from seawall.step_state import StepState


def signatures(one: StepState, asked: datetime | None) -> tuple[Signature, ...]:
    """Return the yeses that counted for a step, and how long each took from when it was asked for."""
    return tuple(_signature(one, by, at, asked) for by, at in one.approved_by.items())


def broken_in(state: State) -> tuple[Broken, ...]:
    """Return every time that somebody broke the glass."""
    return tuple(
        Broken(step=one.step, by=one.by, at=one.at, why=one.glass) for one in state.yeses.said if one.glass
    )


def in_words(one: Signature, language: Language) -> str:
    """Say who said yes, and how when it was not simply typed: `bo (signed, SHA256:..., after 41 s)`."""
    how = [] if one.how is None else [one.how.in_(language)]
    if one.seconds is not None and how:
        how.append(_AFTER.in_(language).format(span=span(one.seconds, language)))
    return f"{one.by} ({', '.join(how)})" if how else one.by


def glass_lines(report: Report, language: Language, zone: tzinfo) -> Iterator[str]:
    """Say loudly what counted for less than a yes: no evidence, a paper, a broken glass."""
    yield from override_lines(report, language)
    yield from unverified_lines(report, language)
    for one in report.glass:
        at = moment(one.at, zone)
        yield _BROKEN.in_(language).format(by=one.by, step=one.step, at=at, why=one.why)
    if not report.glass:
        return
    review = report.review
    if review is None or any(one.at > review.at for one in report.glass):
        yield _OWED.in_(language)
    else:
        verdict = _VERDICTS[review.verdict].in_(language)
        yield _REVIEWED.in_(language).format(
            by=review.by, at=moment(review.at, zone), verdict=verdict, why=review.why
        )


def unverified_lines(report: Report, language: Language) -> Iterator[str]:
    """Say of each step whose yes only stands on a paper that nobody could verify it."""
    for step in report.steps:
        if who := [one.by for one in step.approvals if one.kind == "paper"]:
            yield UNVERIFIED.in_(language).format(step=step.id, who=", ".join(who))


def _signature(one: StepState, by: str, at: datetime, asked: datetime | None) -> Signature:
    yes, paper = one.yeses.get(by), one.by_hand
    if yes is None and paper is not None and by in paper.approved_by:
        return Signature(by=by, at=at, kind="paper", how=on_paper(paper.typed_by))
    plain = yes is None or kind_of(yes) == "typed"
    waited = None if asked is None else max(0.0, round((at - asked).total_seconds(), 3))
    if yes is None or plain:
        return Signature(by=by, at=at)
    return Signature(
        by=by,
        at=at,
        kind=kind_of(yes),
        how=how_of(yes),
        seconds=waited,
        expires=yes.expires,
        signed=yes.signed,
    )


UNVERIFIED = Text(
    en="UNVERIFIED: the yes to {step} from {who} stands on a paper only, and nobody can tell who wrote it.",
    da="UBEKRÆFTET: ja'et til {step} fra {who} står kun på et papir, og ingen kan sige, hvem der skrev det.",
)
_AFTER = Text(en="after {span}", da="efter {span}")
_BROKEN = Text(
    en="THE GLASS WAS BROKEN by {by} for {step}, {at}: {why}",
    da="GLASSET BLEV SLÅET I STYKKER af {by} for {step}, {at}: {why}",
)
_OWED = Text(
    en="Nobody has reviewed that yet: a review is owed.",
    da="Ingen har gennemgået det endnu: der mangler en gennemgang.",
)
_REVIEWED = Text(
    en="Reviewed by {by}, {at}: {verdict}. {why}", da="Gennemgået af {by}, {at}: {verdict}. {why}"
)
_VERDICTS = {
    "justified": Text(en="justified", da="berettiget"),
    "not-justified": Text(en="not justified", da="ikke berettiget"),
}
