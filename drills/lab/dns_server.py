"""The witness's name server: the city's zone over UDP and TCP.

Run as `python -m drills.lab.dns_server --address ... `, started by the machine's supervisor.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

import dns.tsig

from drills.lab.dns_zone import ZoneServer

TTL = 5
"""Seconds a name may be remembered; short, because it is moved."""
IDLE = 10.0
"""Seconds a TCP client may be silent."""


def zone_text(origin: str, records: Iterable[tuple[str, str, str]]) -> str:
    """Write a zone as it is before anything was moved. `records`: name, type and value of each but its own."""
    lines = [
        f"$ORIGIN {origin}.",
        f"$TTL {TTL}",
        "@ IN SOA ns1 hostmaster 1 60 30 600 5",
        "@ IN NS ns1",
        *(f"{name} IN {kind} {value}" for name, kind, value in records),
    ]
    return "\n".join(lines) + "\n"


class Datagrams(asyncio.DatagramProtocol):
    """The zone over UDP."""

    def __init__(self, zone: ZoneServer) -> None:
        self._zone = zone
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom to answer through."""
        # No isinstance: asyncio's own transport is none of that class before Python 3.12.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one datagram."""
        reply = self._zone.answer(data, over_udp=True)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)


async def _converse(zone: ZoneServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, EOFError, TimeoutError):
        while True:
            async with asyncio.timeout(IDLE):
                length = int.from_bytes(await reader.readexactly(2))
                wire = await reader.readexactly(length)
            reply = zone.answer(wire, over_udp=False)
            if reply is None:
                break
            writer.write(len(reply).to_bytes(2) + reply)
            await writer.drain()
    writer.close()


async def serve(argv: Sequence[str]) -> None:
    """Answer until the machine is turned off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--zone", type=Path, required=True)
    parser.add_argument("--origin", required=True)
    parser.add_argument("--key-name", required=True)
    parser.add_argument("--key-file", type=Path, required=True)
    given = parser.parse_args(argv)
    key = dns.tsig.Key(given.key_name, given.key_file.read_text().strip(), dns.tsig.HMAC_SHA256)
    zone = ZoneServer(given.zone, given.origin, key)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: Datagrams(zone), local_addr=(given.address, given.port))
    await asyncio.start_server(lambda *streams: _converse(zone, *streams), given.address, given.port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
