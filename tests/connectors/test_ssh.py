"""What every shell on a host must do, and what only a real connection can show."""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.memory.secrets import SecretsInMemory
from connectors.memory.ssh import MachineInMemory, SshInMemory
from connectors.ssh import Ssh
from connectors.ssh.command import Limit, guarded
from seawall.actions import Occasion, Output, World
from seawall.errors import DidNothing, MayHaveActed, Unreachable, WrongTarget
from seawall.targets import Endpoint, Host
from tests.connectors.conftest import until
from tests.examples import examples
from tests.seawall.keys import ed25519_key

ANOTHER_KEY = ed25519_key().line


@dataclass
class Place:
    """A host to speak to, the way there, and what a test cannot make by itself.

    Attributes:
        silent: where somebody accepts connections and says nothing.
        mark: a command that leaves a mark on the machine.
        marked: whether it was begun.
        others: lets a command of somebody else be at work on the machine.
    """

    host: Host
    shell: Any
    silent: Endpoint
    mark: str
    marked: Callable[[], bool]
    others: Callable[[], AbstractContextManager[None]]

    def but(self, **changes) -> Host:
        return self.host.model_copy(update=changes)


class ShellContract:
    @pytest.fixture
    def place(self) -> Place:
        raise NotImplementedError

    @pytest.fixture
    def perform(self, place, in_time):
        world = World(place.shell)
        return lambda name, seconds=20.0, **args: world.perform(
            name, {"host": place.host, **args}, Occasion(in_time(seconds), step="a-step")
        )

    def test_a_command_shows_its_status_and_both_streams(self, place, in_time):
        assert place.shell.run(place.host, "echo out; echo err >&2; exit 3", in_time()) == Output(
            3, "out\n", "err\n"
        )

    def test_what_is_said_to_a_command_reaches_it(self, place, in_time):
        assert place.shell.run(place.host, "cat", in_time(), stdin=b"secret").stdout == "secret"

    def test_output_larger_than_any_window_is_taken_in_and_cut(self, place, in_time):
        output = place.shell.run(
            place.host, "yes x | head -c 5000000; yes e | head -c 5000000 >&2", in_time()
        )
        assert (output.status, len(output.stdout), len(output.stderr)) == (0, 64_000, 64_000)

    def test_a_child_left_in_the_background_holds_nothing_up(self, place, in_time):
        assert place.shell.run(place.host, "sleep 600 & echo hi", in_time()).stdout == "hi\n"

    def test_a_command_that_does_not_end_is_in_doubt(self, place, in_time):
        with pytest.raises(MayHaveActed, match=r"ended|end within"):
            place.shell.run(place.host, "sleep 600", in_time(8))

    def test_another_host_key_is_refused_with_both_fingerprints(self, place, in_time):
        with pytest.raises(WrongTarget, match=r"SHA256:.+ expected ssh-ed25519 SHA256:"):
            place.shell.run(place.but(host_key=ANOTHER_KEY), place.mark, in_time())
        assert not place.marked()

    def test_another_host_name_is_refused_with_both_names(self, place, in_time):
        with pytest.raises(WrongTarget, match="calls itself north-db, expected south-db"):
            place.shell.run(place.but(hostname="south-db"), place.mark, in_time())
        assert not place.marked()

    def test_nobody_there_is_unreachable(self, place, in_time):
        with pytest.raises(Unreachable, match="cannot be reached"):
            place.shell.run(place.but(port=1), "true", in_time())

    def test_a_server_that_accepts_and_says_nothing_is_unreachable(self, place, in_time):
        with pytest.raises(Unreachable, match="silence"):
            place.shell.run(
                place.but(address=place.silent.address, port=place.silent.port), "true", in_time(1)
            )

    def test_a_user_who_is_not_let_in_is_unreachable(self, place, in_time):
        with pytest.raises(Unreachable, match="does not let stranger in"):
            place.shell.run(place.but(user="stranger"), place.mark, in_time())
        assert not place.marked()

    def test_nothing_is_begun_when_the_time_is_up(self, place, in_time):
        with pytest.raises(Unreachable, match="time was up"):
            place.shell.run(place.host, place.mark, in_time(0))
        assert not place.marked()

    def test_a_stream_comes_whole(self, place, in_time):
        chunks = list(place.shell.stream_from(place.host, "yes x | head -c 5000000", in_time()))
        assert b"".join(chunks) == b"x\n" * 2_500_000

    def test_a_stream_that_ends_badly_says_its_last_words(self, place, in_time):
        with pytest.raises(MayHaveActed, match="status 4: half way"):
            list(place.shell.stream_from(place.host, "echo half; echo half way >&2; exit 4", in_time()))

    def test_a_stream_goes_in_whole(self, place, in_time):
        output = place.shell.stream_to(place.host, "wc -c", (b"x" * 100_000 for _ in range(50)), in_time())
        assert int(output.stdout) == 5_000_000

    def test_what_goes_wrong_with_the_source_of_a_stream_is_passed_on(self, place, in_time):
        def source():
            yield b"some"
            raise DidNothing("the store is gone", where="south-store", remedy="Look at it")

        with pytest.raises(DidNothing, match="the store is gone"):
            place.shell.stream_to(place.host, "wc -c", source(), in_time())

    def test_a_machine_is_quiet_when_nothing_is_at_work_there_but_the_question(self, place, in_time):
        until(lambda: place.shell.is_quiet(place.host, in_time()), "a quiet machine")

    def test_a_machine_is_not_quiet_while_somebody_elses_command_is_at_work(self, place, in_time):
        with place.others():
            assert not place.shell.is_quiet(place.host, in_time())

    def test_of_another_machine_nobody_says_that_it_is_quiet(self, place, in_time):
        with pytest.raises(WrongTarget, match="calls itself north-db, expected south-db"):
            place.shell.is_quiet(place.but(hostname="south-db"), in_time())

    def test_an_expected_status_is_no_failure(self, perform):
        assert perform("ssh.run", command="exit 3", expect_status=3).status == 3

    def test_a_change_that_ends_with_another_status_is_in_doubt(self, perform):
        with pytest.raises(MayHaveActed, match="status 3, expected 0"):
            perform("ssh.run", command="exit 3")

    def test_a_look_that_ends_with_another_status_changed_nothing(self, perform):
        with pytest.raises(DidNothing, match="status 3, expected 0"):
            perform("ssh.read", command="exit 3")

    def test_a_look_that_does_not_end_changed_nothing(self, perform):
        with pytest.raises(DidNothing):
            perform("ssh.read", command="sleep 600", seconds=1.0)

    def test_reachable_tells_who_is_there(self, perform, place):
        right = perform("ssh.reachable")
        gone = perform("ssh.reachable", host=place.but(port=1))
        other = perform("ssh.reachable", host=place.but(host_key=ANOTHER_KEY))
        renamed = perform("ssh.reachable", host=place.but(hostname="south-db"))
        assert (right.answers, right.right_machine) == (True, True)
        assert (gone.answers, gone.right_machine) == (False, None)
        assert (other.answers, other.right_machine) == (True, False)
        assert (renamed.answers, renamed.right_machine) == (True, False)

    def test_doctor_says_what_is_wrong_with_each_host(self, place, in_time):
        found = list(place.shell.check([place.host, place.but(name="gone-db", port=1)], in_time()))
        assert [(one.what, one.well) for one in found] == [
            ("ssh north-db", True),
            ("ssh north-db clock", True),
            ("ssh gone-db", False),
        ]
        assert found[-1].remedy


class TestMemory(ShellContract):
    @pytest.fixture
    def place(self) -> Place:
        machine = MachineInMemory(
            host_key=ANOTHER_KEY[:-8] + "AAAAAAAA", hostname="north-db", answer=_as_a_shell
        )
        machine.lets_in = ("seawall",)
        silent = MachineInMemory(host_key=machine.host_key, hostname="north-db", silent=True)
        host = Host(
            name="north-db",
            site="north",
            address="127.0.1.1",
            user="seawall",
            key="env:KEY",
            host_key=machine.host_key,
            hostname="north-db",
        )
        at = Endpoint(address=host.address, port=host.port)
        nowhere = Endpoint(address="127.0.1.2", port=22)
        shell = SshInMemory({at: machine, nowhere: silent})

        @contextlib.contextmanager
        def others() -> Iterator[None]:
            machine.busy = True
            yield
            machine.busy = False

        return Place(host, shell, nowhere, "true", lambda: bool(machine.begun), others)


def _as_a_shell(command: str, stdin: bytes) -> Output | None:
    """Answer as a shell would, to the few commands of this suite."""
    known = {
        "echo out; echo err >&2; exit 3": Output(3, "out\n", "err\n"),
        "cat": Output(0, stdin.decode(), ""),
        "yes x | head -c 5000000; yes e | head -c 5000000 >&2": Output(
            0, "x\n" * 2_500_000, "e\n" * 2_500_000
        ),
        "yes x | head -c 5000000": Output(0, "x\n" * 2_500_000, ""),
        "sleep 600 & echo hi": Output(0, "hi\n", ""),
        "echo half; echo half way >&2; exit 4": Output(4, "half\n", "half way\n"),
        "wc -c": Output(0, f"{len(stdin)}\n", ""),
        "exit 3": Output(3, "", ""),
        "true": Output(0, "", ""),
        "date +%s.%N && command -v timeout": Output(0, f"{time.time()}\n/usr/bin/timeout\n", ""),
    }
    return known.get(command)


@pytest.mark.lab
class TestReal(ShellContract):
    @pytest.fixture
    def machine(self, ssh_machine):
        return ssh_machine

    @pytest.fixture
    def link(self, machine, link_to):
        return link_to(machine.port)

    @pytest.fixture
    def place(self, machine, link, tmp_path, in_time):
        host = Host(
            name="north-db",
            site="north",
            address="127.0.0.1",
            port=link.port,
            user=machine.user,
            key="env:KEY",
            host_key=machine.host_key,
            hostname=machine.hostname,
        )
        with contextlib.ExitStack() as stack:
            shell = Ssh(SecretsInMemory({"env:KEY": machine.user_key}))
            stack.callback(shell.close)
            silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            nowhere = Endpoint(address="127.0.0.1", port=silent.getsockname()[1])

            @contextlib.contextmanager
            def others() -> Iterator[None]:
                """One that was begun over a connection that is gone."""
                begun, over = tmp_path / "begun-before", tmp_path / "over"
                with contextlib.closing(Ssh(shell._vault)) as other:
                    slow = f"touch {begun}; until [ -e {over} ]; do sleep 0.05; done"
                    at_work = threading.Thread(
                        target=_whatever_comes_of_it, args=(other, host, slow, in_time(60))
                    )
                    at_work.start()
                    until(begun.exists, "a command at work")
                    link.cut()
                    at_work.join()
                    yield
                    over.touch()

            yield Place(host, shell, nowhere, f"touch {tmp_path}/mark", (tmp_path / "mark").exists, others)

    def test_a_warm_connection_is_used_again(self, place, link, in_time):
        place.shell.warm(place.host, in_time())
        for _ in range(3):
            place.shell.run(place.host, "true", in_time())
        assert link.connections == 1

    def test_calls_side_by_side_do_not_share_a_connection(self, place, link, in_time):
        threads = [
            threading.Thread(target=place.shell.run, args=(place.host, "sleep 0.3", in_time()))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert link.connections == 3

    def test_a_dead_warm_connection_is_replaced_before_anything_is_sent(self, place, link, in_time, tmp_path):
        place.shell.warm(place.host, in_time())
        link.cut()
        place.shell.run(place.host, f"echo once >> {tmp_path}/begun", in_time())
        assert link.connections == 2
        assert (tmp_path / "begun").read_text() == "once\n"

    def test_a_command_that_may_have_been_sent_is_never_sent_again(self, place, link, in_time, tmp_path):
        begun = tmp_path / "begun"
        cutter = threading.Thread(target=_cut_when_there, args=(link, begun))
        cutter.start()
        with pytest.raises(MayHaveActed, match="cut off"):
            place.shell.run(place.host, f"echo once >> {begun}; sleep 1", in_time())
        cutter.join()
        assert begun.read_text() == "once\n"
        assert link.connections == 1

    def test_a_command_that_is_delivered_after_its_limit_is_not_begun(self, place, link, in_time, tmp_path):
        """The link holds the request until the limit has passed: whoever looks then may trust what is seen."""
        late, there = tmp_path / "late", tmp_path / "there"

        class HeldOnceReady(Ssh):
            def _ready(self, host, deadline):
                ready = super()._ready(host, deadline)
                link.held = True
                return ready

        with contextlib.closing(HeldOnceReady(place.shell._vault)) as shell:
            with pytest.raises(MayHaveActed):
                shell.run(place.host, f"touch {late}", in_time(8))
            link.held = False
            place.shell.run(place.host, f"touch {there}", in_time())
        assert there.exists()
        assert not late.exists()

    def test_the_whole_group_is_gone_after_the_limit(self, place, in_time, tmp_path):
        pids = tmp_path / "pids"
        child = f"(sleep 600 & echo $! >> {pids}; wait)"
        stubborn = f"trap '' TERM; echo $$ >> {pids}; {child} & wait; sleep 600"
        with pytest.raises(MayHaveActed):
            place.shell.run(place.host, stubborn, in_time(8))
        assert len(_seen_to_end(pids)) == 2

    def test_the_whole_group_is_gone_after_the_limit_also_when_the_link_was_cut(
        self, place, link, in_time, tmp_path
    ):
        pids = tmp_path / "pids"
        cutter = threading.Thread(target=_cut_when_there, args=(link, pids))
        cutter.start()
        with pytest.raises(MayHaveActed):
            place.shell.run(place.host, f"echo $$ > {pids}; exec sleep 600", in_time(8))
        cutter.join()
        assert len(_seen_to_end(pids)) == 1

    def test_a_process_with_a_session_of_its_own_outlives_the_command(self, place, in_time, tmp_path):
        daemon = f"setsid sh -c 'echo $$ > {tmp_path}/pid; exec sleep 600' >/dev/null 2>&1 &"
        place.shell.run(place.host, f"{daemon} sleep 0.2", in_time())
        os.kill(int((tmp_path / "pid").read_text()), 9)  # fails when it is gone

    def test_no_input_stands_on_a_command_line(self, place, in_time):
        look = "cat > /dev/null; cat /proc/*/cmdline 2>/dev/null | tr '\\0' ' '"
        word = os.urandom(8).hex()  # one that nobody else's command line has
        assert word not in place.shell.run(place.host, look, in_time(), stdin=word.encode()).stdout

    def test_a_key_that_is_no_key_is_said_plainly(self, place, in_time):
        with pytest.raises(DidNothing, match="no private key") as refusal:
            Ssh(SecretsInMemory({"env:KEY": "hunter2hunter2"})).run(place.host, "true", in_time())
        assert "hunter2" not in str(refusal.value)


@pytest.mark.root
class TestOpenSsh(TestReal):
    """The same on OpenSSH's own server, which is what stands on a city's machines."""

    @pytest.fixture
    def machine(self, openssh_machine):
        return openssh_machine


def _whatever_comes_of_it(shell, host, command, deadline) -> None:
    with contextlib.suppress(MayHaveActed):
        shell.run(host, command, deadline)


def _cut_when_there(link, path: Path) -> None:
    until = time.monotonic() + 10
    while not (path.exists() and path.read_text()) and time.monotonic() < until:
        time.sleep(0.01)
    link.cut()


def _seen_to_end(pids) -> set[int]:
    """Wait, with a limit, until every process written down there is gone, and return them."""
    until = time.monotonic() + 10
    alive = written = {int(line) for line in pids.read_text().split()}
    while alive and time.monotonic() < until:
        alive = {pid for pid in alive if _runs(pid)}
        time.sleep(0.02)
    assert not alive
    return written


def _runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _uptime() -> float:
    return float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])


@pytest.fixture(scope="module")
def name_says(tmp_path_factory):
    """A folder whose `hostname` prints what is in the file beside it, so that any name can be played."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "hostname").write_text(f"#!/bin/sh\ncat {folder}/name\n")
    (folder / "hostname").chmod(0o755)
    return folder


WORDS = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=60)


@pytest.mark.slow
@examples(150)
@given(argument=WORDS, hostname=WORDS)
def test_no_text_escapes_its_quotes(name_says, argument, hostname):
    host = Host(name="x", site="x", address="x", user="x", key="env:X", host_key="x", hostname=hostname)
    (name_says / "name").write_text(hostname, encoding="utf-8", newline="")
    limit = Limit.of(_uptime(), 20)
    command = shlex.join(["printf", "%s", argument])
    ended = subprocess.run(
        ["/bin/sh", "-c", guarded(command, host, limit, "token")],
        capture_output=True,
        check=False,
        env={"PATH": f"{name_says}:/usr/bin:/bin"},
    )
    if hostname.endswith("\n"):  # a shell's $(...) drops these, so that such a name never matches
        assert ended.returncode == 86
    else:
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, argument.encode(), b"")
