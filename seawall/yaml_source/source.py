"""One YAML file: its value, and where in the file each part of it stands."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from seawall.errors import BadInput, Mistake
from seawall.yaml_source.nodes import LINE_BREAK, compose, place
from seawall.yaml_source.plain import NOT_PLAIN, plain_value
from seawall.yaml_source.showing import showable
from seawall.yaml_source.text import read_text
from seawall.yaml_source.values import value_of

Loc = tuple[str | int, ...]
"""Keys and indices from the top of a file to something in it, as in pydantic's `loc`."""


@dataclass(frozen=True, slots=True)
class Spot:
    """How far a path leads into a file. `key` is None for the top and for entries of a list."""

    reached: Loc
    key: yaml.Node | None
    value: yaml.Node


@dataclass(frozen=True)
class YamlSource:
    """A file that was read.

    Attributes:
        shown: the file's name in mistakes, relative to the city's folder.
        value: mappings with text keys, lists, texts, numbers, true, false and None.
        mistakes: what is wrong in it although it has a value; none unless the reader asked to go on.
    """

    shown: str
    text: str = field(repr=False)
    value: Any
    mistakes: tuple[Mistake, ...] = ()

    @cached_property
    def lines(self) -> list[str]:
        """The file's lines, as the places count them."""
        return LINE_BREAK.split(self.text)

    @cached_property
    def _root(self) -> yaml.Node:
        # Composed again only when a place is asked for: keeping 100,000 nodes would slow every garbage collection.
        root = compose(self.text, self.shown)
        assert root is not None
        return root

    def spot(self, path: Loc) -> Spot:
        """Follow `path` as far as it leads."""
        spot = Spot((), None, self._root)
        for part in path:
            step = self._step(spot.value, part)
            if step is None:
                break
            spot = Spot((*spot.reached, part), *step)
        return spot

    @cached_property
    def _by_key(self) -> dict[int, dict[str, tuple[yaml.Node, yaml.Node]]]:
        return {}

    def _step(self, node: yaml.Node, part: str | int) -> tuple[yaml.Node | None, yaml.Node] | None:
        if isinstance(node, yaml.MappingNode):
            # Of ten thousand services each is looked up in turn; the nodes live as long as the root does.
            if id(node) not in self._by_key:
                self._by_key[id(node)] = {key.value: (key, value) for key, value in reversed(node.value)}
            return self._by_key[id(node)].get(str(part))
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and 0 <= part < len(node.value):
            return None, node.value[part]
        return None

    def where(self, path: Loc, *, key: bool = False) -> str:
        """Return `file:line:column` of the value (or its key) at `path`, or of the nearest thing around it."""
        spot = self.spot(path)
        nothing = isinstance(spot.value, yaml.ScalarNode) and not spot.value.value and not spot.value.style
        return place(self.shown, spot.key if spot.key is not None and (key or nothing) else spot.value)

    def adding(self, path: Loc, line: str) -> tuple[str, str, bool]:
        """Return where `line` would be written to stand at `path`, how it reads there, and whether it replaces one.

        The place is a comment `# gap: name` where there is one, else the beginning of the mapping that lacks it.
        """
        spot = self.spot(path[:-1])
        mapping, name = spot.value, spot.key or spot.value
        number = name.start_mark.line
        if (
            isinstance(mapping, yaml.MappingNode)
            and mapping.flow_style
            and len(spot.reached) == len(path) - 1
        ):
            written = self.written(mapping)
            inside = written[1:].lstrip()
            parts = ", ".join(line.splitlines()) + ("" if inside == "}" else ", ")
            whole = self.rewritten(mapping, f"{{{parts}{inside}") if inside else None
            return f"{self.shown}:{mapping.start_mark.line + 1}", whole or line, whole is not None
        block = isinstance(mapping, yaml.MappingNode)
        indent = mapping.start_mark.column if block else name.start_mark.column + 2
        comment = re.compile(rf"\s*# gap:.*\b{re.escape(str(path[-1]))}\b")
        below = range(number + 1, min(mapping.end_mark.line + 1, len(self.lines)))
        number = next((n for n in below if comment.match(self.lines[n])), number)
        return f"{self.shown}:{number + 1}", "\n".join(" " * indent + one for one in line.splitlines()), False

    def written(self, node: yaml.Node) -> str:
        """Return a node that stands on one line as it is written there; nothing for others."""
        start, end = node.start_mark, node.end_mark
        return self.lines[start.line][start.column : end.column] if start.line == end.line else ""

    def rewritten(self, node: yaml.Node, text: str) -> str | None:
        """Return the line on which `node` stands with `text` in its place.

        None when it spans lines, or the line may hold a secret.
        """
        start, end = node.start_mark, node.end_mark
        if start.line != end.line or start.line >= len(self.lines):
            return None
        line = self.lines[start.line]
        return showable(line[: start.column] + text + line[end.column :])

    def quoted(self, first: yaml.Node, last: yaml.Node) -> str | None:
        """Return the line with everything from `first` to `last` in one pair of quotes.

        None when they do not stand on one line, or the line may hold a secret.
        """
        start, end = first.start_mark, last.end_mark
        if start.line != end.line or start.line >= len(self.lines):
            return None
        line = self.lines[start.line]
        text = line[start.column : end.column].replace("\\", "\\\\").replace('"', '\\"')
        return showable(f'{line[: start.column]}"{text}"{line[end.column :]}')


def read_yaml(
    path: Path, shown: str | None = None, *, go_on: bool = False, may_be_empty: bool = False
) -> YamlSource:
    """Read one YAML file.

    Args:
        path: the file.
        shown: its name in mistakes; the path itself when absent.
        go_on: return the source with its `mistakes` where there is a value in spite of them, so that a caller can find
            more; without it they are raised.
        may_be_empty: a file with nothing but comments is an empty mapping, and no mistake.

    Raises:
        BadInput: it is missing, no file, unreadable, too large, not UTF-8, empty, not YAML, several documents, nested
            or aliased beyond measure; a key stands twice or is no text.
    """
    shown = str(path) if shown is None else shown
    return yaml_source(read_text(path, shown), shown, go_on=go_on, may_be_empty=may_be_empty)


def yaml_source(text: str, shown: str, *, go_on: bool = False, may_be_empty: bool = False) -> YamlSource:
    """Read text that is already at hand. Raises: BadInput, as `read_yaml` does."""
    mistakes: tuple[Mistake, ...] = ()
    with _no_collection():
        value = plain_value(text)
        if value is NOT_PLAIN:
            root = compose(text, shown)
            value, mistakes = (None, ()) if root is None else value_of(root, shown)
            del root  # before the collector comes back, or it would go through all of it
    if mistakes and not go_on:
        raise BadInput(mistakes)
    if value is None and may_be_empty:
        return YamlSource(shown, "{}", {})
    if value is None:
        raise BadInput.one("is empty", where=shown, remedy="Write it, or delete the file")
    return YamlSource(shown, text, value, mistakes)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector out while many small objects are made: it took two thirds of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
