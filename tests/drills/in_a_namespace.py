"""`unshare --net python -m tests.drills.in_a_namespace`: what a lease of nftables lets through, as JSON lines.

A network of its own, in which an echo server stands for the database. Told a line on standard input, it does it and
answers with a line.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import socket
import struct
import sys
import threading
import time
from functools import partial

from connectors.guard.ways import NftWay, admitting
from connectors.guard.ways import _nft as nft
from seawall.lease import boottime

SET_FLAGS, UP = 0x8914, 0x1
"""netdevice(7): SIOCSIFFLAGS, IFF_UP."""
PORT = 5432
EXEMPT = "127.0.0.9"


def echo(server: socket.socket, written: list[bytes]) -> None:
    """Take every write there is, and acknowledge it."""
    while True:
        line, _ = server.accept()
        threading.Thread(target=answer, args=(line, written), daemon=True).start()


def answer(line: socket.socket, written: list[bytes]) -> None:
    with contextlib.suppress(OSError), line:
        while chunk := line.recv(100):
            written.append(chunk)
            line.sendall(b"committed")


def writes(line: socket.socket) -> bool:
    """Write on an open connection; tell whether it was acknowledged."""
    try:
        line.sendall(b"write")
        return line.recv(100) == b"committed"
    except OSError:
        return False


def connected(source: str) -> socket.socket | None:
    line = socket.socket()
    line.settimeout(0.3)
    line.bind((source, 0))
    try:
        line.connect(("127.0.0.1", PORT))
    except OSError:
        line.close()
        return None
    return line


def late(held: float, script: str) -> None:
    """Tell the kernel what is to be told, so much later."""
    time.sleep(held)
    nft(script)


def main() -> None:
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", UP))
    written: list[bytes] = []
    server = socket.create_server(("127.0.0.1", PORT))
    threading.Thread(target=echo, args=(server, written), daemon=True).start()
    way, open_line = NftWay(PORT, [EXEMPT]), None
    for asked in sys.stdin:
        said: object = None
        match asked.split():
            case ["close"]:
                way.close()
            case ["admit", seconds]:
                way.admit(boottime() + float(seconds))
            case ["admit-late", seconds, held]:
                NftWay(PORT, [EXEMPT], run=partial(late, float(held))).admit(boottime() + float(seconds))
            case ["only", clock, seconds]:
                element, wall = (float(seconds), 3600.0) if clock == "element" else (3600.0, float(seconds))
                nft(admitting(PORT, element, time.time() + wall))
            case ["connect", source]:
                open_line = connected(source)
                said = open_line is not None
            case ["write"]:
                before = len(written)
                acknowledged = open_line is not None and writes(open_line)
                said = {"acknowledged": acknowledged, "arrived": len(written) > before}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
