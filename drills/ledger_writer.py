"""Writes to a service as its users would, at a steady rate, and records what was acknowledged and what was refused.

A program of its own (`python -m drills.ledger_writer`), so that nothing the drill does can delay it. It stops cleanly
on SIGTERM, when whoever started it is gone (its standard input closes), or when its time is up. Only the standard
library is imported: it must be writing before anything breaks.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from drills.ledger import Opening, line_of

ANSWER_WITHIN = 1.0
"""Seconds a user waits for an answer before the write counts as refused."""
PAUSE = 0.005
"""Seconds before a refused write is tried again."""
BATCH = 0.02
"""Seconds between two fsyncs of the ledger, at most, unless the disk is slower."""
NO_HTTP = (EOFError, ValueError, IndexError, asyncio.LimitOverrunError)


@dataclass(slots=True)
class Book:
    """The ledger file: lines are handed in at once and reach the disk in batches."""

    descriptor: int
    lines: list[str] = field(default_factory=list)

    async def keep(self, stop: asyncio.Event) -> None:
        """Write and fsync what was handed in, every `BATCH` seconds, until `stop`."""
        while not stop.is_set():
            await asyncio.sleep(BATCH)
            # Taken here and not in the thread, where a line handed in at that instant would be lost.
            lines, self.lines = self.lines, []
            await asyncio.to_thread(self._write, lines)

    def flush(self) -> None:
        """Write and fsync what was handed in so far, now."""
        lines, self.lines = self.lines, []
        self._write(lines)

    def _write(self, lines: list[str]) -> None:
        left = "".join(lines).encode()
        while left:
            left = left[os.write(self.descriptor, left) :]
        if lines:
            os.fsync(self.descriptor)


class Line:
    """One writer's connection to the front, kept open while it answers."""

    def __init__(self, address: str, port: int, name: str) -> None:
        self._address, self._port = address, port
        self._head = (
            f"POST /ledger HTTP/1.1\r\nHost: {name}\r\nContent-Type: application/json\r\nContent-Length: "
        )
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> tuple[int, str | None]:
        """Send one write and wait for its answer.

        Returns:
            The HTTP status, and the site that the service says it answered from, if it says so.

        Raises:
            TimeoutError, OSError: no answer. EOFError, ValueError, IndexError, LimitOverrunError: it is not HTTP.
        """
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                reader, writer = await self._connected()
                writer.write(f"{self._head}{len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
                return await self._answer(reader)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connection."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._address, self._port)
        return self._streams

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, str | None]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in head[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if "content-length" not in headers or headers.get("connection", "").lower() == "close":
            self.close()
        return status, _site(body)


def _site(body: bytes) -> str | None:
    try:
        said = json.loads(body)
    except ValueError:
        return None
    site = said.get("site") if isinstance(said, dict) else None
    return site if isinstance(site, str) else None


async def write(
    line: Line, writer: int, *, first: float, every: float, book: Book, stop: asyncio.Event
) -> None:
    """Write one number after another, one every `every` seconds from `first` on, until `stop`.

    A refused number is tried again until it is acknowledged, so that the acknowledged ones have no holes. What was held
    up is not made up for: the rate stays what it is, and the service is not hit by a wave when it comes back.
    """
    due, seq = first, 0
    while not await _stopped(stop, due - time.monotonic()):
        began = time.monotonic()
        accepted, note = await _try(line, writer, seq)
        ended, wall = time.monotonic(), time.time()
        book.lines.append(line_of((writer, seq), began, ended, wall, accepted=accepted, note=note))
        if accepted:
            seq += 1
            due = max(due + every, time.monotonic())
        else:
            due = time.monotonic() + PAUSE
    line.close()


async def _try(line: Line, writer: int, seq: int) -> tuple[bool, str | None]:
    body = json.dumps({"writer": writer, "seq": seq, "at": datetime.now(UTC).isoformat()}).encode()
    try:
        status, site = await line.post(body)
    except TimeoutError:
        return False, "no answer in time"
    except OSError as error:
        return False, error.strerror or type(error).__name__
    except NO_HTTP:
        return False, "the answer was cut off"
    acknowledged = status in range(200, 300)
    return acknowledged, site if acknowledged else f"HTTP {status}"


async def _stopped(stop: asyncio.Event, within: float) -> bool:
    if within <= 0:
        await asyncio.sleep(0)
        return stop.is_set()
    try:
        async with asyncio.timeout(within):
            return await stop.wait()
    except TimeoutError:
        return False


def _stop_at_end_of_input(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        stop.set()


async def keep_ledger(asked: argparse.Namespace) -> None:
    """Run every writer until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    loop.call_later(asked.at_most, stop.set)
    if asked.stop_with_input:
        loop.add_reader(sys.stdin.fileno(), _stop_at_end_of_input, stop)
    address, _, port = asked.front.rpartition(":")
    book = Book(os.open(asked.ledger, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644))
    start = time.monotonic()
    book.lines.append(Opening.line(wall=time.time(), monotonic=start))
    book.flush()
    every = asked.writers / asked.writes
    async with asyncio.TaskGroup() as group:
        group.create_task(book.keep(stop))
        for number in range(asked.writers):
            line = Line(address, int(port), asked.name)
            first = start + every * number / asked.writers
            group.create_task(
                write(line, asked.first_writer + number, first=first, every=every, book=book, stop=stop)
            )
    book.flush()
    os.close(book.descriptor)


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and keep the ledger."""
    parser = argparse.ArgumentParser(prog="python -m drills.ledger_writer", description=__doc__)
    parser.add_argument("--front", required=True, help="where users come in, ADDRESS:PORT")
    parser.add_argument("--name", default="localhost", help="the host name users ask for")
    parser.add_argument(
        "--ledger", required=True, type=Path, help="the file to make; it must not be there yet"
    )
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument(
        "--first-writer", type=int, default=0, help="number of the first writer; fresh for each drill"
    )
    parser.add_argument("--writes", type=float, default=100.0, help="writes a second, all writers together")
    parser.add_argument(
        "--at-most", type=float, default=3600.0, help="seconds after which it stops by itself"
    )
    parser.add_argument("--stop-with-input", action="store_true", help="stop when standard input closes")
    asked = parser.parse_args(arguments)
    try:
        asyncio.run(keep_ledger(asked))
    except* OSError as errors:
        sys.exit(f"{asked.ledger}: the ledger cannot be kept: {errors.exceptions[0]}")


if __name__ == "__main__":
    main()
