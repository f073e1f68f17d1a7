"""One Prefect server for the session, of our own making; a test that kills it leaves it to the next to start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flows.server import end_server, prefect_environment, start_server
from seawall.run_folder import RunFolder

ROOT = Path(__file__).parents[2]


def until(holds: Callable[[], Any], what: str, within: float = 60.0) -> Any:
    """Wait, with a limit, until `holds()`, and return what it gave."""
    end = time.monotonic() + within
    while not (found := holds()):
        assert time.monotonic() < end, f"not seen within {within} s: {what}"
        time.sleep(0.02)
    return found


@dataclass
class Prefect:
    """A server, and what can be asked of it past Prefect's own client."""

    folder: Path
    url: str
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that Prefect sees, and that keeps Prefect's files out of anybody's home."""
        ours = {"PREFECT_HOME": str(self.folder / "client"), "PYTHONUNBUFFERED": "1"}
        others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        return {**others, **prefect_environment(self.url), **ours}

    @property
    def pid(self) -> int:
        """The server's process."""
        return int(json.loads((self.folder / "server.json").read_text())["server"]["pid"])

    def ask(self, path: str, **body: Any) -> Any:
        content = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", content, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=60) as answer:
            return json.load(answer)

    def tasks(self, flow_run: str) -> dict[str, Any]:
        """The tasks of a flow run by name, as far as the server has taken them in."""
        found = self.ask("/task_runs/filter", flow_runs={"id": {"any_": [flow_run]}}, limit=200)
        return {one["name"]: one for one in found}

    def begin(
        self, run: RunFolder, patience: Callable[..., None] | None = None, **environment: str
    ) -> subprocess.Popen[str]:
        """Begin a process that carries `run` out as `seawall run` does, or with more `patience` for Prefect."""
        more = [] if patience is None else [patience.__name__]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.flows.town", str(run.runs), run.id, *more],
            cwd=ROOT,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        return process


def said(process: subprocess.Popen[str], within: float = 120) -> dict[str, Any]:
    """Wait until a process ends by itself, and return what it said last."""
    out, _ = process.communicate(timeout=within)
    assert process.returncode == 0, out
    words = out.strip().splitlines()
    assert len(words) == 1, f"Prefect wrote on the terminal:\n{out}"
    found: dict[str, Any] = json.loads(words[0])
    return found


def tell(line: str) -> None:
    """Print something measured, which no test judges; `pytest -rP` shows it."""
    print(line)  # noqa: T201


@pytest.fixture(scope="session")
def prefect_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("prefect")
    yield folder
    end_server(folder)


@pytest.fixture
def prefect(prefect_folder: Path) -> Iterator[Prefect]:
    url, _ = start_server(prefect_folder)
    there = Prefect(prefect_folder, url)
    yield there
    for process in there.processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=60)
