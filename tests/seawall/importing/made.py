"""Cities made from files for a test, and loaded as a person's would be."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seawall.errors import BadInput, Mistake
from seawall.importing import import_city
from seawall.inventory import Inventory
from seawall.loading import load_inventory


@dataclass(frozen=True, slots=True)
class Made:
    """What an import came to: an inventory that loads, and what was said on the way."""

    city: Inventory
    files: Mapping[str, str]
    read: Sequence[str]
    notes: Sequence[str]


def city_of(folder: Path, *sources: Path, **more: Any) -> Made:
    """Import, write and load. Raises: BadInput, of the import only."""
    imported = import_city(sources, called="Prøveby", home=folder / "home", **more)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        (Path(made) / "inventory").mkdir()
        for name, text in imported.files.items():
            (Path(made) / "inventory" / name).write_text(text, encoding="utf-8")
        try:
            city = load_inventory(Path(made))
        except BadInput as error:
            message = f"what was imported does not load: {error}"
            raise AssertionError(message) from error
    return Made(city, imported.files, imported.read, imported.notes)


def refused(folder: Path, *sources: Path, **more: Any) -> list[Mistake]:
    """Import what must be refused, and return every mistake; each has its three parts and its place."""
    try:
        made = city_of(folder, *sources, **more)
    except BadInput as error:
        check_parts(error, sources)
        return list(error.mistakes)
    message = f"nothing was refused: {made.read}"
    raise AssertionError(message)


def check_parts(error: BadInput, sources: Sequence[Path]) -> None:
    """Check that each mistake says where, what and what to do."""
    for one in error.mistakes:
        assert one.problem, one
        assert one.remedy, one
        assert not one.problem.endswith("."), one
        assert not one.remedy.endswith("."), one
        assert any(one.where.startswith(str(path.parent)) for path in sources), one
