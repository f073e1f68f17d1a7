"""Make a sheet of telephone codes: a page to be printed once, and hashes in the trust root."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from connectors.world import places_in
from console.terminal.desk import Desk
from console.terminal.screen import language, next_command, out
from console.terminal.signing import ONE_HOST, judge
from console.terminal.surroundings import operator, surroundings
from seawall.codes import Printed, Sheet, all_used_at, keep_sheet, make_sheet, read_sheet, used_of
from seawall.errors import BadInput
from seawall.files import FILE_MODE
from seawall.ground import choose
from seawall.judging import Judge
from seawall.model import Text
from seawall.places import PlaceSilent
from seawall.report.figures import moment

_TITLE = Text(en="Telephone codes of {person}", da="Telefonkoder til {person}")
_SHEET = Text(en="{city}. Sheet {sheet}, made {at}.", da="{city}. Ark {sheet}, lavet {at}.")
_RULES = (
    Text(
        en="For when you are rung and cannot sign yourself. Let them read to you what is to be done, and ask what you"
        " want to know. Then read out one code, number and letters, and cross it out.",
        da="Til når du bliver ringet op og ikke selv kan skrive under. Lad dem læse op, hvad der skal gøres, og spørg"
        " om det, du vil vide. Læs så én kode op, nummer og bogstaver, og streg den ud.",
    ),
    Text(
        en="A code counts once. Give none to anybody who rings without saying which run and which step it is for."
        " Ring back on a number you know when you are not sure.",
        da="En kode gælder én gang. Giv ingen til en, der ringer uden at sige, hvilken kørsel og hvilket trin det er"
        " til. Ring tilbage på et nummer, du kender, hvis du er i tvivl.",
    ),
    Text(
        en="Keep this sheet as you keep your keys. Lost it? Say so; a new sheet makes this one worthless.",
        da="Pas på arket som på dine nøgler. Er det væk, så sig det; et nyt ark gør dette værdiløst.",
    ),
)
_USED = Text(en="used", da="brugt")
_FOOT = Text(
    en="Only hashes of these codes are kept. A code is weaker than a signature, and every report says so.",
    da="Kun fingeraftryk af koderne gemmes. En kode er svagere end en underskrift, og hver rapport siger det.",
)


def print_codes(
    person: str, *, output: Path | None, who: str | None, city: Path | None, as_json: bool
) -> None:
    """Make the sheet. Raises: BadInput, JournalError; the person's last sheet then still counts."""
    desk = Desk.at(city)
    people = desk.city.inventory.people
    if person not in people:
        problem = f"there is no person {person!r} in this city"
        raise BadInput.one(problem, where="PERSON", remedy=choose(person, people))
    by = _judge(desk)
    path = (output or Path(f"codes-{person}.html")).expanduser()
    made = make_sheet(person, by=operator(who), now=surroundings().now())
    # The page first: a sheet that nobody can print must not make the last one worthless.
    _write(path, _page(made, people[person].title, desk))
    kept = keep_sheet(by.signers.folder, made.kept)
    if as_json:
        told = {
            "person": person,
            "sheet": made.kept.sheet,
            "codes": len(made.codes),
            "page": str(path),
            "kept": str(kept),
        }
        out().raw(json.dumps(told, indent=2, ensure_ascii=False))
        return
    out().say(f"{len(made.codes)} codes for {person}, sheet {made.kept.sheet}: {path}", "good", hang=2)
    out().say(
        "Print it, hand the paper over, then delete the file. An earlier sheet counts no more.",
        "warn",
        hang=2,
    )
    if not desk.inventory.places:
        out().say(ONE_HOST, "warn", hang=2)
    next_command(out(), f"shred -u {path}   # once it is on paper")


def list_codes(*, city: Path | None, as_json: bool) -> None:
    """List the sheets. Raises: BadInput."""
    desk = Desk.at(city)
    by = _judge(desk)
    sheets = [one for person in desk.city.inventory.people if (one := read_sheet(by.signers.folder, person))]
    used, silent = _used(sheets, desk)
    if as_json:
        told = [
            {
                "person": one.person,
                "sheet": one.sheet,
                "made_at": one.made_at.isoformat(),
                "codes": len(one.hashes),
                "used": len(used[one.sheet]),
                "used_known": "everywhere" if desk.inventory.places and silent is None else "here",
            }
            for one in sheets
        ]
        out().raw(json.dumps(told, indent=2, ensure_ascii=False))
        return
    if not sheets:
        out().say("Nobody has a sheet of telephone codes.")
        next_command(out(), "seawall codes print PERSON")
        return
    for one in sheets:
        left = len(one.hashes) - len(used[one.sheet])
        line = f"{left} of {len(one.hashes)} left; sheet {one.sheet}, made {moment(one.made_at, desk.zone)}"
        out().labelled(one.person, line, "plain" if left > FEW else "warn", room=16)
    if silent is not None:
        out().say(f"Counted is what was used on this host: {silent.problem}.", "warn", hang=2)
    elif not desk.inventory.places:
        out().say(ONE_HOST, "warn", hang=2)
    next_command(out(), "seawall codes print PERSON   # a new sheet; the last one counts no more")


def _used(sheets: Sequence[Sheet], desk: Desk) -> tuple[dict[str, frozenset[int]], PlaceSilent | None]:
    """Return which codes of each sheet were used, at any machine where the places tell; else here, and why."""
    here = {one.sheet: frozenset(used_of(desk.runs, one.sheet)) for one in sheets}
    if not sheets or not desk.inventory.places:
        return here, None
    with desk.open_world() as world:
        places = places_in(world)
        if places is None:
            return here, None
        try:
            return {one.sheet: here[one.sheet] | all_used_at(places, one) for one in sheets}, None
        except PlaceSilent as error:
            return here, error


FEW = 3
"""Codes left on a sheet that wants a new one."""


def _judge(desk: Desk) -> Judge:
    by = judge(desk)
    if by is None:
        remedy = "Set one up first (docs/approvals.md); codes are kept there"
        raise BadInput.one("this host has no trust root", where="SEAWALL_TRUST", remedy=remedy)
    return by


def _page(made: Printed, title: str, desk: Desk) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    one = language()
    about = desk.city.inventory.city
    return pages.get_template("code_sheet.html.j2").render(
        language=one,
        title=_TITLE.in_(one).format(person=title),
        sheet_line=_SHEET.in_(one).format(
            city=about.title.in_(one), sheet=made.kept.sheet, at=moment(made.kept.made_at, desk.zone)
        ),
        rules=[rule.in_(one) for rule in _RULES],
        codes=made.codes,
        used=_USED.in_(one),
        foot=_FOOT.in_(one),
    )


def _write(path: Path, page: str) -> None:
    """Write a file that nobody else can read, over no other. Raises: BadInput."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    except OSError as error:
        remedy = "Name another with -o FILE; it must not be there yet"
        raise BadInput.one(error.strerror or str(error), where=str(path), remedy=remedy) from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(page)
