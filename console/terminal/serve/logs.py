"""What the programs say, in one file each: never larger than its limit, and without secrets.

Secrets that the inventory refers to are taken out wherever they stand; passwords in addresses and headers also when
nobody referred to them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from seawall.files import FILE_MODE

LARGEST = 5_000_000
"""Bytes; three older files of the same size are kept beside it."""
OLDER = 3
LONGEST_LINE = 64_000
"""A line without an end is written in pieces of this many bytes."""
HIDDEN = "[secret]"

_PATTERNS = (
    re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"),
    re.compile(r"(?i)(?<=authorization: )\S+( \S+)?"),
    re.compile(r"(?i)(?<=bearer )[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"""(?i)(?<=password=)[^\s&'",;]+"""),
)

Redact = Callable[[str], str]


def without_passwords(text: str) -> str:
    """Return `text` without what looks like a password by where it stands."""
    for pattern in _PATTERNS:
        text = pattern.sub(HIDDEN, text)
    return text


class ProgramLog:
    """One program's log. A disk that is full loses lines and stops nobody."""

    def __init__(self, path: Path, redact: Redact, *, largest: int = LARGEST) -> None:
        self.path = path
        self._redact, self._largest = redact, largest
        self._rest = b""

    def write(self, said: bytes) -> None:
        """Keep what was said; a line that has not ended waits for its end, so that no secret is cut in two."""
        *lines, self._rest = (self._rest + said).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            lines.append(self._rest)
            self._rest = b""
        self._keep(lines)

    def close(self) -> None:
        """Keep what has not ended."""
        self._keep([self._rest] if self._rest else [])
        self._rest = b""

    def note(self, line: str) -> None:
        """Write a line of our own between the program's."""
        self._keep([f"--- {line}".encode()])

    def _keep(self, lines: list[bytes]) -> None:
        if not lines:
            return
        text = "".join(f"{line.decode('utf-8', 'replace')}\n" for line in lines)
        content = without_passwords(self._redact(text)).encode("utf-8", "replace")
        with suppress(OSError):
            self._make_room(len(content))
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
            with os.fdopen(handle, "ab") as file:
                file.write(content)

    def _make_room(self, wanted: int) -> None:
        if not self.path.exists() or self.path.stat().st_size + wanted <= self._largest:
            return
        for number in range(OLDER, 0, -1):
            newer = self.path if number == 1 else self._older(number - 1)
            if newer.exists():
                newer.replace(self._older(number))

    def _older(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")
