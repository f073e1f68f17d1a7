"""A small `serve` in a process of its own: any programs, kept by the real supervisor. Run as a module, with a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from console.terminal.serve import patience
from console.terminal.serve.holding import asked_to_stop
from console.terminal.serve.logs import ProgramLog
from console.terminal.serve.notify import Systemd, outside_environment
from console.terminal.serve.program import Kept, Program
from console.terminal.serve.supervisor import Supervisor
from seawall.serve_folder import ServeFolder, ServeRecord

ROOT = Path(__file__).parents[3]
MARK = "SEAWALL_TEST_SERVED"
FIRST = timedelta(milliseconds=100)
"""Before the first restart, and so before each next one: `test_serve_patience` holds the real times to their rules."""


def until(holds: Callable[[], Any], what: str, within: float = 60.0) -> Any:
    """Wait, with a limit, until `holds()`, and return what it gave."""
    end = time.monotonic() + within
    while not (found := holds()):
        assert time.monotonic() < end, f"not seen within {within} s: {what}"
        time.sleep(0.05)
    return found


@dataclass
class Served:
    """One `serve` of a test."""

    city: Path
    process: subprocess.Popen[str]

    @property
    def folder(self) -> ServeFolder:
        return ServeFolder.of(self.city)

    def record(self) -> ServeRecord | None:
        return self.folder.record()

    def stand(self, name: str) -> str:
        record = self.record()
        return next((str(one.stand) for one in record.programs if one.name == name), "") if record else ""

    def restarts(self, name: str) -> int:
        record = self.record()
        return next(one.restarts for one in record.programs if one.name == name) if record else 0

    def left(self) -> dict[int, str]:
        """What runs of it or of anything that it started, wherever it hides, by process id."""
        return marked(str(self.city))

    def pid_of(self, words: str) -> int:
        """The process with this command line."""
        return int(
            until(lambda: next((pid for pid, one in self.left().items() if one == words), None), words)
        )


def marked(mark: str) -> dict[int, str]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                )
    return found


def begin(city: Path, programs: Sequence[Mapping[str, Any]], **environment: str) -> Served:
    """Begin to serve these programs, in the words of `Program`; an argv of one text is a line for the shell."""
    city.mkdir(exist_ok=True)
    (city / "programs.json").write_text(json.dumps(programs), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.console.terminal.served", str(city)],
        cwd=ROOT,
        env={**os.environ, MARK: str(city), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Served(city, process)


def main(city: str) -> None:
    """Serve until a signal ends it."""
    patience.FIRST = FIRST
    folder = ServeFolder.of(Path(city))
    folder.make()
    kept = []
    for said in json.loads(Path(city, "programs.json").read_text(encoding="utf-8")):
        argv = said.pop("argv")
        ends_within = timedelta(seconds=said.pop("ends_within", 5))
        if "silent_for" in said:
            said["silent_for"] = timedelta(seconds=said["silent_for"])
        program = Program(
            argv=["/bin/sh", "-c", argv] if isinstance(argv, str) else argv,
            environment=outside_environment(os.environ),
            ends_within=ends_within,
            **said,
        )
        log = ProgramLog(folder.logs / f"{program.name}.log", str)
        kept.append(Kept(program, log, folder.path, lambda *told: print(*told, flush=True)))  # noqa: T201
    with asked_to_stop() as (stopped, wake):
        supervisor = Supervisor(
            kept,
            folder,
            city=Path(city),
            prefect_api="none",
            systemd=Systemd(),
            first_up=lambda: print("all up", flush=True),  # noqa: T201
        )
        supervisor.run(stopped, wake, stopping=lambda: print("stopping", flush=True))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
