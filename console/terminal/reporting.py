"""Write a run's report where it was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from console.terminal.desk import Desk
from console.terminal.run_screen import tell
from console.terminal.screen import aside, language, next_command, out
from seawall.errors import BadInput, JournalError
from seawall.files import write_whole
from seawall.model import Language
from seawall.report.markdown import to_markdown
from seawall.report.page import to_page
from seawall.run_list import find_run


def write_report(name: str, *, html: Path | None, as_json: bool, lang: str | None, city: Path | None) -> None:
    """Write the report of a run: to a file as a page, or to standard output as Markdown or JSON.

    Raises:
        BadInput: there is no such run, no such language, or the file cannot be written.
    """
    desk = Desk.at(city)
    if lang not in (None, "da", "en"):
        raise BadInput.one(f"{lang!r} is no language it can speak", where="--lang", remedy="Say da or en")
    spoken = cast("Language", lang or language())
    run = find_run(desk.runs, name)
    report = tell(run)
    if html is not None:
        if html.exists() and (html.is_dir() or html.suffix not in (".html", ".htm")):
            remedy = "Name another file, such as report.html"
            raise BadInput.one("it is there already, and is no HTML file", where=str(html), remedy=remedy)
        try:
            write_whole(html, to_page(report, spoken, desk.zone).encode())
        except JournalError as error:
            raise BadInput.one(error.problem, where=str(html), remedy="Choose another place") from error
        aside().say(f"Written: {html.resolve()}")
    if as_json:
        out().raw(report.model_dump_json(indent=2))
    elif html is None:
        out().raw(to_markdown(report, spoken, desk.zone))
    if html is None and not as_json:
        next_command(aside(), f"seawall report {run.id} --html {run.id}.html")
    elif html is not None:
        next_command(aside(), f"seawall report {run.id} --json > {run.id}.json")
