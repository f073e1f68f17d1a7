"""What a coordinator reads: every run and drill, in their own language, as their files tell it and never better."""

from __future__ import annotations

import hashlib
import html
import os
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from seawall.journal import ByHand
from seawall.loading import load_inventory
from seawall.messages import MARK
from seawall.plan import Promise
from tests.console.web.conftest import Reader
from tests.console.web.kept import SCRIPT, keep_drill, keep_run, make_place
from tests.drills import cards
from tests.seawall.report import stories

LANGUAGES = ("da", "en")
RUNS = (
    "went-well",
    "aborted",
    "interrupted",
    "not-begun",
    "refused",
    "script",
    "torn",
    "tampered",
    "waiting",
)

pytestmark = pytest.mark.slow  # a server answers
DRILLS = ("drill-passed", "drill-failed", "drill-late", "drill-broken_off", "drill-unread", "drill-going-on")


def lines(text: str) -> list[str]:
    """The rows of a history, each as one text without its marks."""
    body = re.findall(r"<tr>(.*?)</tr>", text.partition("<tbody>")[2], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in body]


def row_of(reader: Reader, what: str, language: str = "en", query: str = "") -> str:
    text = reader.text(f"/{language}/{query}")
    (found,) = (row for row in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL) if reader.names[what] in row)
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def everything(reader: Reader) -> dict[str, str]:
    addresses = {f"/{language}/": "" for language in LANGUAGES}
    for language in LANGUAGES:
        for what in RUNS:
            addresses |= {f"{reader.run(what, language)}{more}": "" for more in ("", "/report", "/sheets")}
        for what in DRILLS:
            addresses[reader.drill(what, language)] = ""
        for what in ("drill-passed", "drill-late"):
            addresses[f"{reader.drill(what, language)}/scorecard"] = ""
    return {one: reader.text(one) for one in addresses}


@pytest.fixture(scope="module")
def texts(reader: Reader) -> dict[str, str]:
    """Every page by its address."""
    return everything(reader)


def test_every_page_says_its_language_and_its_title(texts):
    for address, text in texts.items():
        assert f'<html lang="{address[1:3]}">' in text, address
        assert re.search(r"<title>[^<]{5,}</title>", text), address
        assert text.count("<h1") == 1, address


def test_the_history_is_newest_first_and_leaves_nothing_out(reader):
    text = reader.text("/en/")
    shown: list[str] = re.findall(r'href="/en/(?:runs|drills)/([^"/]+)"', text)
    assert sorted(shown) == sorted(reader.names.values())
    began = [reader.names[name] for name in ("waiting", "script", "refused", "aborted", "went-well")]
    assert [name for name in shown if name in began] == began


@pytest.mark.parametrize(
    ("what", "danish", "english"),
    [
        ("went-well", "✓ udført varede 1 min 36 s mål: 15 min", "✓ done took 1 min 36 s target: 15 min"),
        ("aborted", "✗ afbrudt", "✗ aborted"),
        ("refused", "✗ afvist", "✗ refused"),
        ("waiting", "▲ venter på indsatslederen", "▲ waits for the incident commander"),
        ("interrupted", "✗ standset undervejs", "✗ interrupted; nobody drives it"),
        ("not-begun", "… ikke begyndt", "… not begun"),
        ("torn", "✗ Kan ikke læses", "✗ Cannot be read"),
        ("drill-passed", "tjenesten var væk 3,1 s mål: 15 min ✓ målet holdt", "3.1 s target: 15 min ✓ target kept"),
        ("drill-late", "▲ målet ikke holdt", "▲ target missed"),
        ("drill-broken_off", "genopretningstid uvis", "recovery time not known"),
        ("drill-unread", "✗ Kan ikke læses", "✗ Cannot be read"),
        ("drill-going-on", "intet resultat endnu", "no result yet"),
    ],
)  # fmt: skip
def test_the_history_says_how_each_stands_in_words(reader, what, danish, english):
    assert danish in row_of(reader, what, "da")
    assert english in row_of(reader, what, "en")


def test_a_runs_own_time_is_never_called_its_recovery_time(reader):
    assert "recovery time not measured" in row_of(reader, "went-well")
    assert "not measured; it is measured from outside, in drills" in reader.text(reader.run("went-well"))


@pytest.mark.parametrize("what", ["aborted", "not-begun"])
def test_an_exercise_is_marked_wherever_it_is_shown(reader, what):
    assert MARK in row_of(reader, what)
    for language in LANGUAGES:
        for address in (f"{reader.run(what, language)}{more}" for more in ("", "/report", "/sheets")):
            assert MARK in reader.text(address)


@pytest.mark.parametrize("what", DRILLS)
def test_a_drill_is_marked_wherever_it_is_shown(reader, what):
    assert MARK in row_of(reader, what)
    assert MARK in reader.text(reader.drill(what))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("da", ("Sagt, og tæller ikke", "gail: ja til fence", "Ret det, eller lad én, der må, sige det")),
        ("en", ("Said, and does not count", "gail: yes to fence", "Put that right, or let somebody who may say it")),
    ],
)  # fmt: skip
def test_a_word_that_does_not_count_is_named_with_why_and_what_to_do(reader, language, words):
    text = " ".join(re.sub(r"<[^>]+>", " ", reader.text(reader.run("waiting", language))).split())
    for one in (*words, "gail is not incident-commander, who must approve fence."):
        assert one in text
    assert words[0] not in reader.text(reader.run("went-well", language))


def test_a_real_run_is_called_real(reader):
    assert "VIRKELIG KØRSEL" in row_of(reader, "went-well", "da")
    assert MARK not in row_of(reader, "went-well")


def test_nobody_calls_a_run_real_that_cannot_be_read(reader):
    row = row_of(reader, "torn")
    assert "OF UNKNOWN KIND" in row
    assert "REAL" not in row


def test_a_run_is_told_with_its_people_its_times_and_what_it_left(reader):
    text = reader.text(reader.run("aborted"))
    for words in (
        "approved by bo (the incident commander)",
        "anna asked to stop and take back what was done: the north hall is back",
        "What still stands, or is not known",
        "Look whether the machine has power",
        "Nobody can sign in to digital mail, self-service or the business portal",
    ):
        assert words in text
    assert '<time datetime="2026-11-21T05:12:09Z">2026-11-21 06:12:09 CET</time>' in text


def test_an_open_run_says_who_is_waited_for_and_until_when(reader):
    text = reader.text(reader.run("waiting", "da"))
    assert "Venter på indsatslederen" in text
    assert "svar ønskes inden" in text
    assert "03:22:09" in text


def test_a_run_that_nobody_drives_says_so_and_what_to_type(reader):
    text = reader.text(reader.run("interrupted"))
    assert "Nobody drives this run" in text
    assert f"seawall resume {reader.names['interrupted']}" in text


@pytest.mark.parametrize(
    ("what", "problem"),
    [("torn", "is not a journal line"), ("tampered", "line 14 was changed after it was written")],
)
def test_a_run_that_cannot_be_read_says_what_is_wrong_and_tells_nothing_else(reader, what, problem):
    for address in (f"{reader.run(what)}{more}" for more in ("", "/report", "/sheets")):
        text = reader.text(address)
        assert "This run cannot be read" in text
        assert problem in text
        assert "Timeline" not in text


def test_what_a_journal_holds_is_shown_as_text(reader, texts):
    for address, text in texts.items():
        assert "<script" not in text.lower(), address
    for address in ("/en/", reader.run("script"), f"{reader.run('script')}/report"):
        assert SCRIPT.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;") in reader.text(address)


def test_nobodys_name_address_or_telephone_is_on_a_page(reader, texts):
    people = load_inventory(reader.city).people.values()
    private = [one for person in people for one in (person.title, person.email, person.telephone) if one]
    assert len(private) >= 5
    for address, text in texts.items():
        assert [one for one in private if one in text] == [], address


def test_reading_changes_no_file(reader):
    def contents() -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in reader.city.rglob("*")
            if path.is_file()
        }

    before = contents()
    everything(reader)
    assert contents() == before


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?kind=drill", set(DRILLS)),
        ("?kind=exercise", {"aborted", "not-begun"}),
        ("?kind=real", {"went-well", "interrupted", "refused", "script", "tampered", "waiting"}),
        ("?ended=unreadable", {"torn", "drill-unread"}),
        ("?ended=open&kind=real", {"interrupted", "waiting"}),
        ("?ended=well&kind=drill&service=login", {"drill-passed"}),
        ("?ended=not-well&kind=", {"aborted", "refused", "drill-failed", "drill-late", "drill-broken_off"}),
        ("?service=dns", set()),
    ],
)
def test_the_history_shows_only_what_is_asked_for(reader, query, wanted):
    shown = re.findall(r'href="/en/(?:runs|drills)/([^"/]+)"', reader.text(f"/en/{query}"))
    assert set(shown) == {reader.names[one] for one in wanted}
    if not wanted:
        assert "No run and no drill is like that" in reader.text(f"/en/{query}")


def test_a_city_without_runs_says_what_to_do(reads, tmp_path):
    fresh = reads(make_place(tmp_path / "city"))
    for language, words in (
        ("da", "Der er ingen kørsler og ingen øvelser endnu."),
        ("en", "There are no runs"),
    ):
        text = fresh.text(f"/{language}/")
        assert words in text
        assert "seawall drill run lose-a-site" in text


def test_a_page_is_of_what_stands_in_the_files_now(reads, tmp_path):
    city = make_place(tmp_path / "city")
    now = reads(city)
    assert "There are no runs" in now.text("/en/")
    run = keep_run(city, lambda plan: stories.went_well(plan)[:-1])
    assert "interrupted; nobody drives it" in now.text("/en/")
    with run.journal("anna") as journal:
        assert "under way" in now.text("/en/")
        journal.append([stories.went_well(run.plan)[-1]])
    assert "✓</span> done" in now.text("/en/")
    shutil.rmtree(run.path)
    assert "There are no runs" in now.text("/en/")


def test_an_inventory_that_cannot_be_read_keeps_nobody_from_reading_runs(reads, tmp_path):
    city = make_place(tmp_path / "city")
    run = keep_run(city, stories.went_well)
    now = reads(city)
    assert "inventory cannot be read" not in now.text("/en/")
    (city / "inventory" / "services.yaml").write_text("services: [")
    for address in ("/en/", f"/en/runs/{run.id}", f"/en/runs/{run.id}/report"):
        text = now.text(address)
        assert "Move Login to South Hall" in text
    assert "inventory cannot be read" in now.text("/en/")


def test_a_runs_page_leads_to_its_two_sheets(reader):
    for language in LANGUAGES:
        address = f"{reader.run('went-well', language)}/sheets"
        assert f'href="{address}"' in reader.text(reader.run("went-well", language))
        assert reader.text(address).count('class="second"') == 1
    assert reader.get("/da/runs/2026-11-21-0312-nothing-aa/sheets").status_code == 404


def test_without_an_inventory_no_sheets_are_offered(reads, tmp_path):
    city = make_place(tmp_path / "city")
    run = keep_run(city, stories.went_well)
    (city / "inventory" / "services.yaml").write_text("services: [")
    now = reads(city)
    assert "/sheets" not in now.text(f"/en/runs/{run.id}")
    assert now.get(f"/en/runs/{run.id}/sheets").status_code == 404


def test_a_page_of_the_history_reads_no_journal_that_it_does_not_show(reads, tmp_path):
    """A journal that is a pipe blocks whoever opens it: the page would never come."""
    city = make_place(tmp_path / "city")
    for n in range(60):
        keep_run(city, stories.aborted, later=timedelta(hours=3 * n))
    names = sorted(one.name for one in (city / "runs").iterdir())
    for name in names[:30]:
        journal = city / "runs" / name / "journal.jsonl"
        journal.unlink()
        os.mkfifo(journal)
    assert len(lines(reads(city).text("/en/"))) == 25


def test_the_pages_of_a_history_show_everything_once(reads, tmp_path):
    city = make_place(tmp_path / "city")
    for n in range(55):
        keep_run(city, stories.aborted, exercise=bool(n % 2), later=timedelta(minutes=7 * n))
    keep_drill(city, cards.passed, "2026-11-21-130000-lose-a-site")
    now = reads(city)
    for query, count in (("", 56), ("kind=exercise", 27)):
        address, shown = f"/en/?{query}", []
        while address:
            text = now.text(address)
            shown += re.findall(r'href="/en/(?:runs|drills)/([^"/]+)"', text)
            found = re.search(r'href="(/en/\?[^"]*)" rel="next"', text)
            address = found[1].replace("&amp;", "&") if found else ""
        assert len(shown) == len(set(shown)) == count
        times = [name[:15] for name in shown if "failover" in name]
        assert times == sorted(times, reverse=True)


def test_a_run_of_a_drill_leads_to_the_drill(reads, tmp_path):
    city = make_place(tmp_path / "city")
    run = keep_run(city, stories.went_well, exercise=True)
    folder = keep_drill(city, cards.passed, "2026-11-21-031100-lose-a-site")
    card = (folder / "drill.json").read_text()
    (folder / "drill.json").write_text(re.sub(r'"folder": "[^"]*"', f'"folder": "{run.id}"', card, count=1))
    now = reads(city)
    assert f'href="/da/drills/{folder.name}"' in now.text(f"/da/runs/{run.id}")
    assert f'href="/da/runs/{run.id}"' in now.text(f"/da/drills/{folder.name}")


@pytest.mark.parametrize("path", ["", "runs/{run}", "drills/{drill}"])
def test_the_other_language_is_one_link_away_and_keeps_the_query(reader, path):
    path = path.format(run=reader.names["went-well"], drill=reader.names["drill-late"])
    query = "?kind=drill" if not path else ""
    assert f'href="/en/{path}{query}" hreflang="en" lang="en"' in reader.text(f"/da/{path}{query}")
    assert f'href="/da/{path}{query}" hreflang="da" lang="da"' in reader.text(f"/en/{path}{query}")


def test_a_page_refreshes_itself_only_when_its_reader_says_so(reader):
    for address in ("/en/", reader.run("waiting")):
        assert "refresh" not in reader.get(address).headers
        answer = reader.get(f"{address}?refresh=30")
        assert answer.headers["refresh"] == "30"
        assert "This page refreshes itself every 30 seconds." in answer.text
        assert f'href="{address}">Stop that</a>' in answer.text
        assert "http-equiv" not in answer.text


def test_no_folder_is_made_by_a_reader(reads, tmp_path: Path):
    city = make_place(tmp_path / "city")
    reads(city).text("/en/")
    assert not (city / "runs").exists()


@pytest.mark.parametrize(("rto", "verdict"), [(10, "▲ target missed"), (60, "✓ target kept")])
def test_a_run_that_saw_its_service_come_back_is_held_to_what_was_promised(reads, tmp_path, rto, verdict):
    city = make_place(tmp_path / "city")
    promise = Promise(
        service="citizen-register",
        supplier="Registerhuset",
        rto=timedelta(seconds=rto),
        since=None,
        served_again="promote",
    )
    run = keep_run(city, stories.went_well, plan=stories.move().model_copy(update={"promise": promise}))
    now = reads(city)
    promised = "1 min" if rto == 60 else "10 s"
    (row,) = lines(now.text("/en/"))
    assert f"the service was away 21.9 s supplier's promise: {promised} {verdict}" in html.unescape(row)
    assert "not measured" not in row
    text = now.text(f"/en/runs/{run.id}")
    assert f"was promised by Registerhuset: {'kept' if rto == 60 else 'missed by 11.9 s'}" in text
    assert "it is measured from outside, in drills" not in text


def test_a_yes_on_a_paper_is_called_unverified_on_the_runs_page(reads, tmp_path):
    city = make_place(tmp_path / "city")

    def on_paper(plan):
        first = stories.up_to_the_fence(plan)[:4]
        at = first[-1].at
        typed = ByHand(
            at=at, step="fence", by="bo", when=at, result="done", approved_by=("anna",), typed_by="dora"
        )
        return [*first, typed]

    run = keep_run(city, on_paper)
    console = reads(city)
    for language, words in (
        ("en", "UNVERIFIED: the yes to fence from anna"),
        ("da", "UBEKRÆFTET: ja&#39;et"),
    ):
        page = console.text(f"/{language}/runs/{run.id}")
        assert words in page
    assert "anna (on paper, typed in by dora: unverified" in console.text(f"/en/runs/{run.id}")
