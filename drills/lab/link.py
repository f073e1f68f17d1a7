"""The link between the two sites: TCP relays that replication and the sites' SSH to each other go through, and its cut.

A cut is silent. Nothing read before it arrives after it until the link is whole again, nobody is told that the other
side is gone, and a new connection finds nobody who answers: the accept queue is kept full, so the kernel drops its SYN
and the caller waits out its own limit. What is not as in a real cut: on connections that were open, this computer's
kernel goes on acknowledging until its buffers are full, so keepalives and tcp_user_timeout do not notice; and whatever
does not go through the relays (users, operators, the witness) is not cut at all. Killing a site closes its connections
with a reset, which a site that lost its power would not send.

Run as `python -m drills.lab.link --cut FILE LISTEN=TARGET ...`, started by the machine's supervisor. The link is cut
while FILE exists; SIGHUP makes it look, and it then writes what it made of it beside that file.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import signal
import socket
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CHUNK = 1 << 16
TARGET_ANSWERS_WITHIN = 5.0
_MOST_FILLERS = 16
_FILLER_SETTLES = 0.03

Place = tuple[str, int]


@dataclass(slots=True)
class Gate:
    """Opens and closes for every relay at once."""

    whole: asyncio.Event = field(default_factory=asyncio.Event)


class Relay:
    """One way in: everything that connects to `listen` reaches `target`, while the link is whole."""

    def __init__(self, listen: Place, target: Place, gate: Gate) -> None:
        self._target, self._gate = target, gate
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(listen)
        self._listener.setblocking(False)
        self._fillers: dict[Place, socket.socket] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    def open(self) -> None:
        """Take connections."""
        self._listener.listen(128)
        self._loop.add_reader(self._listener.fileno(), self._accept)

    def whole(self) -> None:
        """Take connections again; what stood in the queue to keep it full is let go unheard."""
        ours = set(self._fillers)
        self._loop.remove_reader(self._listener.fileno())
        for _ in range(len(ours)):
            with contextlib.suppress(BlockingIOError):
                accepted, address = self._listener.accept()
                if address in ours:
                    accepted.close()
                else:
                    self._begin(accepted)
        for filler in self._fillers.values():
            filler.close()
        self._fillers.clear()
        self.open()

    async def cut(self) -> None:
        """Take no connection, not even into the kernel's queue."""
        self._loop.remove_reader(self._listener.fileno())
        self._listener.listen(0)
        for _ in range(_MOST_FILLERS):
            filler = socket.socket()
            filler.setblocking(False)
            connected = filler.connect_ex(self._listener.getsockname())
            if connected == errno.EINPROGRESS:
                # On loopback a connection is made at once, or not at all because the queue is full.
                await asyncio.sleep(_FILLER_SETTLES)
                connected = filler.connect_ex(self._listener.getsockname())
            if connected not in {0, errno.EISCONN}:
                filler.close()
                return
            self._fillers[filler.getsockname()] = filler

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            while True:
                self._begin(self._listener.accept()[0])

    def _begin(self, accepted: socket.socket) -> None:
        task = self._loop.create_task(self._carry(accepted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        onward = socket.socket()
        onward.setblocking(False)
        with accepted, onward, contextlib.suppress(OSError, TimeoutError):
            for one in (accepted, onward):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(TARGET_ANSWERS_WITHIN):
                await self._loop.sock_connect(onward, self._target)
            await _both(self._pass_on(accepted, onward), self._pass_on(onward, accepted))

    async def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        while True:
            await self._gate.whole.wait()
            chunk = await self._loop.sock_recv(source, CHUNK)
            # What came while the link was being cut waits here, and so does the news that the other side is gone.
            await self._gate.whole.wait()
            if not chunk:
                target.shutdown(socket.SHUT_WR)
                return
            await self._loop.sock_sendall(target, chunk)


async def _both(*ways: Coroutine[None, None, None]) -> None:
    """Wait for both ways, or for the first to break; neither is left waiting on a socket that is closed after this.

    One that were left would take its number off the loop later, when the number is another connection's already.
    """
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Link:
    """Every relay, and whether they are cut."""

    def __init__(self, cut: Path, relays: Sequence[Relay], gate: Gate) -> None:
        self._cut, self._relays, self._gate = cut, relays, gate
        self._is_cut = False

    async def look(self) -> None:
        """Do what the file says, and write down that it was done."""
        wanted = self._cut.exists()
        if wanted and not self._is_cut:
            self._gate.whole.clear()
            for relay in self._relays:
                await relay.cut()
        elif self._is_cut and not wanted:
            self._gate.whole.set()
            for relay in self._relays:
                relay.whole()
        self._is_cut = wanted
        self._say()

    def start(self) -> None:
        """Open every relay."""
        self._gate.whole.set()
        for relay in self._relays:
            relay.open()

    def _say(self) -> None:
        fresh = self._cut.with_suffix(".new")
        fresh.write_text("cut" if self._is_cut else "whole")
        fresh.replace(self._cut.with_suffix(".state"))


def _place(text: str) -> Place:
    address, _, port = text.rpartition(":")
    return address, int(port)


async def serve(argv: Sequence[str]) -> None:
    """Relay until the machine is turned off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cut", type=Path, required=True)
    parser.add_argument("relays", nargs="+")
    given = parser.parse_args(argv)
    gate = Gate()
    ends = [one.split("=") for one in given.relays]
    relays = [Relay(_place(listen), _place(target), gate) for listen, target in ends]
    link = Link(given.cut, relays, gate)
    look = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, look.set)
    link.start()
    await link.look()
    while True:
        await look.wait()
        look.clear()
        await link.look()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
