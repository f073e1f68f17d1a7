"""What `serve` keeps comes back when it dies, and nothing of it outlives the `serve` that started it."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.terminal.served import Served, begin, until

pytestmark = pytest.mark.slow
FOREVER = "exec sleep 98761"
STUBBORN = "trap '' TERM INT HUP; while :; do sleep 98762 & wait; done"
BEGINS_ANOTHER = "setsid sleep 98763 & exec sleep 98764"
"""A program with a grandchild that has left its group and session, as daemons do."""


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Any]:
    """Begin to serve programs; whatever is left of it afterwards is a mistake, and is ended."""
    begun: list[Served] = []

    def serve(*programs: dict[str, Any], **environment: str) -> Served:
        begun.append(begin(tmp_path / "city", programs, **environment))
        return begun[-1]

    yield serve
    for one in begun:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate(timeout=60)
        for pid in one.left():
            os.kill(pid, signal.SIGKILL)


def none_left(served: Served, within: float = 60) -> None:
    until(lambda: not served.left(), f"nothing left but {served.left()}", within)


def test_a_program_that_was_killed_is_started_again(serving: Any):
    served = serving({"name": "one", "argv": FOREVER})
    first = served.pid_of("sleep 98761")
    os.kill(first, signal.SIGKILL)

    until(lambda: served.restarts("one") == 1 and served.stand("one") == "up", "its restart")

    assert served.pid_of("sleep 98761") != first
    (one,) = served.record().programs
    assert one.last_end == "was ended by signal 9"


def test_a_program_that_always_dies_is_red_and_the_others_go_on(serving: Any):
    served = serving({"name": "bad", "argv": "echo no; exit 3"}, {"name": "good", "argv": FOREVER})

    until(lambda: served.stand("bad") == "red", "red", within=90)

    record = served.record()
    assert (record.state, served.stand("good")) == ("red", "up")
    assert record.programs[0].last_end == "ended with code 3"
    assert (served.folder.logs / "bad.log").read_text(encoding="utf-8").count("\nno\n") == 5


def test_a_program_waits_for_what_it_needs(serving: Any, tmp_path: Path):
    go = tmp_path / "go"
    served = serving(
        {"name": "later", "argv": FOREVER, "needs": ["first"]},
        {"name": "first", "argv": f"until [ -e {go} ]; do sleep 0.1; done", "once": True},
    )
    until(lambda: served.stand("first") == "starting", "the first to start")
    assert served.stand("later") == "waiting"

    go.touch()

    until(lambda: served.stand("later") == "up", "the second to start")
    assert served.stand("first") == "done"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_asked_to_stop_it_ends_everything_also_what_hid_and_what_will_not(
    serving: Any, number: signal.Signals
):
    served = serving(
        {"name": "hides", "argv": BEGINS_ANOTHER},
        {"name": "stubborn", "argv": STUBBORN, "ends_within": 1},
        {"name": "leaves", "argv": BEGINS_ANOTHER, "leaves": True},
    )
    until(lambda: sum(one == "sleep 98763" for one in served.left().values()) == 2, "both grandchildren")
    until(lambda: served.stand("stubborn") == "up", "all up")

    served.process.send_signal(number)

    assert served.process.wait(30) == 0
    assert served.left() == {}
    assert served.record().state == "stopped"


def test_when_serve_itself_is_killed_everything_notices_and_ends(serving: Any):
    served = serving(
        {"name": "hides", "argv": BEGINS_ANOTHER},
        {"name": "stubborn", "argv": STUBBORN, "ends_within": 1},
        {"name": "leaves", "argv": BEGINS_ANOTHER, "leaves": True},
    )
    until(lambda: sum(one == "sleep 98763" for one in served.left().values()) == 2, "both grandchildren")
    until(lambda: served.stand("stubborn") == "up", "all up")

    served.process.kill()

    none_left(served)


def test_when_a_keeper_is_killed_its_program_dies_with_it_and_what_hid_is_found(serving: Any):
    served = serving({"name": "hides", "argv": BEGINS_ANOTHER})
    child = served.pid_of("sleep 98764")
    hidden = served.pid_of("sleep 98763")
    keeper = until(lambda: served.stand("hides") == "up" and served.record().programs[0].pid, "its keeper")

    os.kill(keeper, signal.SIGKILL)

    until(lambda: served.restarts("hides") == 1 and served.stand("hides") == "up", "its restart")
    until(lambda: not {child, hidden} & served.left().keys(), "the end of both")
    assert served.record().programs[0].last_end == "was lost with its keeper"


def test_what_a_worker_began_goes_on_when_the_worker_dies_and_comes_back(serving: Any):
    served = serving({"name": "worker", "argv": BEGINS_ANOTHER, "leaves": True})
    run = served.pid_of("sleep 98763")
    os.kill(served.pid_of("sleep 98764"), signal.SIGKILL)

    until(lambda: served.restarts("worker") == 1 and served.stand("worker") == "up", "its restart")
    until(lambda: sum(one == "sleep 98763" for one in served.left().values()) == 2, "the new worker's own")
    assert run in served.left()

    served.process.terminate()
    assert served.process.wait(30) == 0
    assert served.left() == {}


def test_what_others_began_ends_with_them(serving: Any):
    served = serving({"name": "server", "argv": BEGINS_ANOTHER})
    child = served.pid_of("sleep 98763")
    os.kill(served.pid_of("sleep 98764"), signal.SIGKILL)

    until(lambda: served.restarts("server") == 1, "its restart")
    until(lambda: child not in served.left(), "the end of what it began")


def a_web_server(**more: Any) -> dict[str, Any]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    web = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    return {"name": "web", "argv": web, "health": f"http://127.0.0.1:{port}/", **more}


def test_a_program_that_hangs_is_ended_and_started_again(serving: Any):
    web = a_web_server(silent_for=2)
    served = serving(web)
    until(lambda: served.stand("web") == "up", "it up")
    os.kill(served.pid_of(" ".join(web["argv"])), signal.SIGSTOP)

    until(lambda: served.restarts("web") == 1 and served.stand("web") == "up", "it up again")

    assert served.record().programs[0].last_end == "was ended by signal 9"


def test_a_program_that_answers_is_up_and_one_that_does_not_is_not(serving: Any):
    served = serving(
        a_web_server(address="here"),
        {"name": "mute", "argv": FOREVER, "health": "http://127.0.0.1:1/"},
    )

    until(lambda: served.stand("web") == "up", "it up")

    assert served.stand("mute") == "starting"
    assert served.record().programs[0].address == "here"


def test_systemd_is_told_when_it_is_ready_that_it_lives_and_that_it_stops(serving: Any, tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        served = serving(
            {"name": "one", "argv": "env; exec sleep 98761"},
            NOTIFY_SOCKET=str(tmp_path / "notify"),
            WATCHDOG_USEC="3000000",
        )
        heard = ""
        while "WATCHDOG=1" not in heard.partition("READY=1")[2]:
            heard += manager.recv(1000).decode() + "\n"
        served.process.terminate()
        while "STOPPING=1" not in heard:
            heard += manager.recv(1000).decode() + "\n"

    assert served.process.wait(30) == 0
    assert "NOTIFY_SOCKET" not in (served.folder.logs / "one.log").read_text(encoding="utf-8")
