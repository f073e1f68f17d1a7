"""The console on a free port: in this process where pages are the point, as a program where its life is."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.web.serving import address_of, archive_of, make_server, open_socket
from seawall.settings import load_settings

ANSWERS_WITHIN = 30.0


class Console:
    """A console that runs."""

    def __init__(self, running: subprocess.Popen[str], address: str) -> None:
        self.running, self.address = running, address

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; return its exit code."""
        self.running.send_signal(number)
        return self.running.wait(ANSWERS_WITHIN)


@contextmanager
def a_server(city: Path) -> Iterator[str]:
    """Serve a city in this process, on a free port; return the address."""
    with open_socket("127.0.0.1", 0) as listening:
        settings = load_settings(city, {})
        server = make_server(settings, archive_of(settings), listening, host="127.0.0.1", version="0")
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield address_of(listening, "127.0.0.1").rstrip("/")
        finally:
            server.should_exit = True
            thread.join(ANSWERS_WITHIN)


@contextmanager
def a_console(city: Path, *words: str) -> Iterator[Console]:
    """Start the console's program on a free port, and end it."""
    environ = {**os.environ, "SEAWALL_LANGUAGE": "en", "PYTHONWARNINGS": "error"}
    environ.pop("SEAWALL_RUNS", None)
    running = subprocess.Popen(
        [sys.executable, "-P", "-m", "console.web", "--city", str(city), "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
        cwd=city,
    )
    try:
        yield Console(running, _address(running))
    finally:
        running.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(10)
        running.kill()
        running.communicate(timeout=60)


def _address(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    deadline = time.monotonic() + ANSWERS_WITHIN
    said = ""
    while time.monotonic() < deadline:
        if select.select([running.stdout], [], [], 0.1)[0]:
            line = running.stdout.readline()
            said += line
            if found := re.search(r"http://\S+/", line):
                return found[0].rstrip("/")
            if not line:
                break
    said += running.stderr.read() if running.poll() is not None and running.stderr else ""
    message = f"it printed no address:\n{said}"
    raise AssertionError(message)
