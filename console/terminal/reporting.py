"""Write a run's report where it was asked for: two sheets for people, or a page, Markdown or JSON for engineers."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from console.terminal.desk import Desk
from console.terminal.run_screen import tell
from console.terminal.screen import aside, language, next_command, out
from console.terminal.surroundings import surroundings
from seawall.errors import BadInput, JournalError
from seawall.files import write_whole
from seawall.model import Language
from seawall.report.markdown import to_markdown
from seawall.report.page import to_page
from seawall.run_folder import RunFolder
from seawall.run_list import find_run


def write_report(
    name: str,
    *,
    output: Path | None,
    html: Path | None,
    md: bool,
    as_json: bool,
    lang: str | None,
    city: Path | None,
) -> None:
    """Write the report of a run, in each form that was asked for; in none, the two sheets.

    Raises:
        BadInput: there is no such run, no such language, or a file cannot be written.
    """
    desk = Desk.at(city)
    if lang not in (None, "da", "en"):
        raise BadInput.one(f"{lang!r} is no language it can speak", where="--lang", remedy="Say da or en")
    spoken = cast("Language", lang or language())
    run = find_run(desk.runs, name)
    if html is None and not md and not as_json:
        _write_sheets(run, desk, spoken, output)
        return
    if output is not None:
        remedy = "Leave it out; --html has a file of its own, --md and --json are printed"
        raise BadInput.one("it names the file of the two sheets", where="--output", remedy=remedy)
    report = tell(run)
    if html is not None:
        write_page(html, to_page(report, spoken, desk.zone), where="report.html")
    if as_json:
        out().raw(report.model_dump_json(indent=2))
    elif md:
        out().raw(to_markdown(report, spoken, desk.zone))
    if html is None and not as_json:
        next_command(aside(), f"seawall report {run.id} --html {run.id}.html")
    elif html is not None:
        next_command(aside(), f"seawall report {run.id} --json > {run.id}.json")


def _write_sheets(run: RunFolder, desk: Desk, spoken: Language, output: Path | None) -> None:
    """Write the sheets to a file; without a name and without a terminal, print them."""
    from console.terminal.sheets import sheets_here

    sheets = sheets_here(run, desk, spoken)
    if output is None and not surroundings().has_terminal():
        out().raw(sheets)
    else:
        write_page(output or Path(f"{run.id}.{spoken}.html"), sheets, where="sheets.html")
        aside().say("Two sheets of A4: open it in a browser and print it.")
    next_command(aside(), f"seawall report {run.id} --html {run.id}.full.html")


def write_page(path: Path, content: str, *, where: str) -> None:
    """Write an HTML page to a file, and say so. Raises: BadInput when it cannot be, or another kind is there."""
    if path.exists() and (path.is_dir() or path.suffix not in (".html", ".htm")):
        remedy = f"Name another file, such as {where}"
        raise BadInput.one("it is there already, and is no HTML file", where=str(path), remedy=remedy)
    try:
        write_whole(path, content.encode())
    except JournalError as error:
        raise BadInput.one(error.problem, where=str(path), remedy="Choose another place") from error
    aside().say(f"Written: {path.resolve()}")
