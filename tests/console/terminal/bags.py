"""A city with lamps and the go-bags made of it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from seawall.errors import ExitCode
from seawall.go_bag.bag import by_itself, read_bag, write_bag
from seawall.go_bag.manifest import MANIFEST, SIGNATURE
from tests.console.terminal.conftest import Said, Stage
from tests.seawall.keys import Key, ed25519_key


@dataclass
class Bags:
    """A city with lamps, one person's key, and the go-bags made with it."""

    stage: Stage
    folder: Path
    key: Key

    @property
    def private(self) -> Path:
        return self.folder / "id_ed25519"

    @property
    def file(self) -> Path:
        return self.folder / "stick" / "havnby-go-bag.pyz"

    def make(self, *more: str) -> Said:
        sealed_to = f"commander={self.folder / 'id_ed25519.pub'}"
        return self.stage(
            "go-bag", "-o", self.folder / "stick", "--for", sealed_to, "--key", self.private, *more
        )

    def have(self) -> None:
        """Have one made, without its command: the same as before, where the city is the same as it was for that one."""
        city = tuple(self.stage.contents().items())
        if city not in _MADE:
            assert self.make().code == ExitCode.DONE
            _MADE[city] = self.file.read_bytes()
            return
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_bytes(_MADE[city])
        self.file.chmod(0o600)

    def another_runbook(self, name: str, first: str = "") -> None:
        text = (self.stage.city / "runbooks" / "look.yaml").read_text()
        self.stage.write(f"runbooks/{name}.yaml", first + text.replace("runbook: look", f"runbook: {name}"))

    def made_at(self, at: datetime) -> None:
        """Sign the same go-bag as if it had been made then."""
        bag = read_bag(self.file, by_itself)
        members = {name: one for name, one in bag.members.items() if name not in (MANIFEST, SIGNATURE)}
        manifest = bag.manifest.model_copy(update={"made_at": at})
        self.file.write_bytes(write_bag(manifest, members, self.key))

    def away(self, *words: str | Path, **environ: str) -> Said:
        """Carry a command out with the real `seawall`, in an empty home, far from the city."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "COLUMNS": "200",
            "SEAWALL_AS": "commander",
        }
        done = subprocess.run(
            [sys.executable, "-m", "console.terminal.main", *map(str, words)],
            cwd=home,
            env={**environment, "PYTHONPATH": str(Path(__file__).parents[3]), **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return Said(done.returncode, done.stdout, done.stderr)


_MADE: dict[tuple[tuple[str, str], ...], bytes] = {}
"""What was made of cities with these contents. To make one takes a quarter of a second, and thirty tests have one."""
_KEY = ed25519_key()


def bags_of(stage: Stage, folder: Path) -> Bags:
    """Have one person's key ready beside a city."""
    there = Bags(stage, folder, _KEY)
    there.private.write_bytes(there.key.pem())
    (folder / "id_ed25519.pub").write_text(f"{there.key.line} commander\n")
    return there
