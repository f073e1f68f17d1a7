"""A run's folder: there whole or not at all, its plan held to its journal, a name for tired people, the list of all."""

from __future__ import annotations

import json
import re
import stat
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from seawall.errors import BadInput, JournalError, Tampered
from seawall.journal import Asked, Ended, Outcome, Resumed, Started
from seawall.plan import Plan
from seawall.run_folder import UNMISTAKABLE, RunFolder, create_run, read_state
from seawall.run_list import Standing, find_run, list_runs, summary_of
from seawall.step_state import Stand
from tests.fakes import MIDNIGHT
from tests.seawall.disks import largest_file
from tests.seawall.plans import a_change, a_plan

EVENING = datetime(2026, 11, 21, 20, 4, 59, tzinfo=ZoneInfo("Europe/Copenhagen"))
PLAN = a_plan(a_change("fence"), a_change("promote", "fence"), runbook="postgres-failover")
BEGAN = Started(at=EVENING, step="fence", attempt=1, until=EVENING + timedelta(seconds=20))
ENDED = Ended(at=EVENING + timedelta(minutes=2), outcome=Outcome.ABORTED, left=("fence",))


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def create(runs: Path, *, plan: Plan = PLAN, now: datetime = EVENING) -> RunFolder:
    return create_run(runs, plan, by="anna", version="0.1.0", now=now)


class TestCreate:
    def test_a_name_tells_when_where_the_operator_is_and_what(self, runs):
        run = create(runs)
        assert re.fullmatch(rf"2026-11-21-2004-postgres-failover-[{UNMISTAKABLE}]{{4}}", run.id)

    def test_no_two_letters_in_a_name_are_taken_for_one_another(self):
        for alike in ("0o", "1il", "2z", "5s", "8b", "uv", "mn", "gq9"):
            assert len(set(alike) & set(UNMISTAKABLE)) <= 1

    def test_thirty_runs_in_one_minute_have_names_of_their_own(self, runs):
        assert len({create(runs).id for _ in range(30)}) == 30

    def test_the_plan_is_there_and_the_journal_names_it(self, runs):
        run = create(runs)
        assert run.plan == PLAN
        state = read_state(run)
        assert state.opened is not None
        assert (state.opened.run, state.opened.plan, state.opened.by) == (run.id, PLAN.digest, "anna")
        assert state.steps["fence"].stand is Stand.WAITING

    def test_only_the_owner_may_look(self, runs):
        run = create(runs)
        for path in [runs, run.path, *run.path.iterdir()]:
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path

    def test_a_run_that_does_not_fit_on_the_disk_leaves_nothing_behind(self, runs):
        with largest_file(1000), pytest.raises(JournalError, match="disk refused"):
            create(runs)
        assert list(runs.iterdir()) == []

    def test_a_name_that_is_too_long_for_the_disk_is_an_error_like_any_other(self, runs):
        with pytest.raises(JournalError, match="File name too long"):
            create(runs, plan=PLAN.model_copy(update={"runbook": "x" * 250}))
        assert list(runs.iterdir()) == []

    def test_a_half_made_run_of_a_killed_process_is_no_run(self, runs):
        run = create(runs)
        run.path.rename(runs / f".new-{run.id}")
        assert list_runs(runs) == ()

    def test_a_place_that_cannot_be_written_is_named(self, tmp_path):
        (tmp_path / "runs").write_text("a file where the folder should be")
        with pytest.raises(JournalError) as error:
            create(tmp_path / "runs")
        assert error.value.where == str(tmp_path / "runs")


class TestTampering:
    def test_a_changed_plan_is_not_carried_out(self, runs):
        run = create(runs)
        path = run.path / "plan.json"
        path.write_bytes(path.read_bytes().replace(b"Change fence", b"Change dance"))
        for look in (lambda one: one.plan, read_state):
            with pytest.raises(Tampered, match="plan was changed after the run was opened"):
                look(RunFolder(runs, run.id))

    def test_another_plan_with_a_digest_of_its_own_is_not_either(self, runs):
        run, other = create(runs), create(runs, plan=a_plan(a_change("fence")))
        (run.path / "plan.json").write_bytes((other.path / "plan.json").read_bytes())
        with pytest.raises(Tampered):
            read_state(RunFolder(runs, run.id))

    def test_a_journal_of_another_run_does_not_fit(self, runs):
        run, other = create(runs), create(runs, plan=a_plan(a_change("fence")))
        run.journal_path.write_bytes(other.journal_path.read_bytes())
        with pytest.raises(Tampered):
            read_state(RunFolder(runs, run.id))

    def test_a_plan_of_another_version_is_said_to_be_one(self, runs):
        run = create(runs)
        content = (run.path / "plan.json").read_bytes().replace(b'"format":1', b'"format":2')
        (run.path / "plan.json").write_bytes(content)
        with pytest.raises(JournalError):
            read_state(RunFolder(runs, run.id))


class TestSummary:
    def test_of_a_run_that_was_opened_only(self, runs):
        one = summary_of(create(runs))
        assert one.standing is Standing.NOT_BEGUN
        assert (one.by, one.runbook, str(one.title), one.exercise, one.opened_at) == (
            "anna",
            "postgres-failover",
            "Move login",
            True,
            EVENING,
        )

    def test_of_one_that_is_carried_out_and_one_whose_process_died(self, runs):
        run = create(runs)
        with run.journal() as journal:
            journal.append([BEGAN])
            assert summary_of(run).standing is Standing.UNDER_WAY
        assert summary_of(run).standing is Standing.INTERRUPTED

    def test_of_one_that_waits_says_for_whom(self, runs):
        run = create(runs)
        with run.journal() as journal:
            journal.append([Asked(at=EVENING, step="fence", what="approval", of="commander", until=EVENING)])
            assert summary_of(run).standing is Standing.WAITS
        one = summary_of(run)
        assert (one.standing, one.waits_for) == (Standing.INTERRUPTED, "commander")

    def test_of_one_that_has_ended_says_how_and_what_is_left(self, runs):
        run = create(runs)
        with run.journal() as journal:
            journal.append([BEGAN, ENDED])
            one = summary_of(run)
        assert (one.standing, one.outcome, one.left) == (Standing.ENDED, Outcome.ABORTED, ("fence",))
        assert one.ended_at == ENDED.at

    def test_its_json_has_stable_keys(self, runs):
        assert list(json.loads(summary_of(create(runs)).model_dump_json())) == [
            "id",
            "runbook",
            "title",
            "exercise",
            "opened_at",
            "by",
            "standing",
            "outcome",
            "ended_at",
            "waits_for",
            "left",
            "problem",
            "imported_at",
        ]


class TestList:
    def test_it_is_empty_where_there_are_no_runs(self, runs):
        assert list_runs(runs) == ()

    def test_the_newest_comes_first_also_within_a_minute(self, runs):
        made = [create(runs, now=EVENING + timedelta(seconds=n)).id for n in range(6)]
        assert [one.id for one in list_runs(runs)] == made[::-1]
        assert [one.id for one in list_runs(runs, most=2)] == made[:-3:-1]

    def test_and_in_the_night_when_the_clock_goes_back(self, runs):
        copenhagen = ZoneInfo("Europe/Copenhagen")
        summer = create(runs, now=datetime(2026, 10, 25, 2, 50, tzinfo=copenhagen))
        winter = create(runs, now=datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=copenhagen))
        assert winter.id < summer.id
        assert [one.id for one in list_runs(runs, most=1)] == [winter.id]
        assert find_run(runs, "last").id == winter.id

    def test_one_that_cannot_be_read_says_so_and_hides_no_other(self, runs):
        good, bad = create(runs), create(runs, now=EVENING + timedelta(minutes=5))
        bad.journal_path.write_bytes(b"gone\n")
        first, second = list_runs(runs)
        assert (first.id, first.standing) == (bad.id, Standing.UNREADABLE)
        assert first.problem is not None
        assert "line 1" in first.problem
        assert (second.id, second.problem) == (good.id, None)

    def test_what_is_no_run_is_not_listed(self, runs):
        run = create(runs)
        (runs / "notes.txt").touch()
        (runs / ".claims").mkdir()
        assert [one.id for one in list_runs(runs)] == [run.id]


class TestFind:
    def test_by_its_name_by_its_beginning_and_as_the_last(self, runs):
        first, second = create(runs), create(runs, now=EVENING + timedelta(minutes=1))
        assert find_run(runs, first.id) == first
        assert find_run(runs, first.id[:15]) == first
        assert find_run(runs, "last") == second

    def test_a_whole_name_that_others_begin_with_is_that_run(self, runs):
        run = create(runs)
        (runs / f"{run.id}x").mkdir()
        assert find_run(runs, run.id) == run

    def test_a_beginning_of_several_names_them(self, runs):
        made = sorted((create(runs).id for _ in range(2)), reverse=True)
        with pytest.raises(BadInput) as error:
            find_run(runs, "2026-11-21-2004")
        assert error.value.problem == "2 runs begin so"
        assert error.value.remedy == f"Say more of the name: {', '.join(made)}"

    @pytest.mark.parametrize("words", ["2026-11-21-2004-postgres-failovr", "", "../etc", "nonsense"])
    def test_an_unknown_one_is_met_with_the_nearest(self, runs, words):
        run = create(runs)
        with pytest.raises(BadInput) as error:
            find_run(runs, words)
        assert run.id in error.value.remedy

    def test_where_there_are_none_it_says_where_it_looked(self, runs):
        with pytest.raises(BadInput, match="no runs at"):
            find_run(runs, "last")


def test_a_resumed_run_reads_back_as_one(runs):
    run = create(runs)
    with run.journal() as journal:
        journal.append([BEGAN])
    with run.journal() as journal:
        journal.append([Resumed(at=EVENING, by="bo")])
    assert read_state(run).steps["fence"].stand is Stand.IN_DOUBT
    assert MIDNIGHT < EVENING
