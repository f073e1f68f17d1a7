"""The two sheets of a run, from its folder: the same whoever asks for them, at a terminal or in a browser."""

from __future__ import annotations

from datetime import datetime, tzinfo

from seawall.journal_file import read_journal
from seawall.model import Language
from seawall.page.index import seen_lately
from seawall.page.sheets import Measured, Told, decisions_of, targets_of, to_sheets
from seawall.page.status import Known, status_of
from seawall.report.account import Report
from seawall.run_folder import RunFolder
from seawall.state import State


def sheets_of(
    run: RunFolder,
    report: Report,
    known: Known,
    *,
    measured: Measured | None,
    language: Language,
    zone: tzinfo,
    now: datetime,
) -> str:
    """Write the two sheets of a run.

    Args:
        run: which.
        report: the same run, told.
        known: the city.
        measured: what was measured from outside, when the run was held in a drill. Of a real run, nothing.
        language: in which.
        zone: the zone of the clocks that people there read.
        now: when they are written.

    Raises:
        JournalError: it cannot be read.
        Tampered: a line of it was changed.
    """
    events, plan = read_journal(run.journal_path), run.plan
    sightings = seen_lately(run.path.parent)
    status = status_of(State(plan, events), known, now=now, halted=True, sightings=sightings)
    told = Told(
        report=report,
        status=status,
        decisions=decisions_of(events, plan),
        city=known.inventory.city.title,
        targets=targets_of(status, known.inventory),
        promise=plan.promise,
        measured=measured if plan.exercise else None,
    )
    return to_sheets(told, language, zone)
