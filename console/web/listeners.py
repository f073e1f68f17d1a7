"""Who has a port already: so that whoever finds it taken knows whom to ask. Best effort; other accounts hide theirs."""

from __future__ import annotations

import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LISTENS = "0A"
"""The state of a listening socket in /proc/net/tcp (`TCP_LISTEN`, include/net/tcp_states.h)."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A program that listens. Its number and name are not known when it belongs to another account."""

    user: str
    pid: int | None = None
    program: str = ""

    def __str__(self) -> str:
        if self.pid is None:
            return f"a program of {self.user}"
        return f"process {self.pid} of {self.user} ({self.program})"


def who_listens(port: int) -> Listener | None:
    """Return who listens on a TCP port of this machine; None when that cannot be seen."""
    for inode, uid in _listening(port):
        user = _name_of(uid)
        pid = _holder_of(inode)
        return Listener(user) if pid is None else Listener(user, pid, _program(pid))
    return None


def _listening(port: int) -> Iterator[tuple[str, int]]:
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            cells = line.split()
            if cells[3] == LISTENS and int(cells[1].rpartition(":")[2], 16) == port:
                yield cells[9], int(cells[7])


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _holder_of(inode: str) -> int | None:
    wanted = f"socket:[{inode}]"
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(one.readlink()) == wanted for one in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue
    return None


def _program(pid: int) -> str:
    try:
        words = Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0")
    except OSError:
        return "unknown"
    return " ".join(word.decode(errors="replace") for word in words[:6] if word) or "unknown"
