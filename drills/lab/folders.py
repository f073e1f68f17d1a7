"""Where the parts of one lab lie. Imported by every machine's supervisor, so it needs the standard library only.

Only what the servers' account must write belongs to that account: each machine's home. Everything that is read or
written with the rights of whoever started the lab lies outside the homes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

LONGEST = 56
"""Characters a lab's folder may have: Unix sockets below it take 50 more, and the kernel takes 107 (unix(7))."""


@dataclass(frozen=True, slots=True)
class Supervisor:
    """The first program of a machine that is on: its process id and when that began, in clock ticks since boot."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class LabFolder:
    """One lab's folder."""

    root: Path

    @property
    def mark(self) -> Path:
        """A file that says this folder is a lab's and may be emptied."""
        return self.root / ".seawall-lab"

    @property
    def lock(self) -> Path:
        """Held while the lab is brought up, broken, healed or taken down."""
        return self.root / ".lock"

    @property
    def layout(self) -> Path:
        """What is where: `LabLayout` as JSON."""
        return self.root / "lab.json"

    @property
    def secrets(self) -> Path:
        """One file a secret."""
        return self.root / "secrets"

    @property
    def mail(self) -> Path:
        """Every mail that was delivered, one .eml file each."""
        return self.root / "mail"

    @property
    def slack(self) -> Path:
        """Every Slack message that was posted, one JSON line each."""
        return self.root / "slack.jsonl"

    @property
    def software(self) -> Path:
        """Copies of programs that the servers' account could not read where they are."""
        return self.root / "software"

    @property
    def machines(self) -> Path:
        """The machines' homes."""
        return self.root / "machines"

    @property
    def logs(self) -> Path:
        """One folder a machine."""
        return self.root / "logs"

    def home(self, machine: str) -> Path:
        """Everything a machine has on its disk."""
        return self.machines / machine

    def boot(self, machine: str) -> Path:
        """What a machine starts when its power comes on."""
        return self.root / "boot" / f"{machine}.json"

    def log(self, machine: str, program: str) -> Path:
        """What one program of a machine printed."""
        return self.logs / machine / f"{program}.log"

    def state(self, machine: str) -> Path:
        """Which supervisor a machine has, or had."""
        return self.root / "state" / f"{machine}.json"

    def supervisor(self, machine: str) -> Supervisor | None:
        """Return the supervisor that a machine started with last; it may be gone."""
        try:
            read = json.loads(self.state(machine).read_text())
            return Supervisor(pid=int(read["pid"]), started=int(read["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
