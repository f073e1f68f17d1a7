"""How Prefect's programs are started for `seawall serve`. Importing this imports no Prefect.

One server with SQLite on loopback, what deploys to it, and one worker that carries the deployments out.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.server import server_command, server_environment

LOOPBACK = "127.0.0.1"
USUAL_PORT = 4200
POLLS_EVERY = "5"
"""Seconds between two looks of the worker for what is due."""


@dataclass(frozen=True, slots=True)
class PrefectPrograms:
    """The commands and the environment of Prefect's programs for one city."""

    server: Sequence[str]
    deploying: Sequence[str]
    worker: Sequence[str]
    environment: Mapping[str, str]
    pages: str
    api: str
    worker_health: str


def prefect_programs(city: Path, home: Path, *, port: int, worker_port: int) -> PrefectPrograms:
    """Say how they are started for the city in `city`, with Prefect's files in `home`."""
    pages = f"http://{LOOPBACK}:{port}"
    environment = server_environment(home, f"{pages}/api") | {
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",
        "SEAWALL_CITY": str(city),
        # Else it copies its pages into its own package, which belongs to somebody else or cannot be written.
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "pages"),
        "PREFECT_WORKER_QUERY_SECONDS": POLLS_EVERY,
        "PREFECT_WORKER_WEBSERVER_HOST": LOOPBACK,
        "PREFECT_WORKER_WEBSERVER_PORT": str(worker_port),
    }
    worker = [
        "worker",
        "start",
        "--pool",
        "seawall",
        "--name",
        "seawall",
        "--type",
        "process",
        "--with-healthcheck",
    ]
    return PrefectPrograms(
        server=server_command(port),
        deploying=[sys.executable, "-m", "flows.deploying"],
        worker=[sys.executable, "-m", "prefect", *worker],
        environment=environment,
        pages=pages,
        api=f"{pages}/api",
        worker_health=f"http://{LOOPBACK}:{worker_port}/health",
    )


def free_port(*wanted: int, taken: Collection[int] = ()) -> int:
    """Return the first of these ports that is free on loopback, else any that is."""
    for port in (*(one for one in wanted if one not in taken), 0):
        with socket.socket() as one:
            # As servers do: what a server that just ended left behind does not keep the port.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(one.getsockname()[1])
    raise AssertionError  # any free port was asked for last
