"""A real systemd of a test's own: process 1 in namespaces of its own, where it sees nothing of this machine's state."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.connectors.conftest import until

SCRIPT = Path(__file__).with_suffix(".sh")
TARGETS = ("basic", "default", "multi-user", "network-online", "shutdown", "sockets", "sysinit", "umount")
PATIENCE = 280.0
"""Seconds that one command inside may take: a unit's start and its stop are waited for."""


@dataclass(frozen=True, slots=True)
class OwnSystemd:
    """A system of its own.

    Attributes:
        folder: seen inside at the same place; `units` in it is all that systemd knows of units.
        process: the folder in /proc of the process that is number 1 inside.
    """

    folder: Path
    process: Path

    def run(self, *words: str, code: int = 0) -> str:
        """Run a program inside, as root; return all that it said."""
        ended = subprocess.run(
            ["nsenter", "--all", f"--target={self.process.name}", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        said = ended.stdout + ended.stderr
        assert ended.returncode == code, f"{said}\n{self.console()}"
        return said

    def show(self, unit: str, name: str) -> str:
        return self.run("systemctl", "show", "--value", "-p", name, unit).strip()

    def console(self) -> str:
        return (self.folder / "console").read_text(errors="replace")[-3000:]


@contextlib.contextmanager
def own_systemd(lay: Callable[[Path], None], prepare: str, seen: Sequence[Path] = ()) -> Iterator[OwnSystemd]:
    """Boot one, and end it with all that it started. It ends, too, when the test is killed.

    Args:
        lay: puts units into `units` of its folder, and what else is needed there, before it is booted.
        prepare: shell that is run inside beforehand, with `$folder`; `over FILE` lays a copy over a file in /etc.
        seen: folders that are needed inside, wherever they lie.
    """
    # Short, for sockets, and where another account can reach it. Whoever keeps the system removes it.
    folder = Path(tempfile.mkdtemp(prefix="sw-systemd-", dir="/var/tmp"))
    folder.chmod(0o755)
    (folder / "units").mkdir()
    for name in TARGETS:
        text = f"[Unit]\nDescription={name}\nDefaultDependencies=no\n"
        (folder / "units" / f"{name}.target").write_text(text)
    (folder / "prepare").write_text(prepare)
    lay(folder)
    words = ["unshare", "--mount", "--propagation=private", "bash", SCRIPT, folder, folder / "prepare", *seen]
    keeper = subprocess.Popen(
        list(map(str, words)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a signal to the test's own group ends that alone
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    with keeper.stdin as held, keeper.stdout as told:
        outer = told.readline().strip()
        children = Path("/proc", outer, "task", outer, "children")

        def process() -> Path:
            return Path("/proc", *children.read_text().split()[:1])

        def booted() -> bool:
            assert keeper.poll() is None, "it did not boot; what it said stands above"
            return (process() / "root/run/systemd/private").exists()

        try:
            until(booted, "systemd", 120)
            yield OwnSystemd(folder, process())
        finally:
            held.close()
            ended = keeper.wait(120)
        assert ended == 0
        assert not folder.exists()
