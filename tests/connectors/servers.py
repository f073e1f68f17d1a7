"""Servers of one's own for the contract suites, some of which behave badly on purpose."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import Popen

from connectors.secrets import Secrets
from seawall.actions import Deadline, Occasion

SECRETS = {
    "env:ACCESS": "lab-access-key",
    "env:SECRET": "lab-secret-key",
    "env:OTHER": "another-secret-key",
    "env:TSIG": base64.b64encode(b"a key of thirty-two bytes, padded").decode(),
    "env:OTHER_TSIG": base64.b64encode(b"a key that the server has not got").decode(),
    "env:TOKEN": "xoxb-lab-token",
    "env:BEARER": "a-bearer-token",
    "env:PASSWORD": "a-mail-password",
}


def lab_vault() -> Secrets:
    """Secrets of the lab, which lie in its files, and those above."""
    return Secrets({reference.removeprefix("env:"): secret for reference, secret in SECRETS.items()})


def occasion(
    seconds: float = 20, *, exercise: bool = True, run: str = "run-1", step: str = "step-1"
) -> Occasion:
    return Occasion(Deadline.within(timedelta(seconds=seconds)), run=run, step=step, exercise=exercise)


def self_signed(path: Path) -> str:
    """Write a certificate that nobody signed but itself, with its key; return its SHA-256 as an inventory has it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "controller.invalid")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1))  # nobody renews them in time; it is the key that is pinned
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, *plain) + certificate.public_bytes(pem))
    return f"sha256:{certificate.fingerprint(hashes.SHA256()).hex()}"


def free_port(address: str) -> int:
    with socket.create_server((address, 0)) as door:
        return int(door.getsockname()[1])


def answers(address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def program(
    argv: list[str], ready: Callable[[], bool], log: Path, *, within: float = 60
) -> Iterator[Popen[bytes]]:
    """Start a server of the lab, wait until it is ready, and end it."""
    with (
        log.open("wb") as output,
        Popen(
            argv, stdout=output, stderr=output, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
        ) as started,
    ):
        try:
            patience = time.monotonic() + within
            while not ready():
                assert started.poll() is None, log.read_text()
                assert time.monotonic() < patience, log.read_text()
                time.sleep(0.02)
            yield started
        finally:
            started.kill()  # nothing of it is needed again, and some take their time


def lab_module(name: str, address: str, port: int, *options: object) -> list[str]:
    """One of the lab's own servers, as `program` starts it."""
    where = ["--address", address, "--port", str(port)]
    return [sys.executable, "-m", f"drills.lab.{name}", *where, *map(str, options)]


@contextlib.contextmanager
def misbehaving(conduct: Callable[[socket.socket], None]) -> Iterator[int]:
    """Accept every connection on 127.0.0.1 and do `conduct` with it; yield the port."""
    door = socket.create_server(("127.0.0.1", 0))
    lines: list[socket.socket] = []

    def treat(line: socket.socket) -> None:
        with contextlib.suppress(OSError):
            conduct(line)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = door.accept()
                lines.append(line)
                threading.Thread(target=treat, args=(line,), daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield door.getsockname()[1]
    finally:
        door.shutdown(socket.SHUT_RDWR)
        accepting.join(10)
        door.close()
        for line in lines:
            line.close()


def silent(line: socket.socket) -> None:
    """Take in whatever comes and never say a word."""
    while line.recv(1 << 16):
        pass


def hanging_up(line: socket.socket) -> None:
    """Take in something and close."""
    line.recv(1 << 16)
    line.close()


def trickling(line: socket.socket) -> None:
    """Answer without an end, a byte at a time, faster than any limit of one read; to HTTP with an endless header."""
    line.settimeout(0.05)
    with contextlib.suppress(TimeoutError):  # in some protocols the server speaks first
        if b" HTTP/1." in line.recv(1 << 16):
            line.sendall(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    while True:
        line.sendall(b"1")
        time.sleep(0.02)


def saying(answer: bytes) -> Callable[[socket.socket], None]:
    """Answer every request with these bytes."""

    def conduct(line: socket.socket) -> None:
        while line.recv(1 << 16):
            line.sendall(answer)

    return conduct
