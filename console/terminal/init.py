"""Make a city's folder: from the reference city, or from other systems' files. One that holds anything is left."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import drills
from console.terminal.gap_screen import gaps_as_json, show_gaps
from console.terminal.screen import Screen, next_command
from seawall.errors import BadInput
from seawall.gaps import Gap, gaps
from seawall.importing import Imported, Kind, Login, import_city
from seawall.loading import load_city

REFERENCE = Path(drills.__file__).parent / "city"
"""The reference city, which drills and the demo use too."""

IGNORE = "/runs/\n/drills/\n/serve/\n/pages/\n/exercise-pages/\n*.gobag\n"
NOTES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Made:
    """A city's folder that was made. `gaps` is what its inventory does not say yet."""

    folder: Path
    files: Sequence[Path]
    imported: Imported | None = None
    gaps: Sequence[Gap] = ()


def make_city(folder: Path) -> Made:
    """Make `folder` a city's folder from the reference city.

    Raises:
        BadInput: it holds something already, or cannot be made; nothing was changed.
    """
    _refuse_what_is_there(folder)
    copy = shutil.ignore_patterns("__pycache__")
    return Made(
        folder, _make(folder, lambda half: shutil.copytree(REFERENCE, half, dirs_exist_ok=True, ignore=copy))
    )


def city_from_files(
    folder: Path,
    sources: Sequence[Path],
    *,
    kind: Kind | None,
    known_hosts: Sequence[Path],
    login: Login,
) -> Made:
    """Make `folder` a city's folder from other systems' files.

    Raises:
        BadInput: it holds something already, a file has mistakes, or it cannot be made; nothing was changed.
    """
    _refuse_what_is_there(folder)
    imported = import_city(
        sources, called=folder.resolve().name, kind=kind, known_hosts=known_hosts, login=login
    )
    found: list[Gap] = []

    def write(half: Path) -> None:
        (half / "inventory").mkdir()
        for name, text in imported.files.items():
            (half / "inventory" / name).write_text(text, encoding="utf-8")
        shutil.copyfile(REFERENCE / "seawall.yaml", half / "seawall.yaml")
        city = load_city(half)
        found.extend(gaps(city.inventory, city.written))

    return Made(folder, _make(folder, write), imported, found)


def show_made(made: Made, screen: Screen, *, as_json: bool) -> None:
    """Show what was made, what was left out, and what is to be written next."""
    if as_json:
        screen.raw(json.dumps(_as_json(made), indent=2, ensure_ascii=False))
        return
    if made.imported is None:
        screen.say(
            f"Made {made.folder}: {len(made.files)} files of the reference city, an empty runs/, and seawall.yaml."
        )
        screen.say("Put it under version control, and replace the reference city by your own, file by file.")
        next_command(screen, f"cd {made.folder} && seawall check")
        return
    screen.say(f"Made {made.folder}:", "good")
    for one in made.imported.read:
        screen.say(one, indent=2, hang=2)
    if notes := made.imported.notes:
        screen.head("Left out, and why:")
        for note in notes[:NOTES_SHOWN]:
            screen.say(f"{note}.", indent=2, hang=2)
        if len(notes) > NOTES_SHOWN:
            screen.say(f"and {len(notes) - NOTES_SHOWN} more; --json shows them all", "dim", indent=2)
    show_gaps(made.gaps, screen, every=False)
    next_command(screen, f"cd {made.folder} && seawall check")


def _as_json(made: Made) -> dict[str, object]:
    return {
        "folder": str(made.folder),
        "files": [str(path) for path in made.files],
        "read": list(made.imported.read) if made.imported else [],
        "left_out": list(made.imported.notes) if made.imported else [],
        "gaps": gaps_as_json(made.gaps),
    }


def _refuse_what_is_there(folder: Path) -> None:
    try:
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise _cannot_be_made(folder, error) from error
    if taken:
        what = "is not empty" if folder.is_dir() else "is a file"
        raise BadInput.one(f"{folder} {what}", where=str(folder), remedy="Name a folder that is new or empty")


def _make(folder: Path, fill: Callable[[Path], object]) -> Sequence[Path]:
    made: list[Path] = []
    half: Path | None = None
    try:
        for above in reversed(folder.absolute().parents):
            if not above.exists():
                above.mkdir()
                made.append(above)
        # Beside its place first, so that a disk that fills up leaves no half of a city.
        half = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        fill(half)
        (half / "runs").mkdir()
        (half / ".gitignore").write_text(IGNORE, encoding="utf-8")
        for one in ("runbooks", "templates"):
            (half / one).mkdir(exist_ok=True)
        half.chmod(0o777 & ~_umask())
        if folder.exists():
            folder.rmdir()
        half.rename(folder)
    except BaseException as error:
        if half is not None:
            shutil.rmtree(half, ignore_errors=True)
        for above in reversed(made):
            above.rmdir()
        if isinstance(error, OSError):
            raise _cannot_be_made(folder, error) from error
        raise
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def _cannot_be_made(folder: Path, error: OSError) -> BadInput:
    problem = f"it cannot be made: {(error.strerror or str(error)).lower()}"
    return BadInput.one(problem, where=str(folder), remedy="Choose another place, or mend its permissions")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
