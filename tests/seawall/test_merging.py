"""Runs brought home: as they are, once, marked, and never over another."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seawall.go_bag.merging import Came, Merged, merge, runs_at
from seawall.imported import imported
from seawall.journal import Ended, Event, Outcome, Resumed
from seawall.journal_file import read_journal
from seawall.run_folder import RunFolder, create_run
from seawall.run_list import summary_of
from tests.seawall.plans import a_change, a_plan

NIGHT = datetime(2026, 11, 22, 3, 12, tzinfo=UTC)
MORNING = NIGHT + timedelta(hours=6)
PLAN = a_plan(a_change("fence"))
END = Ended(at=NIGHT + timedelta(minutes=3), outcome=Outcome.DONE)


@pytest.fixture
def there(tmp_path: Path) -> Callable[..., RunFolder]:
    """Carry a run out elsewhere."""

    def carried_out(*events: Event) -> RunFolder:
        run = create_run(tmp_path / "there" / "runs", PLAN, by="anna", version="0", now=NIGHT)
        with run.journal("anna") as journal:
            journal.append(events or (END,))
        return run

    return carried_out


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home" / "runs"


def brought(run: RunFolder, home: Path, *, city: str = PLAN.city) -> Merged:
    return merge(run, home, city=city, by="bo", source="the stick", now=MORNING)


def problem(run: RunFolder, home: Path) -> str:
    """Why it is refused, having seen that it left nothing behind and says all three parts."""
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    merged = brought(run, home)
    assert merged.came is Came.REFUSED
    assert merged.problem is not None
    assert merged.problem.where
    assert merged.problem.remedy
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before
    return merged.problem.problem


def test_a_run_comes_as_it_is_with_its_own_times_and_says_that_it_was_brought(there, home):
    run = there()
    assert brought(run, home) == Merged(run.id, Came.MERGED)
    ours = RunFolder(home, run.id)
    assert ours.journal_path.read_bytes() == run.journal_path.read_bytes()
    assert ours.plan == PLAN
    summary, how = summary_of(ours), imported(ours.path)
    assert (summary.opened_at, summary.ended_at, summary.imported_at) == (NIGHT, END.at, MORNING)
    assert how is not None
    assert (how.by, how.source) == ("bo", "the stick")


def test_a_second_time_it_is_here_already_and_nothing_changes(there, home):
    run = there()
    brought(run, home)
    before = (home / run.id / "imported.json").read_bytes()
    assert brought(run, home).came is Came.HERE
    assert (home / run.id / "imported.json").read_bytes() == before


def test_what_was_carried_out_here_is_never_marked_as_brought(there):
    run = there()
    assert imported(run.path) is None
    assert brought(run, run.runs).came is Came.HERE
    assert imported(run.path) is None


def test_another_run_of_the_same_name_is_refused_and_the_line_named(there, home, tmp_path):
    run = there()
    shutil.copytree(run.path, home / run.id)
    other = RunFolder(tmp_path / "other", run.id)
    shutil.copytree(run.path, other.path)
    lines = other.journal_path.read_text().splitlines(keepends=True)
    other.journal_path.write_text(lines[0])
    with other.journal() as journal:
        journal.append([Resumed(at=NIGHT, by="eve"), END])
    assert problem(other, home) == "another run of this name is here already: their journals part at line 2"


def test_a_line_that_was_changed_is_refused(there, home):
    run = there()
    run.journal_path.write_text(run.journal_path.read_text().replace('"done"', '"failed"'))
    assert problem(run, home) == "line 2 was changed after it was written"


def test_a_plan_that_was_changed_is_refused(there, home):
    run = there()
    path = run.path / "plan.json"
    path.write_text(path.read_text().replace("fence", "fense"))
    assert problem(run, home) == "the plan was changed after the run was opened"


def test_a_run_that_is_still_open_stays_where_it_can_be_taken_up_again(there, home):
    run = there(Resumed(at=NIGHT, by="anna"))
    assert problem(run, home) == "it has not ended, and could be taken up again there"


def test_a_run_that_somebody_carries_out_is_let_alone(there, home):
    run = there()
    with run.journal("anna"):
        assert problem(run, home) == "it is being carried out"


def test_a_run_of_another_city_is_refused(there, home):
    merged = brought(there(), home, city="skovby")
    assert merged.problem is not None
    assert merged.problem.problem == f"it was carried out for the city {PLAN.city}, and this is skovby"


def test_a_run_under_another_name_is_refused(there, home):
    run = there()
    other = RunFolder(run.runs, f"{run.id}x")
    run.path.rename(other.path)
    assert problem(other, home) == f"its journal is that of the run {run.id}"


@pytest.mark.parametrize("name", ["x", "..", "2026-11-22-0312-../x", "2026-11-22-0312-X"])
def test_a_folder_that_is_no_runs_is_refused(there, home, name):
    run = there()
    assert problem(RunFolder(run.runs, name), home) == "this is no run's folder"


def test_a_link_to_a_run_is_refused(there, home, tmp_path):
    run = there()
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / run.id).symlink_to(run.path)
    assert problem(RunFolder(tmp_path / "links", run.id), home) == "this is no run's folder"


def test_a_journal_that_is_gone_is_a_refusal_and_no_traceback(there, home):
    run = there()
    run.journal_path.unlink()
    assert "the disk refused" in problem(run, home)


def test_what_a_power_cut_left_behind_the_last_line_is_left_there(there, home):
    run = there()
    whole = run.journal_path.read_bytes()
    run.journal_path.write_bytes(whole + b'{"n":3,"pre')
    assert brought(run, home).came is Came.MERGED
    assert (home / run.id / "journal.jsonl").read_bytes() == whole
    assert isinstance(read_journal(home / run.id / "journal.jsonl")[-1], Ended)


def test_runs_are_found_in_their_folder_around_it_and_one_by_one(there, tmp_path):
    first, second = there(), there()
    for place in (first.runs, first.runs.parent):
        assert {one.id for one in runs_at(place)} == {first.id, second.id}
    assert [one.id for one in runs_at(first.path)] == [first.id]


def test_nothing_half_brought_is_ever_seen(there, home):
    run = there()
    brought(run, home)
    assert [one.name for one in home.iterdir()] == [run.id]
    assert json.loads((home / run.id / "imported.json").read_bytes())["format"] == 1
