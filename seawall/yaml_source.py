"""YAML 1.2 read fast, with the place of everything in it; whatever a file holds, the answer is a value or BadInput.

Scalars follow the core schema of YAML 1.2: `no`, `on` and `12:30` stay words, `2026-10-01` stays text, only `true` and
`false` are yes and no. PyYAML's C composer does the reading; it was 10 times faster than ruamel.yaml on 1,000 services.

Source: https://yaml.org/spec/1.2.2/, chapter 10.3 (core schema).
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from yaml.cyaml import CParser

from seawall.errors import BadInput, Mistake
from seawall.yaml_mistakes import in_plain_words
from seawall.yaml_text import read_text

Loc = tuple[str | int, ...]
"""Keys and indices from the top of a file to something in it, as in pydantic's `loc`."""

MAX_NODES = 200_000
MAX_DEPTH = 50

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# Longer ones fall through to float: nobody means them, and Python refuses to read more than 4,300 digits.
_INT = re.compile(r"[-+]?[0-9]{1,100}|0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MAY_BE_NO_WORD = frozenset("0123456789+-.~ntfNTF")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def scalar(text: str) -> str | int | float | bool | None:
    """Read a plain (unquoted) scalar as YAML 1.2's core schema does.

    >>> scalar("no"), scalar("010"), scalar("0o17"), scalar("1e3"), scalar("2026-10-01"), scalar("~")
    ('no', 10, 15, 1000.0, '2026-10-01', None)
    """
    if text and text[0] not in _MAY_BE_NO_WORD:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


@dataclass(frozen=True, slots=True)
class Spot:
    """How far a path leads into a file. `key` is None for the top and for entries of a list."""

    reached: Loc
    key: yaml.Node | None
    value: yaml.Node


class YamlSource:
    """One YAML file: its value, and where in the file each part of it stands.

    Attributes:
        shown: the file's name in mistakes, relative to the city's folder.
        value: mappings with text keys, lists, texts, numbers, true, false and None.
    """

    def __init__(self, shown: str, text: str) -> None:
        """Raises: BadInput, with every mistake that reading can find."""
        self.shown = shown
        self._text = text
        self.value: Any = None
        with _no_collection():
            root = self._compose()
            if root is None:
                raise BadInput.one("is empty", where=shown, remedy="Write it, or delete the file")
            reader = _Reader(self)
            self.value = reader.read(root, 0)
        if reader.mistakes:
            raise BadInput(reader.mistakes)

    @cached_property
    def lines(self) -> list[str]:
        """The file's lines; line 1 is the first."""
        return re.split(r"\r\n|\r|\n", self._text)

    @cached_property
    def _root(self) -> yaml.Node:
        # Read again only when a place is asked for: keeping 100,000 nodes would slow every garbage collection.
        root = self._compose()
        assert root is not None
        return root

    def spot(self, path: Loc) -> Spot:
        """Follow `path` as far as it leads."""
        spot = Spot((), None, self._root)
        for part in path:
            step = _step(spot.value, part)
            if step is None:
                break
            spot = Spot((*spot.reached, part), *step)
        return spot

    def where(self, path: Loc, *, key: bool = False) -> str:
        """Return `file:line:column` of the value (or its key) at `path`, or of the nearest thing around it."""
        spot = self.spot(path)
        node = spot.key if spot.key is not None and (key or not _visible(spot.value)) else spot.value
        return self.at(node)

    def at(self, node: yaml.Node) -> str:
        """Return `file:line:column` of the beginning of `node`."""
        return f"{self.shown}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"

    def rewritten(self, node: yaml.Node, text: str) -> str | None:
        """Return the line on which `node` stands with `text` in its place; None when it spans lines."""
        start, end = node.start_mark, node.end_mark
        if start.line != end.line or start.line >= len(self.lines):
            return None
        line = self.lines[start.line]
        return line[: start.column] + text + line[end.column :]

    def _compose(self) -> yaml.Node | None:
        composer = _Composer(self._text)
        try:
            root: yaml.Node | None = composer.get_single_node()
        except _TooMuch as error:
            where = f"{self.shown}:{error.line + 1}:{error.column + 1}"
            raise BadInput.one(error.problem, where=where, remedy=error.remedy) from None
        except yaml.YAMLError as error:
            raise BadInput([in_plain_words(error, self.shown, self._text)]) from None
        return root


def read_yaml(path: Path, shown: str | None = None) -> YamlSource:
    """Read one YAML file.

    Args:
        path: the file.
        shown: its name in mistakes; the path itself when absent.

    Raises:
        BadInput: it is missing, no file, unreadable, too large, no UTF-8, empty, no YAML, several documents, or nested or
            aliased beyond measure; a key stands twice or is no text.
    """
    shown = str(path) if shown is None else shown
    return YamlSource(shown, read_text(path, shown))


class _TooMuch(Exception):
    """The file is nested too deeply or has too many parts; raised from inside the composer."""

    def __init__(self, problem: str, remedy: str, mark: Any) -> None:
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy
        self.line, self.column = (mark.line, mark.column) if mark else (0, 0)


class _Composer(CParser):
    """PyYAML's C composer without YAML 1.1's guesses, and with limits that hold while it reads."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        self._depth = 0
        self._nodes = 0

    def resolve(self, _kind: object, _text: object, _implicit: object) -> str:
        return ""  # an explicit tag is kept by the composer, so "" marks what `scalar` decides

    def descend_resolver(self, parent: yaml.Node | None, _index: object) -> None:
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH:
            raise _too_deep(parent)
        if self._nodes > MAX_NODES:
            raise _too_many(parent)

    def ascend_resolver(self) -> None:
        self._depth -= 1


class _Reader:
    """Turns nodes into values, follows aliases, and finds what YAML allows and we do not."""

    def __init__(self, source: YamlSource) -> None:
        self.mistakes: list[Mistake] = []
        self._source = source
        self._left = MAX_NODES

    def read(self, node: yaml.Node, depth: int) -> Any:
        self._left -= 1
        if self._left < 0:
            raise self._stop(_too_many(node))
        if depth > MAX_DEPTH:
            raise self._stop(_too_deep(node))
        if node.tag:
            self._tagged(node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(entry, depth + 1) for entry in node.value]
        return self._mapping(node, depth)

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text: str = node.value
        if not node.style and not node.tag:
            return scalar(text)
        if node.style == '"' and _CONTROL.search(text):
            self._mistake(node, "this text holds a control character", "Write it without the escape such as \\0 or \\x07")
        return text

    def _mapping(self, node: yaml.Node, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        places: dict[str, yaml.Node] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key is None:
                self.read(value_node, depth + 1)
                continue
            if key in mapping:
                first = places[key].start_mark
                problem = f"`{key}` stands here for the second time; the first is on line {first.line + 1}"
                self._mistake(key_node, problem, "Keep one of the two")
            places[key] = key_node
            mapping[key] = self.read(value_node, depth + 1)
        return mapping

    def _key(self, node: yaml.Node) -> str | None:
        key = self._scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(key, str):
            return key
        if isinstance(node, yaml.ScalarNode) and node.value:
            corrected = self._source.rewritten(node, f'"{node.value}"')
            self._mistake(node, f"the key {node.value} is no text", "Put it in quotes", corrected)
        else:
            self._mistake(node, "a key must be a text", "Write `name: value`; a value that begins with { or [ needs quotes")
        return None

    def _tagged(self, node: yaml.Node) -> None:
        if node.tag not in {"tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self._mistake(node, f"the tag {tag} is not used here", "Write the value without a tag")

    def _mistake(self, node: yaml.Node, problem: str, remedy: str, corrected: str | None = None) -> None:
        self.mistakes.append(Mistake(self._source.at(node), problem, remedy, corrected))

    def _stop(self, error: _TooMuch) -> BadInput:
        where = f"{self._source.shown}:{error.line + 1}:{error.column + 1}"
        return BadInput([*self.mistakes, Mistake(where, error.problem, error.remedy)])


def _too_deep(node: yaml.Node | None) -> _TooMuch:
    return _TooMuch(
        f"is nested deeper than {MAX_DEPTH} levels here, or an alias leads back to itself",
        "Nest less deeply; nothing that is read here needs more than ten levels",
        node and node.start_mark,
    )


def _too_many(node: yaml.Node | None) -> _TooMuch:
    return _TooMuch(
        f"has more than {MAX_NODES:,} parts, counting each alias with all it stands for",
        "Divide it into several files, and use fewer aliases (`*name`)",
        node and node.start_mark,
    )


def _step(node: yaml.Node, part: str | int) -> tuple[yaml.Node | None, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and 0 <= part < len(node.value):
        return None, node.value[part]
    return None


def _visible(node: yaml.Node) -> bool:
    return not isinstance(node, yaml.ScalarNode) or bool(node.value) or bool(node.style)


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
