"""Make a city's folder from the reference city. A folder that holds anything is left alone."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import drills
from seawall.errors import BadInput

REFERENCE = Path(drills.__file__).parent / "city"
"""The reference city, which drills and the demo use too."""

IGNORE = "/runs/\n/drills/\n*.gobag\n"


def make_city(folder: Path) -> Sequence[Path]:
    """Make `folder` a city's folder and return its files.

    Raises:
        BadInput: it holds something already, or cannot be made; nothing was changed.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what = "is not empty" if folder.is_dir() else "is a file"
        raise BadInput.one(f"{folder} {what}", where=str(folder), remedy="Name a folder that is new or empty")
    try:
        return _make(folder)
    except OSError as error:
        problem = f"it cannot be made: {(error.strerror or str(error)).lower()}"
        remedy = "Choose another place, or mend its permissions"
        raise BadInput.one(problem, where=str(folder), remedy=remedy) from error


def _make(folder: Path) -> Sequence[Path]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside its place first, so that a disk that fills up leaves no half of a city.
    half = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        shutil.copytree(REFERENCE, half, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        (half / "runs").mkdir()
        (half / ".gitignore").write_text(IGNORE, encoding="utf-8")
        for one in ("runbooks", "templates"):
            (half / one).mkdir(exist_ok=True)
        half.chmod(0o777 & ~_umask())
        if folder.exists():
            folder.rmdir()
        half.rename(folder)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
