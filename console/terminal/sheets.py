"""Make a run's two sheets from its folder, with what a drill measured of it from outside, if there was one."""

from __future__ import annotations

from datetime import timedelta

from console.terminal.desk import Desk
from console.terminal.run_screen import tell
from console.terminal.surroundings import surroundings
from drills.written import JSON, measured_of, read_scorecard
from seawall.errors import BadInput
from seawall.model import Language
from seawall.page.sheets import Measured
from seawall.page.sheets_of_run import sheets_of
from seawall.page.status import Known
from seawall.run_folder import RunFolder


def sheets_here(run: RunFolder, desk: Desk, language: Language) -> str:
    """Write the two sheets of a run. Raises: JournalError, Tampered; BadInput when the city cannot be read."""
    city = desk.city
    return sheets_of(
        run,
        tell(run),
        Known(city.inventory, city.runbooks, timedelta(), desk.settings.telephone),
        measured=_measured(run, desk) if run.plan.exercise else None,
        language=language,
        zone=desk.zone,
        now=surroundings().now(),
    )


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
            return measured_of(card)
    return None
