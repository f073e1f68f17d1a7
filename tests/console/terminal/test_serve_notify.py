"""systemd is told what it asked for, and nobody else's programs speak for us."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from console.terminal.serve.notify import Systemd, outside_environment


@pytest.fixture(params=["a path", "an abstract name"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    path = str(tmp_path / "notify") if request.param == "a path" else f"\0seawall-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(path)
        one.settimeout(5)
        yield one, path.replace("\0", "@")


def test_what_is_told_arrives_line_by_line(manager: tuple[socket.socket, str]):
    heard, address = manager
    Systemd({"NOTIFY_SOCKET": address}).tell(READY="1", STATUS="running")

    assert heard.recv(1000) == b"READY=1\nSTATUS=running"


def test_without_systemd_nothing_is_told_and_nothing_goes_wrong(tmp_path: Path):
    Systemd({}).tell(READY="1")
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell(READY="1")


@pytest.mark.parametrize(
    ("environment", "every"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, timedelta(seconds=20)),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, timedelta(seconds=20)),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_a_watchdog_is_fed_three_times_as_often_as_it_bites(
    environment: dict[str, str], every: timedelta | None
):
    assert Systemd(environment).watchdog == every


def test_programs_are_not_given_what_is_between_systemd_and_us():
    ours = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "PATH": "/bin"}
    assert outside_environment(ours) == {"PATH": "/bin"}
