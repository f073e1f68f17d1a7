"""A city with lamps, and `seawall` spoken to it in this process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seawall.run_folder import RunFolder, read_state
from seawall.run_list import find_run
from seawall.state import State
from tests.console.terminal.keyboard import Keyboard, at_a_terminal
from tests.console.terminal.stage import make_stage, on_stage

if TYPE_CHECKING:
    from tests.console.terminal.bags import Bags


@dataclass(frozen=True, slots=True)
class Said:
    """What a command line came to."""

    code: int
    out: str
    err: str


@dataclass
class Stage:
    """A city with lamps, and a person at its terminal."""

    city: Path
    capsys: Any
    more: dict[str, Any] = field(default_factory=dict)

    def __call__(self, *arguments: str | Path) -> Said:
        self.capsys.readouterr()
        code = on_stage(self.lamps, [str(one) for one in arguments], **self.more)
        out, err = self.capsys.readouterr()
        assert "Traceback" not in out + err
        return Said(code, out, err)

    @property
    def lamps(self) -> Path:
        return self.city / "lamps"

    def lit(self, lamp: str) -> bool:
        return (self.lamps / lamp).exists()

    def run(self, words: str = "last") -> RunFolder:
        return find_run(self.city / "runs", words)

    def state(self, words: str = "last") -> State:
        return read_state(self.run(words))

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.city / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def impatient(self) -> None:
        """Let the runbook `light` wait for people so shortly that a run of it ends open, as when nobody answers."""
        path = self.city / "runbooks" / "light.yaml"
        path.write_text(
            path.read_text().replace("within: 10m", "within: 5ms").replace("within: 15m", "within: 5ms")
        )

    def without_places(self) -> None:
        """Leave the city's places out: they are nowhere in the world of lamps."""
        path = self.city / "inventory" / "hosts.yaml"
        before, _, after = path.read_text(encoding="utf-8").partition("\nplaces:\n")
        _, found, after = after.partition("balancers:\n")
        path.write_text(f"{before}\n{found}{after}", encoding="utf-8")

    def contents(self) -> dict[str, str]:
        """Return every file below the city with a digest of what is in it, to see that nothing was changed."""
        return {
            str(path.relative_to(self.city)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.city.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def stage(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Make the city, and stand in it as anna, who is nobody in its inventory."""
    city = make_stage(tmp_path / "city")
    for name, value in {
        "SEAWALL_AS": "anna",
        "SEAWALL_CITY": str(city),
        "SEAWALL_LANGUAGE": "en",
        "SEAWALL_PREFECT": "off",
        "COLUMNS": "80",
    }.items():
        monkeypatch.setenv(name, value)
    # Whoever does not answer in these tests is waited for in this process, for a few milliseconds.
    monkeypatch.setattr("seawall.drive.PAUSE", timedelta(milliseconds=2))
    return Stage(city, capsys)


@pytest.fixture
def bags(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bags:
    """Have go-bags made of the city, where no setting of this machine's counts."""
    from console.terminal.from_go_bag import CALLED, VARIABLE, WORK_VARIABLE
    from tests.console.terminal.bags import bags_of

    for name in (VARIABLE, WORK_VARIABLE, CALLED, "SSH_AUTH_SOCK", "SEAWALL_TRUST"):
        monkeypatch.delenv(name, raising=False)
    return bags_of(stage, tmp_path)


@pytest.fixture
def open_run(stage: Stage) -> Callable[[str], RunFolder]:
    """Open a run of a runbook without driving it, as a crash right after its opening would leave it."""

    def opened(*words: str) -> RunFolder:
        from console.terminal.desk import Desk
        from console.terminal.options import assigned
        from console.terminal.surroundings import surroundings
        from console.terminal.thinking import think
        from seawall.actions import World
        from seawall.run_folder import create_run
        from tests.console.terminal.stage import Lamps

        desk = Desk.at(stage.city)
        plan, _ = think(desk, World(Lamps(stage.lamps)), words[0], assigned(list(words[1:])), exercise=False)
        return create_run(desk.runs, plan, by="anna", version="0", now=surroundings().now())

    return opened


@pytest.fixture
def sit_down(stage: Stage) -> Callable[..., AbstractContextManager[Keyboard]]:
    """Sit down at a real terminal in the city with lamps, and call `seawall` with these words."""

    @contextmanager
    def sit(*words: str, **environ: str) -> Iterator[Keyboard]:
        taken = {
            key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")
        }
        with at_a_terminal(
            [str(stage.lamps), *map(str, words)], environ={**taken, "TERM": "xterm-256color", **environ}
        ) as keyboard:
            yield keyboard

    return sit
