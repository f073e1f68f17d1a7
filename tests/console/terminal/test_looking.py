"""`runs`, `show` and `report`: they read journals, change nothing, and say what to type next."""

from __future__ import annotations

import json
import re

import pytest

from seawall.errors import ExitCode


def timeless(text: str) -> str:
    """Replace what differs from run to run."""
    text = re.sub(r"\d{4}-\d\d-\d\d-\d{4}-([a-z-]+)-[a-z0-9]+", r"RUN-\1", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d CES?T", "YYYY-MM-DD HH:MM:SS CET", text)
    text = re.sub(r"\d\d:\d\d:\d\d(\.\d{3})?", "HH:MM:SS", text)
    text = re.sub(r"\b\d+(\.\d+)? m?s\b", "N ms", text)
    return re.sub(r"[ ]+$", "", re.sub(r"(N ms) +", r"\1 ", text), flags=re.MULTILINE)


@pytest.fixture
def waiting(stage):
    stage.impatient()
    stage("run", "light", "--yes", "green")
    return stage


@pytest.mark.golden
def test_a_run_that_is_done_reads_as_agreed(stage, golden):
    stage("run", "blink", "--yes", "green")
    golden("terminal/show-done.txt", timeless(stage("show").out))


@pytest.mark.golden
def test_a_run_that_failed_reads_as_agreed(stage, golden, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    stage("run", "blink", "lamp=broken", "--yes", "broken")
    golden("terminal/show-failed.60.txt", timeless(stage("show").out))


@pytest.mark.golden
def test_a_run_that_waits_reads_as_agreed(waiting, golden):
    golden("terminal/show-waiting.txt", timeless(waiting("show").out))


def test_looking_changes_nothing(waiting):
    before = waiting.contents()
    for words in (["runs"], ["show"], ["show", "--json"], ["report"], ["runs", "--json"]):
        assert waiting(*words).code == ExitCode.DONE
    assert waiting.contents() == before


def test_the_newest_run_that_needs_somebody_is_next(waiting):
    waiting("run", "blink", "--yes", "green")
    said = waiting("runs")
    assert re.search(r"Next: seawall show \S+-light-", said.out)
    assert "interrupted (incident-commander)" in said.out


def test_no_runs_yet_says_how_to_begin(stage):
    said = stage("runs")
    assert said.code == ExitCode.DONE
    assert "seawall plan" in said.out
    assert json.loads(stage("runs", "--json").out) == {"runs": []}


def test_a_run_is_found_by_the_beginning_of_its_name(stage):
    stage("run", "blink", "--yes", "green")
    run = stage.run()
    assert stage("show", run.id[:20]).out == stage("show", run.id).out


def test_the_json_of_a_run_says_what_is_asked_and_how_to_answer(waiting):
    told = json.loads(waiting("show", "--json").out)
    assert told["standing"] == "interrupted"
    assert [(one["step"], one["what"], one["of"], one["answers"]) for one in told["questions"]] == [
        ("light", "approval", "incident-commander", ["yes", "no", "have-it", "cannot"])
    ]


def test_following_a_run_that_is_over_shows_it_and_ends(stage):
    stage("run", "blink", "--yes", "green")
    said = stage("show", "--follow")
    assert said.code == ExitCode.DONE
    assert "the run ended: done" in said.out


def test_a_report_is_written_in_three_forms_and_two_languages(stage, tmp_path):
    stage("run", "blink", "--yes", "green")
    markdown = stage("report", "--md", "--lang", "da")
    assert markdown.out.startswith("# VIRKELIG KØRSEL")
    evidence = json.loads(stage("report", "--json").out)
    assert evidence["journal"]["head"] in markdown.out
    page = tmp_path / "report.html"
    said = stage("report", "--html", page, "--lang", "da")
    assert said.code == ExitCode.DONE
    assert evidence["journal"]["head"] in page.read_text(encoding="utf-8")
    assert '<html lang="da">' in page.read_text(encoding="utf-8")
    assert stage("report", "--html", page).code == ExitCode.DONE


def test_a_report_is_two_sheets_unless_something_else_is_asked_for(stage, tmp_path, monkeypatch):
    stage("run", "blink", "--yes", "green")
    printed = stage("report", "--lang", "da")
    assert "Rapport til byens ledelse, Havnby Kommune" in printed.out
    assert "Next: seawall report" in printed.err
    kept = tmp_path / "sheets.html"
    assert stage("report", "--lang", "da", "-o", kept).out == ""
    assert "Det gør vi, så det ikke sker igen" in kept.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    stage.more["has_terminal"] = lambda: True
    said = stage("report", "--lang", "en")
    assert said.out == ""
    assert "Sheet 2 of 2" in (tmp_path / f"{stage.run().id}.en.html").read_text(encoding="utf-8")
    assert stage("report", "--md", "-o", kept).code == ExitCode.BAD_INPUT
    assert stage("report", "-o", stage.city / "inventory" / "services.yaml").code == ExitCode.BAD_INPUT


def test_a_run_whose_journal_was_changed_is_shown_to_nobody(stage):
    stage("run", "blink", "--yes", "green")
    path = stage.run().journal_path
    path.write_bytes(path.read_bytes().replace(b"on True", b"on Truf"))
    for words in (["show"], ["report"]):
        said = stage(*words)
        assert said.code == ExitCode.FAILED
        assert "was changed after it was written" in said.err


def test_nobodys_address_is_in_what_is_shown(stage):
    stage("run", "blink", "--yes", "green")
    people = (stage.city / "inventory" / "people.yaml").read_text()
    addresses = re.findall(r"(?:email|telephone): (\S.*)", people)
    assert len(addresses) > 8
    shown = "".join(
        stage(*words).out for words in (["show"], ["report"], ["report", "--json"], ["plan", "light"])
    )
    assert not [one for one in addresses if one in shown]


@pytest.mark.slow
def test_a_run_of_many_steps_shows_what_needs_somebody(stage):
    lamps = ", ".join(f"'l{n}'" for n in range(300))
    stage.write(
        "runbooks/many.yaml",
        "runbook: many\ntitle: Many\nwhy: To see\nconfirm: many\nsteps:\n"
        f"  - id: light\n    for_each: \"{{{{ [{lamps}] + ['broken'] }}}}\"\n"
        "    does: Light {{ each }}\n    uses: lamp.on\n"
        '    with: {lamp: "{{ each }}"}\n',
    )
    planned = stage("plan", "many")
    assert planned.code == ExitCode.DONE, planned.err
    assert "and 101 more" in planned.out
    assert stage("run", "many", "--yes", "many").code == ExitCode.FAILED
    shown = stage("show")
    assert "light@broken" in shown.out
    assert "light@l7 " not in shown.out
    assert "300 done, 1 failed" in shown.out


ENGLISH = re.compile(
    r"\b(the|and|with|waits|took|stands|began|nothing|until|would|cannot|approved|people|by)\b"
)
"""Words that no Danish screen has. What a machine said, what people typed and names of commands are theirs."""


def in_danish(said: str) -> str:
    """Return what a screen says in its own words: without commands, names and what machines said."""
    lines = [line for line in said.splitlines() if "seawall " not in line and "--" not in line]
    return re.sub(r"\S*-\S*|\w+=\S*|\(.*?\)", " ", "\n".join(lines))


@pytest.mark.golden
def test_a_run_reads_in_danish_and_in_nothing_else(stage, golden, monkeypatch):
    monkeypatch.setenv("SEAWALL_LANGUAGE", "da")
    stage.impatient()
    stage("run", "light", "lamp=red", "--yes", "red", "--exercise")
    waiting = timeless(stage("show").out)
    stage("run", "blink", "lamp=broken", "--yes", "broken")
    failed = timeless(stage("show").out)
    stage("run", "blink", "--yes", "green")
    done = timeless(stage("show").out)
    golden("terminal/show.da.txt", f"{waiting}\n{failed}\n{done}")
    assert not ENGLISH.findall(in_danish(f"{waiting}\n{done}"))


@pytest.mark.golden
def test_a_pretended_run_reads_in_danish_and_in_nothing_else(stage, golden, monkeypatch):
    monkeypatch.setenv("SEAWALL_LANGUAGE", "da")
    said = "\n".join(stage("pretend", "light", *words).out for words in ((), ("lamp=red", "--exercise")))
    golden("terminal/pretend.da.txt", said)
    assert not ENGLISH.findall(in_danish(said))
