"""Every run once and in order, whatever the clocks did; and what is remembered never outlives the file it came from."""

from __future__ import annotations

import doctest
import os
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.web import archive as archive_module
from console.web import asked, entries, figures, rim
from console.web.archive import Archive, Wanted
from console.web.entries import End, Kind
from seawall.journal import FIRST, Ended, Event, Outcome, line_for
from seawall.plan import canonical
from tests.examples import examples
from tests.seawall.report import stories

PLAN = stories.move()
CONTENT = canonical(PLAN.model_dump(mode="json"))
NIGHT = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
"""The night in which clocks in Copenhagen go back: 01:00 UTC is 03:00 and then 02:00 there."""


@pytest.mark.parametrize("module", [asked, entries, figures, rim], ids=lambda one: one.__name__)
def test_what_docstrings_show_is_so(module):
    assert doctest.testmod(module).failed == 0


def nobody(_about: Sequence[str]) -> tuple[str, ...]:
    return ()


def keep(runs: Path, number: int, at: datetime, *, hours_ahead: int) -> str:
    """Keep a run without waiting for the disk; its name carries the time of a clock so many hours ahead."""
    name = f"{at + timedelta(hours=hours_ahead):%Y-%m-%d-%H%M}-move-{number:03}"
    opened = stories.opened(PLAN).model_copy(update={"at": at, "run": name})
    events: list[Event] = [opened, Ended(at=at + timedelta(minutes=1), outcome=Outcome.DONE)]
    folder = runs / name
    folder.mkdir(parents=True)
    (folder / "plan.json").write_bytes(CONTENT)
    write(folder / "journal.jsonl", events)
    return name


def write(journal: Path, events: Sequence[Event]) -> None:
    lines, last = [], FIRST
    for n, event in enumerate(events, 1):
        line = line_for(event, n=n, prev=last)
        lines.append(line.model_dump_json() + "\n")
        last = line.hash
    journal.write_text("".join(lines))


def copenhagen(at: datetime) -> int:
    return 2 if at < datetime(2026, 10, 25, 1, tzinfo=UTC) else 1


@given(
    minutes=st.lists(st.integers(0, 400), max_size=25),
    most=st.integers(1, 7),
    at_most=st.integers(3, 12),
)
@examples(40)
def test_the_pages_together_are_every_run_once_newest_first(minutes, most, at_most):
    folder = Path(tempfile.mkdtemp())
    looked_at, archive_module.LOOKED_AT = archive_module.LOOKED_AT, at_most
    try:
        runs = folder / "runs"
        kept = [
            (at := NIGHT + timedelta(minutes=one), keep(runs, n, at, hours_ahead=copenhagen(at)))
            for n, one in enumerate(minutes)
        ]
        archive = Archive(runs, folder / "drills")
        seen: list[str] = []
        wanted: Wanted | None = Wanted()
        while wanted is not None:
            leaf = archive.leaf(wanted, nobody, most=most)
            seen += [one.id for one in leaf.entries]
            assert len(leaf.entries) <= most
            assert len(seen) <= len(kept)
            wanted = Wanted(before=leaf.older) if leaf.older else None
        assert seen == [name for _, name in sorted(kept, key=lambda one: (-one[0].timestamp(), one[1]))]
    finally:
        archive_module.LOOKED_AT = looked_at
        shutil.rmtree(folder)


def test_a_filter_that_fits_little_is_answered_a_part_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "LOOKED_AT", 10)
    for n in range(25):
        keep(tmp_path / "runs", n, NIGHT + timedelta(hours=5 * n), hours_ahead=2)
    archive = Archive(tmp_path / "runs", tmp_path / "drills")
    wanted = Wanted(end=End.OPEN)
    parts: list[int | None] = []
    while len(parts) < 5:
        leaf = archive.leaf(wanted, nobody)
        parts.append(leaf.looked_at)
        assert leaf.entries == ()
        if leaf.older is None:
            break
        wanted = Wanted(end=End.OPEN, before=leaf.older)
    assert parts == [10, 10, None]


@pytest.fixture
def settled(tmp_path: Path) -> tuple[Archive, Path]:
    """An archive that remembers a run which ended an hour ago, and its folder."""
    name = keep(tmp_path / "runs", 0, NIGHT, hours_ahead=2)
    folder = tmp_path / "runs" / name
    grow_old(folder)
    archive = Archive(tmp_path / "runs", tmp_path / "drills")
    assert archive.entry(folder).end is End.WELL
    assert archive.entry(folder) is archive.entry(folder)
    return archive, folder


def grow_old(folder: Path, hours: int = 1) -> None:
    for path in folder.iterdir():
        then = path.stat().st_mtime - hours * 3600
        os.utime(path, (then, then))


@pytest.mark.parametrize("same_time", [True, False])
def test_an_entry_whose_journal_changed_is_read_again(settled, same_time):
    archive, folder = settled
    journal = folder / "journal.jsonl"
    before = journal.stat()
    write(journal, [stories.opened(PLAN), Ended(at=stories.at(1), outcome=Outcome.FAILED)])
    if same_time:
        os.utime(journal, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert archive.entry(folder).end is End.NOT_WELL


def test_an_entry_whose_journal_was_replaced_by_one_of_the_same_size_and_time_is_read_again(settled):
    archive, folder = settled
    journal = folder / "journal.jsonl"
    before = journal.stat()
    other = folder / "other"
    other.write_bytes(b"x" * before.st_size)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(journal)
    assert archive.entry(folder).end is End.UNREADABLE


def test_an_entry_whose_plan_changed_is_read_again(settled):
    archive, folder = settled
    assert "service:login" in archive.entry(folder).about
    (folder / "plan.json").write_bytes(CONTENT.replace(b"login", b"other"))
    assert "service:other" in archive.entry(folder).about


def test_what_was_written_just_now_is_not_remembered(tmp_path):
    name = keep(tmp_path / "runs", 0, NIGHT, hours_ahead=2)
    archive = Archive(tmp_path / "runs", tmp_path / "drills")
    folder = tmp_path / "runs" / name
    assert archive.entry(folder) is not archive.entry(folder)


def test_a_run_that_has_not_ended_is_never_remembered(settled):
    archive, folder = settled
    write(folder / "journal.jsonl", [stories.opened(PLAN)])
    grow_old(folder)
    assert archive.entry(folder).end is End.OPEN
    assert archive.entry(folder) is not archive.entry(folder)


def test_no_more_is_remembered_than_there_is_room_for(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "REMEMBERED", 3)
    folders = [
        tmp_path / "runs" / keep(tmp_path / "runs", n, NIGHT + timedelta(hours=n), hours_ahead=2)
        for n in range(6)
    ]
    for folder in folders:
        grow_old(folder)
    archive = Archive(tmp_path / "runs", tmp_path / "drills")
    archive.remember()
    oldest, *_, newest = folders
    assert archive.entry(oldest) is archive.entry(oldest)
    assert archive.leaf(Wanted(), nobody).entries[0].id == newest.name


def test_a_name_that_is_no_runs_is_not_listed(tmp_path):
    runs = tmp_path / "runs"
    keep(runs, 0, NIGHT, hours_ahead=2)
    for name in (
        ".new-2026-10-25-0230-move-k3",
        "lost+found",
        "2026-10-25-0230",
        "2026-10-25-0230-MOVE",
        "claims",
    ):
        (runs / name).mkdir()
    (runs / "2026-10-25-0230-file-k3").write_text("")
    archive = Archive(runs, tmp_path / "drills")
    assert len(archive.leaf(Wanted(), nobody).entries) == 1
    assert archive.leaf(Wanted(kind=Kind.DRILL), nobody).entries == ()
