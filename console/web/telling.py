"""A run read whole: its journal's chain checked, told as its report tells it, with what it asks of people right now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from seawall.files import on_disk
from seawall.imported import imported
from seawall.journal import events_of, read_lines
from seawall.model import Language
from seawall.put_aside import PutAside, put_aside
from seawall.questions import OpenQuestion, questions_of
from seawall.report.account import Report, StepAccount
from seawall.report.making import make_report
from seawall.report.signing import glass_lines, in_words
from seawall.reviews import account_of
from seawall.run_folder import RunFolder
from seawall.run_list import RunSummary, Standing, summary_of
from seawall.state import State

MOST_STEPS, MOST_EVENTS = 200, 300
"""So many steps and events a page shows; the printed report's Markdown and JSON have them all."""


@dataclass(frozen=True, slots=True)
class Telling:
    """A run, told.

    Attributes:
        questions: what people are asked and have not answered.
        put_aside: words to the run that do not count.
        under_way: the steps whose ending is not written.
        roles: who must approve a step, by step.
    """

    report: Report
    summary: RunSummary
    questions: tuple[OpenQuestion, ...]
    put_aside: tuple[PutAside, ...]
    under_way: tuple[StepAccount, ...]
    roles: dict[str, str]

    @property
    def is_open(self) -> bool:
        """Whether more may happen in it."""
        return self.summary.standing is not Standing.ENDED

    def loud(self, language: Language, zone: tzinfo) -> list[str]:
        """Return what counted for less than a yes, as the report says it first."""
        return list(glass_lines(self.report, language, zone))

    @staticmethod
    def approvers(step: StepAccount, language: Language) -> str:
        """Name who said yes to a step, and of a yes that only stands on a paper, that nobody verified it."""
        return ", ".join(in_words(one, language) if one.kind == "paper" else one.by for one in step.approvals)

    @property
    def steps(self) -> tuple[StepAccount, ...]:
        """Return the steps that a page shows: all when they fit, else those that tell most, in the plan's order."""
        steps = self.report.steps
        if len(steps) <= MOST_STEPS:
            return steps
        troubled = {one.step for one in self.report.troubles} | {*self.report.in_doubt, *self.report.left}
        rank = {
            one.id: (one.id not in troubled, one.stand != "under way", not one.changed, n)
            for n, one in enumerate(steps)
        }
        chosen = set(sorted(rank, key=rank.__getitem__)[:MOST_STEPS])
        return tuple(one for one in steps if one.id in chosen)


def tell(run: RunFolder, now: datetime, version: str) -> Telling:
    """Read a run. Raises: JournalError; Tampered when a line of it or its plan was changed."""
    with on_disk(run.journal_path):
        content = run.journal_path.read_bytes()
    lines, _ = read_lines(content, str(run.journal_path))
    plan = run.plan
    how = imported(run.path)
    report = make_report(
        plan, lines, run=run.id, made_at=now, version=version, imported=how, review=account_of(run)
    )
    state = State(plan, events_of(lines, run.id))
    ended = state.ended is not None
    return Telling(
        report=report,
        summary=summary_of(run),
        questions=() if ended else tuple(questions_of(state)),
        put_aside=put_aside(run, state),
        under_way=tuple(one for one in report.steps if one.stand in ("under way", "undoing")),
        roles={step.id: step.approve.by for step in plan.steps if step.approve is not None},
    )
