"""A Prefect server of our own on this machine, with its records in one folder: for the demo and for a single machine.

One folder has one server. A second caller joins the one that is there; one whose starter was killed is found through
the folder and taken over, so that it is ended like any other.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from flows import ENVIRONMENT
from seawall.errors import Unreachable
from seawall.model import Frozen

STARTS_WITHIN = timedelta(minutes=3)
"""A first start makes the database, 8 s here and a minute where five others compute; a later one takes 3 s."""
ENDS_WITHIN = timedelta(seconds=4)
"""Until it is killed; it ends in 0.6 s unless somebody keeps a connection open."""
RECORD = "server.json"

Tell = Callable[[timedelta], None]
"""Told now and then how long the start has taken so far."""


class Birth(Frozen):
    """One process of this machine, not to be mistaken for a later one with the same number.

    `ticks` is when it started, in clock ticks since boot. Source: proc_pid_stat(5), field 22.
    """

    pid: int
    ticks: int


_CHILDREN: dict[Birth, subprocess.Popen[bytes]] = {}
"""The servers that this process began. Each is waited for when it is ended, also when somebody killed it."""


class ServerRecord(Frozen):
    """What the folder says about its server: which process it is, who started it, and where it answers."""

    server: Birth
    starter: Birth
    url: str


def prefect_environment(api_url: str) -> Mapping[str, str]:
    """Return what a process needs in its environment to be seen by the Prefect whose API is there."""
    return {**ENVIRONMENT, "PREFECT_API_URL": api_url}


def server_command(port: int) -> list[str]:
    """Return how a server on this machine's loopback is started."""
    return [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]


def server_environment(folder: Path, url: str) -> dict[str, str]:
    """Return this process's environment, without settings of Prefect that were meant for another server."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    home = folder.resolve()
    return {
        **others,
        **prefect_environment(url),
        "PREFECT_HOME": str(home),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home / 'prefect.db'}",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    }


@contextmanager
def prefect_server(folder: Path, tell: Tell = lambda _elapsed: None) -> Iterator[str]:
    """Have a Prefect server while the block runs, and yield its API's URL.

    Raises:
        Unreachable: it did not start; its log says why.
    """
    url, ours = start_server(folder, tell)
    try:
        yield url
    finally:
        if ours:
            end_server(folder)


def start_server(folder: Path, tell: Tell = lambda _elapsed: None) -> tuple[str, bool]:
    """Start the folder's server, or join the one that runs; return its API's URL and whether it is ours to end.

    Raises:
        Unreachable: it did not start; its log says why.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    record = _record(folder)
    if record is not None and _alive(record.server) and _healthy(record.url):
        if _alive(record.starter):
            return record.url, False
        _write(folder, record.model_copy(update={"starter": _birth(os.getpid())}))
        return record.url, True
    end_server(folder)
    return _start(folder, tell), True


def end_server(folder: Path) -> bool:
    """End the folder's server and everything it started. Return whether there was one."""
    record = _record(folder)
    found = record is not None and _alive(record.server)
    if record is not None and (found or _to_be_waited_for(record.server)):
        _end(record.server)
    (folder / RECORD).unlink(missing_ok=True)
    return found


def running_server(folder: Path) -> str | None:
    """Return the URL of the folder's server when it runs and is well."""
    record = _record(folder)
    return record.url if record is not None and _alive(record.server) and _healthy(record.url) else None


def _start(folder: Path, tell: Tell) -> str:
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    command = server_command(port)
    with (folder / "server.log").open("ab") as log:
        # A session of its own: Ctrl-C in a terminal does not reach it, and all that is in it can be ended together.
        child = subprocess.Popen(
            command,
            env=server_environment(folder, url),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    server = _birth(child.pid)
    _CHILDREN[server] = child
    _write(folder, ServerRecord(server=server, starter=_birth(os.getpid()), url=url))
    try:
        _await_health(child, folder, url, tell)
    except BaseException:
        end_server(folder)
        raise
    return url


def _await_health(child: subprocess.Popen[bytes], folder: Path, url: str, tell: Tell) -> None:
    began = time.monotonic()
    while not _healthy(url):
        elapsed = timedelta(seconds=time.monotonic() - began)
        if child.poll() is not None or elapsed > STARTS_WITHIN:
            said = (
                "ended at once"
                if child.poll() is not None
                else f"was not ready within {STARTS_WITHIN.total_seconds():.0f} s"
            )
            raise Unreachable(
                f"Prefect's server {said}",
                where=str(folder / "server.log"),
                remedy="Read its log, or go on with --without-prefect",
            )
        tell(elapsed)
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _healthy(url: str) -> bool:
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with straight.open(f"{url}/health", timeout=1) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's OK
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _record(folder: Path) -> ServerRecord | None:
    try:
        return ServerRecord.model_validate_json((folder / RECORD).read_bytes())
    except (OSError, ValidationError):
        return None


def _write(folder: Path, record: ServerRecord) -> None:
    fresh = folder / f"{RECORD}.{os.getpid()}"
    fresh.write_text(record.model_dump_json(), encoding="utf-8")
    fresh.replace(folder / RECORD)


def _birth(pid: int) -> Birth:
    return Birth(pid=pid, ticks=_ticks(pid) or 0)


def _alive(process: Birth) -> bool:
    return _ticks(process.pid) == process.ticks


def _to_be_waited_for(process: Birth) -> bool:
    """Tell whether it is a child of ours that was not waited for: until then its number is nobody else's."""
    child = _CHILDREN.get(process)
    return child is not None and child.returncode is None


def _ticks(pid: int) -> int | None:
    """Return when a process started; None when there is none, or only its remains."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if after_name[0] == "Z" else int(after_name[19])


def _end(server: Birth) -> None:
    with suppress(ProcessLookupError):
        os.kill(server.pid, signal.SIGTERM)
    end = time.monotonic() + ENDS_WITHIN.total_seconds()
    while _alive(server) and time.monotonic() < end:
        time.sleep(0.02)
    # The session is ours alone, begun in _start; whatever is left of it goes with it.
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    if (child := _CHILDREN.pop(server, None)) is not None:
        child.wait(ENDS_WITHIN.total_seconds())
