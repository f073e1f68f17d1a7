"""`unshare --net python -m tests.drills.behind_a_firewall RULES ADDRESS PORT OTHER`: what gets through, as JSON.

A network of its own, in which everything is dropped but what the file RULES lets in. Nothing of it is the machine's.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import socket
import struct
import subprocess
import sys

SET_FLAGS, UP = 0x8914, 0x1
"""netdevice(7): SIOCSIFFLAGS, IFF_UP."""
DROPS = """\
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established accept
    }
}
"""


def passes(source: str, address: str, port: int) -> bool:
    with socket.socket() as line:
        line.settimeout(0.5)
        line.bind((source, 0))
        with contextlib.suppress(OSError):
            line.connect((address, port))
            return True
    return False


def main() -> None:
    rules, address, port, other = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", UP))
    subprocess.run(["nft", "-f", "-"], input=DROPS, text=True, check=True)
    with socket.create_server((address, port)), socket.create_server((address, other)):
        before = passes("127.0.0.1", address, port)
        subprocess.run(["nft", "-f", rules], check=True)
        seen = {
            "before": before,
            "after": passes("127.0.0.1", address, port),
            "from elsewhere": passes("127.0.0.9", address, port),
            "another port": passes("127.0.0.1", address, other),
        }
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main()
