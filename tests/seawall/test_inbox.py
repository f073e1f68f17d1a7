"""A run's inbox on disk: words come whole, in order and once; what is no word is put aside with the reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from seawall.carrying import carry_out
from seawall.decide import Finish
from seawall.drive import Inbox
from seawall.errors import BadInput
from seawall.inbox import LONGEST, FileInbox, put
from seawall.journal import AbortAsked, Approved, Ended, Outcome, Started, Word
from seawall.run_folder import RunFolder, create_run, read_state
from tests.fakes import MIDNIGHT, SimulatedHands, SimulatedWorld
from tests.seawall.contracts import InboxContract
from tests.seawall.plans import a_change, a_plan, approved_by

YES = Approved(at=MIDNIGHT, step="fence", by="anna", how="typed")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    plan = a_plan(a_change("fence", approve=approved_by()))
    return create_run(tmp_path / "runs", plan, by="anna", version="0", now=MIDNIGHT)


class TestFileInbox(InboxContract):
    @pytest.fixture
    def inbox(self, run: RunFolder) -> Callable[[], Inbox]:
        return lambda: FileInbox(run)

    @pytest.fixture
    def put(self, run: RunFolder) -> Callable[[Word], None]:
        return lambda word: put(run, word)


def names(path: Path) -> list[str]:
    return sorted(one.name for one in path.iterdir())


def test_what_was_heard_is_kept_as_taken(run: RunFolder):
    inbox = FileInbox(run)
    put(run, YES)
    inbox.take()
    inbox.take()
    assert names(run.inbox_path) == ["taken"]
    assert len(names(run.inbox_path / "taken")) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b'{"kind":"ended"}',
        YES.model_dump_json()[:-9].encode(),
        YES.model_dump_json().encode() + b" " * LONGEST,
        b"\xff\x00",
    ],
    ids=["empty", "text", "no word of a person", "cut short", "too long", "binary"],
)
def test_what_is_no_word_is_refused_with_the_reason_and_holds_nothing_up(run: RunFolder, content: bytes):
    (run.inbox_path / "0-bad.json").write_bytes(content)
    put(run, YES)
    assert list(FileInbox(run).take()) == [YES]
    assert names(run.inbox_path / "refused") == ["0-bad.json", "0-bad.json.why.txt"]


def test_neither_a_folder_nor_a_link_is_a_word(run: RunFolder, tmp_path: Path):
    outside = tmp_path / "outside.json"
    outside.write_text(YES.model_dump_json())
    (run.inbox_path / "a.json").mkdir()
    (run.inbox_path / "b.json").symlink_to(outside)
    assert list(FileInbox(run).take()) == []
    assert outside.exists()


def test_a_word_that_is_being_written_is_not_seen(run: RunFolder):
    (run.inbox_path / ".1.json.4711").write_bytes(b'{"kind"')
    (run.inbox_path / ".2.json").write_bytes(b'{"kind"')
    assert list(FileInbox(run).take()) == []
    assert names(run.inbox_path) == [".1.json.4711", ".2.json"]


def test_nobody_says_anything_to_a_run_that_has_ended(run: RunFolder):
    with run.journal() as journal:
        journal.append([Ended(at=MIDNIGHT, outcome=Outcome.DONE)])
    with pytest.raises(BadInput, match="has ended"):
        put(run, YES)


def test_an_inbox_that_was_taken_away_is_an_empty_one(run: RunFolder):
    run.inbox_path.rmdir()
    assert list(FileInbox(run).take()) == []
    put(run, YES)
    assert list(FileInbox(run).take()) == [YES]


def test_a_stop_taken_just_before_the_power_went_still_stops_the_run(run: RunFolder):
    """Taken from the inbox, and not yet in the journal: it must not be lost between the two."""
    with run.journal() as journal:
        journal.append([Started(at=MIDNIGHT, step="fence", attempt=1, until=MIDNIGHT + timedelta(seconds=1))])
    put(run, AbortAsked(at=MIDNIGHT, by="bo", why="wrong hall", undo=False))
    FileInbox(run).take()  # and gone
    world = SimulatedWorld()
    world.clock.advance(60)
    end = carry_out(run, SimulatedHands(world), world.clock, by="anna")
    assert isinstance(end, Finish)
    assert end.outcome is Outcome.ABORTED
    assert read_state(run).abort is not None
