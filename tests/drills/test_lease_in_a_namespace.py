"""The kernel keeps a lease's time: guard held, killed or cut off, host held and continued: nothing passes after it.

In network namespaces of its own, with Debian's nftables. A guard, its places and a database's port are all there is.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.lease import boottime
from tests.connectors.conftest import until

pytestmark = pytest.mark.root

TERM, RENEW = 3.0, 0.5
ROOT = Path(__file__).parents[2]


class Namespace:
    """A machine with a network of its own: a database's port in it, and whoever connects to that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = subprocess.Popen(
            ["unshare", "--net", sys.executable, "-m", "tests.drills.in_a_namespace"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.guards: list[subprocess.Popen[bytes]] = []
        # As /etc/nftables.conf has it; and a guard may enter only when this is known to be another network.
        self("close")

    def __call__(self, asked: str) -> Any:
        assert self.program.stdin
        assert self.program.stdout
        self.program.stdin.write(asked + "\n")
        self.program.stdin.flush()
        return json.loads(self.program.stdout.readline())

    def guard(self) -> subprocess.Popen[bytes]:
        """Start a guard in this network, whose places are folders of this test."""
        command = ["nsenter", f"--net=/proc/{self.program.pid}/ns/net", sys.executable]
        started = subprocess.Popen(
            [*command, "-m", "tests.drills.guard_in_a_namespace", str(self.folder), str(TERM), str(RENEW)],
            cwd=ROOT,
        )
        self.guards.append(started)
        return started

    def lets_in(self) -> bool:
        return bool(self("connect 127.0.0.1")) and self("write")["acknowledged"]

    def end(self) -> None:
        for guard in self.guards:
            guard.kill()
            guard.wait()
        self.program.kill()
        self.program.wait()
        for stream in (self.program.stdin, self.program.stdout):
            assert stream
            stream.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Namespace]:
    made = Namespace(tmp_path)
    yield made
    made.end()


def cut(machine: Namespace) -> None:
    """Let no place answer the guard any more."""
    (machine.folder / "cut").touch()


def closes(machine: Namespace) -> float:
    """Write until a write is not acknowledged any more; return when the last one was begun that was."""
    last = boottime()
    for _ in range(round(TERM * 2 / 0.02)):
        began = boottime()
        if not machine("write")["acknowledged"]:
            break
        last = began
        time.sleep(0.02)
    return last


@pytest.mark.parametrize("way", ["held", "killed", "cut"])
def test_a_guard_that_is_held_killed_or_cut_off_lets_nobody_in_after_its_term(machine, way):
    guard = machine.guard()
    until(machine.lets_in, "the lease held", 10)
    at = boottime()
    {"held": lambda: guard.send_signal(signal.SIGSTOP), "killed": guard.kill, "cut": lambda: cut(machine)}[
        way
    ]()
    assert closes(machine) < at + TERM
    time.sleep(0.2)
    assert machine("connect 127.0.0.1") is False
    assert machine("write") == {"acknowledged": False, "arrived": False}


def test_a_host_whose_programs_were_all_held_admits_no_write_when_they_go_on(machine):
    """Held for longer than the term, the promotion long over: what was on its way is not acknowledged."""
    guard = machine.guard()
    until(machine.lets_in, "the lease held", 10)
    os.kill(guard.pid, signal.SIGSTOP)
    os.kill(machine.program.pid, signal.SIGSTOP)
    time.sleep(TERM + 0.5)
    cut(machine)
    os.kill(machine.program.pid, signal.SIGCONT)
    os.kill(guard.pid, signal.SIGCONT)
    for _ in range(20):
        assert machine("write") == {"acknowledged": False, "arrived": False}
        time.sleep(0.05)
    assert machine("connect 127.0.0.1") is False


def test_a_guard_that_was_held_between_asking_and_telling_opens_nothing(machine):
    """The worst moment: it knows that it may, and is about to say so. What it then says is an instant, long gone."""
    machine("close")
    told = machine("admit-late 1.0 1.5")
    assert told is None
    assert machine("connect 127.0.0.1") is False


@pytest.mark.parametrize("clock", ["element", "wall"])
def test_each_of_the_two_clocks_closes_by_itself(machine, clock):
    machine("close")
    machine(f"only {clock} 1.4")
    assert machine.lets_in()
    time.sleep(1.6)
    assert machine("write") == {"acknowledged": False, "arrived": False}


def test_a_guard_that_starts_closes_what_another_one_left_open(machine):
    machine("close")
    machine("admit 60")
    assert machine.lets_in()
    cut(machine)
    machine.guard()
    until(lambda: not machine("write")["acknowledged"], "the way closed", 10)


def test_the_standby_and_seawall_come_in_at_all_times(machine):
    machine("close")
    assert machine("connect 127.0.0.9") is True
    assert machine("write")["acknowledged"] is True
