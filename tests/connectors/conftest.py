"""Real servers for the contract suites, on loopback, and a link to them that a test can cut or hold."""

from __future__ import annotations

import contextlib
import selectors
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from seawall.actions import Deadline


@pytest.fixture
def in_time():
    """A deadline far enough away for anything that a test expects to end well."""
    return lambda seconds=90.0: Deadline.within(timedelta(seconds=seconds))


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def until(holds, what: str, within: float = 60.0) -> None:
    """Wait, with a limit, until `holds()`."""
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end, f"not seen within {within} s: {what}"
        time.sleep(0.01)


@dataclass
class Link:
    """A TCP link to `port` that counts connections, and that a test can cut, or hold and let go again.

    While it is held, what the near side sends is kept; the far side is still heard. So an answer can be seen to be
    missing and the request delivered late.
    """

    far_port: int
    connections: int = 0
    held: bool = False
    _door: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _pairs: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _open: bool = True

    @property
    def port(self) -> int:
        return int(self._door.getsockname()[1])

    def start(self) -> None:
        self._go(self._accept)

    def cut(self) -> None:
        for pair in self._pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._open = self.held = False
        self.cut()
        for thread in self._threads:
            thread.join()
        for end in (self._door, *(end for pair in self._pairs for end in pair)):
            end.close()

    def _go(self, what, *args) -> None:
        self._threads.append(threading.Thread(target=what, args=args))
        self._threads[-1].start()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._door, selectors.EVENT_READ)
            while self._open:
                if selector.select(0.02):
                    near, _ = self._door.accept()
                    self.connections += 1
                    far = socket.create_connection(("127.0.0.1", self.far_port))
                    for end in (near, far):
                        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._pairs.append((near, far))
                    self._go(self._pump, near, far, True)
                    self._go(self._pump, far, near, False)

    def _pump(self, source: socket.socket, target: socket.socket, holds: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                while holds and self.held:
                    time.sleep(0.005)
                target.sendall(piece)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def link_to():
    with contextlib.ExitStack() as stack:

        def make(port: int) -> Link:
            link = Link(port)
            link.start()
            stack.callback(link.stop)
            return link

        yield make


@dataclass(frozen=True)
class SshMachine:
    """A machine with a real SSH server and a host name of its own."""

    home: Path
    port: int
    host_key: str
    user_key: str
    path: str
    hostname: str
    user: str = "seawall"


def make_machine(folder: Path, hostname: str, *, path: str = "", user: str = "seawall") -> SshMachine:
    """Lay down what a server there needs: its key, whom it lets in, and a name of its own; nothing is started."""
    import asyncssh  # a third of a second, and only real servers need it

    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "hostname").write_text(f"#!/bin/sh\necho {hostname}\n")
    (folder / "bin" / "hostname").chmod(0o755)
    host_key, user_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    (folder / "host_key").write_bytes(host_key.export_private_key())
    (folder / "host_key").chmod(0o600)
    (folder / "authorized").write_bytes(user_key.export_public_key())
    return SshMachine(
        home=folder,
        port=free_port(),
        host_key=host_key.export_public_key().decode().strip(),
        user_key=user_key.export_private_key().decode(),
        path=":".join(filter(None, (str(folder / "bin"), path, "/usr/local/bin:/usr/bin:/bin"))),
        hostname=hostname,
        user=user,
    )


def answers(machine: SshMachine) -> bool:
    """Whether its server takes connections."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", machine.port), timeout=1):
        return True
    return False


def wait_for(machine: SshMachine, running: subprocess.Popen[bytes]) -> None:
    """Wait until its server takes connections."""

    def is_there() -> bool:
        assert running.poll() is None, "the SSH server did not start"
        return answers(machine)

    until(is_there, "an SSH server")


def start_sshd(
    folder: Path, hostname: str, *, uid: int | None = None, gid: int | None = None, path: str = ""
):
    """Start the lab's SSH server there; return it and the process to end."""
    machine = make_machine(folder, hostname, path=path)
    arguments = {
        "address": "127.0.0.1",
        "port": machine.port,
        "host-key": folder / "host_key",
        "authorized": folder / "authorized",
        "home": folder,
        "path": machine.path,
        **({} if uid is None else {"uid": uid, "gid": gid}),
    }
    running = subprocess.Popen(
        [sys.executable, "-m", "drills.lab.sshd", *(f"--{key}={value}" for key, value in arguments.items())],
        stdin=subprocess.DEVNULL,
    )
    wait_for(machine, running)
    return machine, running


OPENSSH = """
ListenAddress 127.0.0.1:{machine.port}
HostKey {machine.home}/host_key
AuthorizedKeysFile {machine.home}/authorized
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
SetEnv PATH={machine.path}
"""


def start_openssh(folder: Path, hostname: str):
    """Start OpenSSH's server there, which lets root in; it has a /run of its own. Return it and the process to end."""
    machine = make_machine(folder, hostname, user="root")
    (folder / "config").write_text(OPENSSH.format(machine=machine))
    inside = f"mount -t tmpfs none /run && mkdir /run/sshd && exec /usr/sbin/sshd -D -e -f {folder}/config"
    running = subprocess.Popen(["unshare", "--mount", "sh", "-c", inside], stdin=subprocess.DEVNULL)
    wait_for(machine, running)
    return machine, running


@pytest.fixture(scope="session")
def ssh_machine(tmp_path_factory):
    machine, running = start_sshd(tmp_path_factory.mktemp("machine") / "north-db", "north-db")
    yield machine
    running.kill()
    running.wait()


@pytest.fixture(scope="session")
def openssh_machine(tmp_path_factory):
    machine, running = start_openssh(tmp_path_factory.mktemp("openssh") / "north-db", "north-db")
    yield machine
    running.terminate()
    running.wait(10)
