from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.ledger import LedgerFile, Opening, Tried, line_of
from drills.ledger_running import RunningLedger
from seawall.errors import SeawallError
from seawall.targets import Endpoint
from tests.drills.small_service import Mood, small_service

pytestmark = pytest.mark.slow

OPENING = Opening.line(wall=1_800_000_000.0, monotonic=50.0)
SOME_LINES = (
    line_of((7, 0), 51.0, 51.25, 1_800_000_001.25, accepted=True, note="north"),
    line_of((7, 1), 52.0, 52.5, 1_800_000_002.5, accepted=False, note="HTTP 503"),
)


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not what():
        assert time.monotonic() < deadline, "waited 15 s in vain"
        time.sleep(0.005)


def keeping(front: Endpoint, path: Path, *, writes: float = 400) -> RunningLedger:
    return RunningLedger(front, path, name="login", writers=4, writes=writes, at_most=timedelta(seconds=60))


class Reading:
    """Everything read from a ledger that is being kept."""

    def __init__(self, ledger: RunningLedger) -> None:
        self.ledger = ledger
        self.tries: list[Tried] = []

    def grown(self) -> list[Tried]:
        self.tries += self.ledger.tail()
        return self.tries


def test_a_ledger_reads_back_what_was_written(tmp_path):
    path = tmp_path / "ledger.jsonl"
    path.write_text(OPENING + "".join(SOME_LINES))
    first, second = LedgerFile(path).tail()
    epoch = datetime.fromtimestamp(1_800_000_000, UTC)
    assert first == Tried(7, 0, epoch + timedelta(seconds=1), epoch + timedelta(seconds=1.25), site="north")
    assert (second.write, second.refused, second.accepted) == ((7, 1), "HTTP 503", False)


@given(st.integers(0, len("".join(SOME_LINES))))
def test_a_ledger_is_read_as_it_grows_wherever_the_reading_falls(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    text = "".join(SOME_LINES)
    path.write_text(OPENING + text[:cut])
    ledger = LedgerFile(path)
    before = ledger.tail()
    path.write_text(OPENING + text)
    assert len(before + ledger.tail()) == 2
    assert ledger.tail() == ()


def test_no_ledger_yet_is_no_tries(tmp_path):
    assert LedgerFile(tmp_path / "ledger.jsonl").tail() == ()


@pytest.mark.parametrize(
    "wrong",
    ["nonsense\n", "[]\n", '["maybe", 1, 2, 0, 0, 0, null]\n', '{"ledger": 1}\n', '"\xff"\n', "[1e999]\n"],
)
def test_a_line_that_is_none_is_named_with_its_number(tmp_path, wrong):
    path = tmp_path / "ledger.jsonl"
    path.write_bytes((OPENING + SOME_LINES[0] + wrong).encode("latin-1"))
    with pytest.raises(SeawallError, match="not a line of a ledger") as caught:
        LedgerFile(path).tail()
    assert caught.value.where == f"{path}:3"


def test_a_ledger_of_another_version_is_refused(tmp_path):
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"ledger": "seawall-ledger/9", "wall": "2026-11-21T12:00:00+00:00", "monotonic": 1}\n')
    with pytest.raises(SeawallError, match="seawall-ledger/9"):
        LedgerFile(path).tail()


def test_what_is_acknowledged_is_recorded_and_nothing_else(tmp_path):
    with small_service() as service, keeping(service.front, tmp_path / "ledger.jsonl") as ledger:
        until(lambda: service.asked > 40)
        tries = ledger.stop()
        assert {one.write for one in tries if one.accepted} == service.rows
        assert {one.site for one in tries if one.accepted} == {"north"}
        assert len({writer for writer, _ in service.rows}) == 4


@pytest.mark.parametrize("mood", ["refuses", "hangs up"])
def test_a_refused_write_is_tried_again_under_its_number_so_that_no_number_is_missing(tmp_path, mood: Mood):
    with small_service() as service, keeping(service.front, tmp_path / "ledger.jsonl") as ledger:
        until(lambda: service.asked > 20)
        service.mood, asked = mood, service.asked
        until(lambda: service.asked > asked + 20)
        service.mood = "well"
        rows = len(service.rows)
        until(lambda: len(service.rows) > rows + 20)
        tries = ledger.stop()
    assert any(not one.accepted for one in tries)
    for writer in {one.writer for one in tries}:
        numbers = sorted(one.seq for one in tries if one.writer == writer and one.accepted)
        assert numbers == list(range(len(numbers)))


def test_a_service_that_keeps_silent_is_refused_in_time_even_when_it_wrote(tmp_path):
    with small_service() as service, keeping(service.front, tmp_path / "ledger.jsonl") as ledger:
        service.mood = "writes and keeps silent"
        reading = Reading(ledger)
        until(lambda: any(one.refused for one in reading.grown()))
        service.mood = "well"
        until(lambda: len({one.writer for one in reading.grown() if one.accepted}) == 4)
        tries = [*reading.tries, *ledger.stop()]
    acknowledged = [one.write for one in tries if one.accepted]
    assert len(acknowledged) == len(set(acknowledged))
    assert {one.refused for one in tries if one.refused} == {"no answer in time"}


def test_nobody_listening_is_refused_with_the_reason(tmp_path):
    with keeping(Endpoint(address="127.0.0.1", port=1), tmp_path / "ledger.jsonl") as ledger:
        reading = Reading(ledger)
        until(lambda: bool(reading.grown()))
    assert {one.accepted for one in reading.tries} == {False}
    assert reading.tries[0].refused


def test_two_ledgers_never_share_a_write(tmp_path):
    with (
        small_service() as service,
        keeping(service.front, tmp_path / "a.jsonl") as one,
        keeping(service.front, tmp_path / "b.jsonl") as other,
    ):
        until(lambda: service.asked > 40)
        assert not {tried.writer for tried in one.stop()} & {tried.writer for tried in other.stop()}


def test_a_ledger_is_never_written_over(tmp_path):
    path = tmp_path / "ledger.jsonl"
    path.write_text("evidence")
    with pytest.raises(SeawallError, match="there is a ledger already"):
        keeping(Endpoint(address="127.0.0.1", port=1), path)
    assert path.read_text() == "evidence"


def test_writers_that_died_are_no_silence(tmp_path):
    with small_service() as service, keeping(service.front, tmp_path / "ledger.jsonl") as ledger:
        os.kill(ledger.pid, signal.SIGKILL)
        with pytest.raises(SeawallError, match="have ended"):
            until(lambda: not ledger.tail() and False)


def test_the_writers_end_when_whoever_started_them_is_gone(tmp_path):
    path = tmp_path / "ledger.jsonl"
    program = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "drills.ledger_writer",
            "--front",
            "127.0.0.1:1",
            "--ledger",
            path,
            "--stop-with-input",
        ],
        stdin=subprocess.PIPE,
    )
    until(path.exists)
    assert program.stdin is not None
    program.stdin.close()
    assert program.wait(10) == 0


def test_the_writers_end_by_themselves_when_their_time_is_up(tmp_path):
    path = tmp_path / "ledger.jsonl"
    command = [sys.executable, "-m", "drills.ledger_writer", "--front", "127.0.0.1:1", "--ledger", path]
    assert subprocess.run([*command, "--at-most", "0.2"], timeout=60, check=False).returncode == 0


def test_the_writers_end_cleanly_on_sigterm(tmp_path):
    path = tmp_path / "ledger.jsonl"
    command = [sys.executable, "-m", "drills.ledger_writer", "--front", "127.0.0.1:1", "--ledger", path]
    program = subprocess.Popen(command)
    until(lambda: path.exists() and path.read_bytes().count(b"\n") > 3)
    program.terminate()
    assert program.wait(10) == 0
    assert path.read_bytes().endswith(b"\n")
