"""Nodes as values: mappings with text keys, lists, texts, numbers, true, false and None.

Plain scalars follow the core schema of YAML 1.2: `no`, `on` and `12:30` stay words, `2026-10-01` stays text, only
`true` and `false` are yes and no.

Source: https://yaml.org/spec/1.2.2/, chapter 10.3 (core schema).
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from seawall.errors import BadInput, Mistake
from seawall.yaml_source.nodes import MAX_DEPTH, MAX_NODES, place

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# Longer ones fall through to float: nobody means them, and Python refuses to read more than 4,300 digits.
_INT = re.compile(r"[-+]?[0-9]{1,100}|0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_MAY_BE_NO_TEXT = frozenset("0123456789+-.~ntfNTF")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_HARMLESS_TAGS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}


def scalar(text: str) -> str | float | bool | None:
    """Read a plain (unquoted) scalar.

    >>> scalar("no"), scalar("010"), scalar("0o17"), scalar("1e3"), scalar("2026-10-01"), scalar("~")
    ('no', 10, 15, 1000.0, '2026-10-01', None)
    """
    if text and text[0] not in _MAY_BE_NO_TEXT:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def value_of(root: yaml.Node, shown: str) -> tuple[Any, tuple[Mistake, ...]]:
    """Return the value of a document, and what is wrong in it although it has one.

    That is every key that stands twice (the first counts) or is no text (it is left out), tag and control character.

    Raises:
        BadInput: aliases lead back to themselves, or stand for more than 200,000 parts.
    """
    reader = _Reader(shown)
    value = reader.read(root, 0)
    return value, tuple(reader.mistakes)


class _Reader:
    def __init__(self, shown: str) -> None:
        self.mistakes: list[Mistake] = []
        self._shown = shown
        self._left = MAX_NODES

    def read(self, node: yaml.Node, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            self._too_many_aliases(node, depth)
        if node.tag:
            self._tagged(node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(entry, depth + 1) for entry in node.value]
        return self._mapping(node, depth)

    def _scalar(self, node: yaml.ScalarNode) -> str | float | bool | None:
        text: str = node.value
        if not node.style and not node.tag:
            return scalar(text)
        if node.style == '"' and CONTROL.search(text):
            self._wrong(
                node, "this text holds a control character", "Write it without escapes such as \\0 and \\x07"
            )
        return text

    def _mapping(self, node: yaml.Node, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        places: dict[str, yaml.Node] = {}
        for key_node, value_node in node.value:
            value = self.read(value_node, depth + 1)
            key = self._key(key_node)
            if key is None:
                continue
            if key in places:
                first = places[key].start_mark.line + 1
                problem = f"`{key}` stands here for the second time; the first is on line {first}"
                self._wrong(key_node, problem, "Keep one of the two")
            places.setdefault(key, key_node)
            mapping.setdefault(key, value)
        return mapping

    def _key(self, node: yaml.Node) -> str | None:
        key = self._scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(key, str):
            return key
        if isinstance(node, yaml.ScalarNode) and node.value:
            self._wrong(node, f"the key {node.value} is no text", f'Put it in quotes: "{node.value}"')
        else:
            self._wrong(
                node,
                "a key must be a text",
                "Write `name: value`; a value that begins with { or [ needs quotes",
            )
        return None

    def _tagged(self, node: yaml.Node) -> None:
        if node.tag not in _HARMLESS_TAGS:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self._wrong(node, f"the tag {tag} is not used here", "Write the value without a tag")

    def _too_many_aliases(self, node: yaml.Node, depth: int) -> None:
        if depth > MAX_DEPTH:
            self._wrong(
                node,
                f"aliases lead back to themselves, or {MAX_DEPTH} deep",
                "Write out what `*name` stands for",
            )
        else:
            problem = f"has more than {MAX_NODES:,} parts, counting for each alias all it stands for"
            self._wrong(node, problem, "Use fewer aliases (`*name`)")
        raise BadInput(self.mistakes)

    def _wrong(self, node: yaml.Node, problem: str, remedy: str) -> None:
        self.mistakes.append(Mistake(place(self._shown, node), problem, remedy))
