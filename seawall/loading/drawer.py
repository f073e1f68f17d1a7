"""Files of one kind that are read when they are asked for: whoever needs one is not stopped by a mistake in another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from seawall.errors import BadInput, Mistake
from seawall.loading.city_files import yaml_files
from seawall.loading.model_mistakes import in_file_order
from seawall.loading.shelf import PRODUCT, ReadFile

FileT = TypeVar("FileT", bound=ReadFile)
ValueT = TypeVar("ValueT")


@dataclass(slots=True)
class Drawer(Generic[FileT]):
    """Files by name, without their suffix; each is read once, when it is first asked for.

    Attributes:
        folders: each with what its files' names begin with in mistakes; a later one's file replaces its namesake.
        read: reads one file.
    """

    folders: Iterable[tuple[Path, str | None]]
    read: Callable[..., FileT]
    paths: dict[str, tuple[Path, str]] = field(default_factory=dict)
    _read: dict[str, FileT] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """List the files. Raises: BadInput when a folder cannot be looked into."""
        for folder, shown in self.folders:
            for path in yaml_files(folder):
                self.paths[path.stem] = (path, str(path) if shown is None else f"{shown}/{path.name}")

    def file(self, name: str) -> FileT:
        """Return a file, read. Raises: KeyError; BadInput when not even a value could be read from it."""
        if name not in self._read:
            path, shown = self.paths[name]
            self._read[name] = self.read(path, shown, ours=PRODUCT in path.parents)
        return self._read[name]

    def of_the_city(self) -> Iterator[str]:
        """Yield the names of files that do not come with Seawall."""
        return (name for name, (path, _) in self.paths.items() if PRODUCT not in path.parents)


class OnDemand(Mapping[str, ValueT], Generic[FileT, ValueT]):
    """What stands in files, by name, each understood when it is asked for.

    Args:
        drawer: the files.
        understood: what stands in one that was read; None when it could not be understood.
        also: what else is wrong with one, seen from the city.
    """

    def __init__(
        self,
        drawer: Drawer[FileT],
        understood: Callable[[FileT], ValueT | None],
        also: Callable[[FileT], Iterable[Mistake]] = lambda _: (),
    ) -> None:
        self._drawer, self._understood, self._also = drawer, understood, also

    def __getitem__(self, name: str) -> ValueT:
        """Return one. Raises: KeyError when there is none; BadInput with every mistake in its file."""
        file = self._drawer.file(name)
        mistakes, value = [*file.mistakes, *self._also(file)], self._understood(file)
        if mistakes or value is None:
            raise BadInput(in_file_order(mistakes))
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._drawer.paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._drawer.paths)

    def __len__(self) -> int:
        return len(self._drawer.paths)

    def broken(self) -> Iterator[str]:
        """Yield where each of the city's own files stands that cannot be used."""
        for name in self._drawer.of_the_city():
            try:
                self[name]
            except BadInput:
                yield self._drawer.paths[name][1]
