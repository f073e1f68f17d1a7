"""A spreadsheet of services: what is taken from it, and what is refused with its row and column."""

from __future__ import annotations

from datetime import timedelta

import pytest

from seawall.importing import EXAMPLE
from seawall.importing.decoding import MAX_BYTES
from tests.seawall.importing.made import city_of, refused

ROWS = [
    ["Navn", "Prioritet", "Afhænger af", "Sted", "Reservested", "RTO (timer)"],
    ["Log ind", "1", "Borgerservice Ø", "Rådhuset", "Sønderbro", "4"],
    ["Borgerservice Ø", "", "", "Rådhuset", "ingen", ""],
]


@pytest.fixture
def table(tmp_path):
    def write(rows, *, encoding="utf-8", separator=";", name="services.csv"):
        path = tmp_path / name
        path.write_bytes("\n".join(separator.join(row) for row in rows).encode(encoding))
        return path

    return write


def said(mistakes):
    return [f"{one.where.rpartition('/')[2]}: {one.problem}. {one.remedy}." for one in mistakes]


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize(
    ("encoding", "called"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("cp1252", "Windows-1252"),
        ("latin-1", "Windows-1252"),
    ],
)
def test_every_encoding_and_separator_gives_the_same_city_and_is_said(
    tmp_path, table, encoding, called, separator
):
    made = city_of(tmp_path, table(ROWS, encoding=encoding, separator=separator))
    login = made.city.services["log-ind"]
    assert (login.title.en, login.tier, login.needs) == ("Log ind", 1, ("borgerservice-oe",))
    assert login.runs_at is not None
    assert (login.runs_at.active, login.runs_at.standby) == ("raadhuset", "soenderbro")
    assert login.targets is not None
    assert login.targets.rto == timedelta(hours=4)
    assert made.city.services["borgerservice-oe"].title.da == "Borgerservice Ø"
    assert made.city.sites["soenderbro"].title.en == "Sønderbro"
    assert f"2 services, {called}, separated by" in made.read[0]


@pytest.mark.parametrize(
    ("heading", "cell", "hours"),
    [
        ("RTO", "4 timer", 4),
        ("rto (hours)", "1,5", 1.5),
        ("RTO timer", "4t", 4),
        ("RTO", "1 time og 30 min.", 1.5),
        ("RTO", "2 døgn", 48),
        ("RTO_MIN", "90", 1.5),
        ("RTO", "1 uge", 168),
    ],
)
def test_a_span_has_its_unit_in_the_cell_or_in_the_heading(tmp_path, table, heading, cell, hours):
    targets = city_of(tmp_path, table([["name", heading], ["a", cell]])).city.services["a"].targets
    assert targets is not None
    assert targets.rto == timedelta(hours=hours)


def test_what_a_row_does_not_say_is_left_open_and_none_is_not_the_same_as_nothing(tmp_path, table):
    city = city_of(tmp_path, table(ROWS)).city
    desk = city.services["borgerservice-oe"]
    assert (desk.tier, desk.targets, desk.without_it, desk.probe) == (None, None, None, None)
    assert desk.runs_at is not None
    assert "standby" in desk.runs_at.model_fields_set, "`ingen` says that there is none"


def test_every_mistake_is_told_at_once_with_its_row_and_column(tmp_path, table):
    path = table(
        [
            ["Navn", "Prioritet", "Afhænger af", "RTO"],
            ["Log ind", "høj", "Logind", "4"],
            ["Post", "9", "Post", "4 år"],
            ["", "1", "", ""],
            ["æøå!", "1", "Log ind", "", "mere"],
            ["!!!", "1", "", ""],
        ]
    )
    assert said(refused(tmp_path, path)) == [
        "services.csv, row 5: has 5 cells, and there are 4 columns. Put a cell that holds the separator in quotes.",
        "services.csv, row 2, column RTO: '4' has no unit. Write it with its unit: 30 min, 4 timer, 1 day.",
        (
            "services.csv, row 2, column Prioritet: 'høj' is no tier. "
            "Write 1 for what is brought back first, to 4 for the last."
        ),
        "services.csv, row 3, column RTO: 'år' is no unit of time. Write it with its unit: 30 min, 4 timer, 1 day.",
        (
            "services.csv, row 3, column Prioritet: '9' is no tier. "
            "Write 1 for what is brought back first, to 4 for the last."
        ),
        "services.csv, row 4, column Navn: names no service. Write its name, or delete the row.",
        (
            "services.csv, row 6, column Navn: nothing of '!!!' can stand in a name. "
            "Add a column `id` with a name in a to z."
        ),
        "services.csv, row 2, column Afhænger af: no row is a service 'Logind'. Write `Log ind`, or add a row for it.",
        "services.csv, row 3, column Afhænger af: Post needs itself. Remove it here.",
    ]


def test_a_service_twice_is_told_with_both_rows(tmp_path, table):
    path = table([["name"], ["Login"], ["Post"], ["login"], ["Løn"], ["Loen"]])
    assert said(refused(tmp_path, path)) == [
        "services.csv, row 4, column name: 'login' stands in row 2 already. Keep one of the two rows.",
        (
            "services.csv, row 6, column name: 'Loen' and 'Løn' in row 5 would both be called `loen`. "
            "Rename one, or add a column `id` that tells them apart."
        ),
    ]


def test_a_circle_of_needs_is_named(tmp_path, table):
    path = table([["name", "needs"], ["Login", "Post"], ["Post", "Betaling"], ["Betaling", "Login"]])
    (one,) = refused(tmp_path, path)
    assert one.problem == "services need one another in a circle: Login -> Post -> Betaling -> Login"


def test_two_letters_that_changed_places_are_a_slip(tmp_path, table):
    mistakes = refused(tmp_path, table([["name", "teir"], ["a", "1"]]))
    assert "tier" in str(mistakes[0])
    assert city_of(tmp_path, table([["name", "time"], ["a", "1"]])).notes[0].endswith("column time")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("javascript:alert(1)", "begins with https://"),
        ("www.by.dk", "begins with https://"),
        ("https://a b/", "holds no blanks"),
        ("https://", "names a host"),
        ("https://anna:hunter2@by.dk/", "passwords are never written here"),
    ],
)
def test_what_is_no_address_to_watch_is_left_out_and_said_without_repeating_it(tmp_path, table, url, problem):
    made = city_of(tmp_path, table([["name", "url"], ["a", url]]))
    assert made.city.services["a"].probe is None
    assert problem in made.notes[0]
    assert "hunter2" not in str(made)


@pytest.mark.parametrize(
    ("headings", "problem"),
    [
        (["Beløb", "Konto"], "no column names the services; there are 'Beløb', 'Konto'"),
        (["name", "nedes"], "`nedes` is no column that is known"),
        (["name", "navn"], "two columns hold the same: 'name' and 'navn'"),
    ],
)
def test_wrong_columns_are_refused_with_those_there_are(tmp_path, table, headings, problem):
    mistakes = refused(tmp_path, table([headings, ["a", "b"]]))
    assert mistakes[0].problem == problem


def test_a_mistyped_heading_is_told_what_it_may_be(tmp_path, table):
    (one,) = refused(tmp_path, table([["navn", "afhængr af"], ["a", ""]]))
    assert "Write `afhænger af`" in one.remedy


def test_a_column_that_means_nothing_here_is_left_out_and_said(tmp_path, table):
    made = city_of(tmp_path, table([["navn", "Kontaktperson", "Budget 2026"], ["Login", "Hansen", "12"]]))
    assert made.notes[0].endswith("not read: columns Kontaktperson, Budget 2026")
    assert "Hansen" not in str(made.files)


@pytest.mark.parametrize(
    "cell", ["=1+1", "=cmd|' /C calc'!A0", "+45 70", "-x-", "@sum", "{a: b}", "no", "1", "# x", "a: b"]
)
def test_a_cell_is_data_whatever_it_begins_with(tmp_path, table, cell):
    path = table([["id", "name", "site"], ["x", cell, "Nord"]])
    assert city_of(tmp_path, path).city.services["x"].title.en == cell


def test_hosts_and_servers_stand_at_the_sites_of_their_service(tmp_path):
    path = tmp_path / "services.csv"
    path.write_text(EXAMPLE)
    city = city_of(tmp_path, path).city
    login = city.services["log-ind"]
    assert login.machines == {"nord": ("nord-web1",)}
    assert login.database is not None
    assert login.database.at == {"nord": "nord-db1/log-ind", "syd": "syd-db1/log-ind"}
    assert city.hosts["syd-db1"].site == "syd"
    assert city.hosts["syd-db1"].host_key is None
    register = city.services["borgerregister"].run_by
    assert register is not None
    assert register.supplier == "Registerhuset A/S"


def test_a_host_at_two_sites_is_refused(tmp_path, table):
    path = table([["name", "site", "host"], ["A", "Nord", "web1"], ["B", "Syd", "web1"]])
    assert refused(tmp_path, path)[0].problem == "web1 would stand at syd, and stands at nord elsewhere"


def test_what_a_supplier_runs_is_not_also_ours(tmp_path, table):
    path = table([["name", "supplier", "site"], ["A", "Dem", "Nord"]])
    assert refused(tmp_path, path)[0].problem == "a supplier runs A, and the row also says its site"


def test_another_engine_is_kept_as_a_remark_and_not_as_postgres(tmp_path, table):
    made = city_of(tmp_path, table([["name", "site", "database"], ["A", "Nord", "Oracle 19"]]))
    assert made.city.services["a"].database is None
    assert "Oracle 19" in made.files["services.yaml"]


@pytest.mark.slow
def test_ten_thousand_rows_stand_in_files_that_can_be_read_again(tmp_path, table):
    rows = [
        ["name", "tier", "needs"],
        *([f"Tjeneste {n}", "3", f"Tjeneste {n - 1}" if n % 9 else ""] for n in range(10_000)),
    ]
    made = city_of(tmp_path, table(rows))
    assert len(made.city.services) == 10_000
    assert made.city.services["tjeneste-9999"].title.en == "Tjeneste 9999"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\x7fELF\x01\x00\x02 name", "is no text file: it holds the character U+0001"),
        (b"name;tier\n", "names no service"),
        (b'name;tier\n"Login;1\n', "cannot be divided into cells here: unexpected end of data"),
        (b"\xff\xfen\x00a", "begins as UTF-16, and byte 4 of it is not"),
    ],
)
def test_what_is_no_spreadsheet_is_refused(tmp_path, content, problem):
    path = tmp_path / "services.csv"
    path.write_bytes(content)
    assert refused(tmp_path, path)[0].problem == problem


def test_a_file_of_fifty_megabytes_is_refused_by_its_size(tmp_path):
    path = tmp_path / "services.csv"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    (one,) = refused(tmp_path, path)
    assert one.problem == f"has 50.0 MB, and at most {MAX_BYTES // 1_000_000} MB are read"


def test_a_spreadsheet_saved_with_a_line_for_excel_is_read(tmp_path):
    path = tmp_path / "services.csv"
    path.write_text("sep=|\nname|tier\nLogin|1\n")
    assert list(city_of(tmp_path, path).city.services) == ["login"]
