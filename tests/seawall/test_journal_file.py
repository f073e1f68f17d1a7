"""The journal on disk: one writer, nothing half believed, a torn end set aside, and erasing."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seawall.errors import BadInput, Busy, JournalError, Tampered
from seawall.journal import Ended, Event, Journal, Opened, Outcome, Started, Succeeded
from seawall.journal_file import (
    FileJournal,
    erase,
    first_event,
    has_ended,
    is_written,
    last_event,
    read_journal,
)
from seawall.model import Text
from tests.fakes import MIDNIGHT
from tests.seawall.contracts import EVENTS, JournalContract
from tests.seawall.disks import largest_file

OPENED = Opened(
    at=MIDNIGHT,
    run="r",
    plan="0",
    runbook="move",
    title=Text(en="Move"),
    exercise=True,
    by="anna",
    version="0",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def write(path: Path, events: list[Event]) -> None:
    with FileJournal(path, by="anna") as journal:
        journal.append(events)


class TestFileJournal(JournalContract):
    @pytest.fixture
    def journal(self, path: Path) -> Iterator[Callable[[], Journal]]:
        opened: list[FileJournal] = []

        def again() -> Journal:
            for one in opened:
                one.close()  # the process before is gone
            opened.append(FileJournal(path))
            return opened[-1]

        yield again
        for one in opened:
            one.close()


class TestFullDisk:
    def test_nothing_of_what_does_not_fit_stays(self, path: Path):
        with FileJournal(path) as journal:
            journal.append(EVENTS[:1])
            size = path.stat().st_size
            with largest_file(size + 100), pytest.raises(JournalError, match="disk refused") as error:
                journal.append(EVENTS[1:])
            assert path.stat().st_size == size
            assert list(journal.events()) == EVENTS[:1]
        assert error.value.where == str(path)
        assert "resume" in error.value.remedy
        assert read_journal(path) == tuple(EVENTS[:1])

    def test_it_never_goes_on_though_there_is_room_again(self, path: Path):
        with FileJournal(path) as journal:
            journal.append(EVENTS[:1])
            with largest_file(path.stat().st_size + 100), pytest.raises(JournalError):
                journal.append(EVENTS[1:2])
            with pytest.raises(JournalError, match="since a write failed"):
                journal.append(EVENTS[2:])
        write(path, EVENTS[1:])  # the next process does
        assert read_journal(path) == tuple(EVENTS)

    def test_an_interrupted_append_is_not_followed_by_another(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        def interrupted(_handle: int) -> None:
            raise KeyboardInterrupt

        with FileJournal(path) as journal:
            with monkeypatch.context() as patched:
                patched.setattr(os, "fdatasync", interrupted)
                with pytest.raises(KeyboardInterrupt):
                    journal.append(EVENTS[:1])
            with pytest.raises(JournalError):
                journal.append(EVENTS[1:])
        read_journal(path)  # whatever is there is whole


class TestOneWriter:
    @pytest.mark.slow
    def test_a_second_writer_is_told_who_holds_it(self, path: Path):
        with FileJournal(path, by="anna"), pytest.raises(Busy) as error:
            FileJournal(path, by="bo")
        assert f"process {os.getpid()} of anna, for 0s" in error.value.problem
        assert "seawall resume" in error.value.remedy

    def test_the_next_one_comes_in_when_the_first_has_let_go(self, path: Path):
        FileJournal(path).close()
        FileJournal(path).close()

    @pytest.mark.slow
    def test_a_killed_writer_holds_nothing(self, path: Path):
        program = (
            "import sys, pathlib; from seawall.journal_file import FileJournal;"
            "j = FileJournal(pathlib.Path(sys.argv[1]), by='anna'); print('held', flush=True); sys.stdin.read()"
        )
        writer = subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"held\n"
            assert is_written(path)
            with pytest.raises(Busy, match=f"process {writer.pid} of anna"):
                FileJournal(path)
        finally:
            writer.kill()
            writer.communicate(timeout=10)
        assert not is_written(path)
        FileJournal(path).close()

    def test_a_viewer_who_looks_whether_it_is_held_turns_no_writer_away(self, path: Path):
        write(path, EVENTS)
        viewer = os.open(path.with_suffix(".lock"), os.O_RDONLY)
        fcntl.flock(viewer, fcntl.LOCK_SH)  # as a viewer does, for an instant
        gone = threading.Timer(0.02, os.close, [viewer])
        gone.start()
        FileJournal(path).close()
        gone.join(timeout=10)

    def test_viewers_read_while_it_is_written(self, path: Path):
        with FileJournal(path) as journal:
            journal.append(EVENTS[:2])
            with path.open("ab") as other:
                other.write(b'{"n":3,"prev":"')  # as seen in the middle of an append
            assert read_journal(path) == tuple(EVENTS[:2])
            assert is_written(path)


class TestTornEnd:
    def test_it_is_set_aside_and_the_run_goes_on(self, path: Path):
        write(path, EVENTS)
        whole = path.read_bytes()
        path.write_bytes(whole[:-7])
        with FileJournal(path) as journal:
            assert list(journal.events()) == EVENTS[:2]
            journal.append(EVENTS[2:])
        assert read_journal(path) == tuple(EVENTS)
        torn = path.with_suffix(".torn").read_bytes()
        assert torn == whole.splitlines(keepends=True)[2][:-7] + b"\n"

    def test_a_viewer_changes_nothing(self, path: Path):
        write(path, EVENTS)
        path.write_bytes(path.read_bytes()[:-7])
        before = path.read_bytes()
        read_journal(path)
        assert path.read_bytes() == before

    def test_what_was_changed_is_not_opened(self, path: Path):
        write(path, EVENTS)
        path.write_bytes(path.read_bytes().replace(b"fence", b"fence2", 1))
        with pytest.raises(Tampered):
            FileJournal(path)
        assert not is_written(path)


class TestErase:
    def test_the_line_is_gone_and_the_chain_still_verifies(self, path: Path):
        write(path, [OPENED, *EVENTS])
        erase(path, 3)
        assert read_journal(path) == (OPENED, EVENTS[0], EVENTS[2])
        assert "æøå".encode() not in path.read_bytes()
        assert [one.name for one in path.parent.iterdir() if one.name.startswith(".")] == []
        FileJournal(path).close()

    def test_a_run_that_goes_on_is_not_erased_from(self, path: Path):
        write(path, [OPENED, *EVENTS[:2]])
        with pytest.raises(JournalError, match="not ended"):
            erase(path, 2)

    @pytest.mark.parametrize("n", [-1, 0, 1, 4, 5])
    def test_what_the_run_is_and_how_it_ended_stays(self, path: Path, n: int):
        write(path, [OPENED, *EVENTS])
        with pytest.raises(BadInput, match="a line from 2 to 3"):
            erase(path, n)

    @pytest.mark.slow
    def test_it_waits_its_turn(self, path: Path):
        write(path, [OPENED, *EVENTS])
        with FileJournal(path), pytest.raises(Busy):
            erase(path, 2)

    def test_a_journal_with_gaps_that_has_not_ended_is_not_carried_on(self, path: Path):
        """Somebody who erases a start would have it made again."""
        write(path, [OPENED, *EVENTS])
        erase(path, 2)
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
        with pytest.raises(JournalError, match="erased though the run has not ended"):
            FileJournal(path)


class TestEnds:
    def test_the_first_and_the_last_event_are_read_without_the_rest(self, path: Path):
        long = Succeeded(at=MIDNIGHT, step="a", attempt=1, seen={"x": "y" * 100_000}, summary="")
        write(path, [OPENED, long])
        assert first_event(path) == OPENED
        assert last_event(path) == long
        write(path, [Ended(at=MIDNIGHT, outcome=Outcome.DONE)])
        assert has_ended(path)

    def test_a_torn_end_is_not_the_last_event(self, path: Path):
        write(path, [OPENED, *EVENTS])
        path.write_bytes(path.read_bytes()[:-3])
        assert last_event(path) == EVENTS[1]
        assert not has_ended(path)

    def test_of_an_empty_journal_there_is_none(self, path: Path):
        path.touch()
        assert last_event(path) is None
        with pytest.raises(JournalError, match="does not begin with how the run was opened"):
            first_event(path)

    @pytest.mark.parametrize("content", [b"not a journal\n", b"\x00" * 50_000 + b"\n", b"\n\n\n"])
    def test_what_is_no_journal_is_refused(self, path: Path, content: bytes):
        path.write_bytes(content)
        for reading in (first_event, last_event, read_journal, FileJournal):
            with pytest.raises(JournalError):
                reading(path)

    def test_a_journal_that_is_not_there_is_said_to_be_not_there(self, path: Path):
        for reading in (first_event, last_event, read_journal):
            with pytest.raises(JournalError, match="No such file"):
                reading(path)


def test_only_the_owner_may_read_it(path: Path):
    write(path, EVENTS)
    path.write_bytes(path.read_bytes()[:-7])
    write(path, EVENTS[2:])
    for one in path.parent.iterdir():
        assert stat.S_IMODE(one.stat().st_mode) == 0o600, one


def test_a_whole_wave_of_steps_is_one_write_and_one_flush(path: Path, monkeypatch: pytest.MonkeyPatch):
    made: list[str] = []
    write_, flush = os.write, os.fdatasync

    def counted_write(handle: int, content: bytes) -> int:
        made.append("write")
        return write_(handle, content)

    def counted_flush(handle: int) -> None:
        made.append("flush")
        flush(handle)

    with FileJournal(path) as journal:
        monkeypatch.setattr(os, "write", counted_write)
        monkeypatch.setattr(os, "fdatasync", counted_flush)
        journal.append([Started(at=MIDNIGHT, step=f"s{n}", attempt=1, until=MIDNIGHT) for n in range(32)])
    assert made == ["write", "flush"]
