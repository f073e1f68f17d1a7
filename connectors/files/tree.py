"""Everything below a folder, how two such trees differ, and what a machine must be able to do with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

from seawall.actions import Deadline
from seawall.targets import Host, WebRoot


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, folder or link. `content` is a file's SHA-256, or where a link leads; `mode` in octal, none of links."""

    kind: Literal["file", "folder", "link", "other"]
    mode: str = ""
    size: int = 0
    content: str = ""


@dataclass(frozen=True)
class Tree:
    """Everything below a folder, by its path in it."""

    entries: Mapping[str, Entry]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all of it."""
        total = hashlib.sha256()
        for name, one in sorted(self.entries.items()):
            words = f"{name}\0{one.kind}\0{one.mode}\0{one.content}\0\0"
            total.update(words.encode("utf-8", "surrogateescape"))
        return total.hexdigest()

    @property
    def files(self) -> int:
        """How many files."""
        return sum(one.kind == "file" for one in self.entries.values())

    @property
    def size(self) -> int:
        """Bytes in all of them."""
        return sum(one.size for one in self.entries.values() if one.kind == "file")


EMPTY = Tree({})


class Trees(Protocol):
    """The wire: folders and links on machines."""

    def look(self, host: Host, path: str, deadline: Deadline) -> Tree | None:
        """Read everything below a folder; None when there is none. Raises: DidNothing, Unreachable, WrongTarget."""

    def carry(self, source: WebRoot, target: WebRoot, names: Sequence[str], deadline: Deadline) -> None:
        """Copy these, each replaced whole, folders before what is in them; make the target's folder if need be.

        Raises: DidNothing, Unreachable, WrongTarget; MayHaveActed when a part may have been copied.
        """

    def fetch(
        self, source: WebRoot, target: WebRoot, names: Sequence[str], key: str | None, deadline: Deadline
    ) -> None:
        """Let the target's machine fetch these from the source's, over a login of its own there. Raises: as `carry`."""

    def remove(self, root: WebRoot, names: Sequence[str], deadline: Deadline) -> None:
        """Delete these files and links, and then these folders where they are empty. Raises: as `carry`."""

    def link(self, host: Host, path: str, deadline: Deadline) -> str | None:
        """Tell where a link leads; None when there is none. Raises: WrongTarget when something else stands there."""

    def switch(self, host: Host, path: str, to: str, deadline: Deadline) -> None:
        """Let a link lead elsewhere, in one instant. Raises: WrongTarget when nothing is there; MayHaveActed."""

    def warm(self, host: Host, deadline: Deadline) -> None:
        """Have a connection ready. Raises: Unreachable, WrongTarget."""


class Compared:
    """Two trees side by side. What is neither file, folder nor link is left alone."""

    def __init__(self, source: Tree, target: Tree) -> None:
        ours = {name: one for name, one in source.entries.items() if one.kind != "other"}
        self.missing = tuple(sorted(name for name in ours if name not in target.entries))
        self.changed = tuple(
            sorted(name for name in ours if name in target.entries and target.entries[name] != ours[name])
        )
        self.extra = tuple(sorted(name for name in target.entries if name not in source.entries))
        self.to_copy = (*self.missing, *self.changed)

    def same(self, *, delete: bool) -> bool:
        """Tell whether nothing would be done."""
        return not self.to_copy and not (delete and self.extra)
