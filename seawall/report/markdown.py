"""A report as Markdown: for a ticket, a wiki page or a mail. What came from outside is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import tzinfo

from seawall.model import Language
from seawall.report.account import Report, StepAccount, Trouble
from seawall.report.figures import clock, moment, plain, span
from seawall.report.hands_told import hands_told
from seawall.report.recovering import told_recovery
from seawall.report.signing import glass_lines, in_words
from seawall.report.words import HEADINGS, OUTCOMES, STANDS

_MEANS_SOMETHING = re.compile(r"([\\`*_>|\[\]#])")


def to_markdown(report: Report, language: Language, zone: tzinfo) -> str:
    """Write the report in a language, with times in a zone."""
    return "\n".join(_Page(report, language, zone).lines()) + "\n"


class _Page:
    def __init__(self, report: Report, language: Language, zone: tzinfo) -> None:
        self.report, self.language, self.zone = report, language, zone

    def word(self, key: str) -> str:
        return HEADINGS[key].in_(self.language)

    def lines(self) -> Iterator[str]:
        report = self.report
        yield f"# {self.word('exercise' if report.exercise else 'real')}: {_safe(report.title.in_(self.language))}"
        yield ""
        yield f"**{_safe(report.verdict.in_(self.language))}**"
        for line in glass_lines(report, self.language, self.zone):
            yield from ("", f"**{_safe(line)}**")
        if report.exercise:
            yield from ("", f"> {self.word('exercise-says')}")
        yield from ("", f"## {self.word('facts')}", "")
        yield from self.facts()
        yield from ("", f"## {self.word('troubles')}", "")
        yield from self.troubles()
        if report.left:
            yield from ("", f"## {self.word('left')}", "", *self.left())
        yield from ("", f"## {self.word('steps')}", "", *self.steps())
        yield from ("", f"## {self.word('timeline')}", "")
        yield from (
            f"- {clock(one.at, self.zone)} {_safe(one.text.in_(self.language))}" for one in report.timeline
        )
        yield from ("", f"## {self.word('evidence')}", "", *self.evidence())

    def facts(self) -> Iterator[str]:
        report = self.report
        outcome = OUTCOMES[report.outcome or "open"].in_(self.language)
        took = span(report.seconds, self.language)
        if report.waited_for_people:
            people, machines = (
                span(one, self.language) for one in (report.waited_for_people, report.machine_seconds)
            )
            took += f" ({self.word('of-which-people')}: {people}; {self.word('machines')}: {machines})"
        given = ", ".join(f"{name} = {value}" for name, value in report.parameters.items())
        yield from self.pairs(
            (
                ("outcome", outcome),
                ("runbook", report.runbook),
                ("with", given or "-"),
                ("why", report.why.in_(self.language)),
                ("city", report.city),
                ("asked-by", report.opened_by),
                ("began", moment(report.opened_at, self.zone)),
                ("ended", moment(report.ended_at, self.zone)),
                ("took", took),
                *self.imported(),
                *(told_recovery(report.recovery, self.language) if report.recovery else ()),
            )
        )
        yield from ("", f"_{self.word('times-note')}_")

    def imported(self) -> Iterator[tuple[str, str]]:
        if (how := self.report.imported) is not None:
            yield "imported", f"{moment(how.at, self.zone)}, {how.by}: {how.source}"

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
        yield from ("| | |", "|---|---|")
        yield from (f"| {self.word(key)} | {_safe(value)} |" for key, value in pairs)

    def troubles(self) -> Iterator[str]:
        if not self.report.troubles:
            yield self.word("no-troubles")
        for one in self.report.troubles:
            yield f"- **{_safe(one.step)}** ({clock(one.at, self.zone)}, {_safe(one.where)}): {_safe(one.problem)}."
            yield f"  {self.word('remedy')}: {_safe(one.remedy)}. {self.word(acted(one))}"
            if one.afterwards:
                yield f"  {self.word('afterwards')}: {_safe(one.afterwards.in_(self.language))}."

    def left(self) -> Iterator[str]:
        does = {one.id: one.does.in_(self.language) for one in self.report.steps}
        return (f"- **{_safe(one)}**: {_safe(does.get(one, '-'))}" for one in self.report.left)

    def steps(self) -> Iterator[str]:
        heads = (self.word(key) for key in ("step", "stand", "began", "took", "what-it-saw"))
        yield f"| {' | '.join(heads)} |"
        yield "|---|---|---|---|---|"
        for one in self.report.steps:
            cells = (
                f"**{_safe(one.id)}** {_safe(one.does.in_(self.language))}",
                STANDS[one.stand].in_(self.language),
                clock(one.started, self.zone),
                span(one.seconds, self.language),
                "; ".join(self.remarks(one)) or "-",
            )
            yield f"| {' | '.join(cells)} |"

    def remarks(self, one: StepAccount) -> Iterator[str]:
        if one.skipped:
            yield _safe(one.skipped)
        if one.saw:
            yield _safe(one.saw)
        yield from (_safe(said) for said in hands_told(one, self.language, self.zone))
        if one.approvals:
            said = ", ".join(in_words(yes, self.language) for yes in one.approvals)
            yield f"{self.word('approved-by')} {_safe(said)}"

    def evidence(self) -> Iterator[str]:
        report = self.report
        lines = str(report.journal.lines)
        if report.journal.erased:
            lines += f" ({self.word('erased')}: {report.journal.erased})"
        yield from self.pairs(
            (
                ("run", report.run),
                ("plan-digest", report.plan),
                ("journal-lines", lines),
                ("journal-head", report.journal.head),
                ("made", f"{moment(report.made_at, self.zone)}, Seawall {report.seawall}"),
            )
        )


def acted(one: Trouble) -> str:
    """Name the heading that says whether the world was changed all the same."""
    return {True: "acted-yes", False: "acted-no", None: "acted-unknown"}[one.acted]


def _safe(text: str) -> str:
    return _MEANS_SOMETHING.sub(r"\\\1", plain(text)).replace("<", "&lt;")
