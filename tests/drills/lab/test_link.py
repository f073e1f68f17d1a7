"""The link between the sites: what passes, and that a cut is silent until it is over."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from drills.lab.ports import free_ports

pytestmark = pytest.mark.slow

SILENCE = 0.3
"""Seconds in which a cut link must say nothing; the whole one answers in a thousandth of that."""


class Echo:
    """Says back what it hears."""

    def __init__(self) -> None:
        self.door = socket.create_server(("127.0.0.1", 0))
        self.lines: list[socket.socket] = []
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self.door.accept()
                self.lines.append(line)
                threading.Thread(target=self._say_back, args=(line,), daemon=True).start()

    def _say_back(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while heard := line.recv(1 << 16):
                line.sendall(heard)
            line.close()

    def stop(self) -> None:
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()
        for line in self.lines:
            line.close()


class Link:
    """A link process with one relay."""

    def __init__(self, folder: Path, target: int) -> None:
        self.cut_file = folder / "link.cut"
        self.at = ("127.0.1.250", next(free_ports()))
        relay = f"{self.at[0]}:{self.at[1]}=127.0.0.1:{target}"
        argv = [sys.executable, "-m", "drills.lab.link", "--cut", str(self.cut_file), relay]
        self.running = subprocess.Popen(argv)
        self.wait_for("whole")

    def wait_for(self, state: str) -> None:
        deadline = time.monotonic() + 10
        file = self.cut_file.with_suffix(".state")
        while not file.exists() or file.read_text() != state:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def cut(self) -> None:
        self.cut_file.touch()
        self.running.send_signal(signal.SIGHUP)
        self.wait_for("cut")

    def restore(self) -> None:
        self.cut_file.unlink()
        self.running.send_signal(signal.SIGHUP)
        self.wait_for("whole")

    def connect(self, within: float = 60) -> socket.socket:
        return socket.create_connection(self.at, within)


@pytest.fixture
def echo():
    server = Echo()
    yield server
    server.stop()


@pytest.fixture
def link(tmp_path, echo):
    made = Link(tmp_path, echo.port)
    yield made
    made.running.kill()
    made.running.wait()


def said_back(line: socket.socket, what: bytes, within: float = 60) -> bytes:
    line.settimeout(within)
    line.sendall(what)
    return line.recv(100)


def test_bytes_pass_both_ways_and_an_end_is_passed_on(link):
    with link.connect() as line:
        assert said_back(line, b"hello") == b"hello"
        line.shutdown(socket.SHUT_WR)
        assert line.recv(1) == b""


def test_a_megabyte_arrives_whole(link):
    sent = os.urandom(1 << 20)
    with link.connect() as line:
        threading.Thread(target=line.sendall, args=(sent,)).start()
        got = b""
        while len(got) < len(sent):
            got += line.recv(1 << 16)
    assert got == sent


def test_a_cut_is_silent_and_what_was_sent_arrives_when_it_is_over(link):
    with link.connect() as line:
        assert said_back(line, b"before") == b"before"
        link.cut()
        with pytest.raises(TimeoutError):
            said_back(line, b"during", SILENCE)
        link.restore()
        line.settimeout(5)
        assert line.recv(100) == b"during"


def test_nobody_is_told_that_the_other_side_is_gone_while_the_link_is_cut(link, echo):
    with link.connect() as line:
        assert said_back(line, b"before") == b"before"
        link.cut()
        echo.lines[0].shutdown(socket.SHUT_RDWR)
        line.settimeout(SILENCE)
        with pytest.raises(TimeoutError):
            line.recv(1)
        link.restore()
        line.settimeout(5)
        assert line.recv(1) == b""


def test_a_new_connection_finds_nobody_while_the_link_is_cut(link):
    link.cut()
    with pytest.raises(TimeoutError):
        link.connect(SILENCE)
    link.restore()
    with link.connect() as line:
        assert said_back(line, b"after") == b"after"


def test_it_can_be_cut_again_and_again(link):
    for _ in range(3):
        link.cut()
        with pytest.raises(TimeoutError):
            link.connect(SILENCE)
        link.restore()
        with link.connect() as line:
            assert said_back(line, b"after") == b"after"


def test_a_link_that_starts_while_it_is_cut_is_cut(link, tmp_path, echo):
    link.cut()
    link.running.kill()
    link.running.wait()
    link.cut_file.with_suffix(".state").unlink()
    argv = link.running.args
    link.running = subprocess.Popen(argv)
    link.wait_for("cut")
    with pytest.raises(TimeoutError):
        link.connect(SILENCE)
