"""What an override comes to in a report: loudly, that nobody saw any evidence, and what two people expected to lose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seawall.evidence import Fenced, Override
from seawall.model import Language, Text
from seawall.report.account import Report
from seawall.step_state import Stand


@dataclass(frozen=True, slots=True)
class Overriding:
    """One step that two people went on without."""

    step: str
    server: str
    evidence: Override


def overrides_in(report: Report) -> Iterator[Overriding]:
    """Yield every override of a run."""
    for one in report.steps:
        if one.stand == Stand.OVERRIDDEN.value and one.seen is not None:
            fenced = Fenced.model_validate(one.seen)
            if isinstance(fenced.evidence, Override):
                yield Overriding(one.id, fenced.server, fenced.evidence)


def override_lines(report: Report, language: Language) -> Iterator[str]:
    """Say it loudly, with each one's reason."""
    for one in overrides_in(report):
        evidence = one.evidence
        yield _WITHOUT.in_(language).format(
            server=one.server,
            step=one.step,
            by=_AND.in_(language).join(evidence.by),
            writes=evidence.lost_writes,
            seconds=f"{evidence.lost_seconds:g}",
            why="; ".join(evidence.why),
        )


_AND = Text(en=" and ", da=" og ")
_WITHOUT = Text(
    en=(
        "WITHOUT EVIDENCE that {server} cannot accept writes ({step}): overridden by {by}, who expect to lose {writes}"
        " writes, {seconds} s of them. {why}"
    ),
    da=(
        "UDEN BEVIS for, at {server} ikke kan tage imod ({step}): tilsidesat af {by}, som venter at miste {writes}"
        " skrivninger, {seconds} s af dem. {why}"
    ),
)
