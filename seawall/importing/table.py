"""A spreadsheet's text as rows: its separator recognised by which one gives headings that are known."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seawall.errors import BadInput
from seawall.importing.columns import HEADINGS, heading, meant
from seawall.importing.decoding import TextFile
from seawall.importing.draft import Draft

SEPARATORS: Mapping[str, str] = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "bars"}
LONGEST_CELL = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read: what it holds, its heading as written, its place, and the unit its numbers are in."""

    of: str
    heading: str
    index: int
    unit: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `number` counts as a spreadsheet does: the headings are row 1."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A spreadsheet's text that was read."""

    file: TextFile
    separator: str
    columns: Mapping[str, Column]
    rows: tuple[Row, ...]

    def place(self, row: int, of: str | None = None) -> str:
        """Return where a row, or a cell of it, stands."""
        column = self.columns.get(of or "")
        return f"{self.file.shown}, row {row}" + (f", column {column.heading}" if column else "")


def looks_like_table(text: str) -> bool:
    """Tell whether the first line could be the headings of services."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return any(_known(_first(first, one)) > 1 for one in SEPARATORS) or heading(first)[0] == "name"


def read_table(file: TextFile, draft: Draft) -> Table:
    """Divide the text into rows; what is wrong with rows goes to `draft`.

    Raises:
        BadInput: there is no column that names services, or the quotes never end.
    """
    text = file.text.lstrip("\ufeff")
    begins = 1
    if text[:4].lower() == "sep=" and "\n" in text:  # what Excel writes for itself
        text, begins = text.partition("\n")[2], 2
    separator = max(SEPARATORS, key=lambda one: (_known(_first(text, one)), len(_first(text, one))))
    records = list(_records(file, text, separator, begins))
    if not records:
        raise BadInput.one("has no row of headings", where=file.shown, remedy=_offer())
    columns = _columns(file, records[0][1], records[0][0], draft)
    rows = tuple(_rows(file, records, columns, draft))
    return Table(file, separator, columns, rows)


def _first(text: str, separator: str) -> list[str]:
    try:
        return next(
            (one for one in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(one)), []
        )
    except csv.Error:
        return []


def _known(cells: list[str]) -> int:
    return sum(heading(cell)[0] is not None for cell in cells)


def _records(file: TextFile, text: str, separator: str, begins: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = begins - 1
    while True:
        number += 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            where = f"{file.shown}, row {number}"
            problem = f"cannot be divided into cells here: {error}"
            remedy = (
                'A cell with a quote in it stands in quotes, with the inner ones doubled: "the ""old"" one"'
            )
            raise BadInput.one(problem, where=where, remedy=remedy) from None
        if record is None:
            return
        if any(cell.strip() for cell in record):
            yield number, record


def _columns(file: TextFile, headings: list[str], number: int, draft: Draft) -> Mapping[str, Column]:
    found: dict[str, Column] = {}
    unused: list[str] = []
    for index, written in enumerate(headings):
        of, unit = heading(written)
        if of is None:
            unused += [written.strip()] if written.strip() else []
        elif of in found:
            where = f"{file.shown}, row {number}"
            problem = f"two columns hold the same: {found[of].heading!r} and {written.strip()!r}"
            draft.wrong(where, problem, "Rename or delete one of them")
        else:
            found[of] = Column(of, written.strip(), index, unit)
    if "name" not in found and "id" in found:
        found["name"] = Column("name", found["id"].heading, found["id"].index, None)
    free = [of for of in HEADINGS if of not in found]
    left = []
    for written in unused:
        near = meant(written, free)
        if near is None:
            left.append(written)
            continue
        remedy = f"Write `{near}`, or name the column something else if it is another"
        draft.wrong(f"{file.shown}, row {number}", f"`{written}` is no column that is known", remedy)
    if "name" not in found:
        shown = ", ".join(repr(one.strip()) for one in headings[:12])
        draft.wrong(
            f"{file.shown}, row {number}", f"no column names the services; there are {shown}", _offer()
        )
        raise BadInput(draft.mistakes)
    if left:
        draft.notes.append(f"{file.shown}: not read: column{'s' if len(left) > 1 else ''} {', '.join(left)}")
    return found


def _one_line(cell: str) -> str:
    return " ".join(";".join(line for line in cell.splitlines() if line.strip()).split())


def _offer() -> str:
    return "Write headings in the first row, at least `name`; `seawall init --example-csv` shows them all"


def _rows(
    file: TextFile, records: list[tuple[int, list[str]]], columns: Mapping[str, Column], draft: Draft
) -> Iterator[Row]:
    width = len(records[0][1])
    for number, record in records[1:]:
        where = f"{file.shown}, row {number}"
        more = [cell for cell in record[width:] if cell.strip()]
        if more:
            problem = f"has {len(record)} cells, and there are {width} columns"
            draft.wrong(where, problem, "Put a cell that holds the separator in quotes")
            continue
        cells = {of: _one_line(record[one.index]) for of, one in columns.items() if one.index < len(record)}
        if long := [columns[of].heading for of, cell in cells.items() if len(cell) > LONGEST_CELL]:
            draft.wrong(
                where,
                f"{long[0]!r} holds more than {LONGEST_CELL:,} letters",
                "Look for a quote that is not closed",
            )
            continue
        yield Row(number, cells)
