"""Hold `seawall serve` for a city: its programs, its lock, the signals that end it, and what is said meanwhile."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from connectors.secrets import Secrets
from console.terminal.desk import Desk
from console.terminal.serve.logs import ProgramLog
from console.terminal.serve.notify import Systemd, outside_environment
from console.terminal.serve.program import Kept, Program
from console.terminal.serve.said import Said
from console.terminal.serve.supervisor import Supervisor
from console.terminal.surroundings import operator
from flows.schedules import city_schedules
from flows.serving import LOOPBACK, USUAL_PORT, PrefectPrograms, free_port, prefect_programs
from seawall.errors import CallError
from seawall.serve_folder import ServeFolder, ServeRecord

CONSOLE_PORT = 7329
_REFERENCE = re.compile(r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")
ENDS_WITHIN = timedelta(seconds=20)
"""What the worker's runs have to write down where they stand, and a drill to take its lab down."""


def hold(city: Path | None, who: str | None, *, as_json: bool) -> None:
    """Serve a city until a signal ends it.

    Raises:
        BadInput: the city's files are wrong; nothing was started.
        Busy: another process serves this city.
        JournalError: the disk will not have it.
    """
    desk = Desk.at(city)
    schedules = city_schedules(desk.settings, desk.city.inventory)
    folder = ServeFolder.of(desk.folder)
    with folder.take(operator(who)), asked_to_stop() as (stopped, wake):
        before = folder.record()
        _await_the_last(before)
        programs, prefect = _programs(desk, folder, before)
        said = Said(desk, folder, programs, prefect.api, schedules, as_json=as_json)
        redact = _redactor(desk)
        kept = [
            Kept(one, ProgramLog(folder.logs / f"{one.name}.log", redact), folder.path, said.event)
            for one in programs
        ]
        supervisor = Supervisor(
            kept,
            folder,
            city=desk.folder,
            prefect_api=prefect.api,
            systemd=Systemd(),
            first_up=said.all_up,
        )
        said.begin(supervisor.stops_within)
        supervisor.run(stopped, wake, stopping=said.stopping)
        said.over()


def _programs(
    desk: Desk, folder: ServeFolder, before: ServeRecord | None
) -> tuple[list[Program], PrefectPrograms]:
    """Say what runs, at the addresses of last time where they are free."""
    last = {one.name: _port(one.address) for one in before.programs} if before else {}
    port = free_port(last.get("prefect", 0) or USUAL_PORT, USUAL_PORT)
    worker_port = free_port(taken=[port])
    console_port = free_port(last.get("console", 0) or CONSOLE_PORT, CONSOLE_PORT, taken=[port, worker_port])
    prefect = prefect_programs(desk.folder, folder.prefect, port=port, worker_port=worker_port)
    of_prefect: dict[str, Any] = {"environment": outside_environment(prefect.environment)}
    ours = outside_environment(os.environ) | {"SEAWALL_CITY": str(desk.folder), "PYTHONUNBUFFERED": "1"}
    console = f"http://{LOOPBACK}:{console_port}"
    return [
        Program(
            "prefect", prefect.server, health=f"{prefect.api}/health", address=prefect.pages, **of_prefect
        ),
        Program("deployments", prefect.deploying, needs=("prefect",), once=True, **of_prefect),
        Program(
            "worker",
            prefect.worker,
            needs=("prefect", "deployments"),
            leaves=True,
            health=prefect.worker_health,
            ends_within=ENDS_WITHIN,
            **of_prefect,
        ),
        Program("watcher", _ours("console.terminal.main", "watch", "--as", "serve"), environment=ours),
        Program(
            "console",
            _ours("console.web", "--city", str(desk.folder), "--port", str(console_port)),
            environment=ours,
            health=f"{console}/alive",
            address=console,
        ),
    ], prefect


def _ours(module: str, *words: str) -> list[str]:
    # -P: what stands in the current folder must not be taken for ours.
    return [sys.executable, "-P", "-m", module, *words]


def _port(address: str | None) -> int:
    end = (address or "").rpartition(":")[2]
    return int(end) if end.isdecimal() else 0


def _redactor(desk: Desk) -> Any:
    """Return what takes the city's secrets out of a text: those that can be read without asking anybody."""
    secrets = Secrets()
    for reference in set(_references(desk.city.inventory.model_dump(mode="json"))):
        with suppress(CallError):  # not here; then no program of ours on this machine has it either
            secrets.secret(reference)
    return secrets.redact


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from [value] if _REFERENCE.match(value) else []
    elif isinstance(value, dict):
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def _await_the_last(before: ServeRecord | None) -> None:
    """Wait until what a killed `serve` left has ended; its keepers see to it, within their limits."""
    if before is None:
        return
    end = time.monotonic() + before.stops_within
    left = [one.pid for one in before.programs if one.pid is not None]
    while (left := [pid for pid in left if _is_keeper(pid)]) and time.monotonic() < end:
        time.sleep(0.1)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _is_keeper(pid: int) -> bool:
    try:
        return b"serve/keeper.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@contextmanager
def asked_to_stop() -> Iterator[tuple[Any, int]]:
    """Yield whether a signal has asked to stop, and an end to wait at that becomes readable when one has."""
    wake, end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    asked: list[int] = []

    def heard(number: int, _frame: object) -> None:
        asked.append(number)

    # A terminal that goes takes its programs along; a service has none.
    before = {one: signal.signal(one, heard) for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    fd = signal.set_wakeup_fd(end)
    try:
        yield (lambda: bool(asked)), wake
    finally:
        signal.set_wakeup_fd(fd)
        for one, handler in before.items():
            signal.signal(one, handler)
        os.close(wake)
        os.close(end)
