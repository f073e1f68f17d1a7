"""Every file of one kind, from one folder after another; a later folder's file replaces its namesake in an earlier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import seawall
from seawall.errors import BadInput, Mistake
from seawall.loading.city_files import yaml_files

PRODUCT = Path(seawall.__file__).parent.parent / "runbooks"
"""The runbooks that come with Seawall; their messages are in the folder `messages` below."""


class ReadFile(Protocol):
    """A file that was read, whether or not it could be understood."""

    @property
    def mistakes(self) -> Sequence[Mistake]:
        """What is wrong in it."""


FileT = TypeVar("FileT", bound=ReadFile)


@dataclass(slots=True)
class Shelf(Generic[FileT]):
    """Files by name, without their suffix.

    Attributes:
        unread: names of files that did not even have a value.
    """

    files: dict[str, FileT] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


def read_shelf(folders: Iterable[tuple[Path, str | None]], read: Callable[..., FileT]) -> Shelf[FileT]:
    """Read every file in `folders`.

    Args:
        folders: each with what its files' names begin with in mistakes; None for the folder itself.
        read: reads one file.
    """
    shelf: Shelf[FileT] = Shelf()
    for folder, shown in folders:
        try:
            paths = yaml_files(folder)
        except BadInput as error:
            shelf.mistakes += error.mistakes
            continue
        for path in paths:
            try:
                file = read(
                    path, str(path) if shown is None else f"{shown}/{path.name}", ours=PRODUCT in path.parents
                )
            except BadInput as error:
                shelf.mistakes += error.mistakes
                shelf.unread.add(path.stem)
                continue
            shelf.mistakes += file.mistakes
            shelf.files[path.stem] = file
    return shelf
