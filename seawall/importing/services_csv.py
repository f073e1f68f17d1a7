"""Services from a spreadsheet: one a row. Every mistake in it at once, each with its row and column.

What a cell holds is data, whatever it begins with: nothing is computed and nothing is looked up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from seawall.importing import cells
from seawall.importing.columns import SPANS
from seawall.importing.decoding import TextFile
from seawall.importing.draft import Draft, FoundService, safe_name
from seawall.importing.table import SEPARATORS, Row, Table, read_table
from seawall.loading.cycles import cycles
from seawall.loading.nearest import nearest
from seawall.targets import wrong_address

_NONE = {"ingen", "none", "nej", "no"}
_NO_SITE = _NONE | {"-", "–", "n/a"}
_NO = _NO_SITE | {"0", "false", "falsk"}
_POSTGRES = ("postgres", "pgsql")
COMPARED_AT_MOST = 20
"""Unknown names that are compared with all that are known; with ten thousand of each it would take an hour."""

EXAMPLE = """\
name,title en,tier,needs,site,standby site,host,database,database host,standby database host,url,rto,rpo,supplier,telephone
Borgerregister,Citizen register,1,,,,,,,,https://register.example.dk/alive,,,Registerhuset A/S,+45 00 00 00 21
Log ind,Login,1,Borgerregister,Nord,Syd,nord-web1,postgres,nord-db1,syd-db1,https://login.example.dk/alive,15 min,30 sek,,
Digital post,Digital mail,2,Log ind; Borgerregister,Syd,Nord,syd-web1,,,,https://post.example.dk/alive,1 time,5 min,,
Hjemmesiden,Website,3,,Nord,ingen,nord-web2,,,,https://www.example.dk/,4 timer,1 døgn,,
"""  # noqa: E501 - a row is a line
"""What a file of services may look like; `seawall init --example-csv` prints it."""


def read_services(file: TextFile, draft: Draft) -> None:
    """Take every service of the file into `draft`, and what is wrong with it.

    Raises:
        BadInput: it cannot be divided into rows, or no column names services.
    """
    table = read_table(file, draft)
    reading = _Reading(table, draft)
    for row in table.rows:
        reading.take(row)
    reading.join()
    count = len(reading.rows)
    if not count and not draft.mistakes:
        draft.wrong(file.shown, "names no service", "Write one service a row, below the headings")
    draft.read.append(
        f"{file.shown}: {count} service{'' if count == 1 else 's'}, {file.encoding}, "
        f"separated by {SEPARATORS[table.separator]}"
    )


@dataclass(slots=True)
class _Reading:
    """One reading of a table. `rows` and `called` say which row each name, and each title, came from."""

    table: Table
    draft: Draft
    rows: dict[str, Row] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)

    def take(self, row: Row) -> None:
        """Take one row."""
        title = row.cells.get("name", "")
        name = safe_name(row.cells.get("id", "") or title)
        if not name:
            problem = "names no service" if not title else f"nothing of {title!r} can stand in a name"
            remedy = (
                "Write its name, or delete the row"
                if not title
                else "Add a column `id` with a name in a to z"
            )
            self.draft.wrong(self.table.place(row.number, "name"), problem, remedy)
            return
        if name in self.rows:
            self._twice(row, name, title)
            return
        self.rows[name] = row
        called = (title.casefold(), row.cells.get("id", "").casefold(), name)
        self.called |= dict.fromkeys((one for one in called if one), name)
        self.draft.services[name] = self._service(row, name, title or name)

    def _twice(self, row: Row, name: str, title: str) -> None:
        first = self.rows[name]
        before = first.cells.get("name", "")
        same = before.casefold() == title.casefold()
        problem = (
            f"{title!r} stands in row {first.number} already"
            if same
            else (f"{title!r} and {before!r} in row {first.number} would both be called `{name}`")
        )
        remedy = (
            "Keep one of the two rows" if same else "Rename one, or add a column `id` that tells them apart"
        )
        self.draft.wrong(self.table.place(row.number, "name"), problem, remedy)

    def _service(self, row: Row, name: str, title: str) -> FoundService:
        one = FoundService(name, row.cells.get("title_en") or title, self.table.place(row.number))
        one.title_da = row.cells.get("title_da") or title
        for of in ("url", "supplier", "telephone", "without_it", "without_it_da", "instead", "instead_da"):
            setattr(one, of, row.cells.get(of) or None)
        if one.url is not None and (wrong := wrong_address(one.url)) is not None:
            self.draft.notes.append(f"{self.table.place(row.number, 'url')}: not taken: {wrong}")
            one.url = None
        for of in SPANS:
            setattr(one, of, self._value(row, of, "Write it with its unit: 30 min, 4 timer, 1 day"))
        one.tier = self._value(row, "tier", "Write 1 for what is brought back first, to 4 for the last")
        one.approved_on = self._value(row, "approved_on", "Write it as 2026-10-01")
        self._places(row, one)
        engine = row.cells.get("database", "")
        one.postgres = any(word in engine.lower() for word in _POSTGRES)
        if engine and not one.postgres and engine.lower() not in _NO:
            one.other_engine = engine
        if one.supplier is not None:
            self._leave_ours(row, one)
        return one

    def _value(self, row: Row, of: str, remedy: str) -> Any:
        written = row.cells.get(of, "")
        if not written or written.lower() in _NO_SITE:
            return None
        try:
            match of:
                case "tier":
                    return cells.tier(written)
                case "approved_on":
                    return cells.day(written)
                case _:
                    return cells.span(written, self.table.columns[of].unit)
        except (ValueError, OverflowError) as error:
            self.draft.wrong(self.table.place(row.number, of), str(error), remedy)
            return None

    def _places(self, row: Row, one: FoundService) -> None:
        one.site, one.standby = self._site(row, "site"), self._site(row, "standby")
        one.no_standby = row.cells.get("standby", "").lower() in _NONE
        if one.standby is not None and one.standby == one.site:
            where = self.table.place(row.number, "standby")
            self.draft.wrong(
                where, f"{one.title} would stand in for itself at {one.site}", "Name another site, or none"
            )
        for site, of in ((one.site, "host"), (one.standby, "standby_host")):
            if site is not None and (named := cells.several(row.cells.get(of, ""))):
                one.hosts[site] = named
        for site, of in ((one.site, "database_host"), (one.standby, "standby_database_host")):
            if site is not None and (named := cells.several(row.cells.get(of, ""))):
                one.database_hosts[site] = named[0]
                one.postgres = one.postgres or not row.cells.get("database")
        self._placeless(row, one)

    def _placeless(self, row: Row, one: FoundService) -> None:
        pairs = ((one.site, "host"), (one.standby, "standby_host"))
        more = ((one.site, "database_host"), (one.standby, "standby_database_host"))
        for site, of in (*pairs, *more):
            if site is None and row.cells.get(of):
                place = self.table.place(row.number, of)
                self.draft.notes.append(
                    f"{place}: not taken: the host is named, and not at which site it stands"
                )

    def _site(self, row: Row, of: str) -> str | None:
        written = row.cells.get(of, "")
        if not written or written.lower() in _NO_SITE:
            return None
        name = safe_name(written)
        if not name:
            self.draft.wrong(
                self.table.place(row.number, of), f"nothing of {written!r} can stand in a name", "Use a to z"
            )
            return None
        self.draft.sites.setdefault(name, written)
        return name

    def _leave_ours(self, row: Row, one: FoundService) -> None:
        ours = [
            self.table.columns[of].heading
            for of in ("site", "standby", "host", "standby_host", "database", "database_host")
            if row.cells.get(of) and row.cells[of].lower() not in _NO
        ]
        if ours:
            where = self.table.place(row.number, "supplier")
            problem = f"a supplier runs {one.title}, and the row also says its {', '.join(ours)}"
            self.draft.wrong(
                where, problem, "Empty the one or the other: what a supplier runs is not ours to move"
            )
        one.site = one.standby = None

    def join(self) -> None:
        """Make `needs` of what cells name, now that every service is known."""
        for name, row in self.rows.items():
            written = row.cells.get("needs", "")
            if written and written.lower() not in _NO_SITE:
                self.draft.services[name].needs = list(self._needed(row, name, written))
        graph = {name: self.draft.services[name].needs for name in self.rows}
        for loop in cycles(graph):
            titles = " -> ".join(self.draft.services[one].title for one in loop)
            where = self.table.place(self.rows[loop[0]].number, "needs")
            problem = f"services need one another in a circle: {titles}"
            self.draft.wrong(where, problem, "Remove one of these needs; none of them could ever start")

    def _needed(self, row: Row, name: str, written: str) -> Iterator[str]:
        for one in [written] if self._find(written) else cells.several(written):
            found = self._find(one)
            where = self.table.place(row.number, "needs")
            if found is None:
                self.draft.wrong(where, f"no row is a service {one!r}", self._nearest(one))
            elif found == name:
                self.draft.wrong(where, f"{one} needs itself", "Remove it here")
            else:
                yield found

    def _find(self, written: str) -> str | None:
        return self.called.get(written.casefold()) or self.called.get(safe_name(written))

    def _nearest(self, written: str) -> str:
        if len(self.draft.mistakes) < COMPARED_AT_MOST:
            titles = {
                row.cells.get("name", name).lower(): row.cells.get("name", name)
                for name, row in self.rows.items()
            }
            if (near := nearest(written, titles)) is not None:
                return f"Write `{titles[near]}`, or add a row for it"
        return "Add a row for it, or remove it here"
