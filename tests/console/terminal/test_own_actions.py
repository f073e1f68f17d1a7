"""The city's own actions from a terminal: listed, read and signed by somebody, and refused when they changed since."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from seawall.errors import ExitCode
from tests.console.terminal.conftest import Stage
from tests.seawall.test_own_actions import GOOD

RUNBOOK = """\
runbook: pause
title: {en: Pause the letters, da: Sæt brevene på pause}
why: {en: They must wait, da: De skal vente}
parameters: {note: {type: text, default: none}}
steps:
  - id: pause
    does: {en: Pause, da: Pause}
    uses: own.pause-queue
    with: {queue: letters}
"""


@pytest.fixture
def actions(stage: Stage) -> Path:
    folder = stage.city / "actions"
    folder.mkdir()
    (folder / "queue.yaml").write_text(GOOD)
    (stage.city / "runbooks").mkdir(exist_ok=True)
    (stage.city / "runbooks" / "pause.yaml").write_text(RUNBOOK)
    return folder / "queue.yaml"


def review(stage, *more: str):
    return stage("action", "review", "actions/queue.yaml", "--as", "dr-manager", *more, "--city", stage.city)


def test_what_nobody_reviewed_is_a_mistake_of_check_and_of_a_plan(stage, actions):
    checked = stage("check", "--city", stage.city)
    assert checked.code == ExitCode.BAD_INPUT
    assert "actions/queue.yaml:2:1: this file has been reviewed by nobody" in " ".join(checked.out.split())
    assert stage("plan", "pause", "--city", stage.city).code == ExitCode.BAD_INPUT
    listed = json.loads(stage("action", "list", "--own", "--json", "--city", stage.city).out)["actions"]
    assert {one["name"]: one["withheld"] for one in listed} == dict.fromkeys(
        ("own.go-on-queue", "own.pause-queue", "own.queue-is-paused"), "has been reviewed by nobody"
    )


def test_a_review_shows_every_word_and_is_signed_by_typing_the_files_name(stage, actions):
    before = actions.read_text()
    refused = review(stage, "--yes", "letters")
    assert (refused.code, actions.read_text()) == (ExitCode.BAD_INPUT, before)
    signed = review(stage, "--yes", "queue")
    assert signed.code == ExitCode.DONE
    for words in ("/usr/local/bin/queue pause '{queue}'", "queue: name", "queue-is-paused", "CHANGES"):
        assert words in signed.out
    assert re.match(
        r"# How the .*\nreviewed_by: dr-manager\non: \d{4}-\d\d-\d\d\ndigest: [0-9a-f]{64}\nactions:\n",
        actions.read_text(),
    )
    assert stage("check", "--city", stage.city).code == ExitCode.DONE
    assert stage("plan", "pause", "--city", stage.city).code == ExitCode.DONE
    assert "Reviewed as it stands, by dr-manager" in review(stage).out


def test_what_changed_after_its_review_is_read_again_and_the_new_review_takes_the_place_of_the_old(
    stage, actions
):
    review(stage, "--yes", "queue")
    actions.write_text(actions.read_text().replace("limit: 10s", "limit: 20s"))
    checked = stage("check", "--city", stage.city)
    assert "was changed after dr-manager reviewed it" in " ".join(checked.out.split())
    assert stage("plan", "pause", "--city", stage.city).code == ExitCode.BAD_INPUT
    assert review(stage, "--yes", "queue").code == ExitCode.DONE
    assert actions.read_text().count("reviewed_by:") == 1
    assert stage("plan", "pause", "--city", stage.city).code == ExitCode.DONE


def test_only_a_person_of_the_inventory_can_have_reviewed_it(stage, actions):
    said = stage("action", "review", actions, "--as", "somebody", "--yes", "queue", "--city", stage.city)
    assert said.code == ExitCode.BAD_INPUT
    assert "no person of the inventory" in said.err


def test_a_file_that_is_not_there_is_named_with_those_that_are(stage, actions):
    said = stage("action", "review", "actions/queues.yaml", "--as", "dr-manager", "--city", stage.city)
    assert said.code == ExitCode.BAD_INPUT
    assert "actions/queue.yaml" in said.err


def test_the_librarys_actions_are_listed_too_and_found_by_word(stage):
    out = stage("action", "list", "balancer", "--city", stage.city).out
    assert "balancer.point" in out
    assert "email.send" not in out


def test_a_command_to_copy_is_quoted(stage, actions):
    review(stage, "--yes", "queue")
    said = stage("plan", "pause", "note=a; reboot", "--city", stage.city)
    assert said.code == ExitCode.DONE
    assert "seawall run pause 'note=a; reboot'" in said.out
