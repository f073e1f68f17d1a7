"""What says of a run that it was carried out elsewhere and brought here: beside its journal, which stays as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import AwareDatetime, ValidationError

from seawall.errors import JournalError
from seawall.files import on_disk, write_whole
from seawall.model import Frozen
from seawall.plan import canonical

ModelT = TypeVar("ModelT", bound=Frozen)
FILE, PREFECT_FILE = "imported.json", "imported-prefect.json"


class Imported(Frozen):
    """How a run came here.

    Attributes:
        at: when it was brought.
        by: who brought it.
        source: the folder or go-bag it came from, as it was called there.
        head: the hash of its journal's last line.
    """

    format: Literal[1] = 1
    at: AwareDatetime
    by: str
    source: str
    head: str


class ToldPrefect(Frozen):
    """That Prefect was told of an imported run: once."""

    format: Literal[1] = 1
    at: AwareDatetime
    flow_run: str
    url: str


def imported(run: Path) -> Imported | None:
    """Tell how the run in a folder came here; None when it was carried out here. Raises: JournalError."""
    content = _content(run / FILE)
    return None if content is None else _read(Imported, content, run / FILE)


def told_prefect(run: Path) -> ToldPrefect | None:
    """Tell whether Prefect was told of an imported run. Raises: JournalError."""
    content = _content(run / PREFECT_FILE)
    return None if content is None else _read(ToldPrefect, content, run / PREFECT_FILE)


def note_imported(run: Path, how: Imported) -> None:
    """Note how the run in a folder came here. Raises: JournalError."""
    write_whole(run / FILE, canonical(how.model_dump(mode="json")))


def note_told(run: Path, told: ToldPrefect) -> None:
    """Note that Prefect was told. Raises: JournalError."""
    write_whole(run / PREFECT_FILE, canonical(told.model_dump(mode="json")))


def _content(path: Path) -> bytes | None:
    with on_disk(path):
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


def _read(model: type[ModelT], content: bytes, path: Path) -> ModelT:
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        remedy = "Look at it; without it the run counts as carried out here"
        raise JournalError("it cannot be understood", where=str(path), remedy=remedy) from error
