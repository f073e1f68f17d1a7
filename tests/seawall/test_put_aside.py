"""Whoever looks at a run is told which words to it do not count: who said them, why not, and what to do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from seawall.inbox import FileInbox, put
from seawall.journal import Answered, Approved, Ended, Event, Opened, Outcome, Skipped, Word
from seawall.plan import Plan
from seawall.put_aside import MOST, MOST_LETTERS, files_put_aside, put_aside
from seawall.run_folder import RunFolder, create_run
from seawall.state import State
from tests.fakes import MIDNIGHT
from tests.seawall.plans import a_change, a_persons, a_plan, approved_by

YES = Approved(at=MIDNIGHT, step="fence", by="gail", how="typed")
WHY = "gail is not incident-commander, who must approve fence"


def plan() -> Plan:
    return a_plan(a_change("fence", approve=approved_by()), a_persons("ring"))


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return create_run(tmp_path / "runs", plan(), by="anna", version="0", now=MIDNIGHT)


def state(run: RunFolder, *events: Event) -> State:
    of = run.plan
    opened = Opened(
        at=MIDNIGHT,
        run=run.id,
        plan=of.digest,
        runbook=of.runbook,
        title=of.title,
        exercise=of.exercise,
        by="anna",
        version="0",
    )
    return State(of, [opened, *events])


def lay_aside(run: RunFolder, word: Word, why: str) -> None:
    put(run, word)
    inbox = FileInbox(run)
    inbox.take()
    inbox.refuse(word, why)


def test_nothing_is_told_of_a_run_into_which_nobody_laid_anything(run: RunFolder):
    assert put_aside(run, state(run)) == ()


def test_who_said_which_word_when_why_it_does_not_count_and_what_to_do_is_told(run: RunFolder):
    lay_aside(run, YES, f"{WHY}.\n")
    (one,) = put_aside(run, state(run))
    assert (one.by, one.at, one.step, one.why, one.wanted) == ("gail", MIDNIGHT, "fence", WHY, True)
    assert (one.said.en, one.said.in_("da")) == ("yes to fence", "ja til fence")
    assert one.todo.en == "Put that right, or let somebody who may say it"
    assert one.todo.in_("da") == "Ret det, eller lad én, der må, sige det"
    assert one.command == f"seawall answer {run.id} fence yes --as NAME"


def test_that_a_persons_own_step_is_done_is_told_in_those_words(run: RunFolder):
    lay_aside(
        run, Answered(at=MIDNIGHT, step="ring", by="gail", answer="happened"), "gail is not duty-officer"
    )
    (one,) = put_aside(run, state(run))
    assert (one.said.en, one.wanted) == ("that ring is done", True)
    assert one.command == f"seawall answer {run.id} ring done --as NAME"


def test_what_is_not_asked_any_more_is_nothing_to_do_about(run: RunFolder):
    lay_aside(run, YES, WHY)
    yes = YES.model_copy(update={"by": "erik"})
    ended = Ended(at=MIDNIGHT, outcome=Outcome.ABORTED)
    for now in (state(run, yes), state(run, ended)):
        (one,) = put_aside(run, now)
        assert (one.wanted, one.command) == (False, None)
        assert one.todo.en == "Nothing: the run waits for no such word now"


def test_a_word_about_a_step_that_there_is_not_is_told_too(run: RunFolder):
    lay_aside(run, Skipped(at=MIDNIGHT, step="no-such-step", by="gail", why="x"), "there is no such step")
    (one,) = put_aside(run, state(run))
    assert (one.by, one.wanted) == ("gail", False)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\x00", b"not json", b"[" * 100_000], ids=["empty", "binary", "text", "large"]
)
def test_a_file_that_is_no_word_is_told_without_what_is_in_it(run: RunFolder, content: bytes):
    (run.inbox_path / "0-bad.json").write_bytes(content)
    FileInbox(run).take()
    (one,) = put_aside(run, state(run))
    assert (one.by, one.at, one.file) == (None, None, "0-bad.json")
    assert one.said.en == "a file that is no word to a run"
    assert one.why
    assert "\n" not in one.why
    assert len(one.why) <= MOST_LETTERS + 3


def test_what_is_put_aside_without_a_reason_or_points_elsewhere_is_told_all_the_same(
    run: RunFolder, tmp_path: Path
):
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    folder = run.inbox_path / "refused"
    folder.mkdir()
    (folder / "1.json").symlink_to(secret)
    (folder / "1.json.why.txt").symlink_to(secret)
    (folder / "2.json").mkdir()
    found = put_aside(run, state(run))
    assert [one.why for one in found] == ["nobody wrote down why"] * 2
    assert "a secret" not in str(found)


def test_the_last_words_are_told_of_many(run: RunFolder):
    for n in range(MOST + 3):
        lay_aside(run, YES.model_copy(update={"at": MIDNIGHT + timedelta(seconds=n)}), WHY)
    found = put_aside(run, state(run))
    assert [one.at for one in found] == [MIDNIGHT + timedelta(seconds=n) for n in range(3, MOST + 3)]


def test_what_was_put_aside_since_is_told_apart(run: RunFolder):
    lay_aside(run, YES, WHY)
    before = files_put_aside(run)
    lay_aside(run, YES.model_copy(update={"by": "hans"}), WHY)
    assert [one.by for one in put_aside(run, state(run), since=before)] == ["hans"]
