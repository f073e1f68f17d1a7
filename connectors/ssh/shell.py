"""The core's `Shell` over SSH: connections are kept warm, and a command that may have been sent is never sent again."""

from __future__ import annotations

import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.ssh.actions import ShellActions
from connectors.ssh.command import ENDED_BY_LIMIT, Limit, guarded, refusal
from connectors.ssh.conversation import Conversation, Kept, Source
from connectors.ssh.link import Link, said
from seawall.actions import Deadline, Output, Vault
from seawall.errors import MayHaveActed, Unreachable
from seawall.targets import Host

if TYPE_CHECKING:
    import paramiko

PROBE = 2.0
"""Seconds a warm connection has to show that its far end is there, before a new one is made instead."""
SLACK = 0.2
"""Seconds by which the far clock, read over a link, may be ahead of what is known of it here."""


@dataclass(slots=True)
class Ended:
    """How one command ended: its status, None when none was seen, and what its streams began with."""

    status: int | None = None
    out: Kept = field(default_factory=Kept)
    err: Kept = field(default_factory=Kept)


class Ssh(ShellActions):
    """Hosts reached over SSH. One connection serves one call at a time; idle ones are kept for the next."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._idle: dict[Host, list[Link]] = defaultdict(list)
        self._closed = False
        self._lock = threading.Lock()

    def run(self, host: Host, command: str, deadline: Deadline, *, stdin: bytes = b"") -> Output:
        """Run `command`; see `seawall.actions.Shell.run`."""
        return self.stream_to(host, command, (stdin,) if stdin else (), deadline)

    def stream_to(self, host: Host, command: str, chunks: Iterable[bytes], deadline: Deadline) -> Output:
        """Run `command` and write `chunks` to it; see `seawall.actions.Shell.stream_to`."""
        ended = Ended()
        for piece in self._carry_out(host, command, chunks, deadline, ended):
            ended.out.add(piece)
        assert ended.status is not None
        return Output(ended.status, str(ended.out), str(ended.err))

    def stream_from(
        self, host: Host, command: str, deadline: Deadline, *, stdin: bytes = b""
    ) -> Iterator[bytes]:
        """Run `command` and yield its output; see `seawall.actions.Shell.stream_from`."""
        ended = Ended()
        yield from self._carry_out(host, command, (stdin,) if stdin else (), deadline, ended)
        if ended.status:
            raise ended_badly(host, Output(ended.status, "", str(ended.err)))

    def warm(self, host: Host, deadline: Deadline) -> None:
        """Have a connection ready, so that the next command takes 3 ms and not 90. Raises: Unreachable, WrongTarget."""
        link, channel = self._ready(host, deadline)
        channel.close()
        self._keep(link)

    def is_quiet(self, host: Host, deadline: Deadline) -> bool:
        """Tell whether nobody else is at work there; see `seawall.actions.Shell.is_quiet`."""
        with self._lock:
            idle = self._idle.pop(host, [])
            self._idle[host] += idle[-1:]
        for link in idle[:-1]:  # ours too, but there it would look like somebody else's
            link.close()
        return ShellActions.is_quiet(self, host, deadline)

    def close(self) -> None:
        """End every idle connection, and from now on each that is given back."""
        with self._lock:
            self._closed = True
            links = [link for idle in self._idle.values() for link in idle]
            self._idle.clear()
        for link in links:
            link.close()

    def _carry_out(
        self, host: Host, command: str, chunks: Iterable[bytes], deadline: Deadline, ended: Ended
    ) -> Iterator[bytes]:
        """Yield the command's output, then fill in `ended`. Raises what `Shell.run` raises."""
        link, channel = self._ready(host, deadline)
        began, left = time.monotonic(), deadline.left
        limit = Limit.of(link.remote_now, left)
        token = f"seawall-{secrets.token_hex(8)}"
        whole = False
        talk = Conversation(channel)
        try:
            with link.ended_at(deadline):
                _send(channel, guarded(command, host, limit, token), host)
                talk.say(chunks)
                for source, piece in talk.heard():
                    if source is Source.ERR:
                        ended.err.add(piece)
                    else:
                        yield piece
                ended.status = talk.status()
            whole = ended.status is not None and not link.was_cut
        finally:
            talk.end()
            if whole:
                self._keep(link)
            else:
                link.close()
        if talk.could_not_read is not None:
            raise talk.could_not_read
        if ended.status is None:
            unseen = (
                f"was not seen to end within {left:.1f} s"
                if link.was_cut
                else "was cut off with its connection"
            )
            raise in_doubt(host, unseen)
        refused = refusal(Output(ended.status, "", str(ended.err)), host, token)
        if refused is not None:
            raise refused
        if ended.status in ENDED_BY_LIMIT and time.monotonic() - began > limit.seconds - SLACK:
            raise in_doubt(host, f"had not ended after {limit.seconds:.1f} s, and was ended there")

    def _ready(self, host: Host, deadline: Deadline) -> tuple[Link, paramiko.Channel]:
        """Return a connection with an open channel: a warm one that still answers, or a new one."""
        while (link := self._take(host)) is not None:
            try:
                return link, link.channel(deadline.at_most(PROBE))
            except Unreachable:
                link.close()
        link = Link.open(host, self._vault.secret(host.key), deadline)
        try:
            return link, link.channel(deadline)
        except BaseException:
            link.close()
            raise

    def _take(self, host: Host) -> Link | None:
        with self._lock:
            while self._idle[host]:
                link = self._idle[host].pop()
                if link.alive:
                    return link
                link.close()
        return None

    def _keep(self, link: Link) -> None:
        with self._lock:
            if not self._closed:
                self._idle[link.host].append(link)
                return
        link.close()


def _send(channel: paramiko.Channel, text: str, host: Host) -> None:
    import paramiko

    try:
        channel.exec_command(text)
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise in_doubt(host, f"was sent, and not seen to begin ({said(error)})") from error


def ended_badly(host: Host, output: Output) -> MayHaveActed:
    """Say that a command whose output was wanted failed, after it may have done some of its work."""
    return MayHaveActed(
        f"the command ended with status {output.status}: {output.stderr.strip()[-500:]}",
        where=host.name,
        remedy="Read its words, and look at the host before trying again",
    )


def in_doubt(host: Host, how: str) -> MayHaveActed:
    """Say that a command was sent and how it ended was not seen."""
    return MayHaveActed(
        f"the command {how}", where=host.name, remedy="Look at the host to see what it did, before deciding"
    )
