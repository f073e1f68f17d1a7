"""Two runs never touch the same thing at once: of two starters one wins, and a crashed run keeps what it claimed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seawall.carrying import carry_out, newly_opened
from seawall.claims import claim
from seawall.decide import Finish
from seawall.errors import Busy, JournalError
from seawall.journal import Ended, Outcome
from seawall.journal_file import read_journal
from seawall.run_folder import RunFolder, create_run
from tests.fakes import MIDNIGHT, SimulatedHands, SimulatedWorld
from tests.seawall.plans import a_change, a_plan

LOGIN, MAIL = ("service:login",), ("service:mail",)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def a_run(runs: Path, claims: tuple[str, ...] = LOGIN) -> RunFolder:
    return create_run(runs, a_plan(a_change("fence"), claims=claims), by="anna", version="0", now=MIDNIGHT)


def end(run: RunFolder) -> None:
    with run.journal() as journal:
        journal.append([Ended(at=MIDNIGHT, outcome=Outcome.DONE)])


@contextmanager
def another_process(
    runs: Path, run: RunFolder, claims: tuple[str, ...] = LOGIN
) -> Iterator[subprocess.Popen[bytes]]:
    """Have another process hold `claims` for `run`, until it is killed."""
    program = (
        "import json, pathlib, sys; from seawall.claims import claim;"
        "held = claim(pathlib.Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3], 'bo');"
        "print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(runs), json.dumps(claims), run.id],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


@pytest.mark.slow  # starts a Python
def test_what_another_process_holds_is_refused_with_run_and_operator(runs: Path):
    theirs, ours = a_run(runs), a_run(runs)
    with another_process(runs, theirs) as process, pytest.raises(Busy) as error:
        claim(runs, LOGIN, ours.id, "anna")
    assert f"run {theirs.id} holds service:login: process {process.pid} of bo" in error.value.problem
    assert f"seawall show {theirs.id}" in error.value.remedy


@pytest.mark.slow  # starts a Python
def test_a_run_whose_process_was_killed_keeps_its_claims_and_names_the_way_out(runs: Path):
    theirs, ours = a_run(runs), a_run(runs)
    with another_process(runs, theirs):
        pass
    with pytest.raises(Busy) as error:
        claim(runs, LOGIN, ours.id, "anna")
    assert "interrupted" in error.value.problem
    assert error.value.remedy == f"Resume or abort it first: `seawall resume {theirs.id}`"


@pytest.mark.slow  # starts a Python
def test_it_can_itself_be_taken_up_again(runs: Path):
    run = a_run(runs)
    with another_process(runs, run):
        pass
    claim(runs, LOGIN, run.id, "anna").release()


@pytest.mark.slow  # starts a Python
def test_the_same_run_is_not_carried_out_twice(runs: Path):
    run = a_run(runs)
    with (
        another_process(runs, run) as process,
        pytest.raises(Busy, match=f"already by process {process.pid} of bo"),
    ):
        claim(runs, LOGIN, run.id, "anna")


def test_what_an_ended_run_claimed_is_free_and_cleared_away(runs: Path):
    theirs, ours = a_run(runs), a_run(runs)
    claim(runs, LOGIN, theirs.id, "bo").release()
    end(theirs)
    with claim(runs, LOGIN, ours.id, "anna"):
        assert [path.stem for path in (runs / ".claims").glob("*.json")] == [ours.id]


def test_an_ended_run_that_is_still_held_is_not_free(runs: Path):
    theirs, ours = a_run(runs), a_run(runs)
    with claim(runs, LOGIN, theirs.id, "bo"):
        end(theirs)
        with pytest.raises(Busy, match="holds service:login"):
            claim(runs, LOGIN, ours.id, "anna")


def test_other_claims_are_no_matter(runs: Path):
    theirs, ours = a_run(runs), a_run(runs)
    with claim(runs, MAIL, theirs.id, "bo"), claim(runs, LOGIN, ours.id, "anna"):
        pass


def test_all_are_taken_or_none(runs: Path):
    theirs, ours, third = a_run(runs), a_run(runs), a_run(runs)
    with claim(runs, MAIL, theirs.id, "bo"):
        with pytest.raises(Busy, match="service:mail"):
            claim(runs, LOGIN + MAIL, ours.id, "anna")
        with claim(runs, LOGIN, third.id, "carl"):
            pass


def test_a_claim_that_cannot_be_read_is_not_taken_for_none(runs: Path):
    theirs, ours = a_run(runs), a_run(runs)
    claim(runs, LOGIN, theirs.id, "bo").release()
    (runs / ".claims" / f"{theirs.id}.json").write_bytes(b"")
    with pytest.raises(JournalError, match="cannot be read") as error:
        claim(runs, LOGIN, ours.id, "anna")
    assert theirs.id in error.value.remedy


def test_a_run_whose_folder_was_taken_away_holds_nothing(runs: Path):
    theirs, ours = a_run(runs), a_run(runs)
    claim(runs, LOGIN, theirs.id, "bo").release()
    theirs.path.rename(runs.parent / "elsewhere")
    claim(runs, LOGIN, ours.id, "anna").release()


STARTER = """
import json, pathlib, sys
from seawall.claims import claim
from seawall.errors import Busy
runs = pathlib.Path(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    run, claims = json.loads(line)
    held = None
    try:
        held = claim(runs, claims, run, "bo")
        print(json.dumps([run, ""]), flush=True)
    except Busy as error:
        print(json.dumps([run, error.problem]), flush=True)
    sys.stdin.readline()  # hold what was won until all have tried
    if held:
        held.release()
    print("over", flush=True)
"""


@pytest.mark.slow
def test_of_several_who_start_at_once_exactly_one_wins(runs: Path):
    runs.mkdir()
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", STARTER, str(runs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    def say(line: str) -> None:
        for one in starters:
            assert one.stdin is not None
            one.stdin.write(line)
        for one in starters:
            assert one.stdin is not None
            one.stdin.flush()

    def hear() -> list[str]:
        return [one.stdout.readline() for one in starters if one.stdout is not None]

    # Each wants login, and something more in an order of its own: nobody may wait for anybody.
    wanted = [(*LOGIN, "a", "z"), ("z", "a", *LOGIN), LOGIN]
    try:
        assert hear() == ["ready\n"] * 3
        for _ in range(8):
            ours = [a_run(runs) for _ in starters]
            for one, run, claims in zip(starters, ours, wanted, strict=True):
                assert one.stdin is not None
                one.stdin.write(json.dumps([run.id, claims]) + "\n")
            say("")
            answers = [json.loads(line) for line in hear()]
            winners = [run for run, problem in answers if not problem]
            assert len(winners) == 1
            assert all(not problem or f"run {winners[0]} holds" in problem for _, problem in answers)
            say("\n")
            assert hear() == ["over\n"] * 3
            end(RunFolder(runs, winners[0]))
    finally:
        for one in starters:
            one.kill()
            one.communicate(timeout=10)


def test_carrying_a_run_out_holds_its_claims_and_lets_them_go(runs: Path):
    theirs, ours = a_run(runs), a_run(runs)
    world = SimulatedWorld()
    with claim(runs, LOGIN, theirs.id, "bo"), pytest.raises(Busy):
        carry_out(ours, SimulatedHands(world), world.clock, by="anna")
    assert not world.calls
    end(theirs)
    assert carry_out(ours, SimulatedHands(world), world.clock, by="anna") == Finish(Outcome.DONE)
    claim(runs, LOGIN, a_run(runs).id, "carl").release()


def test_a_run_that_is_kept_out_when_it_is_opened_is_over(runs: Path):
    theirs, ours = a_run(runs), a_run(runs)
    world = SimulatedWorld()
    with (
        claim(runs, LOGIN, theirs.id, "bo"),
        pytest.raises(Busy),
        newly_opened(ours, world.clock, by="anna"),
    ):
        carry_out(ours, SimulatedHands(world), world.clock, by="anna")
    (_, ended) = read_journal(ours.journal_path)
    assert isinstance(ended, Ended)
    assert ended.outcome is Outcome.REFUSED


@pytest.mark.slow
def test_a_run_that_somebody_else_carries_out_is_not_over(runs: Path):
    ours = a_run(runs)
    world = SimulatedWorld()
    with (
        claim(runs, LOGIN, ours.id, "bo"),
        ours.journal("bo"),
        pytest.raises(Busy),
        newly_opened(ours, world.clock, by="anna"),
    ):
        carry_out(ours, SimulatedHands(world), world.clock, by="anna")
    assert len(read_journal(ours.journal_path)) == 1
