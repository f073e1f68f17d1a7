"""The shell that runs beside servers, out of the files in `shell/`: POSIX sh, for the account the server runs as."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("shell")


@cache
def script(*names: str) -> str:
    """Return these files, one after the other, without what explains them to people."""
    return "".join(_read(name) for name in names)


def _read(name: str) -> str:
    lines = (_FOLDER / f"{name}.sh").read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))
