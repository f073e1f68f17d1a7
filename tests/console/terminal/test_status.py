"""`status`, `watch`, and `seawall` alone: what is not known is never shown as well; there is always a next step."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.terminal.main import run_command_line
from console.terminal.panels import LONGEST, MORE, PANELS
from seawall.carrying import held
from seawall.journal import Started
from seawall.locks import Lock, is_held
from seawall.sightings import (
    Condition,
    Sighting,
    keep_sightings,
    read_sightings,
    sightings_path,
    watch_folder,
    watch_lock,
)
from tests.console.terminal.keyboard import ROOT

ENDS_WITHIN = 60.0


def keep(stage, **conditions):
    """Keep sightings as of a moment ago: every service with a probe is up, but for those named."""
    from seawall.loading import load_inventory

    now = datetime.now(UTC)
    services = {}
    for name, one in load_inventory(stage.city).services.items():
        if one.probe is None:
            continue
        condition, since = conditions.get(name.replace("-", "_"), (Condition.UP, 60))
        services[name] = Sighting(
            looked_at=now,
            told_at=now,
            condition=condition,
            since=now - timedelta(seconds=since),
            saw="seen so",
        )
    keep_sightings(stage.city / "runs", services, by="anna")


def situation(stage, *words):
    said = stage("status", "--json", *words)
    assert said.code == 0
    return json.loads(said.out)


def conditions(told):
    return {one["service"]: one["condition"] for one in told["services"]}


def test_before_anybody_looked_everything_is_unknown_and_says_what_to_type(stage):
    said = stage("status")
    assert said.code == 0
    assert re.search(r"Nobody has looked at the services yet, so all \d+ are unknown\.", said.out)
    assert "There has been no run yet." in said.out
    assert re.search(r"^Next: seawall watch$", said.out, re.MULTILINE)
    told = situation(stage)
    assert set(conditions(told).values()) == {"unknown"}
    assert told["well"] is False


def test_what_is_down_says_since_when_what_it_drags_along_and_how_long_is_left(stage):
    keep(stage, login=(Condition.DOWN, 240))
    said = stage("status").out
    assert "DOWN" in said
    assert re.search(r"since \d\d:\d\d:\d\d, for 4 min", said)
    assert re.search(r"RTO 15 min: 1[01] min( \d\d s)? left", said)
    assert "Nobody can sign in" in said
    assert "Digital mail (up)" in said
    assert "Next: seawall plan postgres-failover service=login" in said


def test_an_rto_that_is_over_says_so(stage):
    keep(stage, login=(Condition.DOWN, 1200))
    assert re.search(r"RTO 15 min: over by 5 min", stage("status").out)


def test_a_supplier_that_is_down_is_rung(stage):
    keep(stage, citizen_register=(Condition.DOWN, 60))
    assert re.search(r"^Ring \+45 00 00 00 21: Registerhuset", stage("status").out, re.MULTILINE)


def test_what_stands_on_something_broken_is_told_shortly_and_after_it(stage):
    keep(stage, login=(Condition.DOWN, 240), digital_mail=(Condition.DOWN, 200))
    said = stage("status").out
    assert said.index("Login (login)") < said.index("Digital mail (digital-mail)")
    assert "for 3 min 20 s, seen" in said
    assert "; needs Login" in said
    assert "Letters from the municipality" not in said


def test_what_was_seen_long_ago_is_unknown_with_its_age(stage):
    then = datetime.now(UTC) - timedelta(hours=3)
    old = Sighting(looked_at=then, told_at=then, condition=Condition.UP, since=then, up_at=then, saw="fine")
    keep_sightings(stage.city / "runs", {"login": old}, by="anna")
    assert "Login (login): up when last seen, 3 h 00 min ago" in stage("status").out
    assert conditions(situation(stage))["login"] == "unknown"


def test_a_damaged_file_of_sightings_is_said_and_everything_is_unknown(stage):
    keep(stage)
    sightings_path(stage.city / "runs").write_text('{"format": 1, "serv')
    said = stage("status")
    assert said.code == 0
    assert "it holds no sightings, or was cut short" in said.out
    told = situation(stage)
    assert set(conditions(told).values()) == {"unknown"}
    assert len(told["problems"]) == 1


def test_a_look_now_tells_and_keeps_what_it_saw(stage):
    told = situation(stage, "--look")
    assert conditions(told)["login"] == "up"
    assert set(conditions(told).values()) == {"up"}
    assert told["well"] is True
    assert read_sightings(stage.city / "runs").by == "anna"
    assert conditions(situation(stage))["citizen-register"] == "up"


@pytest.mark.slow
def test_a_look_now_keeps_nothing_while_somebody_watches(stage):
    watch_folder(stage.city / "runs").mkdir(parents=True)
    with Lock.take(watch_lock(stage.city / "runs"), "bo", what="it", remedy="wait"):
        told = situation(stage, "--look")
    assert conditions(told)["login"] == "up"
    assert told["watcher"]["by"] == "bo"
    assert not sightings_path(stage.city / "runs").exists()


def test_who_is_waited_for_and_for_how_long_and_how_to_stop(stage):
    stage.impatient()
    stage("run", "light", "--yes", "green")
    run = stage.run().id
    said = stage("status").out
    assert re.search(r"REAL +Light the green lamp", said)
    assert f"Stop it: seawall abort {run}" in said
    assert f"Next: seawall resume {run}" in said
    (told,) = situation(stage)["runs"]
    assert told["standing"] == "interrupted"
    (wait,) = told["waits"]
    assert (wait["step"], wait["of"], wait["what"]) == ("light", "incident-commander", "approval")
    assert wait["left_seconds"] < 0
    assert "over by" in said


DUTY = """
duties:
  incident-commander:
    weekly: {handover: friday 12:00, since: 2026-01-02, people: [commander]}
    deputies: [deputy-commander]
"""


def with_duty(stage, duty=DUTY):
    people = stage.city / "inventory" / "people.yaml"
    people.write_text(people.read_text() + duty)


def test_who_is_waited_for_is_said_by_name_and_once_late_who_else(stage):
    with_duty(stage)
    stage.impatient()
    stage("run", "light", "--yes", "green")
    assert "LATE. Ask now: deputy-commander" in stage("status").out
    until = stage.state().steps["light"].asked.until
    stage.more["now"] = lambda: until - timedelta(milliseconds=10)
    assert "commander, on duty; when late: deputy-commander" in stage("status").out
    (wait,) = situation(stage)["runs"][0]["waits"]
    assert (wait["who"]["on_duty"], wait["who"]["deputies"]) == ("commander", ["deputy-commander"])
    assert wait["who"]["may_act"] == ["commander", "deputy-commander"]
    assert "Opdigtet" not in stage("status").out, "names of the inventory, and nothing else of theirs"


def test_who_is_waited_for_without_a_roster_is_everybody_who_may(stage):
    stage.impatient()
    stage("run", "light", "--yes", "green")
    until = stage.state().steps["light"].asked.until
    stage.more["now"] = lambda: until - timedelta(milliseconds=10)
    assert re.search(r"^ +commander, deputy-commander$", stage("status").out, re.MULTILINE)


def test_that_nobody_is_on_duty_is_said_where_somebody_is_waited_for(stage):
    with_duty(stage, DUTY.replace("2026-01-02", "2200-01-03"))
    stage.impatient()
    stage("run", "light", "--yes", "green")
    until = stage.state().steps["light"].asked.until
    stage.more["now"] = lambda: until - timedelta(milliseconds=10)
    assert "NOBODY IS ON DUTY; deputy-commander may act" in stage("status").out


def interrupted_in(open_run, step: str) -> None:
    """Have the process of a run die in the middle of a change."""
    run = open_run("blink", "lamp=green")
    with held(run, lambda: datetime.now(UTC), "anna") as journal:
        now = next(iter(journal.events())).at
        journal.append([Started(at=now, step=step, attempt=1, until=now)])


def test_of_a_doubt_it_tells_what_was_being_done_what_is_known_and_what_each_answer_leads_to(stage, open_run):
    interrupted_in(open_run, "light")
    told = stage("status").out
    flat = " ".join(told.split())
    for said in (
        "In doubt: light",
        "Nobody is asked yet: `seawall resume` first looks at its proof (lamp.is-on)",
        "What was being done: lamp.on",
        "What is known:",
        "If you say happened: it counts as done; next: look.",
        "If you say did-not-happen: it counts as failed, is not tried again by itself",
    ):
        assert said in flat
    (run,) = situation(stage)["runs"]
    assert run["in_doubt"] == ["light"]
    (doubt,) = run["doubts"]
    assert (doubt["step"], doubt["uses"], doubt["proof"]) == ("light", "lamp.on", "lamp.is-on")
    assert [one["said"]["en"] for one in doubt["known"]]
    # Who sees only whether anybody is needed is not read all of it.
    assert "What was being done" not in stage().out
    docs = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    line = next(one for one in docs.splitlines() if one.startswith("| `questions[]`"))
    assert [key for key in doubt if f"`{key}`" not in line and f"`{key}[]`" not in line] == []


def test_a_doubt_is_told_in_danish_too(stage, open_run, monkeypatch):
    interrupted_in(open_run, "light")
    monkeypatch.setenv("SEAWALL_LANGUAGE", "da")
    told = " ".join(stage("status").out.split())
    assert "Det, der var i gang: lamp.on" in told
    assert "Siger du happened (det skete): det tæller som udført; det næste: look." in told


def test_an_exercise_is_marked_and_stands_after_what_is_real(stage, open_run):
    stage.impatient()
    open_run("light", "lamp=red")
    stage("run", "light", "--yes", "green", "--exercise")
    said = stage("status").out
    assert said.index("REAL") < said.index("ØVELSE")
    assert [one["exercise"] for one in situation(stage)["runs"]] == [False, True]


def test_a_drill_under_way_is_said_first(stage):
    drill = stage.city / "drills" / "2026-11-21-031200-lose-a-site"
    drill.mkdir(parents=True)
    (drill / "ledger.jsonl").write_text("")
    assert "ØVELSE" in stage("status").out.splitlines()[1]
    assert situation(stage)["drill"] == drill.name
    (drill / "drill.json").write_text("{}")
    assert situation(stage)["drill"] is None


def test_the_last_run_is_told_when_none_is_open(stage):
    stage("run", "look")
    said = stage("status").out
    assert re.search(
        r"No run is open\. The last one, \S+-look-\w+, ended .* ago: done\.", said.replace("\n  ", " ")
    )


def test_a_schedule_that_has_not_run_is_red(stage):
    from console.terminal.desk import Desk
    from flows.schedules import city_schedules
    from seawall.serve_folder import ServeFolder

    desk = Desk.at(stage.city)
    folder = ServeFolder.of(stage.city)
    folder.make()
    folder.keep(city_schedules(desk.settings, desk.inventory), datetime.now(UTC) - timedelta(days=30))
    said = stage("status").out
    assert re.search(
        r"LATE +nightly: due 20\d\d-\d\d-\d\d 0\d:\d\d:00 CE.?T and not run, \d+ d",
        said.replace("\n           ", " "),
    )
    assert "seawall serve --check" in said
    told = situation(stage)
    assert {one["name"]: one["kept"] for one in told["schedules"]}["nightly"] == "overdue"
    assert "LATE" in stage().out, "also where few words are said"


def test_a_citys_mistakes_do_not_hide_its_runs(stage):
    stage.impatient()
    stage("run", "light", "--yes", "green")
    stage.write("inventory/broken.yaml", "services: [\n")
    said = stage("status")
    assert said.code == 0
    assert "broken.yaml" in said.out
    assert "Light the green lamp" in said.out
    assert "seawall check" in said.out


def test_a_run_that_cannot_be_read_is_said_and_is_not_well(stage):
    stage("run", "look")
    stage.run().journal_path.write_text("rubbish\n")
    told = situation(stage)
    assert [one["standing"] for one in told["runs"]] == ["cannot be read"]
    assert told["well"] is False


@pytest.mark.parametrize("columns", [40, 60, 100])
@pytest.mark.parametrize("language", ["en", "da"])
def test_every_line_fits_the_terminal_but_for_what_is_copied(stage, monkeypatch, columns, language):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("SEAWALL_LANGUAGE", language)
    keep(stage, login=(Condition.DOWN, 240), citizen_register=(Condition.DOWN, 60))
    lines = stage("status").out.splitlines()
    assert [one for one in lines if len(one) > columns and "seawall " not in one] == []


def test_a_coordinator_reads_it_in_danish(stage, monkeypatch):
    monkeypatch.setenv("SEAWALL_LANGUAGE", "da")
    keep(stage, login=(Condition.DOWN, 240))
    said = stage("status").out
    for words in (
        "I stykker nu: 1",
        "NEDE",
        "Uden den: Ingen kan logge på",
        "Trækker med sig: ",
        "tilbage",
        "Næste: ",
    ):
        assert words in said
    assert not re.search(r"\b(down|since|left|unknown|Nobody)\b", said)


def test_status_changes_nothing(stage):
    keep(stage)
    before = stage.contents()
    stage("status")
    stage("status", "--json")
    assert stage.contents() == before


def test_seawall_alone_says_in_a_few_lines_how_the_city_is(stage):
    keep(stage, login=(Condition.DOWN, 240))
    said = stage()
    assert said.code == 0
    assert len(said.out.splitlines()) <= 14
    assert "DOWN     1: Login" in said.out
    assert "Next: seawall plan postgres-failover service=login" in said.out


def test_seawall_alone_without_a_city_shows_the_help_and_how_to_begin(stage, monkeypatch, tmp_path):
    monkeypatch.delenv("SEAWALL_CITY")
    monkeypatch.chdir(tmp_path)
    said = stage()
    assert said.code == 0
    assert said.out.rstrip().endswith("Next: seawall init DIR\n  or: seawall demo")
    assert "\nNow:\n" in said.out
    assert stage("status").code == 2


def test_seawall_alone_with_a_city_that_is_none_says_so(stage, monkeypatch):
    monkeypatch.setenv("SEAWALL_CITY", "/nowhere")
    said = stage()
    assert said.code == 2
    assert "seawall init" in said.err


def test_every_command_stands_in_a_panel(capsys):
    run_command_line(["--help"])
    text = capsys.readouterr().out
    assert [one for one in ("Now:", "Prepare:", "Drill:") if one not in text] == []
    assert f"{MORE}:" not in text
    names = [name for names in PANELS.values() for name in names]
    assert len(names) == len(set(names))
    assert max(map(len, names)) == LONGEST


@pytest.fixture
def watcher(stage):
    """`seawall watch` as a program of its own, on the stage's city; interrupted at the end."""
    services = stage.city / "inventory" / "services.yaml"
    services.write_text(services.read_text() + "  kiosk: {title: Kiosk}\n")
    log = stage.city / "watch.log"
    with log.open("w") as out:
        program = subprocess.Popen(
            [sys.executable, "-m", "tests.console.terminal.stage", str(stage.lamps), "watch"],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    yield program, log
    program.kill()
    program.wait(ENDS_WITHIN)


def until(holds, within=ENDS_WITHIN):
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_watcher_keeps_what_it_sees_and_ends_cleanly(stage, watcher, how):
    program, log = watcher
    until(lambda: conditions(situation(stage))["login"] == "up")
    assert is_held(watch_lock(stage.city / "runs"))
    told = situation(stage)
    assert told["watcher"]["by"] == "anna"
    second = stage("watch")
    assert second.code == 3
    assert "held by process" in second.err
    program.send_signal(how)
    assert program.wait(ENDS_WITHIN) == 0
    said = log.read_text()
    assert "Not watched, for no probe says how: kiosk." in said
    assert "Traceback" not in said
    assert not is_held(watch_lock(stage.city / "runs"))


@pytest.mark.slow
def test_a_watcher_tells_when_somebody_freezes_and_when_it_is_lifted(stage, watcher):
    _, log = watcher
    stage.without_places()
    until(lambda: "login is up" in log.read_text())
    assert stage("freeze", "--why", "water", "--as", "commander").code == 0
    until(lambda: "FROZEN by commander" in log.read_text())
    assert stage("thaw", "--why", "dry", "--as", "commander").code == 0
    until(lambda: "THAWED by commander" in log.read_text())
    assert log.read_text().count("FROZEN") == 1


@pytest.mark.slow
def test_a_watcher_reads_the_inventory_again_when_it_changes(stage, watcher):
    _, log = watcher
    until(lambda: "login is up" in log.read_text())
    services = stage.city / "inventory" / "services.yaml"
    services.write_text(
        services.read_text()
        + "  new-one: {title: New, probe: {read: 'https://post.city.example', every: 1s}}\n"
    )
    until(lambda: "new-one is up" in log.read_text())
    services.write_text(services.read_text() + "  broken: [\n")
    until(lambda: "Going on with the inventory as it was read before." in log.read_text())


@pytest.mark.slow
def test_a_watcher_lays_a_damaged_file_aside(stage):
    path = sightings_path(stage.city / "runs")
    path.parent.mkdir(parents=True)
    path.write_text("{")
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.console.terminal.stage", str(stage.lamps), "watch"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        until(lambda: conditions(situation(stage))["login"] == "up")
    finally:
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=ENDS_WITHIN)
    assert Path(path.with_suffix(".damaged")).read_text() == "{"
    assert b"laid aside" in b" ".join(said.split())
