"""A run that was carried out without Prefect reaches it once, marked, with the times that Prefect can keep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seawall.go_bag.merging import Came, merge
from seawall.imported import told_prefect
from seawall.journal import Ended, Event, Failed, NotNeeded, Opened, Outcome, Settled, Started, Succeeded
from seawall.model import Text
from seawall.run_folder import RunFolder, create_run
from tests.flows.conftest import Prefect, until
from tests.seawall.plans import a_change, a_plan

if TYPE_CHECKING:
    from flows.importing import MadeCall

NIGHT = datetime(2026, 11, 1, 3, 12, tzinfo=UTC)
"""Weeks before it is imported."""
PLAN = a_plan(a_change("fence"), a_change("promote", "fence"), a_change("repoint", "promote"))


def at(seconds: float) -> datetime:
    return NIGHT + timedelta(seconds=seconds)


def started(step: str, when: float, attempt: int = 1, *, undoing: bool = False) -> Started:
    return Started(at=at(when), step=step, attempt=attempt, undoing=undoing, until=at(when + 60))


EVENTS: tuple[Event, ...] = (
    started("fence", 1),
    Succeeded(at=at(3), step="fence", attempt=1, seen=None, summary="stopped"),
    started("promote", 4),
    Failed(
        at=at(5),
        step="promote",
        attempt=1,
        error="Unreachable",
        problem="gone",
        acted=False,
        where="x",
        remedy="Look",
    ),
    started("fence", 6, undoing=True),
    Succeeded(at=at(8), step="fence", attempt=1, undoing=True, seen=None, summary="started"),
    Ended(at=at(9), outcome=Outcome.UNDONE),
)
DONE: tuple[Event, ...] = (*EVENTS[:2], Ended(at=at(4), outcome=Outcome.DONE))


def came_home(folder: Path, events: tuple[Event, ...] = EVENTS) -> RunFolder:
    run = create_run(folder / "there", PLAN, by="anna", version="0", now=NIGHT)
    with run.journal("anna") as journal:
        journal.append(events)
    merged = merge(run, folder / "home", city=PLAN.city, by="bo", source="the stick", now=datetime.now(UTC))
    assert merged.came is Came.MERGED
    return RunFolder(folder / "home", run.id)


def now() -> datetime:
    return datetime.now(UTC)


def calls_of(events: Sequence[Event]) -> list[MadeCall]:
    from flows.importing import calls_of  # loads Prefect, and `make` need not

    return list(calls_of(events))


def tell_prefect(*words: Any) -> tuple[dict[str, str], str]:
    from flows.importing import tell_prefect

    return tell_prefect(*words)


@pytest.mark.slow  # Prefect takes two seconds to load
class TestCalls:
    """What of a journal becomes a task run."""

    def test_each_call_is_one_with_its_own_beginning_and_end(self):
        assert [(one.name, one.began, one.ended) for one in calls_of(EVENTS)] == [
            ("fence", at(1), at(3)),
            ("promote", at(4), at(5)),
            ("fence: undo", at(6), at(8)),
        ]

    def test_one_that_was_settled_later_ends_then(self):
        settled = Settled(
            at=at(9), step="fence", attempt=1, looked_at=at(8), happened=True, because="it is stopped"
        )
        (one,) = calls_of((started("fence", 1), settled))
        assert (one.ended, one.state.name) == (at(9), "Settled")

    def test_what_never_began_is_none(self):
        opened = Opened(
            at=NIGHT,
            run="r",
            plan="0",
            runbook="x",
            title=Text(en="x"),
            exercise=False,
            by="anna",
            version="0",
        )
        assert calls_of((opened, NotNeeded(at=at(1), step="fence", attempt=1, because="so"))) == []


@pytest.mark.prefect
class TestTold:
    def seen(self, prefect: Prefect, run: RunFolder, count: int) -> tuple[dict[str, Any], dict[str, Any]]:
        told = told_prefect(run.path)
        assert told is not None

        def taken_in() -> dict[str, Any] | None:
            found = prefect.tasks(told.flow_run)
            return found if len(found) == count and all(one["end_time"] for one in found.values()) else None

        tasks = until(taken_in, "the ends of all its tasks")
        return prefect.get(f"/flow_runs/{told.flow_run}"), tasks

    def test_its_calls_have_their_real_times(self, prefect, tmp_path):
        run = came_home(tmp_path)
        told, problem = tell_prefect([run], prefect.url, now)
        assert (list(told), problem) == ([run.id], "")
        _, tasks = self.seen(prefect, run, 3)
        real = {
            name: (
                datetime.fromisoformat(one["start_time"]),
                datetime.fromisoformat(one["end_time"]),
                one["state_type"],
            )
            for name, one in tasks.items()
        }
        assert real == {
            "fence": (at(1), at(3), "COMPLETED"),
            "promote": (at(4), at(5), "FAILED"),
            "fence: undo": (at(6), at(8), "COMPLETED"),
        }

    def test_the_flow_run_is_marked_and_says_the_real_times_that_prefect_does_not_keep(
        self, prefect, tmp_path
    ):
        run = came_home(tmp_path)
        tell_prefect([run], prefect.url, now)
        shown, _ = self.seen(prefect, run, 3)
        assert (shown["name"], shown["tags"]) == (run.id, ["imported"])
        assert (shown["state_type"], shown["state_name"]) == ("CANCELLED", "Imported (Undone)")
        assert "2026-11-01T03:12:00+00:00 to 2026-11-01T03:12:09+00:00" in shown["state"]["message"]
        assert datetime.fromisoformat(shown["parameters"]["began"]) == NIGHT
        assert datetime.fromisoformat(shown["expected_start_time"]) == NIGHT
        # Prefect 3.8.8 stamps a flow run's states as they arrive. When this fails, it has learnt to take them.
        assert now() - datetime.fromisoformat(shown["start_time"]) < timedelta(hours=1)

    def test_told_again_it_is_the_same_flow_run_and_the_same_tasks(self, prefect, tmp_path):
        run = came_home(tmp_path, DONE)
        first, _ = tell_prefect([run], prefect.url, now)
        before = self.seen(prefect, run, 1)
        (run.path / "imported-prefect.json").unlink()  # as when the power went before that was written down
        again, _ = tell_prefect([run], prefect.url, now)
        assert again == first
        after = self.seen(prefect, run, 1)
        assert after[1]["fence"]["start_time"] == before[1]["fence"]["start_time"]
        assert after[0]["state_id"] == before[0]["state_id"]
        found = prefect.ask("/flow_runs/filter", flow_runs={"name": {"any_": [run.id]}})
        assert len(found) == 1

    def test_nothing_of_arguments_or_of_what_was_seen_goes_there(self, prefect, tmp_path):
        run = came_home(tmp_path, DONE)
        tell_prefect([run], prefect.url, now)
        shown, tasks = self.seen(prefect, run, 1)
        assert set(shown["parameters"]) == {"run", "began", "ended"}
        assert "stopped" not in str(tasks)


@pytest.mark.prefect
def test_a_prefect_that_is_gone_is_a_reason_and_no_error(tmp_path):
    run = came_home(tmp_path)
    told, problem = tell_prefect([run], "http://127.0.0.1:9/api", now)
    assert (told, told_prefect(run.path)) == ({}, None)
    assert problem
