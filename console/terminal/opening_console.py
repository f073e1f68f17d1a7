"""Become the console: another program, which the terminal starts and does not know (docs/console.md)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from console.terminal.surroundings import find_city
from seawall.errors import BadInput

PROGRAM = "console.web"
LAST_PORT = 65535


def open_console(*, port: int | None, host: str | None, browse: bool, city: Path | None) -> NoReturn:
    """Replace this process with the console's, so that Ctrl-C and `kill` reach it and its exit code is ours.

    Raises:
        BadInput: there is no city here, or no such port.
    """
    folder = find_city(city)
    if port is not None and not 0 <= port <= LAST_PORT:
        remedy = f"Give a number up to {LAST_PORT}, or --port 0 for any free one"
        raise BadInput.one(f"{port} is no port", where="--port", remedy=remedy)
    # -P: a folder `console` where somebody stands must not be taken for ours.
    words = [sys.executable, "-P", "-m", PROGRAM, "--city", str(folder)]
    words += ["--port", str(port)] if port is not None else []
    words += ["--host", host] if host is not None else []
    words += ["--open"] if browse else []
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, words)  # noqa: S606 - a program of ours, and no shell
