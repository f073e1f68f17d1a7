"""A run in view of Prefect: shown there as it is, and neither stopped nor slowed by what becomes of Prefect."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from flows.view import carry_out_with_prefect
from seawall.decide import Finish
from seawall.inbox import put
from seawall.journal import Answered, Approved, Asked, Ended, Event, Outcome, Resumed, Started
from seawall.plan import Approval
from seawall.run_folder import RunFolder
from seawall.state import State
from tests.flows.conftest import ROOT, Prefect, said, tell, until
from tests.flows.patience import wait_for_all_of_it, wait_for_its_beginning
from tests.flows.town import a_run, a_step, events, held, in_a_row, lines, now, town

pytestmark = pytest.mark.prefect

FUNCTIONAL = 90
"""Seconds after which a process that has nothing more to do counts as hanging; left to Prefect it takes minutes."""

NEVER = Path("/nowhere/at-all")


def ended(run: RunFolder) -> Ended | None:
    last = events(run)[-1]
    return last if isinstance(last, Ended) else None


def started(run: RunFolder, step: str) -> bool:
    return any(isinstance(one, Started) and one.step == step for one in events(run))


def test_each_step_is_one_task_named_as_it_and_shown_as_it_ended(prefect: Prefect, tmp_path: Path) -> None:
    book = tmp_path / "book"
    steps = [a_step(name, book) for name in ("dig", "plant")]
    run = a_run(
        tmp_path / "runs", [*steps, a_step("water", book, uses="town.tell-all", args={"key": "env:HOME"})]
    )

    told = said(prefect.begin(run, wait_for_all_of_it))

    flow_run, url, missed = told["view"]
    assert (told["end"], missed) == ("Finish", "")
    assert url.endswith(flow_run)
    tasks = until(lambda: len(found := prefect.tasks(flow_run)) == 3 and found, "all three tasks")
    assert {name: one["state_type"] for name, one in tasks.items()} == {
        "dig": "COMPLETED",
        "plant": "COMPLETED",
        "water": "FAILED",
    }
    assert tasks["water"]["state"]["message"].startswith("Unreachable: no connection")
    shown = prefect.get(f"/flow_runs/{flow_run}")
    assert (shown["name"], shown["state_type"], shown["parameters"]) == (run.id, "FAILED", {"run": run.id})


def test_an_approval_reaches_the_run_through_its_inbox(
    prefect: Prefect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_all_of_it(monkeypatch.setattr)
    book = tmp_path / "book"
    yes = Approval(by="commander", people=1, within=timedelta(seconds=FUNCTIONAL))
    run = a_run(tmp_path / "runs", [a_step("fence", book, approve=yes)])

    def watch(event: Event, _state: State) -> None:
        if isinstance(event, Asked):
            put(run, Approved(at=now(), step="fence", by="bo", how="typed"))

    with town() as world:
        end, view = carry_out_with_prefect(run, world, now, watch=watch, by="anna", prefect_api=prefect.url)

    assert end == Finish(Outcome.DONE)
    assert view.missed == ""
    assert view.flow_run is not None
    assert prefect.get(f"/flow_runs/{view.flow_run}")["state_type"] == "COMPLETED"


def test_what_a_killed_process_had_done_is_not_done_again(prefect: Prefect, tmp_path: Path) -> None:
    book = tmp_path / "book"
    steps = [
        a_step("dig", book),
        a_step("plant", book, after=["dig"]),
        a_step("water", book, after=["plant"]),
    ]
    run = a_run(tmp_path / "runs", held(steps, "plant", NEVER))
    first = prefect.begin(run, wait_for_its_beginning)
    until(lambda: lines(book) == ["dig", "plant"], "the second step acting")
    first.kill()
    first.wait()

    second = prefect.begin(run, wait_for_all_of_it)
    until(lambda: isinstance(events(run)[-1], Asked), "somebody asked about the step in doubt")
    put(run, Answered(at=now(), step="plant", by="bo", answer="happened"))
    told = said(second)

    assert told["view"][2] == ""
    assert ended(run) == Ended(at=events(run)[-1].at, outcome=Outcome.DONE)
    assert lines(book) == ["dig", "plant", "water"]
    assert [type(one) for one in events(run)].count(Resumed) == 1


def test_a_run_ends_well_and_its_process_too_when_prefect_is_killed_in_the_middle(
    prefect: Prefect, tmp_path: Path
) -> None:
    go_on = tmp_path / "go-on"
    run = a_run(tmp_path / "runs", held(in_a_row(8, tmp_path / "book", seconds=0.3), "step-2", go_on))
    process = prefect.begin(run, wait_for_its_beginning)
    until(lambda: started(run, "step-2"), "the third step begun")
    os.kill(prefect.pid, signal.SIGKILL)
    go_on.touch()

    told = said(process, within=FUNCTIONAL)

    tell(f"process ended {(now() - events(run)[-1].at).total_seconds():.1f} s after the run")
    assert ended(run) == Ended(at=events(run)[-1].at, outcome=Outcome.DONE)
    assert "was lost" in told["view"][2]
    steps = [one for one in events(run) if isinstance(one, Started)]
    tell(f"8 steps of 0.3 s took {(events(run)[-1].at - steps[0].at).total_seconds():.2f} s")


def test_a_run_goes_on_when_prefect_hangs_in_the_middle(prefect: Prefect, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    run = a_run(tmp_path / "runs", held(in_a_row(5, tmp_path / "book", seconds=0.3), "step-1", go_on))
    process, server = prefect.begin(run, wait_for_its_beginning), prefect.pid
    until(lambda: started(run, "step-1"), "the second step begun")
    os.kill(server, signal.SIGSTOP)
    try:
        go_on.touch()
        told = said(process, within=FUNCTIONAL)
    finally:
        os.kill(server, signal.SIGCONT)

    tell(f"process ended {(now() - events(run)[-1].at).total_seconds():.1f} s after the run")
    assert ended(run) is not None
    assert "was lost" in told["view"][2]


def test_a_run_goes_on_without_prefect_that_hangs_from_the_start(prefect: Prefect, tmp_path: Path) -> None:
    run = a_run(tmp_path / "runs", in_a_row(2, tmp_path / "book", seconds=0.1))
    server = prefect.pid
    os.kill(server, signal.SIGSTOP)
    try:
        told = said(prefect.begin(run), within=FUNCTIONAL)
    finally:
        os.kill(server, signal.SIGCONT)

    assert lines(tmp_path / "book") == ["step-0", "step-1"]
    assert "not ready within 3 s" in told["view"][2]


def test_a_run_begins_at_once_when_nothing_answers(prefect: Prefect, tmp_path: Path) -> None:
    run = a_run(tmp_path / "runs", in_a_row(2, tmp_path / "book", seconds=0.1))

    told = said(prefect.begin(run, PREFECT_API_URL="http://127.0.0.1:9/api"), within=FUNCTIONAL)

    assert lines(tmp_path / "book") == ["step-0", "step-1"]
    assert told["view"] == [None, None, "Prefect did not answer at http://127.0.0.1:9/api"]


def test_ctrl_c_stops_the_driver_and_the_run_can_be_resumed(prefect: Prefect, tmp_path: Path) -> None:
    book = tmp_path / "book"
    run = a_run(tmp_path / "runs", held(in_a_row(4, book, seconds=0.2), "step-2", NEVER))
    process = prefect.begin(run, wait_for_its_beginning)
    until(lambda: started(run, "step-2"), "the third step begun")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=FUNCTIONAL)

    assert "KeyboardInterrupt" in out
    assert ended(run) is None
    assert len(lines(book)) <= 3


def test_a_planted_secret_is_in_no_record_of_prefect(prefect: Prefect, tmp_path: Path) -> None:
    canary = "canary-Zq7-tR2-hummingbird"
    run = a_run(
        tmp_path / "runs",
        [
            a_step("tell", tmp_path / "book", uses="town.tell-all", args={"key": "env:CANARY"}),
            a_step("note", tmp_path / "book", args={"line": "argument-Zq7-tR2"}),
        ],
    )

    told = said(prefect.begin(run, wait_for_all_of_it, CANARY=canary))
    flow_run = told["view"][0]
    until(lambda: len(prefect.tasks(flow_run)) == 2, "both tasks")
    until(lambda: prefect.ask("/logs/filter", logs={"flow_run_id": {"any_": [flow_run]}}), "its log")

    records = b"".join(path.read_bytes() for path in prefect.folder.rglob("*") if path.is_file())
    assert run.id.encode() in records
    assert b"[secret]" in records
    assert canary.encode() not in records
    assert b"argument-Zq7-tR2" not in records


def test_loading_the_view_loads_no_prefect() -> None:
    code = "import flows, flows.view, flows.server, sys; sys.exit('prefect' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=FUNCTIONAL)
