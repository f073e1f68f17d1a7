"""One connection to one host: the pinned key or nothing, and an end to every wait.

paramiko has waits without a limit (`exec_command`, `recv_exit_status`, writing to a full window). So at the deadline
the socket is shut, which wakes them all; a connection is therefore never shared by two calls at once.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from connectors.ssh.command import LOOK_AROUND, no_clock, wrong_name
from seawall.actions import Deadline
from seawall.errors import DidNothing, Finding, Unreachable, WrongTarget, no_connection
from seawall.targets import Host

if TYPE_CHECKING:
    import paramiko

CONNECT, GREET = 3.0, 10.0
"""Seconds for TCP alone (one lost SYN is sent again after 1 s, RFC 6298), and for everything up to being let in."""
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")
"""GCM first: it needs no separate digest over every packet, which is half the time of a large stream."""
CHECK_BY_ANOTHER_WAY = (
    "Send nothing there. Let somebody at the machine's own console (not over the network) run `ssh-keygen -lf"
    " /etc/ssh/ssh_host_ed25519_key.pub`: if it shows the expected one, something stands between you and it; if it"
    " shows the one found, find out who changed it, and have the new key reviewed into the inventory"
)
KEEPALIVE = 15
"""Seconds between signs of life on a warm connection, so that a dead one is known before it is needed."""


class Link:
    """An authenticated connection whose far end showed the pinned key and the expected name."""

    def __init__(self, host: Host, transport: paramiko.Transport) -> None:
        self.host = host
        self.transport = transport
        self._cut = False
        self._uptime_at = 0.0

    @classmethod
    def open(cls, host: Host, private_key: str, deadline: Deadline) -> Link:
        """Connect, compare the key, be let in, compare the name.

        Raises:
            Unreachable: no connection, no SSH there, silence, or not let in. Nothing was sent.
            WrongTarget: another key or name than expected. Nothing was sent but a question for the name.
        """
        key = _parsed(private_key, host)
        deadline = deadline.at_most(GREET)
        line = _connected(host, deadline)
        try:
            transport = _transport(line, host)
        except BaseException:
            line.close()
            raise
        link = cls(host, transport)
        try:
            link._greet(key, deadline)
        except BaseException:
            link.close()
            raise
        return link

    @property
    def alive(self) -> bool:
        """Whether nothing is known against the connection."""
        return not self._cut and self.transport.is_active() and self.transport.is_authenticated()

    @property
    def was_cut(self) -> bool:
        """Whether the deadline of a call ended it."""
        return self._cut

    @property
    def remote_now(self) -> float:
        """The far machine's uptime, in seconds; what it shows itself is never less than this."""
        return time.monotonic() + self._uptime_at

    @contextlib.contextmanager
    def ended_at(self, deadline: Deadline) -> Iterator[None]:
        """Cut the connection when the deadline passes inside the block."""
        timer = threading.Timer(deadline.left, self.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def channel(self, deadline: Deadline) -> paramiko.Channel:
        """Open a channel, which also shows that the far end is there. Raises: Unreachable; nothing was sent."""
        import paramiko

        try:
            return self.transport.open_session(timeout=max(deadline.left, 0.001))
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise unreachable(self.host, f"the connection is dead ({said(error)})") from error

    def cut(self) -> None:
        """End the connection at once, without a word to the far end and without waiting."""
        self._cut = True
        with contextlib.suppress(OSError):
            self.transport.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection."""
        self.transport.close()

    def _greet(self, key: paramiko.PKey, deadline: Deadline) -> None:
        self._wait_for(self.transport.start_client, deadline, "it accepted the connection, and speaks no SSH")
        self._compare_keys()
        user = self.host.user
        self._wait_for(
            lambda event: self.transport.auth_publickey(user, key, event),
            deadline,
            f"it does not let {user} in",
        )
        if not self.transport.is_authenticated():
            why = f"it does not let {user} in with the key from {self.host.key}"
            raise unreachable(self.host, why, Finding.NOT_LET_IN)
        self._look_around(deadline)

    def _wait_for(self, begin: object, deadline: Deadline, otherwise: str) -> None:
        import paramiko

        event = threading.Event()
        assert callable(begin)
        begin(event)
        if not event.wait(deadline.left):
            raise unreachable(self.host, f"{otherwise}: silence until the limit", Finding.SILENT)
        error = self.transport.get_exception()
        if error is None and not self.transport.is_active():
            error = paramiko.SSHException("connection closed")
        if error is not None and not isinstance(error, paramiko.AuthenticationException):
            raise unreachable(self.host, f"{otherwise} ({said(error)})") from error

    def _compare_keys(self) -> None:
        found = self.transport.get_remote_server_key()
        seen = f"{found.get_name()} {found.get_base64()}"
        if seen != _without_comment(self.host.host_key):
            raise wrong_key(self.host, seen)

    def _look_around(self, deadline: Deadline) -> None:
        import paramiko

        channel = self.channel(deadline)
        try:
            with self.ended_at(deadline):
                channel.exec_command(LOOK_AROUND)
                words = channel.makefile("rb").read(512).decode(errors="replace").split()
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise unreachable(self.host, f"it runs no commands ({said(error)})") from error
        finally:
            channel.close()
        if words[:1] != [self.host.hostname]:
            raise wrong_name(self.host, words[0] if words else "")
        try:
            self._uptime_at = float(words[1]) - time.monotonic()
        except (IndexError, ValueError) as error:
            raise no_clock(self.host) from error


def fingerprint(public_key: str) -> str:
    """Write a public key, given as OpenSSH writes it, the short way that `ssh-keygen -l` does."""
    kind, _, letters = _without_comment(public_key).partition(" ")
    try:
        key = base64.b64decode(letters, validate=True)
    except ValueError:
        return f"{kind} (which is no key)"
    return f"{kind} SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


_MAY_LOG_IN = (
    "Put that key's public half into the account's authorized_keys there, and see what its sshd logs"
)


def wrong_key(host: Host, seen: str) -> WrongTarget:
    """Say that another machine answered than the one whose key is pinned."""
    return WrongTarget(
        f"the host key is {fingerprint(seen)}, expected {fingerprint(host.host_key)}",
        where=f"{host.name} ({host.address}:{host.port})",
        remedy=CHECK_BY_ANOTHER_WAY,
        finding=Finding.WRONG_KEY,
    )


def said(error: BaseException) -> str:
    """Return an error's own words, or its name when it has none."""
    return str(error) or type(error).__name__


def unreachable(host: Host, why: str, finding: Finding | None = None) -> Unreachable:
    """Say that nobody could be spoken to there, and that nothing was sent."""
    return Unreachable(
        f"cannot be reached over SSH: {why}",
        where=f"{host.name} ({host.address}:{host.port})",
        remedy=_MAY_LOG_IN
        if finding is Finding.NOT_LET_IN
        else "Check that the host is up, the network to it, and who may log in there",
        finding=finding,
    )


def _connected(host: Host, deadline: Deadline) -> socket.socket:
    if deadline.passed:
        raise unreachable(host, "the time was up before it was tried")
    try:
        line = socket.create_connection((host.address, host.port), timeout=deadline.at_most(CONNECT).left)
    except OSError as error:
        raise unreachable(host, *no_connection(error)) from error
    # Nagle's algorithm with delayed ACKs costs 43 ms a command (measured, reference: lab).
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def _transport(line: socket.socket, host: Host) -> paramiko.Transport:
    import logging

    import paramiko

    # What goes wrong is raised; a library's own words on stderr would only frighten.
    logging.getLogger("seawall.ssh").addHandler(logging.NullHandler())
    logging.getLogger("seawall.ssh").propagate = False
    transport = paramiko.Transport(line)
    transport.set_log_channel("seawall.ssh")
    transport.set_keepalive(KEEPALIVE)
    options = transport.get_security_options()
    options.ciphers = CIPHERS
    pinned = host.host_key.partition(" ")[0]
    names = [
        name
        for name in options.key_types
        if name == pinned or (pinned == "ssh-rsa" and name.startswith("rsa-"))
    ]
    options.key_types = [*names, *(name for name in options.key_types if name not in names)]
    return transport


def _parsed(private_key: str, host: Host) -> paramiko.PKey:
    import paramiko

    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with contextlib.suppress(paramiko.SSHException, ValueError, IndexError):
            return kind.from_private_key(io.StringIO(private_key + "\n"))
    raise DidNothing(
        f"what {host.key} leads to is no private key that can be used",
        where=host.name,
        remedy="Put an unencrypted ed25519, ECDSA or RSA key there, as ssh-keygen writes it",
    )


def _without_comment(public_key: str) -> str:
    return " ".join(public_key.split()[:2])
