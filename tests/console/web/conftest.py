"""A console over a history with one of everything, started once for each module that reads it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from seawall.run_folder import RunFolder
from tests.console.web.console import a_server
from tests.console.web.kept import make_history


@dataclass
class Reader:
    """Somebody who reads the console.

    Attributes:
        names: of runs and drills, by what they are.
    """

    city: Path
    address: str
    names: dict[str, str]
    client: httpx.Client = field(repr=False)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(f"{self.address}{path}", headers=headers)

    def text(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def run(self, what: str, language: str = "en") -> str:
        return f"/{language}/runs/{self.names[what]}"

    def drill(self, what: str, language: str = "en") -> str:
        return f"/{language}/drills/{self.names[what]}"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    city = tmp_path_factory.mktemp("console") / "city"
    names = make_history(city)
    held = RunFolder(city / "runs", names["waiting"]).journal("anna")  # somebody drives it
    with held, a_server(city) as address, httpx.Client(timeout=60) as client:
        yield Reader(city, address, names, client)


@pytest.fixture
def reads() -> Iterator[Callable[[Path], Reader]]:
    """Start a console over a city of one's own."""
    with contextlib.ExitStack() as stack:

        def started(city: Path) -> Reader:
            address = stack.enter_context(a_server(city))
            return Reader(city, address, {}, stack.enter_context(httpx.Client(timeout=60)))

        yield started
