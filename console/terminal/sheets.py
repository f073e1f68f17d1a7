"""Make a run's two sheets from its folder, with what a drill measured of it from outside, if there was one."""

from __future__ import annotations

from datetime import timedelta

from console.terminal.desk import Desk
from console.terminal.run_screen import tell
from console.terminal.surroundings import surroundings
from drills.written import JSON, read_scorecard
from seawall.errors import BadInput
from seawall.journal_file import read_journal
from seawall.model import Language
from seawall.page.index import seen_lately
from seawall.page.sheets import Measured, Told, decisions_of, targets_of, to_sheets
from seawall.page.status import Known, status_of
from seawall.run_folder import RunFolder
from seawall.state import State


def sheets_of(run: RunFolder, desk: Desk, language: Language) -> str:
    """Write the two sheets of a run. Raises: JournalError, Tampered; BadInput when the city cannot be read."""
    city = desk.city
    known = Known(city.inventory, city.runbooks, timedelta(), desk.settings.telephone)
    events = read_journal(run.journal_path)
    now = surroundings().now()
    status = status_of(State(run.plan, events), known, now=now, halted=True, sightings=seen_lately(desk.runs))
    told = Told(
        report=tell(run),
        status=status,
        decisions=decisions_of(events, run.plan),
        city=city.inventory.city.title,
        targets=targets_of(status, city.inventory),
        promise=run.plan.promise,
        measured=_measured(run, desk) if run.plan.exercise else None,
    )
    return to_sheets(told, language, desk.zone)


def _measured(run: RunFolder, desk: Desk) -> Measured | None:
    """Look for the drill that this run was held in."""
    for path in sorted((desk.folder / "drills").glob(f"*/{JSON}"), reverse=True):
        try:
            if run.id.encode() not in path.read_bytes():
                continue
            card = read_scorecard(path.parent)
        except (OSError, BadInput):
            continue  # a scorecard that cannot be read measured nothing for us
        if any(one.folder == run.id for one in card.runs):
            return Measured(card.rta, card.writes.lost, card.writes.acknowledged)
    return None
