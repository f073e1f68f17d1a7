"""Who says that a person's own step is done, or what happened to one in doubt: a role, and the word of another is told.

Everybody here has a key that the trust root of the lab names.
"""

from __future__ import annotations

import dataclasses
import json
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drills.lab.layout import LabLayout
from drills.lab.people import keys_of, make_people
from seawall.errors import ExitCode
from seawall.inbox import put
from seawall.journal import Answered, Asked
from seawall.journal_file import read_journal
from seawall.loading import load_inventory
from tests.end_to_end.cities import GENEROUS, write_city_of_stories
from tests.end_to_end.scene import LIMIT, Scene, outcome, until

pytestmark = pytest.mark.lab

DYING = [sys.executable, "-m", "tests.end_to_end.dying"]
RUNBOOK = """\
runbook: leave-a-mark
title: {en: Leave a mark, da: Sæt et mærke}
why: {en: To see who may say so, da: For at se hvem der må sige det}
parameters:
  host: {type: host}
confirm: "{{ host }}"
steps:
  - id: mark
    does: {en: Leave a mark on the machine, da: Sæt et mærke på maskinen}
    uses: ssh.run
    with: {host: "{{ host }}", command: touch mark}
    approve: {by: incident-commander, within: 10m, requester_may: true}
    no_way_back: {en: It stays, da: Det bliver}
    within: 5s
  - id: ring
    after: [mark]
    does: {en: Ring the hall, da: Ring til hallen}
    by: duty-officer
    within: 15m
"""


@pytest.fixture
def scene(lab: LabLayout, tmp_path: Path) -> Iterator[Scene]:
    city = tmp_path / "city"
    write_city_of_stories(lab, city, GENEROUS)
    (city / "runbooks" / "leave-a-mark.yaml").write_text(RUNBOOK, encoding="utf-8")
    (tmp_path / "said").mkdir()
    inventory = load_inventory(city)
    trust = {"SEAWALL_TRUST": str(make_people(lab.folder, inventory.people))}
    there = Scene(lab, city, inventory, tmp_path / "said", trust)
    yield there
    for command in there.commands:
        if command.process.poll() is None:
            command.kill()


def as_whom(scene: Scene, person: str) -> Scene:
    """The same lab, at the terminal of somebody else, with their own key."""
    key = {"SEAWALL_AS": person, "SEAWALL_KEY": str(keys_of(scene.lab.folder) / person)}
    return dataclasses.replace(scene, more={**scene.more, **key})


def refused(scene: Scene, person: str, *words: str) -> str:
    """Say something to a run that does not count, and return what is said to that."""
    said = as_whom(scene, person).seawall(*words)
    assert said.code == ExitCode.BAD_INPUT, said.all
    return " ".join(said.err.split())


def heard(scene: Scene, person: str, *words: str) -> None:
    said = as_whom(scene, person).seawall(*words)
    assert said.code == ExitCode.DONE, said.all


def test_a_doubt_and_a_persons_own_step_are_settled_by_a_role_and_the_word_of_another_is_told(scene: Scene):
    engineer = as_whom(scene, "second-on-call")
    before = scene.known()
    words = ("run", "leave-a-mark", "host=north-db", "--exercise", "--yes", "north-db")
    command = engineer.begin(*words, program=[*DYING, "0", "started", "mark"])
    run = scene.opened(before, command)
    scene.wait_until_asked(run, "mark")
    heard(scene, "commander", "approve", run.id, "mark", "--yes", "mark")
    assert command.process.wait(LIMIT) == -signal.SIGKILL, command.out.read_text()

    command = engineer.begin("resume", run.id)
    scene.wait_for(run, lambda one: isinstance(one, Asked) and one.what == "doubt")
    # Whoever asked for the run has a key, and had no say in whether the step may be carried out.
    happened = ("answer", run.id, "mark", "happened", "--why", "the mark is there")
    told = refused(scene, "second-on-call", *happened)
    assert "second-on-call is not incident-commander, who says how mark went" in told
    assert "commander (telephone +45 00 00 00 01), deputy-commander (telephone +45 00 00 00 02)" in told
    # Laid there past the command, it is put aside by whoever drives the run, and told to whoever looks.
    put(run, Answered(at=datetime.now(UTC), step="mark", by="dr-manager", answer="happened", why="surely"))
    until(lambda: list((run.inbox_path / "refused").glob("*.why.txt")), "a word put aside")
    shown = " ".join(engineer.seawall("show", run.id).out.split())
    for part in (
        "Said, and does NOT count",
        "dr-manager: that mark happened",
        "it is typed, and here it is signed",
    ):
        assert part in shown
    assert "who may say that it happened: commander (telephone +45 00 00 00 01)" in shown
    (aside,) = json.loads(engineer.seawall("show", run.id, "--json").out)["put_aside"]
    assert (aside["by"], aside["wanted"]) == ("dr-manager", True)
    heard(scene, "commander", *happened)

    scene.wait_until_asked(run, "ring")
    done = ("answer", run.id, "ring", "done", "--why", "spoke to the porter")
    told = refused(scene, "commander", *done)
    assert "commander is not duty-officer, whose step it is" in told
    assert "who may: duty-officer, second-on-call" in told
    heard(scene, "second-on-call", *done)
    ended = command.ended()
    assert (ended.code, outcome(run)) == (ExitCode.DONE, "done"), ended.all
    assert "dr-manager: that mark happened" in ended.out
    answers = [(one.by, one.step) for one in read_journal(run.journal_path) if isinstance(one, Answered)]
    assert answers == [("commander", "mark"), ("second-on-call", "ring")]
