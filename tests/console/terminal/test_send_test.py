"""A test reaches people once, says that it is one, asks first, and leaves behind who was tried and never an address."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any

import pytest

from connectors.memory.world import OutsideInMemory
from connectors.world import real_world
from console.terminal.desk import Desk
from console.terminal.main import run_command_line
from console.terminal.surroundings import Surroundings, standing_in
from console.terminal.thinking import think
from seawall.actions import World
from seawall.channels import FILE, Tried, keep, read_channels
from seawall.errors import ExitCode
from seawall.loading import City
from seawall.run_folder import create_run
from seawall.trial_letter import TRIAL
from tests.console.terminal.conftest import Said, Stage
from tests.console.terminal.stage import Lamps

PEOPLE = """
people:
  twin: {title: Anna Tvilling, roles: [twin], email: Bo.Eksempelsen@example.dk}
  silent: {title: Nobody Atall, roles: [twin], telephone: +45 00 00 00 77}
"""


class Doctor:
    """`seawall doctor --send-test ...`, with an outside that keeps what it was handed."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stage = stage
        self.outside: OutsideInMemory | None = None
        self.now = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
        monkeypatch.setattr("console.terminal.trial_sending.PACE", 0.0)
        self.breaks: Any = lambda _outside: None

    def __call__(self, *words: str, terminal: bool = False) -> Said:
        def world(city: City) -> World:
            self.outside = OutsideInMemory.of(city.inventory)
            self.breaks(self.outside)
            return self.outside.world()

        self.stage.capsys.readouterr()
        with standing_in(Surroundings(open_world=world, now=lambda: self.now, has_terminal=lambda: terminal)):
            code = run_command_line(["doctor", "--send-test", *words])
        out, err = self.stage.capsys.readouterr()
        return Said(code, out, err)

    @property
    def letters(self) -> list[tuple[tuple[str, ...], str, str]]:
        """To whom each letter went, its subject and its body."""
        assert self.outside is not None
        read = []
        for one in self.outside.post.sent:
            mail = message_from_bytes(one.raw)
            body = mail.get_payload(decode=True)
            assert isinstance(body, bytes)
            read.append((one.recipients, str(make_header(decode_header(mail["Subject"]))), body.decode()))
        return read


@pytest.fixture
def doctor(stage, monkeypatch) -> Doctor:
    return Doctor(stage, monkeypatch)


def outcomes(said: Said) -> dict[tuple[str, str], str]:
    return {(one["whom"], one["channel"]): one["outcome"] for one in json.loads(said.out)["tests"]}


def test_each_channel_of_a_person_is_tried_once_and_says_that_it_is_a_test(doctor):
    said = doctor("duty-officer", "--yes", "--json")
    assert said.code == ExitCode.DONE
    assert outcomes(said) == {
        ("duty-officer", "telephone"): "by hand",
        ("duty-officer", "email"): "accepted",
        ("duty-officer", "slack"): "accepted",
    }
    ((to, subject, body),) = doctor.letters
    assert to == ("jens.taenktsen@example.dk",)
    (post,) = doctor.outside.workspace.posted
    assert post.channel == "U0TAENKTSEN0"
    for text in (subject, body, post.text, post.blocks[0]["text"]["text"]):
        assert text.startswith(TRIAL)
    assert "Dette er en prøve" in body
    assert "This is a test" not in body  # the person reads Danish


def test_everybody_of_an_audience_and_its_channel_is_tried(doctor):
    said = doctor("--audience", "coordinators", "--yes", "--json")
    assert outcomes(said) == {
        ("coordinators", "slack"): "accepted",
        ("coordinator", "email"): "accepted",
        ("coordinator", "telephone"): "by hand",
        ("deputy-coordinator", "email"): "accepted",
        ("deputy-coordinator", "telephone"): "by hand",
    }
    body = doctor.letters[0][2]
    assert body.index("Dette er en prøve") < body.index("This is a test")


def test_nobody_is_written_to_without_being_asked_for(doctor, monkeypatch):
    said = doctor("--role", "duty-officer")
    assert said.code == ExitCode.BAD_INPUT
    assert "--yes" in said.err
    monkeypatch.setattr("sys.stdin", Keyboard("\n"))
    said = doctor("--role", "duty-officer", terminal=True)
    assert "Nothing was sent." in said.out
    assert doctor.outside is None
    assert not (doctor.stage.city / "runs" / FILE).exists()


class Keyboard:
    """Somebody who types these lines."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)

    def readline(self) -> str:
        return self.lines.pop(0)


def test_a_yes_sends(doctor, monkeypatch):
    monkeypatch.setattr("sys.stdin", Keyboard("yes\n"))
    assert doctor("commander", terminal=True).code == ExitCode.DONE
    assert len(doctor.letters) == 1


def test_nobody_is_written_to_twice_in_one_go_or_in_ten_minutes(doctor):
    doctor.stage.write("inventory/z-more.yaml", PEOPLE)
    said = doctor("--yes", "--json")
    assert outcomes(said)["twin", "email"] == "not sent"
    addresses = [to[0].casefold() for to, _, _ in doctor.letters]
    assert len(addresses) == len(set(addresses)) == 7
    doctor.now += timedelta(minutes=9)
    again = doctor("--yes", "--json")
    assert set(outcomes(again).values()) == {"by hand", "not sent"}
    assert again.code == ExitCode.DONE
    doctor.now += timedelta(minutes=2)
    assert outcomes(doctor("commander", "--yes", "--json"))["commander", "email"] == "accepted"


def test_what_went_wrong_is_told_kept_and_not_taken_for_well(doctor):
    def breaks(outside: OutsideInMemory) -> None:
        outside.post.refuses = {"karla.opdigtet@example.dk"}
        outside.workspace.down = True

    doctor.breaks = breaks
    said = doctor("--yes", "--json")
    assert said.code == ExitCode.FAILED
    assert outcomes(said)["commander", "email"] == "refused"
    assert outcomes(said)["duty-officer", "slack"] == "unreachable"
    kept = read_channels(doctor.stage.city / "runs")
    assert [kept.last("commander", "email").outcome, kept.last("duty-officer", "slack").outcome] == [  # type: ignore[union-attr]
        "refused",
        "unreachable",
    ]


def test_what_was_refused_may_be_tried_again_at_once(doctor):
    doctor.breaks = lambda outside: outside.post.refuses.add("karla.opdigtet@example.dk")
    doctor("commander", "--yes")
    doctor.breaks = lambda _outside: None
    assert outcomes(doctor("commander", "--yes", "--json"))["commander", "email"] == "accepted"


def test_accepted_is_never_called_read(doctor):
    said = " ".join(doctor("commander", "--yes").out.split())
    assert "accepted; whether it was read is not known" in said
    assert "Accepted is not read: ask them." in said


def test_names_are_kept_and_no_address(doctor):
    said = doctor("--yes")
    content = (doctor.stage.city / "runs" / FILE).read_text()
    for person in doctor.outside.city.people.values():
        for text in (person.title, person.email, person.telephone, person.slack):
            assert text is None or text not in content + said.out + said.err
    tried = read_channels(doctor.stage.city / "runs").last("commander", "email")
    assert tried is not None
    assert (tried.by, tried.at, tried.outcome) == ("anna", doctor.now, "accepted")
    assert (doctor.stage.city / "runs" / FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("exercise", [True, False])
def test_no_test_leaves_while_a_drill_is_under_way(doctor, exercise):
    desk = Desk.at(doctor.stage.city)
    plan, _ = think(desk, World(Lamps(doctor.stage.lamps)), "blink", {}, exercise=exercise)
    run = create_run(desk.runs, plan, by="anna", version="0", now=doctor.now)
    with run.journal():
        said = doctor("commander", "--yes")
    assert said.code == (ExitCode.BAD_INPUT if exercise else ExitCode.DONE)
    assert ("is an exercise under way" in " ".join(said.err.split())) == exercise
    assert (doctor.outside is None) == exercise


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nobody"], "there is no person nobody"),
        (["--role", "king"], "there is no role king"),
        (["--audience", "all"], "there is no audience all"),
        (["commander", "--role", "duty-officer"], "or two of them"),
    ],
)
def test_whoever_is_not_there_is_not_written_to(doctor, words, said):
    refused = doctor(*words, "--yes")
    assert refused.code == ExitCode.BAD_INPUT
    assert said in " ".join(refused.err.split())
    assert doctor.outside is None


def test_whoever_has_no_channel_is_not_called_well(doctor):
    doctor.stage.write("inventory/more.yaml", PEOPLE.replace(", telephone: +45 00 00 00 77", ""))
    said = doctor("silent", "--yes", "--json")
    assert said.code == ExitCode.FAILED
    told = json.loads(said.out)
    assert told["well"] is False
    assert [(one["whom"], one["channel"], one["outcome"]) for one in told["tests"]] == [
        ("silent", None, "no channel")
    ]
    assert "cannot be reached at all" in " ".join(doctor("silent", "--yes").out.split())


def test_options_of_a_test_go_with_a_test(stage):
    for words in (["commander"], ["--role", "duty-officer"], ["--yes"]):
        said = stage("doctor", *words)
        assert said.code == ExitCode.BAD_INPUT
        assert "--send-test" in said.err


def test_a_damaged_record_stops_before_anything_is_sent(doctor):
    doctor.stage.write(f"runs/{FILE}", "{}x")
    said = doctor("commander", "--yes")
    assert said.code == ExitCode.FAILED
    assert FILE in said.err
    assert doctor.outside is None


def test_no_runbook_and_so_no_drill_can_send_a_test(stage):
    """All that tells people takes an audience, and marks what a drill says; a test is no action."""
    city = Desk.at(stage.city).city
    named = set(OutsideInMemory.of(city.inventory).world()) | set(real_world(city.inventory))
    assert {one for one in named if one.startswith(("email.", "slack."))} == {"email.send", "slack.post"}


def test_the_last_try_of_each_channel_is_kept_whoever_tries_at_once(doctor):
    runs = doctor.stage.city / "runs"
    tries = [
        Tried(whom=f"p-{n % 5}", channel="email", at=doctor.now, by=f"b-{n}", outcome="accepted")
        for n in range(40)
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: keep(runs, one), tries))
    assert [one.whom for one in read_channels(runs).tried] == [f"p-{n}" for n in range(5)]
