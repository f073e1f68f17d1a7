"""The way in to a database for users' programs, open until the instant that its guard has written down, and no longer.

It goes by CLOCK_BOOTTIME: each time anything is about to pass, in either direction, and by itself when the instant
comes. Then it listens no more and resets what was open. A guard that is held or killed changes nothing about that.

What is left, as no kernel keeps the time here: a relay that is held (SIGSTOP) between its look at the clock and its
call of send() lets that one chunk pass when it goes on, at most 64 kB and in that direction only: the answer to it does
not pass any more. In the form with nftables the kernel looks at each packet. docs/lease.md has it measured.

It also carries the guard's own questions to the places, so that a drill can cut a guard off from them.

Run as `python -m drills.lab.relay --until FILE --cut FILE LISTEN=TARGET [LISTEN=PLACE ...]`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from drills.lab.link import CHUNK, Gate, Link, Place, Relay
from seawall.lease import NEVER, boottime

LOOKS_EVERY = 0.02
"""Seconds between two looks at what the guard has written."""
CONNECTS_WITHIN = 5.0
_RESET = struct.pack("ii", 1, 0)
"""socket(7), SO_LINGER: close by a reset, as nothing else tells the other side at once."""


class Late(Exception):
    """The time was up before it could pass."""


class LeasedWay:
    """One way in that is open until an instant."""

    def __init__(self, listen: Place, target: Place, until: Path) -> None:
        self._listen, self._target, self._file = listen, target, until
        self._until = NEVER
        self._listener: socket.socket | None = None
        self._open: dict[asyncio.Task[None], tuple[socket.socket, socket.socket]] = {}
        self._loop = asyncio.get_running_loop()

    async def keep(self) -> None:
        """Open and close for good, as the file says and the clock."""
        while True:
            self._until = self._read()
            left = self._until - boottime()
            if left > 0 and self._listener is None:
                self._begin_listening()
            if left <= 0 and self._listener is not None:
                self._close()
            await asyncio.sleep(min(LOOKS_EVERY, left) if left > 0 else LOOKS_EVERY)

    def _read(self) -> float:
        try:
            return float(self._file.read_text())
        except (OSError, ValueError):
            return NEVER

    def _begin_listening(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(self._listen)
        listener.listen(128)
        listener.setblocking(False)
        self._listener = listener
        self._loop.add_reader(listener.fileno(), self._accept, listener)

    def _close(self) -> None:
        assert self._listener is not None
        self._loop.remove_reader(self._listener.fileno())
        self._listener.close()
        self._listener = None
        for task in self._open:
            task.cancel()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            while True:
                accepted = listener.accept()[0]
                task = self._loop.create_task(self._carry(accepted))
                self._open[task] = (accepted, accepted)
                task.add_done_callback(lambda done: self._open.pop(done, None))

    async def _carry(self, accepted: socket.socket) -> None:
        onward = socket.socket()
        with accepted, onward:
            for one in (accepted, onward):
                one.setblocking(False)
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                async with asyncio.timeout(CONNECTS_WITHIN):
                    await self._loop.sock_connect(onward, self._target)
                ways = [
                    asyncio.ensure_future(self._pass_on(*way))
                    for way in ((accepted, onward), (onward, accepted))
                ]
                try:
                    await asyncio.gather(*ways)
                finally:
                    for way in ways:
                        way.cancel()
                    await asyncio.gather(*ways, return_exceptions=True)
            except (OSError, TimeoutError, Late, asyncio.CancelledError):
                for one in (accepted, onward):
                    with contextlib.suppress(OSError):
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    async def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        while chunk := await self._loop.sock_recv(source, CHUNK):
            left = memoryview(chunk)
            while left:
                # Nothing comes between the look and the call: what cannot be sent at once is looked at again.
                if boottime() >= self._until:
                    raise Late
                try:
                    sent = target.send(left)
                except BlockingIOError:
                    await _writable(target)
                else:
                    left = left[sent:]
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


async def _writable(target: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_writer(target.fileno(), _set, ready)
    try:
        await ready
    finally:
        loop.remove_writer(target.fileno())


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _place(text: str) -> Place:
    address, _, port = text.rpartition(":")
    return address, int(port)


async def serve(argv: Sequence[str]) -> None:
    """Relay until the machine is turned off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--until", type=Path, required=True)
    parser.add_argument("--cut", type=Path, required=True)
    parser.add_argument("ways", nargs="+")
    given = parser.parse_args(argv)
    ends = [(_place(listen), _place(target)) for listen, target in (way.split("=") for way in given.ways)]
    gate = Gate()
    link = Link(given.cut, [Relay(listen, target, gate) for listen, target in ends[1:]], gate)
    look = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, look.set)
    link.start()
    await link.look()
    way = LeasedWay(*ends[0], given.until)
    keeping = asyncio.ensure_future(way.keep())
    while not keeping.done():
        await look.wait()
        look.clear()
        await link.look()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
