"""A drill's folder: the scorecard as JSON for machines and as a page for people, beside the ledger it rests on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from drills.scenario import Scenario, scenario_bytes
from drills.scorecard import Scorecard
from drills.scorecard_page import scorecard_page
from seawall.errors import BadInput
from seawall.files import write_whole
from seawall.model import Language

if TYPE_CHECKING:
    from seawall.page.sheets import Measured

JSON = "drill.json"
PAGES: dict[Language, str] = {"en": "scorecard.html", "da": "scorecard.da.html"}


def write_scenario(scenario: Scenario, folder: Path) -> None:
    """Write the scenario as it is held; its SHA-256 is the scorecard's `scenario_digest`. Raises: JournalError."""
    write_whole(folder / "scenario.json", scenario_bytes(scenario))


def write_scorecard(card: Scorecard, folder: Path) -> None:
    """Write the scorecard into the drill's folder, in every form.

    Raises:
        JournalError: the disk will not have it.
    """
    write_whole(folder / JSON, card.model_dump_json(by_alias=True, indent=2).encode() + b"\n")
    for language, name in PAGES.items():
        other = PAGES["da" if language == "en" else "en"]
        write_whole(folder / name, scorecard_page(card, language, other=other).encode())


def read_scorecard(folder: Path) -> Scorecard:
    """Read what `write_scorecard` wrote.

    Raises:
        BadInput: there is none, or it is none that this version knows.
    """
    path = folder / JSON
    try:
        return Scorecard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadInput.one(
            "there is no scorecard here", where=str(path), remedy="Name a drill's folder; it holds drill.json"
        ) from error
    except ValidationError as error:
        raise BadInput.one(
            "this is no scorecard that this version of Seawall can read",
            where=str(path),
            remedy="Use the version that wrote it, or newer",
        ) from error


def measured_of(card: Scorecard) -> Measured:
    """Return what a drill measured of a run that was held in it, for the run's two sheets."""
    from seawall.page.sheets import Measured

    return Measured(card.rta, card.writes.lost, card.writes.acknowledged)
