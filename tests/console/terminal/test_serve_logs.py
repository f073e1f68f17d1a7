"""The programs' logs stay small, and hold no secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.secrets import Secrets
from console.terminal.serve.logs import LONGEST_LINE, OLDER, ProgramLog, without_passwords

CANARY = "hunter2-Æblegrød"


def kept(folder: Path) -> str:
    return "".join(one.read_text(encoding="utf-8") for one in sorted(folder.glob("one.log*"), reverse=True))


def redact(text: str) -> str:
    secrets = Secrets()
    secrets.remember(CANARY)
    return secrets.redact(text)


@given(st.lists(st.integers(1, 20), max_size=60))
def test_a_secret_is_taken_out_however_it_comes_in_pieces(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
):
    folder = tmp_path_factory.mktemp("logs")
    said = f"the key is {CANARY}, really {CANARY}\nand {CANARY}".encode()
    log = ProgramLog(folder / "one.log", redact)

    for cut in cuts:
        log.write(said[:cut])
        said = said[cut:]
    log.write(said)
    log.close()

    assert kept(folder) == "the key is [secret], really [secret]\nand [secret]\n"


@pytest.mark.parametrize(
    "line",
    [
        "postgresql://seawall:hunter2@north-db/login",
        "https://:hunter2@store.example/backups",
        "Authorization: Basic hunter2==",
        "authorization: Bearer hunter2.hunter2",
        "retrying with bearer hunter2hunter2",
        "dsn is host=north-db password=hunter2 dbname=login",
    ],
)
def test_a_password_is_known_by_where_it_stands(line: str):
    assert "hunter2" not in without_passwords(line)
    assert "[secret]" in without_passwords(line)


def test_a_log_never_takes_more_than_its_limit_and_a_few_older_ones(tmp_path: Path):
    log = ProgramLog(tmp_path / "one.log", str, largest=1000)
    for n in range(1000):
        log.write(f"line {n:05} of many\n".encode())

    files = list(tmp_path.iterdir())
    assert len(files) == 1 + OLDER
    assert all(one.stat().st_size <= 1000 for one in files)
    numbers = [int(one) for one in re.findall(r"line (\d+)", kept(tmp_path))]
    assert numbers == list(range(numbers[0], 1000))


def test_a_line_without_an_end_does_not_fill_the_memory(tmp_path: Path):
    log = ProgramLog(tmp_path / "one.log", str)
    log.write(b"x" * (LONGEST_LINE + 1))

    assert len(kept(tmp_path)) == LONGEST_LINE + 2


def test_a_log_is_for_its_owner_only_and_a_folder_that_is_gone_stops_nobody(tmp_path: Path):
    log = ProgramLog(tmp_path / "one.log", str)
    log.write(b"hello\n")
    assert (tmp_path / "one.log").stat().st_mode & 0o777 == 0o600

    ProgramLog(tmp_path / "gone" / "one.log", str).write(b"hello\n")
