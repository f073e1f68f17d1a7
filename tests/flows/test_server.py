"""The Prefect server of our own: one a folder, joined by others, and ended with whoever began it or came after."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.server import end_server, prefect_environment, running_server, start_server
from seawall.errors import Unreachable
from tests.flows.conftest import ROOT, Prefect, until

pytestmark = pytest.mark.prefect


def test_a_second_caller_joins_the_server_that_is_there(prefect: Prefect) -> None:
    assert start_server(prefect.folder) == (prefect.url, False)
    assert running_server(prefect.folder) == prefect.url


def test_a_server_that_was_killed_is_none_and_nothing_remains_of_it(prefect: Prefect) -> None:
    server = prefect.pid
    os.kill(server, signal.SIGKILL)
    os.waitid(os.P_PID, server, os.WEXITED | os.WNOWAIT)

    assert not end_server(prefect.folder)
    assert not Path(f"/proc/{server}").exists()


def test_a_server_whose_starter_was_killed_is_taken_over_and_can_be_ended(prefect_folder: Path) -> None:
    folder = prefect_folder
    end_server(folder)
    code = (
        "import sys, time; from pathlib import Path; from flows.server import start_server\n"
        "start_server(Path(sys.argv[1])); print('ready', flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == "ready\n"
    starter.kill()
    starter.communicate(timeout=60)
    url = running_server(folder)
    assert url is not None

    assert start_server(folder) == (url, True)
    assert end_server(folder)

    until(lambda: running_server(folder) is None, "the server gone")
    assert not end_server(folder)


def test_a_server_that_cannot_start_says_where_its_log_is(tmp_path: Path) -> None:
    (tmp_path / "prefect.db").mkdir()

    with pytest.raises(Unreachable) as caught:
        start_server(tmp_path)

    assert caught.value.where == str(tmp_path / "server.log")
    assert running_server(tmp_path) is None


def test_prefect_is_told_to_report_to_nobody() -> None:
    assert prefect_environment("http://127.0.0.1:9/api").items() >= {
        ("DO_NOT_TRACK", "1"),
        ("PREFECT_SERVER_ANALYTICS_ENABLED", "false"),
        ("PREFECT_API_URL", "http://127.0.0.1:9/api"),
    }
