"""The console as a program: where it listens, what it says, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from console.web.listeners import who_listens
from console.web.serving import address_of, open_socket
from seawall.errors import BadInput
from tests.console.web.console import a_console
from tests.console.web.kept import make_place

ROOT = Path(__file__).parents[3]
ENDS_WITHIN = 15.0
"""Seconds: two by promise, and the rest for a machine on which everything runs at once."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_place(tmp_path_factory.mktemp("served") / "city")


def seawall(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "console.terminal.main", *words]
    environ = {**os.environ, **more}
    return subprocess.run(
        program, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_asked_to_though_somebody_keeps_a_connection_open(city, number):
    with a_console(city) as console, httpx.Client() as client:
        assert client.get(f"{console.address}/alive").text == "alive\n"
        address = console.address.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1]))):
            began = time.monotonic()
            assert console.end(number) == 0
            assert time.monotonic() - began < ENDS_WITHIN
        assert console.running.stdout is not None
        assert "has ended" in console.running.stdout.read()


def test_it_listens_on_this_machine_only(city):
    with a_console(city) as console:
        port = int(console.address.rpartition(":")[2])
        table = Path("/proc/net/tcp").read_text().splitlines()[1:]
        listening = [
            line.split()[1]
            for line in table
            if line.split()[3] == "0A" and int(line.split()[1][-4:], 16) == port
        ]
        assert listening == [f"0100007F:{port:04X}"]


def test_seawall_console_becomes_the_console(city):
    words = [sys.executable, "-m", "console.terminal.main", "console", "--port", "0", "--city", str(city)]
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+/", running.stdout.readline())
            assert found is not None
            assert httpx.get(found[0] + "da/").status_code == 200
            assert "ssh -L" in running.stdout.readline()
            assert "Ctrl-C stops it." in running.stdout.readline()
            running.send_signal(signal.SIGINT)
            assert running.wait(ENDS_WITHIN) == 0
            assert running.stderr is not None
            assert running.stderr.read() == ""
        finally:
            running.kill()


def test_a_folder_called_console_is_not_taken_for_ours(tmp_path):
    city = make_place(tmp_path / "city")
    (city / "console" / "web").mkdir(parents=True)
    for folder in (city / "console", city / "console" / "web"):
        (folder / "__init__.py").write_text("raise SystemExit('a stranger')")
    with open_socket("127.0.0.1", 0) as taken:
        words = [
            str(Path(sys.executable).with_name("seawall")),
            "console",
            "--port",
            str(taken.getsockname()[1]),
        ]
        ended = subprocess.run(words, cwd=city, capture_output=True, text=True, timeout=60, check=False)
    assert "is taken by" in ended.stderr
    assert "a stranger" not in ended.stderr


def test_a_port_that_is_taken_says_by_whom_and_what_else(city):
    with open_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        ended = seawall("console", "--city", str(city), "--port", str(port))
        assert ended.returncode == 2
        assert f"port {port} of 127.0.0.1 is taken by process {os.getpid()} of " in ended.stderr
        assert "Ask " in ended.stderr
        assert "--port 0" in ended.stderr
        assert ended.stdout == ""


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--port", "70000"), "70000 is no port"),
        (("--port", "-1"), "-1 is no port"),
        (("--host", "nowhere.invalid"), "'nowhere.invalid' is no address"),
        (("--host", "192.0.2.1", "--port", "0"), "this machine cannot listen at 192.0.2.1"),
    ],
)
def test_a_place_where_it_cannot_listen_is_bad_input(city, words, problem):
    ended = seawall("console", "--city", str(city), *words)
    assert ended.returncode == 2
    assert problem in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_that_is_no_city_is_bad_input(tmp_path):
    ended = seawall("console", "--city", str(tmp_path))
    assert ended.returncode == 2
    assert "seawall init" in ended.stderr


def test_whoever_listens_elsewhere_is_told_that_everybody_can_read(city):
    with a_console(city, "--host", "0.0.0.0") as console:
        console.end()
        assert console.running.stderr is not None
        assert "there is no sign-in yet" in console.running.stderr.read()


def test_without_a_screen_no_browser_takes_the_terminal_over(city, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with a_console(city, "--open") as console:
        assert httpx.get(f"{console.address}/alive").status_code == 200
        console.end()
        assert console.running.stderr is not None
        assert "open the address yourself" in console.running.stderr.read()


def test_who_listens_is_seen():
    with open_socket("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        found = who_listens(port)
        assert found is not None
        assert found.pid == os.getpid()
        with pytest.raises(BadInput, match=f"process {os.getpid()} of"):
            open_socket("127.0.0.1", port)
    assert who_listens(port) is None


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")],
)
def test_the_address_can_be_typed_into_a_browser(host, shown):
    with open_socket(host, 0) as listening:
        assert address_of(listening, host) == f"http://{shown}:{listening.getsockname()[1]}/"
