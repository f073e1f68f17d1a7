"""`python -m console.web --city DIR [--port N] [--host ADDRESS] [--open]`: serve the runs of a city, to read.

A program of its own, so that the terminal starts it without knowing it, and whoever keeps programs alive can keep it.
Prints the address once it answers, and how to stop. Exits 0 when it was asked to end, 2 when it cannot begin.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from seawall.errors import BadInput, ExitCode

if TYPE_CHECKING:
    import socket

STOPPED = 130
"""What a shell gives a program that Ctrl-C ended."""


def main(words: Sequence[str]) -> int:
    """Serve, and return the exit code."""
    from console.web.serving import HOST, PORT, open_socket, serve
    from seawall.settings import load_settings

    reader = argparse.ArgumentParser(prog="python -m console.web", allow_abbrev=False)
    reader.add_argument("--city", type=Path, required=True, help="the city's folder")
    reader.add_argument(
        "--port", type=int, default=PORT, help=f"{PORT} when nothing is said; 0 is any free one"
    )
    reader.add_argument("--host", default=HOST, help="loopback when nothing is said")
    reader.add_argument("--open", action="store_true", help="open it in a browser")
    given = reader.parse_args(words)
    try:
        settings = load_settings(given.city)
        listening = open_socket(given.host, given.port)
    except BadInput as error:
        for mistake in error.mistakes:
            _say(f"seawall: {mistake.where}: {mistake.problem}.\n    {mistake.remedy}.", wrong=True)
        return ExitCode.BAD_INPUT
    with listening:
        ready = partial(_announce, listening, given.host, browse=given.open)
        serve(settings, listening, host=given.host, version=_version(), ready=ready)
    _say("The console has ended. Nothing was changed by it.")
    return ExitCode.DONE


def _announce(listening: socket.socket, host: str, *, browse: bool) -> None:
    from console.web.serving import address_of, is_loopback

    address, port = address_of(listening, host), listening.getsockname()[1]
    _say(f"The runs can be read at {address}")
    if is_loopback(listening):
        _say(
            f"On this machine only. From another: ssh -L {port}:127.0.0.1:{port} THIS-MACHINE, then the same address."
        )
    else:
        _say("Whoever reaches this address can read every run: there is no sign-in yet.", wrong=True)
    _say("Ctrl-C stops it.")
    if browse:
        # The socket listens already, so the browser's first request waits until the server takes it.
        threading.Thread(target=_browse, args=(address,), daemon=True).start()


def _browse(address: str) -> None:
    import webbrowser

    # Without a screen there are only browsers for the terminal, and they would take this one over.
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not screen or not webbrowser.open(address):
        _say("No browser could be opened here; open the address yourself.", wrong=True)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("seawall")
    except PackageNotFoundError:
        return "unknown"


def _say(line: str, *, wrong: bool = False) -> None:
    print(line, file=sys.stderr if wrong else sys.stdout, flush=True)


if __name__ == "__main__":
    gc.set_threshold(100_000, 20, 20)
    # Otherwise pydantic looks through every installed package for plugins of its own: there are none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:  # before it served
        code = STOPPED
    sys.stdout.flush()
    # Threads that still make a page for somebody who has gone must not hold up the end.
    os._exit(code)
